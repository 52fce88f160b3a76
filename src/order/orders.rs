//! All orders of a run: rows in, events and an account of every other row out.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher};
use std::time::Duration;

use foldhash::quality::RandomState;

use super::group::{Group, GroupKey};
use super::layout::{Fault, OrderMark, column_of};
use super::{Column, Reading, Row, RowError};
use crate::customer::{Coverage, MatchKey, Percent, Remark, UserData, UserDataBuilder};
use crate::event::{ActionSource, Event, EventName};
use crate::report::{Problem, RowReport};
use crate::value::{AgeLimit, EventId, EventTime, Line};

/// Choices that the row contract leaves to the advertiser.
///
/// ```
/// use std::time::Duration;
/// use meta_offline_events::order::OrderRules;
///
/// let rules = OrderRules::new().margin(Duration::from_secs(600)).allow_zero_totals();
/// # let _ = rules;
/// ```
#[derive(Debug, Clone)]
pub struct OrderRules {
    pub(super) allows_zero_totals: bool,
    pub(super) sums_values: bool,
    drops_repeats: bool,
    margin: Duration,
    longest_age: Option<AgeLimit>,
    most_rows: u64,
}

impl Default for OrderRules {
    fn default() -> Self {
        Self {
            allows_zero_totals: false,
            sums_values: false,
            drops_repeats: false,
            margin: Duration::from_secs(3600),
            longest_age: None,
            most_rows: 5_000_000,
        }
    }
}

impl OrderRules {
    /// The usual choices: no zero totals, one value an order, repeated rows kept, a margin of one
    /// hour before the end of Meta's window.
    pub fn new() -> Self {
        Self::default()
    }

    /// Send orders that come to zero instead of refusing them.
    pub fn allow_zero_totals(mut self) -> Self {
        self.allows_zero_totals = true;
        self
    }

    /// Take `value` as the value of a row and sum it over an order, instead of as the order's.
    pub fn sum_values(mut self) -> Self {
        self.sums_values = true;
        self
    }

    /// Leave out a row that is equal to an earlier one of its order in every column.
    pub fn drop_repeats(mut self) -> Self {
        self.drops_repeats = true;
        self
    }

    /// How long before the end of Meta's window an event is refused, so that it does not cross the
    /// line on its way; one hour by default.
    pub fn margin(mut self, margin: Duration) -> Self {
        self.margin = margin;
        self
    }

    /// A limit of age for all action sources, where it is stricter than Meta's: seven days for
    /// physical stores, too, say.
    pub fn longest_age(mut self, limit: AgeLimit) -> Self {
        self.longest_age = Some(limit);
        self
    }

    /// How many rows may be gathered before `finish`, five million by default, because all orders
    /// are kept in memory. With more rows no order is sent at all, since any of them may go on in a
    /// row that is no longer kept.
    pub fn most_rows(mut self, rows: u64) -> Self {
        self.most_rows = rows;
        self
    }

    pub(super) fn age_limit(&self, source: ActionSource) -> AgeLimit {
        let meta = source.age_limit();
        let limit = self.longest_age.filter(|own| own.as_secs() < meta.as_secs()).unwrap_or(meta);
        limit.less(self.margin)
    }
}

/// Gathers rows into orders.
///
/// Rows may come in any order. What is held in memory for each order is its digests, its lines and
/// its contents, about two kilobytes; customer text is hashed as rows come in and not kept. The number
/// of rows is limited ([`OrderRules::most_rows`]).
///
/// ```
/// use meta_offline_events::customer::UserData;
/// use meta_offline_events::order::{Orders, Row};
/// use meta_offline_events::value::{Currency, EventTime, Line};
///
/// let sold = EventTime::from_unix(1_767_225_600)?;
/// let mut orders = Orders::new();
/// for (line, price) in [(2, "0.10"), (3, "0.20")] {
///     orders.push(
///         Row::new(Line::new(line), sold)
///             .customer(UserData::builder().email("mary@example.com"))
///             .order_id("10001".parse()?)
///             .quantity(1)
///             .price(price.parse()?)
///             .currency(Currency::EUR),
///     );
/// }
/// let prepared = orders.finish(sold);
/// assert_eq!(prepared.events.len(), 1);
/// assert_eq!(prepared.events[0].custom_data().value().unwrap().to_string(), "0.3 EUR");
/// # Ok::<(), meta_offline_events::value::InvalidValue>(())
/// ```
#[derive(Debug, Default)]
pub struct Orders {
    rules: OrderRules,
    groups: Vec<Group>,
    by_key: HashMap<GroupKey, usize, RandomState>,
    /// Marks of the rows that were seen, each with its order.
    seen: HashSet<u64, Uniform>,
    /// Makes marks: equal for what is equal, and otherwise not to be foreseen.
    marks: RandomState,
    spoilt_groups: HashMap<GroupKey, Line>,
    spoilt_marks: HashMap<OrderMark, Line>,
    without_order_id: u64,
    /// Rows came in that were not kept.
    overfull: bool,
    account: Account,
}

