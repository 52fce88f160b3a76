//! What a value does not say itself but needs to be read rightly.

use crate::value::{Country, EventTime};

/// What helps reading a value: the customer's country, today's date, and whether digests may stand
/// in place of text.
///
/// ```
/// use meta_offline_events::customer::{Context, MatchKey};
/// use meta_offline_events::value::Country;
///
/// let tbilisi = Context::default().country("ge".parse()?);
/// let atlanta = Context::default().country(Country::UNITED_STATES);
/// assert_eq!(MatchKey::State.normalize("Georgia", &tbilisi).unwrap().text(), "georgia");
/// assert_eq!(MatchKey::State.normalize("Georgia", &atlanta).unwrap().text(), "ga");
/// # Ok::<(), meta_offline_events::value::InvalidValue>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Context {
    pub(super) country: Option<Country>,
    pub(super) as_of: Option<EventTime>,
    pub(super) already_hashed: AlreadyHashed,
}

impl Context {
    /// The customer's country, which decides how states and postal codes are read.
    pub fn country(self, country: Country) -> Self {
        Self { country: Some(country), ..self }
    }

    /// Refuses birth dates after this day (in UTC). Without it, the end of the year 2100 counts.
    pub fn as_of(self, now: EventTime) -> Self {
        Self { as_of: Some(now), ..self }
    }

    /// What to do with a text that is a SHA-256 digest already.
    pub fn already_hashed(self, rule: AlreadyHashed) -> Self {
        Self { already_hashed: rule, ..self }
    }
}

/// What to do with a text of 64 hexadecimal digits in a key that is hashed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum AlreadyHashed {
    /// It is a digest: pass it on in lower case, and do not hash it again.
    #[default]
    Accept,
    /// Refuse it with [`Unusable::AlreadyHashed`](super::Unusable::AlreadyHashed).
    Refuse,
}
