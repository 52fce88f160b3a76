//! Meta's quality scores, and what it recommends.

use crate::report::html::charts;
use crate::report::html::words::{self, visible};
use crate::report::saved::SavedScore;

/// How many scores are shown.
pub(super) const MAX_SCORES: usize = 8;

pub(super) struct Score {
    pub(super) label: String,
    pub(super) score: String,
    pub(super) width: String,
    pub(super) recommendation: String,
}

pub(super) fn score(score: &SavedScore) -> Score {
    let value = score.score.filter(|value| value.is_finite());
    Score {
        label: words::readable(&score.name),
        score: value.map_or_else(|| "–".to_owned(), |value| format!("{value:.1}")),
        width: charts::length((value.unwrap_or_default() * 10.0).clamp(0.0, 100.0)),
        recommendation: score.recommendation.as_deref().map(visible).unwrap_or_default(),
    }
}
