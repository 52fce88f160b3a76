//! The rules between the fields of an event: one row each, all checked.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

use super::{
    ActionSource, Attribution, Content, CustomData, DataProcessing, Event, EventName, MessagingChannel,
    OriginalEvent, StoreData,
};
use crate::customer::MatchKey;
use crate::value::Amount;

/// One broken rule: its field, its code and what to do.
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

    /// The code of the rule, stable and in snake case.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// What is wrong, and what to do.
    pub fn advice(&self) -> &'static str {
        self.advice
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&said(&self.path, self.advice))
    }
}

/// A path and what is wrong there: as one sentence, if what is wrong is one about the path.
pub(super) fn said(path: &str, what: &str) -> String {
    let goes_on = ["is ", "has ", "must ", "says "].iter().any(|verb| what.starts_with(verb));
    format!("{path}{}{what}", if goes_on { " " } else { ": " })
}

/// The error for an event that breaks rules. It lists all of them.
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

/// One rule between the fields of an event.
struct Rule {
    code: &'static str,
    path: &'static str,
    advice: &'static str,
    is_broken: fn(&Event) -> bool,
}

/// Every rule, in the order of the fields. Sources: Meta's pages on server events, customer information
/// parameters, custom data, app data, business messaging, data processing options and appending
/// attribution.
const RULES: &[Rule] = &[
    Rule {
        code: "messaging_event_name",
        path: "event_name",
        advice: "is not an event of business messaging: take Purchase, LeadSubmitted, InitiateCheckout, \
                 AddToCart, ViewContent, OrderCreated, OrderShipped, OrderDelivered, OrderCanceled, \
                 OrderReturned, CartAbandoned, QualifiedLead, RatingProvided or ReviewProvided",
        is_broken: |event| {
            is_from(event, ActionSource::BusinessMessaging)
                && !EventName::MESSAGING.contains(&event.name().as_str())
        },
    },
    Rule {
        code: "website_page",
        path: "event_source_url",
        advice: "an event on a website needs the page it happened on",
        is_broken: |event| is_from(event, ActionSource::Website) && event.source_url().is_none(),
    },
    Rule {
        code: "identity",
        path: "user_data",
        advice: "not enough match keys: add an e-mail address, a phone number, an external id, or both names",
        is_broken: |event| event.user_data().check_combination().is_err(),
    },
    Rule {
        code: "website_user_agent",
        path: "user_data.client_user_agent",
        advice: "an event on a website needs the browser's user agent",
        is_broken: |event| {
            is_from(event, ActionSource::Website) && lacks(event, &[MatchKey::ClientUserAgent])
        },
    },
    Rule {
        code: "messenger_page",
        path: "user_data.page_id",
        advice: "an event on Messenger needs the id of the page",
        is_broken: |event| {
            on_channel(event, &MessagingChannel::Messenger) && lacks(event, &[MatchKey::PageId])
        },
    },
    Rule {
        code: "messenger_user",
        path: "user_data.page_scoped_user_id",
        advice: "an event on Messenger needs the id of the customer for the page",
        is_broken: |event| {
            on_channel(event, &MessagingChannel::Messenger) && lacks(event, &[MatchKey::PageScopedUserId])
        },
    },
    Rule {
        code: "whatsapp_click",
        path: "user_data.ctwa_clid",
        advice: "an event on WhatsApp needs the id of the click on the ad",
        is_broken: |event| {
            on_channel(event, &MessagingChannel::WhatsApp) && lacks(event, &[MatchKey::WhatsAppClick])
        },
    },
    Rule {
        code: "whatsapp_account",
        path: "user_data.whatsapp_business_account_id",
        advice: "an event on WhatsApp needs the id of the business account or of the page (page_id)",
        is_broken: |event| {
            on_channel(event, &MessagingChannel::WhatsApp)
                && lacks(event, &[MatchKey::WhatsAppBusinessAccountId, MatchKey::PageId])
        },
    },
    Rule {
        code: "instagram_user",
        path: "user_data.ig_sid",
        advice: "an event on Instagram needs the id of the customer",
        is_broken: |event| {
            on_channel(event, &MessagingChannel::Instagram)
                && lacks(event, &[MatchKey::InstagramScopedUserId])
        },
    },
    Rule {
        code: "instagram_account",
        path: "user_data.instagram_business_account_id",
        advice: "an event on Instagram needs the id of the account (or ig_account_id)",
        is_broken: |event| {
            on_channel(event, &MessagingChannel::Instagram)
                && lacks(event, &[MatchKey::InstagramBusinessAccountId, MatchKey::InstagramAccountId])
        },
    },
    Rule {
        code: "purchase_currency",
        path: "custom_data.currency",
        advice: "a purchase needs its currency",
        is_broken: |event| is_purchase(event) && event.0.custom_data.currency.is_none(),
    },
    Rule {
        code: "purchase_value",
        path: "custom_data.value",
        advice: "a purchase needs its value",
        is_broken: |event| is_purchase(event) && event.0.custom_data.value.is_none(),
    },
    Rule {
        code: "negative_value",
        path: "custom_data.value",
        advice: "is negative, but refunds are not purchases",
        is_broken: |event| event.0.custom_data.value.is_some_and(Amount::is_negative),
    },
    Rule {
        code: "empty_object",
        path: "custom_data.store_data",
        advice: "says nothing: set a member or leave it out",
        is_broken: |event| {
            let store = event.custom_data().rare().and_then(|rare| rare.store_data.as_ref());
            store.is_some_and(StoreData::is_empty)
        },
    },
    Rule {
        code: "ldu_state",
        path: "data_processing_options_state",
        advice: "without the customer's IP address Meta cannot find the place: name the state of the USA",
        is_broken: |event| {
            event.data_processing().is_some_and(DataProcessing::is_geolocated)
                && lacks(event, &[MatchKey::ClientIpAddress])
        },
    },
    Rule {
        code: "app_data",
        path: "app_data",
        advice: "an app event needs data about the app and device",
        is_broken: |event| {
            is_from(event, ActionSource::App)
                && event.0.rare.as_ref().is_none_or(|rare| rare.app_data.is_none())
        },
    },
    Rule {
        code: "messaging_channel",
        path: "messaging_channel",
        advice: "a business messaging event needs its channel and the channel's ids",
        is_broken: |event| {
            is_from(event, ActionSource::BusinessMessaging) && event.messaging_channel().is_none()
        },
    },
    Rule {
        code: "empty_object",
        path: "original_event_data",
        advice: "says nothing: set a member or leave it out",
        is_broken: |event| {
            let original = event.0.rare.as_ref().and_then(|rare| rare.original_event.as_ref());
            original.is_some_and(OriginalEvent::is_empty)
        },
    },
    Rule {
        code: "empty_object",
        path: "attribution_data",
        advice: "says nothing: set a member or leave it out",
        is_broken: |event| event.attribution().is_some_and(Attribution::is_empty),
    },
    Rule {
        code: "append_attribution",
        path: "attribution_data.ad_id",
        advice: "appending attribution needs the ad",
        is_broken: |event| appends_without(event, |credit| credit.ad_id.is_some()),
    },
    Rule {
        code: "append_attribution",
        path: "attribution_data.touchpoint_ts",
        advice: "appending attribution needs the time of the touchpoint",
        is_broken: |event| appends_without(event, |credit| credit.touchpoint_ts.is_some()),
    },
    Rule {
        code: "append_attribution",
        path: "attribution_data.attribution_share",
        advice: "appending attribution needs the share",
        is_broken: |event| appends_without(event, |credit| credit.attribution_share.is_some()),
    },
    Rule {
        code: "append_attribution",
        path: "attribution_data.attribution_value",
        advice: "appending attribution needs the value",
        is_broken: |event| appends_without(event, |credit| credit.attribution_value.is_some()),
    },
    Rule {
        code: "attribution_share",
        path: "attribution_data.attribution_share",
        advice: "must lie between 0 and 1",
        is_broken: |event| {
            let share = event.attribution().and_then(|credit| credit.attribution_share);
            share.is_some_and(|share| share.is_negative() || share > Amount::from(1))
        },
    },
    Rule {
        code: "attribution_value",
        path: "attribution_data.attribution_value",
        advice: "is negative, but it is a share of the value of a conversion",
        is_broken: |event| {
            let value = event.attribution().and_then(|credit| credit.attribution_value);
            value.is_some_and(Amount::is_negative)
        },
    },
];

