//! A report that was written as JSON and is read back: counts, coverage, and reasons instead of single diagnostics.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufReader, Read};
use std::marker::PhantomData;

use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::lines::{FirstLines, MAX_LOOKED_AT, MAX_NAMED};
use super::reason::{Gathering, Kind};
use super::{Reason, SCHEMA_VERSION};
use crate::value::Line;

/// How many reasons are kept apart; diagnostics of others are only counted.
const MAX_REASONS: usize = 1000;

/// How many messages of Meta are kept.
const MAX_MESSAGES: usize = 5;

/// A report that was saved as JSON, for pages and comparisons.
///
/// ```
/// use meta_offline_events::report::{DeliveryReport, SavedReport};
///
/// let json = serde_json::to_string(&DeliveryReport::default())?;
/// let saved = SavedReport::read(json.as_bytes())?;
/// assert_eq!(saved.rows().find(|(count, _)| *count == "read"), Some(("read", 0)));
/// assert!(saved.reasons().is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// It keeps no single diagnostics but their [reasons](Reason), so that its size does not grow with the run.
#[derive(Debug, Clone, Deserialize)]
pub struct SavedReport {
    version: u32,
    pub(super) created: Option<i64>,
    pub(super) rows: BTreeMap<String, u64>,
    pub(super) events: BTreeMap<String, u64>,
    pub(super) stopped: Option<Stopped>,
    pub(super) failed: Option<String>,
    pub(super) test_event_code: bool,
    pub(super) requests: SavedRequests,
    pub(super) usage_percent: Option<f64>,
    pub(super) timeline: SavedTimeline,
    pub(super) sales: Vec<SavedSales>,
    pub(super) coverage: Option<SavedCoverage>,
    pub(super) quality: Vec<SavedScore>,
    pub(super) sources: Vec<SavedSource>,
    pub(super) messages: Few<String, MAX_MESSAGES>,
    pub(super) notes: Reasons,
    pub(super) diagnostics: Reasons,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Stopped {
    pub(super) code: String,
    pub(super) message: String,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub(super) struct SavedRequests {
    pub(super) made: u64,
    pub(super) retries: u64,
    pub(super) ambiguous: u64,
    pub(super) unreachable: u64,
    pub(super) throttled: u64,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct SavedTimeline {
    pub(super) began: Option<i64>,
    pub(super) span_ms: u64,
    pub(super) spans: Vec<SavedSpan>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct SavedSpan {
    pub(super) requests: SavedRequests,
    pub(super) waited_ms: BTreeMap<String, u64>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct SavedSales {
    pub(super) day: Option<String>,
    pub(super) action_source: String,
    pub(super) outcome: String,
    pub(super) events: u64,
    pub(super) currency: Option<String>,
    pub(super) value: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct SavedCoverage {
    pub(super) customers: u64,
    pub(super) keys: BTreeMap<String, SavedKey>,
    pub(super) combinations: Vec<SavedCombination>,
    pub(super) shared_values: Vec<SavedSharedValue>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct SavedKey {
    pub(super) customers: u64,
    pub(super) share: f64,
    pub(super) relying: u64,
    pub(super) warnings: BTreeMap<String, u64>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct SavedCombination {
    pub(super) keys: Vec<String>,
    pub(super) customers: u64,
    pub(super) valid: bool,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct SavedSharedValue {
    pub(super) key: String,
    pub(super) customers: u64,
    pub(super) share: f64,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct SavedScore {
    pub(super) name: String,
    pub(super) score: Option<f64>,
    pub(super) recommendation: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct SavedSource {
    pub(super) number: u16,
    pub(super) name: String,
}

impl SavedReport {
    /// Reads a report, in memory that does not grow with its diagnostics.
    ///
    /// # Errors
    ///
    /// The text cannot be read, is not JSON, or is no report of a [version](SCHEMA_VERSION) that this release knows.
    pub fn read(json: impl Read) -> Result<Self, SavedReportError> {
        let saved: Self = serde_json::from_reader(BufReader::new(json))?;
        match saved.version {
            SCHEMA_VERSION => Ok(saved),
            version => Err(SavedReportError(Problem::Version(version))),
        }
    }

    /// The counts of rows by outcome, with `read` among them.
    pub fn rows(&self) -> impl Iterator<Item = (&str, u64)> {
        self.rows.iter().map(|(outcome, count)| (outcome.as_str(), *count))
    }

    /// The counts of events by outcome.
    pub fn events(&self) -> impl Iterator<Item = (&str, u64)> {
        self.events.iter().map(|(outcome, count)| (outcome.as_str(), *count))
    }

    /// The reasons why rows were left out or events not accepted, in the order of [`Reason::gather`]: up to 1,000.
    pub fn reasons(&self) -> &[Reason] {
        &self.diagnostics.kept
    }

    /// What is noted of rows that were kept, and of the run: up to 1,000 reasons.
    pub fn notes(&self) -> &[Reason] {
        &self.notes.kept
    }

    /// The code of why the delivery stopped before its end, if it did.
    pub fn stopped(&self) -> Option<&str> {
        self.stopped.as_ref().map(|stopped| stopped.code.as_str())
    }

    /// Why the run failed before or beside its delivery, if it did.
    pub fn failed(&self) -> Option<&str> {
        self.failed.as_deref()
    }

    /// The number of customers whose match keys were counted. `None` if the report has no coverage.
    pub fn customers(&self) -> Option<u64> {
        self.coverage.as_ref().map(|coverage| coverage.customers)
    }

    /// The share of customers who have each match key, from 0 to 1, by Meta's names of the keys.
    pub fn key_shares(&self) -> impl Iterator<Item = (&str, f64)> {
        let keys = self.coverage.iter().flat_map(|coverage| &coverage.keys);
        keys.map(|(key, saved)| (key.as_str(), saved.share))
    }
}

/// The reasons of diagnostics, gathered while these are read.
#[derive(Debug, Clone, Default)]
pub(super) struct Reasons {
    pub(super) kept: Vec<Reason>,
    /// Diagnostics beyond the reasons that are kept, and their rows.
    pub(super) others: u64,
    pub(super) rows_of_others: u64,
}

#[derive(Deserialize)]
struct SavedDiagnostic {
    lines: Few<u64, MAX_NAMED>,
    #[serde(default)]
    sources: Few<u16, MAX_NAMED>,
    #[serde(default)]
    blamed_lines: Few<u64, MAX_LOOKED_AT>,
    #[serde(default)]
    blamed_sources: Few<u16, MAX_LOOKED_AT>,
    #[serde(default)]
    blamed_rows: u64,
    outcome: Option<String>,
    code: String,
    column: Option<String>,
    message: String,
}

impl<'de> Deserialize<'de> for Reasons {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Gather;

        impl<'de> Visitor<'de> for Gather {
            type Value = Reasons;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("diagnostics")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Reasons, A::Error> {
                let (mut reasons, mut gathering) = (Reasons::default(), Gathering::default());
                while let Some(diagnostic) = seq.next_element()? {
                    reasons.add(diagnostic, &mut gathering);
                }
                reasons.kept = gathering.finish();
                Ok(reasons)
            }
        }

        deserializer.deserialize_seq(Gather)
    }
}

impl Reasons {
    fn add(&mut self, diagnostic: SavedDiagnostic, gathering: &mut Gathering) {
        let SavedDiagnostic { outcome, code, column, message, blamed_rows, .. } = diagnostic;
        let rows = diagnostic.lines.count;
        let kind =
            Kind { outcome: outcome.map(Into::into), code: code.into(), column: column.map(Into::into) };
        if gathering.len() >= MAX_REASONS && !gathering.has(&kind) {
            self.others += 1;
            self.rows_of_others += rows;
            return;
        }
        let lines = FirstLines::of(lines_of(diagnostic.lines, diagnostic.sources), rows);
        let blamed = lines_of(diagnostic.blamed_lines, diagnostic.blamed_sources);
        gathering.add(kind, &message, lines, FirstLines::of_different(blamed, blamed_rows));
    }
}

/// Lines of sources. Where no source is stated, all are of the first one.
fn lines_of<const KEPT: usize>(lines: Few<u64, KEPT>, sources: Few<u16, KEPT>) -> impl Iterator<Item = Line> {
    let sources = sources.first.into_iter().chain(std::iter::repeat(0));
    lines.first.into_iter().zip(sources).map(|(line, source)| Line::new(line).in_source(source))
}

/// The first elements of a list, and how many there are.
#[derive(Debug, Clone)]
pub(super) struct Few<T, const KEPT: usize> {
    pub(super) count: u64,
    pub(super) first: Vec<T>,
}

impl<T, const KEPT: usize> Default for Few<T, KEPT> {
    fn default() -> Self {
        Self { count: 0, first: Vec::new() }
    }
}

impl<'de, T: Deserialize<'de>, const KEPT: usize> Deserialize<'de> for Few<T, KEPT> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Gather<T, const KEPT: usize>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>, const KEPT: usize> Visitor<'de> for Gather<T, KEPT> {
            type Value = Few<T, KEPT>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Few<T, KEPT>, A::Error> {
                let mut few = Few::default();
                while few.first.len() < KEPT {
                    let Some(element) = seq.next_element()? else { break };
                    few.first.push(element);
                }
                few.count = few.first.len() as u64;
                while few.first.len() == KEPT && seq.next_element::<IgnoredAny>()?.is_some() {
                    few.count += 1;
                }
                Ok(few)
            }
        }

        deserializer.deserialize_seq(Gather(PhantomData))
    }
}

/// A saved report that cannot be read.
///
/// ```
/// use meta_offline_events::report::SavedReport;
///
/// let error = SavedReport::read("{}".as_bytes()).unwrap_err();
/// assert_eq!(error.to_string(), "no report of version 1, see line 1, column 2: write it anew with this release");
/// ```
///
/// Its text names a place and never shows what stands there.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct SavedReportError(Problem);

#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("the report cannot be read: {0}")]
    Unreadable(std::io::ErrorKind),
    #[error("the report is not whole JSON: see line {line}, column {column}")]
    NotJson { line: usize, column: usize },
    #[error(
        "no report of version {SCHEMA_VERSION}, see line {line}, column {column}: write it anew with this release"
    )]
    NotAReport { line: usize, column: usize },
    #[error(
        "the report has version {0}, and this release reads version {SCHEMA_VERSION}: use the release that wrote it"
    )]
    Version(u32),
}

impl From<serde_json::Error> for SavedReportError {
    fn from(error: serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        Self(match error.classify() {
            serde_json::error::Category::Io => {
                Problem::Unreadable(error.io_error_kind().unwrap_or(std::io::ErrorKind::Other))
            }
            serde_json::error::Category::Data => Problem::NotAReport { line, column },
            _ => Problem::NotJson { line, column },
        })
    }
}
