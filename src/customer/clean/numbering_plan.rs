//! Numbering plans: which digits are a phone number of a country, by the metadata of Google's libphonenumber.
//!
//! Several countries can share a country code, and so one plan each. Patterns are compiled when they are first
//! needed and kept.

use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

use phonenumber::Type;
use phonenumber::metadata::{DATABASE, Descriptor, Metadata};
use regex::{Captures, Regex, RegexBuilder};

/// The numbering plan of a country.
pub(super) struct Plan {
    metadata: &'static Metadata,
    code: String,
    international_prefix: Option<Pattern>,
    national_prefix: Option<Pattern>,
    leading_digits: Option<Pattern>,
    general: Pattern,
    kinds: Vec<(Kind, Pattern)>,
}

/// What a number is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    FixedLine,
    Mobile,
    /// Either of the two: the plan does not tell them apart.
    FixedLineOrMobile,
    /// A free number, or one that follows its owner.
    Other,
    /// A number that no customer has, such as a premium-rate number.
    Service,
}

/// A national number without trunk prefix, which its plan assigns to customers.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Assigned {
    /// The country code and the national number.
    pub(super) full: String,
    pub(super) kind: Kind,
    /// Whether all numbers of this kind have the same length.
    pub(super) has_one_length: bool,
}

/// In the order in which a number that matches several is one of them.
const KINDS: [(Type, Kind); 10] = [
    (Type::PremiumRate, Kind::Service),
    (Type::TollFree, Kind::Other),
    (Type::SharedCost, Kind::Service),
    (Type::Voip, Kind::Other),
    (Type::PersonalNumber, Kind::Other),
    (Type::Pager, Kind::Service),
    (Type::Uan, Kind::Service),
    (Type::Voicemail, Kind::Service),
    (Type::FixedLine, Kind::FixedLine),
    (Type::Mobile, Kind::Mobile),
];

/// The plans of each country code; the main country of the code comes first.
static PLANS: LazyLock<HashMap<u16, Vec<Plan>>> = LazyLock::new(|| {
    let of_code = |code| Some((code, DATABASE.by_code(&code)?.into_iter().map(Plan::new).collect()));
    (1..=MAX_CODE).filter_map(of_code).collect()
});

/// The largest country code.
const MAX_CODE: u16 = 999;

impl Plan {
    fn new(metadata: &'static Metadata) -> Self {
        let of_kind = |(kind, is): (Type, Kind)| Some((is, Pattern::of(metadata.descriptors().get(kind)?)));
        // Where the metadata states no pattern, the prefix itself is the pattern.
        let national_prefix = match metadata.national_prefix_for_parsing() {
            Some(prefix) => Some(prefix.as_str()),
            None => metadata.national_prefix(),
        };
        Self {
            metadata,
            code: metadata.country_code().to_string(),
            international_prefix: metadata.international_prefix().map(|prefix| Pattern::new(prefix.as_str())),
            national_prefix: national_prefix.map(Pattern::new),
            leading_digits: metadata.leading_digits().map(|digits| Pattern::new(digits.as_str())),
            general: Pattern::of(metadata.descriptors().general()),
            kinds: KINDS.into_iter().filter_map(of_kind).collect(),
        }
    }