/// Rules that give warnings: an event that breaks them can be sent.
const SOFT_RULES: &[Rule] = &[
    Rule {
        code: "website_event_id",
        path: "event_id",
        advice: "without an id Meta cannot tell the event from the pixel's: give both the same",
        is_broken: |event| {
            is_from(event, ActionSource::Website) && (event.0.derived_id || event.id().is_none())
        },
    },
    Rule {
        code: "zero_value",
        path: "custom_data.value",
        advice: "is zero: Meta does not say whether such a purchase counts",
        is_broken: |event| is_purchase(event) && event.0.custom_data.value.is_some_and(Amount::is_zero),
    },
];

fn is_from(event: &Event, source: ActionSource) -> bool {
    event.0.action_source == source
}

fn is_purchase(event: &Event) -> bool {
    event.0.event_name == EventName::PURCHASE
}

/// Whether none of these keys has a value.
fn lacks(event: &Event, keys: &[MatchKey]) -> bool {
    !keys.iter().any(|key| event.0.user_data.has(*key))
}

fn on_channel(event: &Event, wanted: &MessagingChannel) -> bool {
    is_from(event, ActionSource::BusinessMessaging)
        && event.messaging_channel().is_some_and(|channel| channel.as_str() == wanted.as_str())
}

fn appends_without(event: &Event, has: fn(&Attribution) -> bool) -> bool {
    event.0.event_name == EventName::APPEND_ATTRIBUTION && !event.attribution().is_some_and(has)
}

