//! What grouping gives: events to send, and the report on the other rows.

use super::MostlyInvalid;
use crate::customer::Coverage;
use crate::event::Event;
use crate::report::RowReport;

/// Events that are ready to send, and the report on the rows that are not among them.
///
/// `Client::send` takes it as a whole, so that the delivery report counts every row.
///
/// ```
/// use meta_offline_events::customer::UserData;
/// use meta_offline_events::order::{Orders, Row};
/// use meta_offline_events::value::{Currency, EventTime};
///
/// let sold = EventTime::from_unix(1_767_225_600)?;
/// let mary = UserData::builder().email("mary@example.com");
/// let row = Row::new(2, sold).customer(mary).value("5".parse()?).currency(Currency::EUR);
/// let mut orders = Orders::new();
/// orders.push(&row.order_id("10001".parse()?));
/// orders.push(&Row::new(3, sold).quantity(-1));
/// let prepared = orders.finish(sold);
/// assert_eq!((prepared.events.len(), prepared.rows.filtered()), (1, 1));
/// # Ok::<(), meta_offline_events::value::InvalidValue>(())
/// ```
#[derive(Debug, Default)]
#[non_exhaustive]
#[must_use = "the events are not sent yet"]
pub struct Prepared {
    /// One event for each order, in the order of their first rows. Events that were handed over one by one
    /// before are not here.
    pub events: Vec<Event>,
    /// The rows that were filtered or invalid, and notes on the others.
    pub rows: RowReport,
    /// Which match keys the customers of the events have.
    pub coverage: Coverage,
    /// Why there are no events, if too many of the first rows are invalid: see
    /// [`OrderRules::max_invalid`](super::OrderRules::max_invalid).
    pub mostly_invalid: Option<MostlyInvalid>,
}

/// What a client can send: a [`Prepared`], a `Vec<Event>`, an `Event`, and whatever else converts into `Prepared`.
///
/// ```
/// use meta_offline_events::order::{IntoPrepared, Prepared};
///
/// let nothing: Prepared = Vec::new().into_prepared();
/// assert!(nothing.events.is_empty());
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent",
    label = "expected `Prepared`, `Vec<Event>` or `Event`",
    note = "`Client::send` takes the events by value: pass the `Vec<Event>` itself, or a copy of a borrowed one, \
            `events.to_vec()`",
    note = "an iterator or a stream of events goes to `Client::deliver`"
)]
pub trait IntoPrepared {
    /// Returns the events with the report on their rows.
    fn into_prepared(self) -> Prepared;
}

#[diagnostic::do_not_recommend]
impl<T: Into<Prepared>> IntoPrepared for T {
    fn into_prepared(self) -> Prepared {
        self.into()
    }
}

impl From<Vec<Event>> for Prepared {
    /// Events that were built by hand: there are no rows to report on.
    fn from(events: Vec<Event>) -> Self {
        let coverage = events.iter().map(Event::user_data).collect();
        Self { events, coverage, ..Self::default() }
    }
}

impl From<Event> for Prepared {
    fn from(event: Event) -> Self {
        vec![event].into()
    }
}
