//! The rules between the fields of an event, one named row each. All are checked, always.

use std::borrow::Cow;
use std::fmt;

use super::{ActionSource, EventBuilder, EventName};
use crate::customer::MatchKey;

/// One broken rule: which field, which rule, what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    path: Cow<'static, str>,
    code: &'static str,
    advice: &'static str,
}

impl Violation {
    /// The path of the field in the event as Meta names it, such as `custom_data.contents[0].item_price`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// A stable name of the rule for machines, in snake case.
    pub fn code(&self) -> &'static str {
        self.code
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.advice)
    }
}

/// An event broke at least one rule; all broken rules are listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidEvent {
    violations: Vec<Violation>,
}

impl InvalidEvent {
    /// Every broken rule, in the order of the fields.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }
}

impl fmt::Display for InvalidEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the event cannot be sent: ")?;
        for (index, violation) in self.violations.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{violation}")?;
        }
        Ok(())
    }
}

impl std::error::Error for InvalidEvent {}

/// What a rule says: nothing, or the field and the advice.
type Finding = Option<(&'static str, &'static str)>;

/// Looks at an event and finds what is wrong.
type Rule = fn(&EventBuilder) -> Finding;

/// Every rule between fields, by name. Sources: Meta's pages on server events, customer information
/// parameters and custom data.
const RULES: &[(&str, Rule)] = &[
    ("identity", identity),
    ("website_page", website_page),
    ("website_user_agent", website_user_agent),
    ("app_data", app_data),
    ("messaging_channel", messaging_channel),
    ("purchase_value", purchase_value),
    ("purchase_currency", purchase_currency),
    ("negative_value", negative_value),
];

pub(super) fn check(event: &EventBuilder) -> Result<(), InvalidEvent> {
    let between_fields = RULES.iter().filter_map(|&(code, rule)| {
        let (path, advice) = rule(event)?;
        Some(Violation { path: Cow::Borrowed(path), code, advice })
    });
    let violations: Vec<_> = between_fields.chain(negative_prices(event)).collect();
    if violations.is_empty() { Ok(()) } else { Err(InvalidEvent { violations }) }
}

fn identity(event: &EventBuilder) -> Finding {
    event.customer.check_combination().is_err().then_some((
        "user_data",
        "too little to find a person by: add an e-mail, a phone, an external id, or both names",
    ))
}

fn website_page(event: &EventBuilder) -> Finding {
    (event.action_source == ActionSource::Website && event.event_source_url.is_none())
        .then_some(("event_source_url", "an event on a website needs the page it happened on"))
}

fn website_user_agent(event: &EventBuilder) -> Finding {
    (event.action_source == ActionSource::Website && !event.customer.has(MatchKey::ClientUserAgent))
        .then_some(("user_data.client_user_agent", "an event on a website needs the browser's user agent"))
}

fn app_data(event: &EventBuilder) -> Finding {
    (event.action_source == ActionSource::App)
        .then_some(("app_data", "an app event needs data about the app and device"))
}

fn messaging_channel(event: &EventBuilder) -> Finding {
    (event.action_source == ActionSource::BusinessMessaging).then_some((
        "messaging_channel",
        "a business messaging event needs its channel and the channel's ids",
    ))
}

fn purchase_value(event: &EventBuilder) -> Finding {
    (event.name == EventName::PURCHASE && event.custom_data.value.is_none())
        .then_some(("custom_data.value", "a purchase needs its value"))
}

fn purchase_currency(event: &EventBuilder) -> Finding {
    (event.name == EventName::PURCHASE && event.custom_data.currency.is_none())
        .then_some(("custom_data.currency", "a purchase needs its currency"))
}

fn negative_value(event: &EventBuilder) -> Finding {
    event
        .custom_data
        .value
        .is_some_and(crate::value::Amount::is_negative)
        .then_some(("custom_data.value", "is negative: refunds are not purchases"))
}

fn negative_prices(event: &EventBuilder) -> impl Iterator<Item = Violation> {
    let negative = |(index, line): (usize, &super::Content)| {
        line.price()?.is_negative().then(|| Violation {
            path: Cow::Owned(format!("custom_data.contents[{index}].item_price")),
            code: "negative_price",
            advice: "is negative: refunds are not purchases",
        })
    };
    event.custom_data.contents.iter().enumerate().filter_map(negative)
}
