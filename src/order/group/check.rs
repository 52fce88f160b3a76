//! Checks on rows: what each row needs by itself, and who its customer is.

use std::collections::HashMap;

use foldhash::quality::RandomState;

use super::fingerprints::{RowFingerprints, Seen};
use super::rejected::RejectedOrders;
use super::{Customer, Group, warnings};
use crate::customer::{Coverage, MatchKey, UserData, Workspace};
use crate::event::{ActionSource, Event, EventName};
use crate::order::layout::column_of;
use crate::order::row_error::Fault;
use crate::order::tally::RowTally;
use crate::order::{Column, OrderRules, Row, RowError};
use crate::report::RowReport;
use crate::value::{Amount, EventId, EventTime, Line};

/// Checks rows, adds them to their orders, and counts what becomes of them.
#[derive(Debug, Default)]
pub(in crate::order) struct RowChecker {
    pub(in crate::order) rules: OrderRules,
    pub(in crate::order) tally: RowTally,
    pub(in crate::order) coverage: Coverage,
    fingerprints: RowFingerprints,
    /// Fingerprints of the rows without an order id.
    seen_without_order_id: Seen,
    without_order_id: u64,
    /// How often each event id occurs that no order id gave.
    ids: HashMap<EventId, u32, RandomState>,
    /// The customer of the current row; its memory serves every row.
    customer: UserData,
    pub(in crate::order) workspace: Workspace,
}

impl RowChecker {
    pub(in crate::order) fn with_rules(rules: OrderRules) -> Self {
        Self { rules, ..Self::default() }
    }

    /// Leaves out a return or a cancellation.
    pub(in crate::order) fn filter(&mut self, line: Line) {
        let why = "return or cancellation: the quantity is not above zero";
        self.tally.filter(line, Fault::at(Column::Quantity, "return_or_cancellation", why));
    }

    /// Counts a row that cannot be used, and rejects the orders that it may belong to.
    pub(in crate::order) fn reject(&mut self, error: RowError, rejected: &mut RejectedOrders) {
        rejected.add(&error);
        self.tally.read(error.0.line);
        self.tally.invalid(&[error.0.line], error.0.faults);
    }

    /// Adds a row to its order, which may have no rows yet. Returns false if the row repeats an earlier one and
    /// the rules drop repeats.
    pub(in crate::order) fn add_row(&mut self, row: &Row<'_>, group: &mut Group) -> Result<bool, Vec<Fault>> {
        // Most rows of an order repeat its customer letter for letter: those are not hashed again.
        let fingerprint = row.raw_customer();
        let customer = if let Some(data) = group.customer_with(fingerprint) {
            refuse(missing_columns(row, data))?;
            None
        } else {
            let is_clean = self.read_customer(row)?;
            Some(Customer { data: &mut self.customer, fingerprint: is_clean.then_some(fingerprint) })
        };
        let fingerprint = self.fingerprints.of(row);
        let is_new = match row.order_id {
            Some(_) => group.is_new(fingerprint),
            None => self.seen_without_order_id.insert(fingerprint),
        };
        if !is_new && !note_repeat(row.line, &self.rules, &mut self.tally) {
            return Ok(false);
        }
        self.tally.read(row.line);
        self.without_order_id += u64::from(row.order_id.is_none());
        group.add(row, customer, &self.rules);
        Ok(true)
    }

    /// Reads the customer of a row, and returns whether every value is usable and none has a note.
    #[inline(never)]
    fn read_customer(&mut self, row: &Row<'_>) -> Result<bool, Vec<Fault>> {
        let unusable = row.customer.build_into(Some(row.time), &mut self.customer, &mut self.workspace);
        let data = &self.customer;
        let identified = data.has(MatchKey::Email) || data.has(MatchKey::Phone);
        let mut faults = missing_columns(row, data);
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
        for (key, warning) in data.warnings() {
            notes.extend(warnings::note_of_row(key, warning));
        }
        let is_clean = notes.is_empty();
        for note in notes {
            self.tally.note(row.line, note);
        }
        Ok(is_clean)
    }

