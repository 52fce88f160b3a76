//! What a journal answers when an event is handed over.

use std::fmt;

use super::record::Place;
use super::state::EntryState;
use crate::value::{EventTime, Money};

/// The number of an event in a journal. It never changes, and is never given again.
///
/// ```
/// # use meta_offline_events::{Event, UserData};
/// # use meta_offline_events::value::{EventTime, Currency};
/// use meta_offline_events::journal::{HandOver, Journal};
///
/// # let folder = std::env::temp_dir().join(format!("journal-id-{}", std::process::id()));
/// # let _ = std::fs::remove_dir_all(&folder);
/// # let journal = Journal::open(&folder, &"1".parse()?)?;
/// # let now = EventTime::from_unix(1_767_225_600)?;
/// # let customer = UserData::builder().email("mary@example.com").build()?;
/// # let event = Event::builder(now, customer).name("Subscribe".parse()?).build()?;
/// let [HandOver::Taken(id)] = journal.hand_over(&[event], now)?[..] else { panic!("it is new") };
/// assert_eq!(journal.pending()?.next().transpose()?.map(|event| event.id()), Some(id));
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(pub(super) Place);

impl fmt::Display for EntryId {
    /// The number of the segment file, and the offset in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.0.segment(), self.0.offset())
    }
}

/// The answer to one event that was handed over.
///
/// ```
/// use meta_offline_events::journal::{EntryState, HandOver, Journal};
/// use meta_offline_events::report::Outcome;
/// use meta_offline_events::value::{Currency, EventTime, Money};
/// use meta_offline_events::{Event, UserData};
///
/// # let folder = std::env::temp_dir().join(format!("journal-hand-over-{}", std::process::id()));
/// # let _ = std::fs::remove_dir_all(&folder);
/// let journal = Journal::open(&folder, &"1".parse()?)?;
/// let now = EventTime::from_unix(1_767_225_600)?;
/// let order = |email, total| -> Result<Event, Box<dyn std::error::Error>> {
///     let customer = UserData::builder().email(email).build()?;
///     Ok(Event::builder(now, customer).order_id("10001".parse()?).value(total).build()?)
/// };
/// let sale = order("mary@example.com", "31.95 USD".parse()?)?;
/// let [HandOver::Taken(id)] = journal.hand_over(&[sale.clone()], now)?[..] else { panic!("it is new") };
/// journal.record_attempt(&[id], now)?;
/// journal.record_outcome(&[id], &Outcome::Accepted, now)?;
///
/// let answers = journal.hand_over(
///     &[sale, order("mary@example.com", "33.45 USD".parse()?)?, order("paul@example.com", "5 USD".parse()?)?],
///     now,
/// )?;
/// assert!(matches!(&answers[0], HandOver::Known(known) if known.state() == EntryState::Accepted));
/// assert_eq!(
///     answers[1].to_string(),
///     "already sent with 31.95 USD, and is 33.45 USD now: Meta keeps the first, so sending it again does not help",
/// );
/// assert!(matches!(answers[2], HandOver::OtherCustomer(_)));
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum HandOver {
    /// The event is new, and on the disk now.
    Taken(EntryId),
    /// The journal has the same event. It was not taken again.
    Known(KnownEvent),
    /// The journal has another form of the event: a late item, say, or another price. This one was not taken.
    Changed(ChangedEvent),
    /// The journal has the event id for another customer: a till starts its numbers again, say. This one was not taken.
    OtherCustomer(KnownEvent),
}

impl HandOver {
    /// A stable name for machines, in snake case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Taken(_) => "taken",
            Self::Known(known) => match known.state {
                EntryState::Pending => "already_pending",
                EntryState::Unconfirmed => "already_unconfirmed",
                _ => "already_sent",
            },
            Self::Changed(_) => "changed_since_sent",
            Self::OtherCustomer(_) => "other_customer",
        }
    }
}

impl fmt::Display for HandOver {
    /// One line that says what happened and, where something is wrong, what to do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken(_) => f.write_str("recorded, and will be sent"),
            Self::Known(known) => f.write_str(known.fact()),
            Self::Changed(changed) => changed.fmt(f),
            Self::OtherCustomer(known) => write!(
                f,
                "{}, but for another customer: if tills or days repeat order ids, state an order key with store, \
                 till and day",
                known.fact()
            ),
        }
    }
}

/// An event that the journal already had.
///
/// There is an example at [`HandOver`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownEvent {
    pub(super) id: EntryId,
    pub(super) state: EntryState,
    pub(super) handed_over: EventTime,
}

impl KnownEvent {
    /// The number of the event that the journal has.
    pub fn id(&self) -> EntryId {
        self.id
    }

    /// Where it stands: pending, accepted or unconfirmed.
    pub fn state(&self) -> EntryState {
        self.state
    }

    /// When it was handed over.
    pub fn handed_over(&self) -> EventTime {
        self.handed_over
    }

    fn fact(&self) -> &'static str {
        match self.state {
            EntryState::Pending => "already waits to be sent",
            EntryState::Unconfirmed => "already sent without a confirmation",
            _ => "already sent",
        }
    }
}

/// An event that the journal already had in another form.
///
/// There is an example at [`HandOver`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangedEvent {
    pub(super) known: KnownEvent,
    pub(super) before: Option<Money>,
    pub(super) after: Option<Money>,
}

impl ChangedEvent {
    /// The event that the journal has.
    pub fn known(&self) -> &KnownEvent {
        &self.known
    }

    /// The total of the event that the journal has.
    pub fn before(&self) -> Option<Money> {
        self.before
    }

    /// The total of the event that was handed over now.
    pub fn after(&self) -> Option<Money> {
        self.after
    }
}

impl fmt::Display for ChangedEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fact = self.known.fact();
        match (self.before, self.after) {
            (Some(before), Some(after)) if before != after => {
                write!(f, "{fact} with {before}, and is {after} now")?;
            }
            _ => write!(f, "{fact}, and changed since, but not in its total")?,
        }
        f.write_str(": Meta keeps the first, so sending it again does not help")
    }
}
