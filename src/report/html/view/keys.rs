//! How well customers can be matched: the share of each match key, and the keys that customers have together.

use crate::report::html::charts;
use crate::report::html::words::{self, counted, percent};
use crate::report::number::grouped;
use crate::report::saved::{SavedCombination, SavedCoverage, SavedKey};

/// How many lines each table has before the rest is only counted.
const MAX_KEYS: usize = 40;
const MAX_COMBINATIONS: usize = 8;
/// In each combination.
const MAX_CHIPS: usize = 20;

pub(super) struct Coverage {
    pub(super) summary: String,
    pub(super) keys: Vec<KeyLine>,
    pub(super) has_relying: bool,
    pub(super) combinations: Vec<CombinationLine>,
    pub(super) more: Option<String>,
}

pub(super) struct KeyLine {
    pub(super) label: String,
    pub(super) name: String,
    pub(super) width: String,
    pub(super) relying_width: String,
    pub(super) share: String,
    pub(super) customers: String,
    pub(super) brings: String,
}

pub(super) struct CombinationLine {
    pub(super) keys: Vec<String>,
    pub(super) width: String,
    pub(super) share: String,
    pub(super) customers: String,
    pub(super) is_valid: bool,
}

pub(super) fn coverage(coverage: &SavedCoverage) -> Coverage {
    let all = coverage.customers;
    let reachable: u64 = coverage
        .combinations
        .iter()
        .filter(|combination| combination.keys.iter().any(|key| key == "em" || key == "ph"))
        .map(|combination| combination.customers)
        .sum();
    let mut keys: Vec<_> = coverage.keys.iter().collect();
    keys.sort_by_key(|(_, saved)| std::cmp::Reverse(saved.customers));
    let key = |(name, saved): &(&String, &SavedKey)| KeyLine {
        label: words::key(name),
        name: words::name(name),
        width: charts::share(saved.customers, all),
        relying_width: charts::share(saved.relying.min(saved.customers), all),
        share: percent(saved.customers, all),
        customers: grouped(saved.customers),
        brings: brings(name, saved.relying, coverage),
    };
    let combination = |combination: &SavedCombination| CombinationLine {
        keys: combination.keys.iter().take(MAX_CHIPS).map(|key| words::key(key)).collect(),
        width: charts::share(combination.customers, all),
        share: percent(combination.customers, all),
        customers: grouped(combination.customers),
        is_valid: combination.valid,
    };
    let more = coverage.combinations.len().checked_sub(MAX_COMBINATIONS + 1);
    Coverage {
        summary: format!(
            "{} of the customers of {} have an e-mail address or a phone number, which find most people. More keys find more of the others.",
            percent(reachable, all),
            counted(all, "event"),
        ),
        keys: keys.iter().take(MAX_KEYS).map(key).collect(),
        has_relying: keys.iter().any(|(_, saved)| saved.relying > 0),
        combinations: coverage.combinations.iter().take(MAX_COMBINATIONS).map(combination).collect(),
        more: more.map(|more| counted(more as u64 + 1, "other combination")),
    }
}

/// What a key brings beside the others.
fn brings(key: &str, relying: u64, coverage: &SavedCoverage) -> String {
    let having = |wanted: &[&str]| {
        let with = coverage.combinations.iter().filter(|combination| {
            let has = |name: &str| combination.keys.iter().any(|key| key == name);
            has(key) && !wanted.iter().any(|other| *other != key && has(other))
        });
        with.map(|combination| combination.customers).sum::<u64>()
    };
    let brings = match (key, having(&["em", "ph"])) {
        ("em" | "ph", 0) => "beside the other contact".to_owned(),
        ("em" | "ph", only) => format!("the only contact of {}", grouped(only)),
        (_, 0) => "beside e-mail or phone".to_owned(),
        (_, without) => format!("{} without e-mail and phone", grouped(without)),
    };
    match relying {
        0 => brings,
        _ => format!("{brings}; {} could not be sent without it", grouped(relying)),
    }
}