    /// Completes the event of an order and returns whether it may be sent. `blamed` is the line that keeps the
    /// order from being sent; the age of the event is checked at `now`.
    pub(in crate::order) fn complete(
        &mut self,
        group: &mut Group,
        blamed: Option<Line>,
        now: EventTime,
    ) -> bool {
        let completed = match blamed {
            Some(line) => {
                let why = "not sent, because another row of the same order is invalid";
                Err(vec![Fault::of_row("order_incomplete", why).blaming(line)])
            }
            None => group.complete(&self.rules, now).and_then(|()| self.claim_id(&mut group.event)),
        };
        match completed {
            Ok(()) => {
                warnings::note_order(group, &mut self.tally);
                self.coverage.add(group.event.user_data());
                true
            }
            Err(faults) => {
                self.tally.invalid(group.event.lines(), faults);
                false
            }
        }
    }

    /// Notes what makes the last order of a source doubtful, on its lines and on that of the last row.
    pub(in crate::order) fn note_last_order(&mut self, mut lines: Vec<Line>, last: Line, doubt: Fault) {
        if !lines.contains(&last) {
            lines.push(last);
        }
        self.tally.notes.add(&lines, doubt);
    }

    /// Makes sure that no two events have the same id, because Meta would drop the second.
    ///
    /// Rows without an order id may be equal in everything that is sent: they are numbered. An id that the
    /// source gives twice is refused.
    fn claim_id(&mut self, event: &mut Event) -> Result<(), Vec<Fault>> {
        let Some(id) = event.id().filter(|_| !event.is_named_by_order()) else { return Ok(()) };
        let times = self.ids.entry(id.clone()).or_default();
        *times += 1;
        if *times == 1 || event.renumber(*times) {
            return Ok(());
        }
        let message = "the event id is already on an earlier event: Meta would drop this one";
        Err(vec![Fault::at(Column::EventId, "event_id_repeated", message)])
    }

    /// Adds the counts of rows that another checker checked.
    #[cfg(feature = "rayon")]
    pub(in crate::order) fn absorb(&mut self, tally: RowTally, coverage: &Coverage) {
        self.tally.absorb(tally);
        self.coverage.absorb(coverage);
    }

    /// Returns the report on all rows, and the coverage of their customers. The notes on shared values name the
    /// lines of those events in `events` that have them.
    pub(in crate::order) fn finish(mut self, events: &[Event]) -> (RowReport, Coverage) {
        self.note_run();
        warnings::note_customers(&self.coverage, events, &mut self.tally.notes);
        (self.tally.into_report(), self.coverage)
    }

    fn note_run(&mut self) {
        let has_no_rows = self.tally.rows() == 0;
        let notes = &mut self.tally.notes;
        if has_no_rows {
            notes.add(&[], Fault::of_row("no_rows", "no rows came in: there is nothing to send"));
        }
        if self.without_order_id > 0 {
            let count = self.without_order_id;
            let note = format!("rows without an order id: {count}, each an event of its own");
            notes.add(&[], Fault::at(Column::OrderId, "no_order_id", note));
        }
    }
}

/// Notes a row that repeats an earlier one, and returns whether both count.
#[cold]
fn note_repeat(line: Line, rules: &OrderRules, tally: &mut RowTally) -> bool {
    let repeat = "equal to an earlier row of its order in every column";
    if rules.drops_repeats {
        tally.filter(line, Fault::of_row("exact_repeat", repeat));
    } else {
        tally.note(line, Fault::of_row("exact_repeat", format!("{repeat}; both count")));
    }
    !rules.drops_repeats
}

fn refuse(faults: Vec<Fault>) -> Result<(), Vec<Fault>> {
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

/// The columns that a row of its event name and action source needs and lacks, and amounts below zero.
#[inline]
fn missing_columns(row: &Row<'_>, customer: &UserData) -> Vec<Fault> {
    if is_usual(row) { Vec::new() } else { column_faults(row, customer) }
}

/// Whether the row is one of a usual sale, which lacks nothing: a purchase outside website, app and messaging, with its
/// currency, quantity and price, and without a value of the whole order.
#[inline]
fn is_usual(row: &Row<'_>) -> bool {
    row.price.is_some_and(|price| !price.is_negative())
        && row.quantity.is_some()
        && row.value.is_none()
        && row.currency.is_some()
        && !row.action_source.demands_more()
        && row.name == EventName::PURCHASE
}

#[cold]
fn column_faults(row: &Row<'_>, customer: &UserData) -> Vec<Fault> {
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
        if amount.is_some_and(Amount::is_negative) {
            faults.push(Fault::at(
                column,
                "negative",
                "is negative: refunds and returns are not conversions",
            ));
        }
    }
    faults
}