/// Events that are ready to be sent, and the account of the rows that are not among them.
#[derive(Debug)]
#[non_exhaustive]
pub struct Prepared {
    /// One event for each order, in the order of their first rows.
    pub events: Vec<Event>,
    /// Rows that were filtered or invalid, and notes on the others.
    pub rows: RowReport,
    /// What the customers of the events can be found by.
    pub coverage: Coverage,
}

impl Orders {
    /// No orders yet, with the usual rules.
    pub fn new() -> Self {
        Self::default()
    }

    /// No orders yet, with these rules.
    pub fn with_rules(rules: OrderRules) -> Self {
        Self { rules, ..Self::default() }
    }

    /// Takes what a record turned out to be.
    pub fn take(&mut self, reading: Reading<'_>) {
        match reading {
            Reading::Row(row) => self.push(row),
            Reading::Return(line) => self.filter(line),
            Reading::Invalid(error) => self.reject(error),
        }
    }

    /// Adds a row to its order. A row that breaks a rule spoils its order; nothing is lost.
    pub fn push(&mut self, mut row: Row<'_>) {
        if row.quantity.is_some_and(|count| count <= 0) {
            return self.filter(row.line);
        }
        let line = row.line;
        if self.account.read >= self.rules.most_rows {
            return self.refuse_more(line);
        }
        let raw = std::mem::take(&mut row.customer);
        let key = GroupKey::of(&row);
        match self.check(&row, raw, key.as_ref()) {
            Ok(customer) => self.join(row, key, customer),
            Err(faults) => {
                let group = Some((row.name, row.action_source));
                self.reject(RowError::new(line, row.order_id, group, faults));
            }
        }
    }

    /// Notes a row that cannot be used. Its order is not sent.
    pub fn reject(&mut self, error: RowError) {
        self.account.read += 1;
        self.account.invalid(&[error.line], error.faults);
        let line = error.line;
        for mark in error.suspects {
            self.spoilt_marks.entry(mark).or_insert(line);
        }
        let Some(order_id) = error.order_id else { return };
        match error.group {
            Some((name, action_source)) => {
                self.spoilt_groups.entry(GroupKey { order_id, name, action_source }).or_insert(line);
            }
            // Which of the order's events it belonged to cannot be told: none of them is complete.
            None => {
                self.spoilt_marks.entry(OrderMark::of(&order_id)).or_insert(line);
            }
        }
    }

    fn refuse_more(&mut self, line: Line) {
        self.overfull = true;
        self.account.read += 1;
        self.account.invalid(&[line], [self.too_many_rows()]);
    }

    fn too_many_rows(&self) -> Fault {
        let most = self.rules.most_rows;
        let message =
            format!("more than {most} rows in one run: cut the export by days, never inside an order");
        Fault::of_row("too_many_rows", message)
    }

    fn filter(&mut self, line: Line) {
        let why = "return or cancellation: the quantity is not above zero";
        self.account.filter(line, Fault::at(Column::Quantity, "return_or_cancellation", why));
    }