/// Checks every rule, and adds the broken ones that the builder found.
#[inline]
pub(super) fn check(event: &Event, found: Vec<Violation>) -> Result<(), InvalidEvent> {
    if found.is_empty() && is_usual(event) { Ok(()) } else { check_each(event, found) }
}

#[inline(never)]
fn check_each(event: &Event, found: Vec<Violation>) -> Result<(), InvalidEvent> {
    let violations: Vec<_> = broken(RULES, event).chain(negative_prices(event)).chain(found).collect();
    if violations.is_empty() { Ok(()) } else { Err(InvalidEvent { violations }) }
}

/// Whether the event is a usual sale, which can break no rule: a purchase outside website, app and messaging, with an
/// e-mail or phone, a value that is not negative, and no rare members.
#[inline]
fn is_usual(event: &Event) -> bool {
    let CustomData { currency, value, contents, .. } = &event.0.custom_data;
    let is_negative = |line: &Content| line.price().is_some_and(Amount::is_negative);
    currency.is_some()
        && value.is_some_and(|value| !value.is_negative())
        && !event.0.action_source.demands_more()
        && event.0.rare.is_none()
        && event.custom_data().rare().is_none()
        && event.0.event_name == EventName::PURCHASE
        && !lacks(event, &[MatchKey::Email, MatchKey::Phone])
        && !contents.iter().any(is_negative)
}

impl Event {
    /// Checks the rules that give warnings: an event that breaks them can be sent, but may not be what you mean.
    ///
    /// ```
    /// use meta_offline_events::customer::UserData;
    /// use meta_offline_events::event::Event;
    /// use meta_offline_events::value::{Currency, EventTime, Money};
    ///
    /// let customer = UserData::builder().email("mary@example.com").build()?;
    /// let gift = Event::builder(EventTime::from_unix(1_767_225_600)?, customer)
    ///     .value(Money::new("0".parse()?, Currency::USD))
    ///     .build()?;
    /// assert_eq!(gift.warnings()[0].code(), "zero_value");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn warnings(&self) -> Vec<Violation> {
        broken(SOFT_RULES, self).collect()
    }
}

