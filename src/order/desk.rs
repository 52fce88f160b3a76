//! The desk at which rows are handed in: what each row needs on its own, and who its customer is.

use std::collections::HashMap;

use foldhash::quality::RandomState;

use super::account::{Account, OrderWarnings};
use super::group::Group;
use super::layout::{Fault, column_of};
use super::marks::Marks;
use super::spoilt::Spoilt;
use super::{Column, OrderRules, Row, RowError};
use crate::customer::{Coverage, MatchKey, Percent, RawFingerprint, UserData, ValueWarning};
use crate::event::{ActionSource, Event, EventName};
use crate::report::RowReport;
use crate::value::{EventId, EventTime, Line};

/// Judges rows, and keeps the account.
#[derive(Debug, Default)]
pub(super) struct Desk {
    pub(super) rules: OrderRules,
    pub(super) account: Account,
    pub(super) marks: Marks,
    /// The customer of the row at hand.
    customer: UserData,
    pub(super) buffer: String,
    without_order_id: u64,
    /// How often each id is there that no order gave.
    ids: HashMap<EventId, u32, RandomState>,
    pub(super) coverage: Coverage,
}

/// The customer of a row.
pub(super) struct Customer<'d> {
    pub(super) data: &'d mut UserData,
    /// A mark of the raw text, if every text was usable and none is worth a note: equal for customers that
    /// are written letter for letter alike.
    pub(super) raw_fingerprint: Option<RawFingerprint>,
}

impl Desk {
    pub(super) fn with_rules(rules: OrderRules) -> Self {
        Self { rules, ..Self::default() }
    }

    /// Leaves a return or a cancellation out.
    pub(super) fn filter(&mut self, line: Line) {
        let why = "return or cancellation: the quantity is not above zero";
        self.account.filter(line, Fault::at(Column::Quantity, "return_or_cancellation", why));
    }

    /// Notes a row that cannot be used, and which order it spoils.
    pub(super) fn reject(&mut self, error: RowError, spoilt: &mut Spoilt) {
        spoilt.add(&error);
        self.account.read += 1;
        self.account.invalid(&[error.line], error.faults);
    }

    /// Seats a row in its order, which may be empty so far, unless the row is a repeat and such rows are
    /// dropped.
    pub(super) fn seat(&mut self, row: &Row<'_>, group: &mut Group) -> Result<bool, Vec<Fault>> {
        let raw_fingerprint = row.customer.raw_fingerprint();
        // Most rows of an order repeat its customer letter for letter: those are not hashed again.
        let customer = if let Some(data) = group.customer_worded(raw_fingerprint) {
            refuse(missing_parts(row, data))?;
            None
        } else {
            let is_wholly_usable = self.identify(row)?;
            let raw_fingerprint = is_wholly_usable.then_some(raw_fingerprint);
            Some(Customer { data: &mut self.customer, raw_fingerprint })
        };
        if !self.marks.is_new(row, group) {
            let repeat = "equal to an earlier row of its order in every column";
            if self.rules.drops_repeats {
                self.account.filter(row.line, Fault::of_row("exact_repeat", repeat));
                return Ok(false);
            }
            let note = format!("{repeat}; both count");
            self.account.note(row.line, Fault::of_row("exact_repeat", note));
        }
        self.account.read += 1;
        self.without_order_id += u64::from(row.order_id.is_none());
        group.add(row, customer, &self.rules);
        Ok(true)
    }

    /// Reads the customer of a row; tells whether every text is usable and none is worth a note.
    fn identify(&mut self, row: &Row<'_>) -> Result<bool, Vec<Fault>> {
        let unusable = row.customer.build_into(Some(row.time), &mut self.customer, &mut self.buffer);
        let data = &self.customer;
        let identified = data.has(MatchKey::Email) || data.has(MatchKey::Phone);
        let mut faults = missing_parts(row, data);
        if !identified && !unusable.iter().any(|value| value.key().is_contact()) {
            faults.push(Fault::at(Column::Email, "no_identity", "neither e-mail nor phone is given"));
        }
        let mut notes = Vec::new();
        for value in unusable {
            let Some(column) = column_of(value.key()) else { continue };
            let (reason, message) = (value.reason().code(), value.reason().to_string());
            if value.key().is_contact() && !identified {
                let message = format!("{message}; the row has no other e-mail or phone");
                faults.push(Fault::at(column, reason, message));
            } else {
                notes.push(Fault::at(column, reason, format!("was left out: it {message}")));
            }
        }
        refuse(faults)?;
        notes.extend(data.warnings().filter_map(|(key, warning)| note_of_row(key, warning)));
        let is_wholly_usable = notes.is_empty();
        for note in notes {
            self.account.note(row.line, note);
        }
        Ok(is_wholly_usable)
    }

    /// Completes the event of an order, judging its age at `now`, and tells whether it may be sent.
    /// `culprit` is the line that spoils it.
    pub(super) fn close(&mut self, group: &mut Group, culprit: Option<Line>, now: EventTime) -> bool {
        self.conclude(group, culprit, now) && {
            let doubts = OrderWarnings::about(group);
            self.admit(&mut group.event, doubts)
        }
    }

    /// Completes the event of an order as far as it depends on nothing but its rows.
    pub(super) fn conclude(&mut self, group: &mut Group, culprit: Option<Line>, now: EventTime) -> bool {
        if let Some(culprit) = culprit {
            let blame = format!("not sent, because line {culprit} of the same order is invalid");
            self.account.invalid(group.event.lines(), [Fault::of_row("order_incomplete", blame)]);
            return false;
        }
        if let Err(faults) = group.conclude(&self.rules, now) {
            self.account.invalid(group.event.lines(), faults);
            return false;
        }
        true
    }

