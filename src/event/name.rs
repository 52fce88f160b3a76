//! Event names: Meta's own and custom ones.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::value::{InvalidValue, Rule, ValueKind};

/// The name of an event: one of Meta's, or a custom one of at most 50 characters.
///
/// Names are case-sensitive. A name that equals one of Meta's except for its case is refused, because Meta would take
/// it for a custom event.
///
/// ```
/// use meta_offline_events::event::EventName;
///
/// assert_eq!("Purchase".parse::<EventName>()?, EventName::PURCHASE);
/// assert!("StoreVisit".parse::<EventName>()?.is_custom());
/// let error = "purchase".parse::<EventName>().unwrap_err();
/// assert!(error.to_string().contains("did you mean Purchase?"));
/// # Ok::<(), meta_offline_events::value::InvalidValue>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EventName(Name);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Name {
    /// The position in [`EventName::STANDARD`].
    Standard(u8),
    Custom(Box<str>),
}

macro_rules! names {
    ($($constant:ident $name:literal),+ $(,)?) => {
        impl EventName {
            $(
                #[doc = concat!("`", $name, "`")]
                pub const $constant: Self = Self::standard($name);
            )+

            /// Every name that Meta defines: the standard events, those of offline uploads, business
            /// messaging and apps, and `AppendAttribution` (a beta).
            pub const STANDARD: &'static [&'static str] = &[$($name),+];
        }
    };
}

names! {
    ADD_PAYMENT_INFO "AddPaymentInfo",
    ADD_TO_CART "AddToCart",
    ADD_TO_WISHLIST "AddToWishlist",
    APPEND_ATTRIBUTION "AppendAttribution",
    CART_ABANDONED "CartAbandoned",
    COMPLETE_REGISTRATION "CompleteRegistration",
    CONTACT "Contact",
    CUSTOMIZE_PRODUCT "CustomizeProduct",
    DONATE "Donate",
    FIND_LOCATION "FindLocation",
    INITIATE_CHECKOUT "InitiateCheckout",
    LEAD "Lead",
    LEAD_SUBMITTED "LeadSubmitted",
    MOBILE_APP_INSTALL "MobileAppInstall",
    ORDER_CANCELED "OrderCanceled",
    ORDER_CREATED "OrderCreated",
    ORDER_DELIVERED "OrderDelivered",
    ORDER_RETURNED "OrderReturned",
    ORDER_SHIPPED "OrderShipped",
    OTHER "Other",
    PAGE_VIEW "PageView",
    PURCHASE "Purchase",
    QUALIFIED_LEAD "QualifiedLead",
    RATING_PROVIDED "RatingProvided",
    REVIEW_PROVIDED "ReviewProvided",
    SCHEDULE "Schedule",
    SEARCH "Search",
    START_TRIAL "StartTrial",
    SUBMIT_APPLICATION "SubmitApplication",
    SUBSCRIBE "Subscribe",
    VIEW_CONTENT "ViewContent",
}

impl EventName {
    /// Makes a constant of one of Meta's names.
    const fn standard(name: &str) -> Self {
        let mut position = 0;
        while !are_equal(Self::STANDARD[position as usize].as_bytes(), name.as_bytes()) {
            position += 1;
        }
        Self(Name::Standard(position))
    }

    /// Whether it is one of Meta's names, none of which JSON has to escape.
    pub(crate) fn is_plain(&self) -> bool {
        matches!(self.0, Name::Standard(_))
    }

    /// The longest name that Meta takes, in characters.
    pub const LONGEST: usize = 50;

    /// The nine names of the offline row contract.
    pub const OFFLINE: &'static [&'static str] = &[
        "ViewContent",
        "Search",
        "AddToCart",
        "AddToWishlist",
        "InitiateCheckout",
        "AddPaymentInfo",
        "Purchase",
        "Lead",
        "Other",
    ];

    /// The fourteen names that Meta takes from [business messaging](super::ActionSource::BusinessMessaging).
    ///
    /// Lead is not among them: there it is called `LeadSubmitted`.
    pub const MESSAGING: &'static [&'static str] = &[
        "Purchase",
        "LeadSubmitted",
        "InitiateCheckout",
        "AddToCart",
        "ViewContent",
        "OrderCreated",
        "OrderShipped",
        "OrderDelivered",
        "OrderCanceled",
        "OrderReturned",
        "CartAbandoned",
        "QualifiedLead",
        "RatingProvided",
        "ReviewProvided",
    ];

    /// The name as it is sent.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Name::Standard(position) => Self::STANDARD[usize::from(*position)],
            Name::Custom(name) => name,
        }
    }

    /// Whether this is the advertiser's own name rather than one of Meta's.
    pub fn is_custom(&self) -> bool {
        !self.is_plain()
    }
}

const fn are_equal(one: &[u8], other: &[u8]) -> bool {
    let mut index = 0;
    while index < one.len() && index < other.len() && one[index] == other[index] {
        index += 1;
    }
    index == one.len() && index == other.len()
}

impl Default for EventName {
    /// `Purchase`
    fn default() -> Self {
        Self::PURCHASE
    }
}

impl FromStr for EventName {
    type Err = InvalidValue;

    /// Trims outer blanks.
    ///
    /// # Errors
    ///
    /// [`Rule::Empty`], [`Rule::TooLong`] above 50 characters, [`Rule::ControlCharacter`], and
    /// [`Rule::WrongCase`] for one of Meta's names in other case.
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let text = text.trim();
        if let Some((position, _)) = (0..).zip(Self::STANDARD).find(|(_, name)| **name == text) {
            return Ok(Self(Name::Standard(position)));
        }
        let rule = if let Some(standard) = Self::STANDARD.iter().find(|name| name.eq_ignore_ascii_case(text))
        {
            Rule::WrongCase(standard)
        } else if text.is_empty() {
            Rule::Empty
        } else if text.chars().nth(Self::LONGEST).is_some() {
            Rule::TooLong(Self::LONGEST)
        } else if text.chars().any(char::is_control) {
            Rule::ControlCharacter
        } else {
            return Ok(Self(Name::Custom(text.into())));
        };
        Err(InvalidValue::new(ValueKind::EventName, rule))
    }
}

impl fmt::Debug for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EventName({:?})", self.as_str())
    }
}

impl fmt::Display for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for EventName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v47_names_are_trimmed_and_their_case_counts() {
        let rule = |text: &str| text.parse::<EventName>().map_err(InvalidValue::rule);
        assert_eq!(rule(" Purchase "), Ok(EventName::PURCHASE));
        assert_eq!(rule("purchase"), Err(Rule::WrongCase("Purchase")));
        assert_eq!(rule(""), Err(Rule::Empty));
        assert_eq!(rule(&"é".repeat(51)), Err(Rule::TooLong(50)));
        assert!(rule(&"é".repeat(50)).is_ok());
        assert_eq!(rule("a\u{0}b"), Err(Rule::ControlCharacter));
    }

    #[test]
    fn v47_every_name_of_metas_is_known_in_its_own_case_only() {
        for name in EventName::STANDARD.iter().chain(EventName::OFFLINE).chain(EventName::MESSAGING) {
            let parsed = name.parse::<EventName>();
            assert_eq!(parsed.map(|name| name.is_custom()), Ok(false), "{name}");
            let other_case = name.to_ascii_uppercase().parse::<EventName>();
            assert_eq!(other_case.map_err(InvalidValue::rule), Err(Rule::WrongCase(name)), "{name}");
        }
    }
}
