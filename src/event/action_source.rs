//! Where a conversion happened.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::value::{AgeLimit, InvalidValue, Rule, ValueKind};

/// Where a conversion happened: the nine sources that Meta knows.
///
/// ```
/// use meta_offline_events::event::ActionSource;
///
/// assert_eq!(ActionSource::default(), ActionSource::PhysicalStore);
/// assert_eq!("phone_call".parse::<ActionSource>()?, ActionSource::PhoneCall);
/// # Ok::<(), meta_offline_events::value::InvalidValue>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ActionSource {
    /// In person, in a store.
    #[default]
    PhysicalStore,
    /// Over the telephone.
    PhoneCall,
    /// Over e-mail.
    Email,
    /// In a messaging app, by SMS or online chat.
    Chat,
    /// By itself, such as the renewal of a subscription.
    SystemGenerated,
    /// On the advertiser's website: needs the page and the browser's user agent.
    Website,
    /// In a mobile app: needs data about the app and device.
    App,
    /// From an ad that opens Messenger, Instagram or WhatsApp: needs the channel and its ids.
    BusinessMessaging,
    /// None of the others.
    Other,
}

impl ActionSource {
    const ALL: [Self; 9] = [
        Self::PhysicalStore,
        Self::PhoneCall,
        Self::Email,
        Self::Chat,
        Self::SystemGenerated,
        Self::Website,
        Self::App,
        Self::BusinessMessaging,
        Self::Other,
    ];

    /// The nine names as they are sent.
    pub const NAMES: &'static [&'static str] = &[
        "physical_store",
        "phone_call",
        "email",
        "chat",
        "system_generated",
        "website",
        "app",
        "business_messaging",
        "other",
    ];

    /// The name as it is sent.
    pub fn as_str(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// Whether events of this source need more data than others: a page, an app or a messaging channel.
    pub(crate) fn demands_more(self) -> bool {
        matches!(self, Self::Website | Self::App | Self::BusinessMessaging)
    }

    /// The maximum age of an event of this source when it is sent: 62 days for a physical store, seven days for all
    /// others.
    ///
    /// ```
    /// use meta_offline_events::event::ActionSource;
    ///
    /// assert_eq!(ActionSource::PhysicalStore.age_limit().as_secs(), 62 * 86_400);
    /// assert_eq!(ActionSource::PhoneCall.age_limit().as_secs(), 7 * 86_400);
    /// ```
    pub fn age_limit(self) -> AgeLimit {
        match self {
            Self::PhysicalStore => AgeLimit::days(62),
            _ => AgeLimit::days(7),
        }
    }

    /// The deduplication window, counted from the first attempt: seven days for offline events, 48 hours for website
    /// and app events, which Meta compares by event id, and none for business messaging.
    ///
    /// ```
    /// use meta_offline_events::event::ActionSource;
    ///
    /// assert_eq!(ActionSource::PhysicalStore.dedup_window().as_secs(), 7 * 86_400);
    /// assert_eq!(ActionSource::Website.dedup_window().as_secs(), 48 * 3600);
    /// assert!(ActionSource::BusinessMessaging.dedup_window().is_zero());
    /// ```
    pub fn dedup_window(self) -> Duration {
        const HOUR: u64 = 3600;
        Duration::from_secs(match self {
            Self::Website | Self::App => 48 * HOUR,
            Self::BusinessMessaging => 0,
            _ => 7 * 24 * HOUR,
        })
    }
}

impl FromStr for ActionSource {
    type Err = InvalidValue;

    /// Trims outer blanks; the rest must be one of the nine names, in lower case.
    ///
    /// # Errors
    ///
    /// [`Rule::Empty`], or [`Rule::NotOneOf`] with the nine names.
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let named = |text: &str| Self::ALL.into_iter().find(|source| source.as_str() == text);
        named(text).or_else(|| named(text.trim())).ok_or_else(|| {
            let rule = if text.trim().is_empty() { Rule::Empty } else { Rule::NotOneOf(Self::NAMES) };
            InvalidValue::new(ValueKind::ActionSource, rule)
        })
    }
}

impl fmt::Display for ActionSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ActionSource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn v44_outer_blanks_do_not_count(
            before in "[ \t\u{a0}]?",
            text in prop_oneof![
                prop::sample::select(ActionSource::NAMES).prop_map(str::to_owned),
                "[a-z_ ]{0,4}",
            ],
            behind in "[ \n]?",
        ) {
            let source = ActionSource::ALL.into_iter().find(|source| source.as_str() == text.trim());
            let rule = if text.trim().is_empty() { Rule::Empty } else { Rule::NotOneOf(ActionSource::NAMES) };
            let read = format!("{before}{text}{behind}").parse::<ActionSource>();
            prop_assert_eq!(read.map_err(InvalidValue::rule), source.ok_or(rule));
        }
    }

    #[test]
    fn v44_every_source_is_read_back_and_others_are_refused() {
        for source in ActionSource::ALL {
            assert_eq!(source.as_str().parse(), Ok(source));
        }
        assert!("Physical Store".parse::<ActionSource>().is_err());
        assert!("store".parse::<ActionSource>().is_err());
    }
}