    /// Names the event of a concluded order and counts it, unless its id is there already.
    pub(super) fn admit(&mut self, event: &mut Event, doubts: OrderWarnings) -> bool {
        if let Err(faults) = self.name(event) {
            self.account.invalid(event.lines(), faults);
            return false;
        }
        self.account.note_order(event.lines(), doubts);
        self.coverage.add(event.user_data());
        true
    }

    /// Sees to it that no two events have the same id, because Meta would drop the second.
    ///
    /// Rows without an order id may be equal in all that is sent; they are numbered. An id that was
    /// given twice is refused.
    fn name(&mut self, event: &mut Event) -> Result<(), Vec<Fault>> {
        let Some(id) = event.id().filter(|_| !event.is_named_by_order()) else { return Ok(()) };
        let times = self.ids.entry(id.clone()).or_default();
        *times += 1;
        if *times == 1 || event.renumber(*times) {
            return Ok(());
        }
        let message = "the event id stands on an earlier event, too: Meta would drop this one";
        Err(vec![Fault::at(Column::EventId, "event_id_repeated", message)])
    }

    /// The account of all rows, and what the customers can be found by. `events` are those whose lines
    /// are to be told where they share a value.
    pub(super) fn finish(mut self, events: &[Event]) -> (RowReport, Coverage) {
        self.note_run();
        self.note_customers(events);
        (self.account.into_report(), self.coverage)
    }

    /// Notes on the run as a whole.
    fn note_run(&mut self) {
        if self.account.read == 0 {
            self.account
                .notes
                .add(&[], Fault::of_row("no_rows", "no rows came in: there is nothing to send"));
        }
        if self.without_order_id > 0 {
            let count = self.without_order_id;
            let note = format!("rows without an order id: {count}, each an event of its own");
            self.account.notes.add(&[], Fault::at(Column::OrderId, "no_order_id", note));
        }
    }

    /// Notes on the customers as a whole.
    fn note_customers(&mut self, events: &[Event]) {
        let (notes, coverage) = (&mut self.account.notes, &self.coverage);
        for key in MatchKey::ALL {
            let Some(column) = column_of(key) else { continue };
            let (values, digests) =
                (coverage.values(key), coverage.count_with_warning(key, ValueWarning::AlreadyHashed));
            if 0 < digests && digests < values {
                let plain = values - digests;
                let note = format!("digests: {digests}, plain values: {plain}; each value was judged alone");
                notes.add(&[], Fault::at(column, "mixed_digests", note));
            }
        }
        let (phones, doubtful) = (coverage.values(MatchKey::Phone), coverage.phones_without_country_code());
        if doubtful > 0 {
            let note = format!(
                "{doubtful} of {phones} phones ({}) are sent as they stand, written without + or 00: those that \
                 lack their country code find nobody",
                Percent::of(doubtful, phones)
            );
            notes.add(&[], Fault::at(Column::Phone, ValueWarning::NoCountryCode.code(), note));
        }
        for repeat in coverage.shared_values() {
            let Some(column) = column_of(repeat.key()) else { continue };
            let sharing = events.iter().filter(|event| repeat.is_of(event.user_data()));
            let lines: Vec<Line> = sharing.flat_map(Event::lines).copied().collect();
            let note = format!("{repeat}: where it stands for no value, leave it empty");
            notes.add(&lines, Fault::at(column, "shared_value", note));
        }
    }
}

fn refuse(faults: Vec<Fault>) -> Result<(), Vec<Fault>> {
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

/// The parts that a row lacks for what it claims to be.
fn missing_parts(row: &Row<'_>, customer: &UserData) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut demand = |there: bool, column: Column, why: &'static str| {
        if !there {
            faults.push(Fault::at(column, "missing", why));
        }
    };
    let purchase = row.name == EventName::PURCHASE;
    let (valued, priced) = (row.value.is_some(), row.price.is_some());
    let money = "is missing: the amount is price times quantity, or value";
    demand(
        !purchase || row.currency.is_some(),
        Column::Currency,
        "is missing: a purchase needs its currency",
    );
    demand(!purchase || valued || priced, Column::Price, money);
    demand(!purchase && !priced || valued || row.quantity.is_some(), Column::Quantity, money);
    if row.action_source == ActionSource::Website {
        let user_agent = customer.has(MatchKey::ClientUserAgent);
        demand(
            user_agent,
            Column::ClientUserAgent,
            "is missing: a website row needs the browser's user agent",
        );
        demand(row.event_id.is_some(), Column::EventId, "is missing: a website row needs its event id");
        demand(
            row.event_source_url.is_some(),
            Column::EventSourceUrl,
            "is missing: a website row needs its page",
        );
    }
    if matches!(row.action_source, ActionSource::App | ActionSource::BusinessMessaging) {
        let why = "needs data that no column carries, and that this version cannot send";
        faults.push(Fault::at(Column::ActionSource, "unsupported_source", why));
    }
    for (amount, column) in [(row.price, Column::Price), (row.value, Column::Value)] {
        if amount.is_some_and(crate::value::Amount::is_negative) {
            faults.push(Fault::at(
                column,
                "negative",
                "is negative: refunds and returns are not conversions",
            ));
        }
    }
    faults
}

/// What is said of a row for a doubtful value. OrderWarnings that concern most rows or none are counted for the
/// whole run instead.
pub(super) fn note_of_row(key: MatchKey, warning: ValueWarning) -> Option<Fault> {
    let counted = matches!(
        warning,
        ValueWarning::AlreadyHashed | ValueWarning::NoCountryCode | ValueWarning::CountryCodeAdded
    );
    let column = column_of(key).filter(|_| !counted)?;
    Some(Fault::at(column, warning.code(), warning.to_string()))
}