    /// The plan of the country with this code of two capital letters.
    pub(super) fn of_country(country: &str) -> Option<&'static Self> {
        let code = DATABASE.by_id(country)?.country_code();
        PLANS.get(&code)?.iter().find(|plan| plan.metadata.id() == country)
    }

    /// The country code.
    pub(super) fn code(&self) -> &str {
        &self.code
    }

    /// The digits after the prefix for calls abroad, such as `011`.
    pub(super) fn dialled_abroad<'d>(&self, digits: &'d str) -> Option<&'d str> {
        let prefix = self.international_prefix.as_ref()?.start()?.find(digits)?;
        Some(&digits[prefix.end()..])
    }

    /// The number with these digits, as it is dialled in the country: with or without a trunk prefix.
    pub(super) fn national(&self, digits: &str) -> Option<Assigned> {
        let without_prefix = self.without_national_prefix(digits);
        without_prefix.and_then(|national| self.assigned(&national)).or_else(|| self.assigned(digits))
    }

    /// The number with these digits, if they begin with the country code.
    pub(super) fn with_code(&self, digits: &str) -> Option<Assigned> {
        self.national(digits.strip_prefix(&self.code)?)
    }

    /// The digits without trunk prefix and carrier code, and with the area code that a local number implies. A
    /// prefix stays if the number is complete with it only.
    fn without_national_prefix(&self, digits: &str) -> Option<String> {
        let prefix = self.national_prefix.as_ref()?.start()?.captures(digits)?;
        let behind = &digits[prefix.get(0)?.end()..];
        let has_last_group = prefix.iter().skip(1).last().flatten().is_some();
        let national = match self.metadata.national_prefix_transform_rule() {
            Some(rule) if has_last_group => fill_in(rule, &prefix) + behind,
            _ => behind.to_owned(),
        };
        (self.general.is_whole(&national) || !self.general.is_whole(digits)).then_some(national)
    }

    /// The national number, if a country with this country code assigns it to customers.
    fn assigned(&self, national: &str) -> Option<Assigned> {
        let plans = PLANS.get(&self.metadata.country_code())?;
        let (kind, pattern) = match &plans[..] {
            [only] => only.kind(national)?,
            several => several.iter().find_map(|plan| match &plan.leading_digits {
                Some(leading) => leading.is_start(national).then(|| plan.kind(national)),
                None => plan.kind(national).map(Some),
            })??,
        };
        (kind != Kind::Service).then(|| Assigned {
            full: format!("{}{national}", self.code),
            kind,
            has_one_length: pattern.lengths.len() == 1,
        })
    }

    fn kind(&self, national: &str) -> Option<(Kind, &Pattern)> {
        if !self.general.is_whole(national) {
            return None;
        }
        let mut fitting = self.kinds.iter().filter(|(_, pattern)| pattern.fits(national));
        let (kind, pattern) = fitting.next()?;
        let is_either = *kind == Kind::FixedLine && fitting.next().is_some();
        Some((if is_either { Kind::FixedLineOrMobile } else { *kind }, pattern))
    }
}

/// The number with these digits, which begin with the country code of any country.
pub(super) fn international(digits: &str) -> Option<Assigned> {
    let plans = (1..=3).find_map(|length| PLANS.get(&digits.get(..length)?.parse().ok()?))?;
    plans.first()?.with_code(digits)
}

/// A pattern of the metadata.
struct Pattern {
    source: &'static str,
    lengths: &'static [u16],
    start: OnceLock<Option<Regex>>,
    whole: OnceLock<Option<Regex>>,
}

impl Pattern {
    fn new(source: &'static str) -> Self {
        Self { source, lengths: &[], start: OnceLock::new(), whole: OnceLock::new() }
    }

    fn of(descriptor: &'static Descriptor) -> Self {
        Self { lengths: descriptor.possible_length(), ..Self::new(descriptor.national_number().as_str()) }
    }

    /// The pattern at the start of the digits.
    fn start(&self) -> Option<&Regex> {
        self.start.get_or_init(|| compile(&format!("^(?:{})", self.source))).as_ref()
    }

    /// The pattern for all the digits.
    fn whole(&self) -> Option<&Regex> {
        self.whole.get_or_init(|| compile(&format!("^(?:{})$", self.source))).as_ref()
    }

    fn is_start(&self, digits: &str) -> bool {
        self.start().is_some_and(|pattern| pattern.is_match(digits))
    }

    fn is_whole(&self, digits: &str) -> bool {
        self.whole().is_some_and(|pattern| pattern.is_match(digits))
    }

    /// Whether the digits are as many as they may be, and the pattern covers them.
    fn fits(&self, digits: &str) -> bool {
        self.lengths.iter().any(|length| usize::from(*length) == digits.len()) && self.is_whole(digits)
    }
}

/// All patterns of the metadata compile, as a test below shows; one that did not would match nothing.
fn compile(pattern: &str) -> Option<Regex> {
    RegexBuilder::new(pattern).unicode(false).ignore_whitespace(true).build().ok()
}

/// The rule with the groups in place of `$1` and `$2`.
fn fill_in(rule: &str, groups: &Captures<'_>) -> String {
    let mut filled = String::new();
    let mut characters = rule.chars();
    while let Some(character) = characters.next() {
        if character != '$' {
            filled.push(character);
            continue;
        }
        let group = characters.next().and_then(|digit| groups.get(digit.to_digit(10)? as usize));
        filled.push_str(group.map_or("", |group| group.as_str()));
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        let plans: Vec<&Plan> = PLANS.values().flatten().collect();
        assert!(plans.len() > 240, "{}", plans.len());
        for plan in plans {
            let kinds = plan.kinds.iter().map(|(_, pattern)| pattern);
            for pattern in kinds.chain([&plan.general]) {
                assert!(pattern.whole().is_some(), "{} {}", plan.metadata.id(), pattern.source);
            }
            let starts = [&plan.international_prefix, &plan.national_prefix, &plan.leading_digits];
            for pattern in starts.into_iter().flatten() {
                assert!(pattern.start().is_some(), "{} {}", plan.metadata.id(), pattern.source);
            }
        }
    }
}
