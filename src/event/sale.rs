//! A sale as most are: a purchase of products whose rows say nothing else that differs, by a customer of
//! whom there are digests only.

use super::event_id::id_of_order;
use super::{ActionSource, Conclusion, Content, Event, EventName};
use crate::customer::{Digests, UserData};
use crate::value::{Amount, Currency, EventTime, Line, Money, OrderId};

/// What an [`Event`] says that nothing unusual is to be said of. It breaks none of the rules of events.
#[derive(Debug)]
pub(crate) struct Sale {
    pub(crate) time: EventTime,
    /// A physical store, say: never a website, an app or a conversation.
    pub(crate) source: ActionSource,
    /// Nothing in it has to be escaped in JSON.
    pub(crate) order_id: OrderId,
    /// An e-mail or a phone is among them.
    pub(crate) customer: Digests,
    pub(crate) currency: Currency,
    /// Rounded, and not negative.
    pub(crate) total: Amount,
    /// At least one and not many. Nothing in their ids has to be escaped.
    pub(crate) contents: Vec<Content>,
    /// How long the ids of the contents are together.
    pub(crate) id_bytes: usize,
    pub(crate) lines: Vec<Line>,
}

impl Sale {
    /// The text of its id.
    pub(crate) fn id_digits(&self) -> [u8; 32] {
        id_of_order(&EventName::PURCHASE, self.source, &self.order_id)
    }

    /// The event, made by its own rules.
    pub(crate) fn to_event(&self) -> Event {
        let mut event = Event::blank();
        event.renew(&EventName::PURCHASE, self.source, Some(&self.order_id));
        *event.customer_mut() = UserData::of_digests(&self.customer);
        self.contents.iter().for_each(|content| event.add_product(content.clone()));
        self.lines.iter().for_each(|line| event.add_line(*line));
        let concluded = event.conclude(&Conclusion {
            time: self.time,
            value: Some(Money::new(self.total, self.currency)),
            event_id: None,
            page: None,
            delivery_category: None,
        });
        debug_assert!(concluded.is_ok(), "a sale breaks no rule");
        event
    }
}