    /// What a row needs on its own; gives the customer as digests.
    fn check(
        &mut self,
        row: &Row<'_>,
        raw: UserDataBuilder<'_>,
        key: Option<&GroupKey>,
    ) -> Result<Customer, Vec<Fault>> {
        let wording = self.marks.hash_one(&raw);
        // Most rows of an order repeat its customer letter for letter: those are not hashed again.
        let group = key.and_then(|key| self.by_key.get(key)).map(|&index| &self.groups[index]);
        if let Some(data) = group.and_then(|group| group.customer_worded(wording)) {
            let faults = missing_parts(row, data);
            let customer = Customer { data: data.clone(), wording, wholly_usable: true };
            return if faults.is_empty() { Ok(customer) } else { Err(faults) };
        }
        let (data, unusable) = match raw.as_of(row.time).build() {
            Ok(data) => (data, Vec::new()),
            Err(invalid) => invalid.into_parts(),
        };
        let identified = data.has(MatchKey::Email) || data.has(MatchKey::Phone);
        let mut faults = missing_parts(row, &data);
        if !identified && !unusable.iter().any(|value| identifies(value.key())) {
            faults.push(Fault::at(Column::Email, "no_identity", "neither e-mail nor phone is given"));
        }
        let mut notes = Vec::new();
        for value in unusable {
            let Some(column) = column_of(value.key()) else { continue };
            let (reason, message) = (value.reason().code(), value.reason().to_string());
            if identifies(value.key()) && !identified {
                let message = format!("{message}; the row has no other e-mail or phone");
                faults.push(Fault::at(column, reason, message));
            } else {
                notes.push(Fault::at(column, reason, format!("was left out: it {message}")));
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        notes.extend(data.remarks().filter_map(|(key, remark)| note_of_row(key, remark)));
        let wholly_usable = notes.is_empty();
        for note in notes {
            self.account.note(row.line, note);
        }
        Ok(Customer { data, wording, wholly_usable })
    }

    fn join(&mut self, row: Row<'_>, key: Option<GroupKey>, customer: Customer) {
        let next = self.groups.len();
        let index = key.map(|key| *self.by_key.entry(key).or_insert(next));
        if !self.seen.insert(self.marks.hash_one((index, facts(&row), customer.wording))) {
            let repeat = "equal to an earlier row of its order in every column";
            if self.rules.drops_repeats {
                return self.account.filter(row.line, Fault::of_row("exact_repeat", repeat));
            }
            let note = format!("{repeat}; both count");
            self.account.note(row.line, Fault::of_row("exact_repeat", note));
        }
        self.account.read += 1;
        self.without_order_id += u64::from(row.order_id.is_none());
        if let Some(group) = index.and_then(|index| self.groups.get_mut(index)) {
            group.add(row, &customer.data, &self.rules);
        } else {
            let wording = customer.wholly_usable.then_some(customer.wording);
            self.groups.push(Group::new(row, customer.data, wording, &self.rules));
        }
    }

    /// Makes the events, judging their age at `now`.
    ///
    /// An event is checked again when it is sent: what is fresh now may be too old then.
    pub fn finish(mut self, now: EventTime) -> Prepared {
        let mut events = Vec::with_capacity(self.groups.len());
        let mut ids = HashMap::with_capacity(self.groups.len());
        for group in std::mem::take(&mut self.groups) {
            if self.overfull {
                self.account.invalid(&group.lines, [self.too_many_rows()]);
                continue;
            }
            if let Some(culprit) = self.culprit(&group) {
                let blame = format!("not sent, because line {culprit} of the same order is invalid");
                self.account.invalid(&group.lines, [Fault::of_row("order_incomplete", blame)]);
                continue;
            }
            let lines = group.lines.clone();
            let (spread, damaged) = (group.is_spread(), group.looks_damaged());
            match group.into_event(&self.rules, now).and_then(|event| unique(event, &mut ids)) {
                Ok(event) => {
                    self.account.note_order(&lines, spread, damaged);
                    events.push(event);
                }
                Err(faults) => self.account.invalid(&lines, faults),
            }
        }
        let coverage = events.iter().map(Event::user_data).collect();
        self.note_run();
        self.note_customers(&events, &coverage);
        Prepared { events, rows: self.account.into_report(), coverage }
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
    fn note_customers(&mut self, events: &[Event], coverage: &Coverage) {
        let notes = &mut self.account.notes;
        for key in MatchKey::ALL {
            let Some(column) = column_of(key) else { continue };
            let (values, digests) = (coverage.values(key), coverage.remarked(key, Remark::AlreadyHashed));
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
            notes.add(&[], Fault::at(Column::Phone, Remark::NoCountryCode.code(), note));
        }
        for repeat in coverage.repeats() {
            let Some(column) = column_of(repeat.key()) else { continue };
            let sharing = events.iter().filter(|event| repeat.is_of(event.user_data()));
            let lines: Vec<Line> = sharing.flat_map(Event::lines).copied().collect();
            let note = format!("{repeat}: where it stands for no value, leave it empty");
            notes.add(&lines, Fault::at(column, "shared_value", note));
        }
    }

    /// The line that spoils this order, if one does.
    fn culprit(&self, group: &Group) -> Option<Line> {
        let key = group.key()?;
        let whole_order = || self.spoilt_marks.get(&OrderMark::of(&key.order_id));
        self.spoilt_groups.get(&key).or_else(whole_order).copied()
    }
}

/// Sees to it that no two events have the same id, because Meta would drop the second.
///
/// Rows without an order id may be equal in all that is sent; they are numbered. An id that was
/// given twice is refused.
fn unique(mut event: Event, ids: &mut HashMap<EventId, u32>) -> Result<Event, Vec<Fault>> {
    let Some(id) = event.id() else { return Ok(event) };
    let times = ids.entry(id.clone()).or_default();
    *times += 1;
    if *times == 1 {
        return Ok(event);
    }
    if event.renumber(*times) {
        return Ok(event);
    }
    let message = "the event id stands on an earlier event, too: Meta would drop this one";
    Err(vec![Fault::at(Column::EventId, "event_id_repeated", message)])
}

fn identifies(key: MatchKey) -> bool {
    matches!(key, MatchKey::Email | MatchKey::Phone)
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

/// What is said of a row for a doubtful value. Doubts that concern most rows or none are counted for the
/// whole run instead.
fn note_of_row(key: MatchKey, remark: Remark) -> Option<Fault> {
    let counted = matches!(remark, Remark::AlreadyHashed | Remark::NoCountryCode | Remark::CountryCodeAdded);
    let column = column_of(key).filter(|_| !counted)?;
    Some(Fault::at(column, remark.code(), remark.to_string()))
}

/// All columns of a row but its order's and its customer's.
fn facts<'r>(row: &'r Row<'_>) -> impl Hash + use<'r> {
    let money = (row.time, row.quantity, row.price, row.value, row.currency);
    let event = (&row.name, row.action_source, &row.event_id, &row.event_source_url);
    (money, event, &row.product, row.delivery_category)
}

/// The customer of a row.
struct Customer {
    data: UserData,
    /// A mark of the raw text: equal for customers that are written letter for letter alike.
    wording: u64,
    /// Whether every text was usable, and none is worth a note.
    wholly_usable: bool,
}

/// Places marks in a table by themselves: they are hashes already.
type Uniform = BuildHasherDefault<Mark>;

#[derive(Default)]
struct Mark(u64);

impl Hasher for Mark {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u64(&mut self, mark: u64) {
        self.0 = self.0.rotate_left(8) ^ mark;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// What became of rows so far.
#[derive(Debug, Default)]
struct Account {
    read: u64,
    filtered: u64,
    invalid: u64,
    problems: Tally,
    notes: Tally,
}

impl Account {
    fn filter(&mut self, line: Line, why: Fault) {
        self.read += 1;
        self.filtered += 1;
        self.problems.add(&[line], why);
    }

    fn invalid(&mut self, lines: &[Line], faults: impl IntoIterator<Item = Fault>) {
        self.invalid += lines.len() as u64;
        for fault in faults {
            self.problems.add(lines, fault);
        }
    }

    fn note(&mut self, line: Line, note: Fault) {
        self.notes.add(&[line], note);
    }

    fn note_order(&mut self, lines: &[Line], spread: bool, damaged: bool) {
        if spread {
            let note = "the rows of the order lie more than a day apart: the earliest gives the time";
            self.notes.add(lines, Fault::at(Column::Timestamp, "order_spread", note));
        }
        if damaged {
            let note = "looks damaged by a spreadsheet: export order ids as text";
            self.notes.add(lines, Fault::at(Column::OrderId, "damaged_order_id", note));
        }
    }

    fn into_report(self) -> RowReport {
        RowReport {
            read: self.read,
            filtered: self.filtered,
            invalid: self.invalid,
            problems: self.problems.into_problems(),
            notes: self.notes.into_problems(),
        }
    }
}

/// Problems with the lines that share them.
#[derive(Debug, Default)]
struct Tally {
    positions: HashMap<Fault, usize>,
    lines: Vec<Vec<Line>>,
}

impl Tally {
    fn add(&mut self, lines: &[Line], fault: Fault) {
        let next = self.lines.len();
        let position = *self.positions.entry(fault).or_insert(next);
        if position == next {
            self.lines.push(Vec::new());
        }
        self.lines[position].extend(lines);
    }

    fn into_problems(self) -> Vec<Problem> {
        let mut faults: Vec<_> = self.positions.into_iter().collect();
        faults.sort_by_key(|&(_, position)| position);
        faults
            .into_iter()
            .zip(self.lines)
            .map(|((fault, _), mut lines)| {
                lines.sort_unstable();
                let problem = Problem::new(lines, fault.reason, fault.message);
                match fault.column {
                    Some(column) => problem.in_column(column.name()),
                    None => problem,
                }
            })
            .collect()
    }
}