fn broken(rules: &'static [Rule], event: &Event) -> impl Iterator<Item = Violation> {
    rules.iter().filter(move |rule| (rule.is_broken)(event)).map(|rule| Violation {
        path: Cow::Borrowed(rule.path),
        code: rule.code,
        advice: rule.advice,
    })
}

fn negative_prices(event: &Event) -> impl Iterator<Item = Violation> {
    let negative = |(index, line): (usize, &Content)| {
        line.price()?.is_negative().then(|| Violation {
            path: Cow::Owned(format!("custom_data.contents[{index}].item_price")),
            code: "negative_price",
            advice: "is negative, but refunds are not purchases",
        })
    };
    event.0.custom_data.contents.iter().enumerate().filter_map(negative)
}

/// Checks whether a custom property can be sent. The path of the violation has the name only if Meta defines it, and
/// otherwise the position, counted from 1, because the name may be a customer's text.
pub(super) fn check_property(name: &str, value: &Value, position: usize) -> Result<(), Violation> {
    let by_position = || Cow::Owned(format!("custom_data.<property {position}>"));
    let (path, advice) =
        if let Some(standard) = CustomData::STANDARD.iter().find(|known| **known == name.trim()) {
            let path = Cow::Owned(format!("custom_data.{standard}"));
            (path, "is a member that Meta defines: use its own setter, or give the property another name")
        } else if name.is_empty() {
            (by_position(), "has no name")
        } else if name.len() > CustomData::MAX_PROPERTY_NAME_BYTES {
            (by_position(), "has a name of more than 256 bytes")
        } else if name.trim() != name || name.chars().any(char::is_control) {
            (by_position(), "has a control character in its name, or a blank at an end of it")
        } else if holds_nul(value) {
            let advice = "holds a NUL: remove it";
            return Err(Violation { path: by_position(), code: "property_value", advice });
        } else {
            return Ok(());
        };
    Err(Violation { path, code: "property_name", advice })
}

fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(elements) => elements.iter().any(holds_nul),
        Value::Object(members) => members.iter().any(|(name, value)| name.contains('\0') || holds_nul(value)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::customer::UserData;
    use crate::value::{Currency, EventTime, InvalidValue, Money};

    #[test]
    fn what_is_usual_breaks_no_rule() -> Result<(), Box<dyn std::error::Error>> {
        let customers = [
            UserData::default(),
            UserData::builder().email("mary@example.com").build()?,
            UserData::builder().phone("+1 650 555 1212").build()?,
            UserData::builder().first_name("Mary").build()?,
        ];
        let content = |price: &str| -> Result<_, InvalidValue> {
            Ok(Content::new("SKU-1".parse()?, std::num::NonZeroU64::MIN).item_price(price.parse()?))
        };
        let mut usual = 0;
        for source in ActionSource::NAMES {
            for name in [EventName::PURCHASE, EventName::LEAD, EventName::APPEND_ATTRIBUTION] {
                for customer in &customers {
                    for value in ["", "5", "0", "-5"] {
                        for price in ["1", "-1"] {
                            let event =
                                Event::builder(EventTime::from_unix(1_767_225_600)?, customer.clone())
                                    .name(name.clone())
                                    .action_source(source.parse()?)
                                    .content(content(price)?);
                            let event = match value {
                                "" => event,
                                value => event.value(Money::new(value.parse()?, Currency::USD)),
                            };
                            let event = event.unfinished();
                            if is_usual(&event) {
                                usual += 1;
                                assert!(
                                    broken(RULES, &event).chain(negative_prices(&event)).next().is_none()
                                );
                            }
                        }
                    }
                }
            }
        }
        // Six sources, two customers and two values.
        assert_eq!(usual, 24);
        Ok(())
    }
}
