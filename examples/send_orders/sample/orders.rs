//! Orders of a shop that does not exist. A generator with a fixed seed makes the same ones every time.

use std::collections::HashMap;

use meta_offline_events::order::Column;
use meta_offline_events::value::EventTime;

pub(super) const DAY: i64 = 86_400;

/// What should become of an order's rows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Accepted,
    Filtered,
    Invalid,
    Refused,
}

/// How many fields a row has.
#[derive(Clone, Copy, Default)]
pub(super) enum Width {
    #[default]
    Right,
    OneShort,
    OneLong,
}

#[derive(Clone)]
pub(super) struct Row {
    fields: HashMap<Column, String>,
    pub(super) width: Width,
    pub(super) fate: Fate,
}

/// The rows of one receipt, and what the report should say about them.
pub(super) struct Order {
    pub(super) rows: Vec<Row>,
    pub(super) diagnostics: Vec<Expected>,
    pub(super) notes: Vec<Expected>,
}

/// A diagnostic or note that the report should have.
pub(super) struct Expected {
    pub(super) rows: u64,
    pub(super) reason: &'static str,
    pub(super) column: Option<Column>,
}

impl Row {
    pub(super) fn get(&self, column: Column) -> &str {
        self.fields.get(&column).map_or("", String::as_str)
    }

    pub(super) fn set(&mut self, column: Column, text: impl Into<String>) {
        self.fields.insert(column, text.into());
    }
}

impl Order {
    /// Writes a value into every row.
    pub(super) fn with(mut self, column: Column, text: impl Into<String>) -> Self {
        let text = text.into();
        self.rows.iter_mut().for_each(|row| row.set(column, text.as_str()));
        self
    }

    /// Writes a value into one row.
    pub(super) fn with_in_row(mut self, row: usize, column: Column, text: &str) -> Self {
        self.rows[row].set(column, text);
        self
    }

    pub(super) fn all(mut self, fate: Fate) -> Self {
        self.rows.iter_mut().for_each(|row| row.fate = fate);
        self
    }

    /// Expects all rows to be invalid, and a diagnostic about this number of them.
    pub(super) fn invalid(self, rows: u64, reason: &'static str, column: impl Into<Option<Column>>) -> Self {
        self.all(Fate::Invalid).diagnostic(rows, reason, column)
    }

    pub(super) fn diagnostic(
        mut self,
        rows: u64,
        reason: &'static str,
        column: impl Into<Option<Column>>,
    ) -> Self {
        self.diagnostics.push(Expected { rows, reason, column: column.into() });
        self
    }

    pub(super) fn note(mut self, rows: u64, reason: &'static str, column: impl Into<Option<Column>>) -> Self {
        self.notes.push(Expected { rows, reason, column: column.into() });
        self
    }
}

/// Makes orders, each with its own receipt number and customer.
pub(super) struct Maker {
    now: EventTime,
    orders: u64,
    random: u64,
}

const GIVEN_NAMES: [&str; 8] = ["Ada", "Björn", "Chloé", "Deniz", "Emeka", "Fatima", "Grace", "Hiroshi"];
const SURNAMES: [&str; 8] = ["Aydın", "Brown", "Costa", "Diallo", "Evans", "Fischer", "García", "O'Hara"];
const PRODUCTS: [(&str, &str); 6] = [
    ("TEA-250", "7.90"),
    ("COFFEE-500", "12.49"),
    ("MUG-BLUE", "9.00"),
    ("KETTLE-1", "38.95"),
    ("BISCUITS", "2.35"),
    ("FILTERS", "0.99"),
];

impl Maker {
    pub(super) fn new(now: EventTime) -> Self {
        Self { now, orders: 0, random: 20_260_504 }
    }

    /// Returns a number from 0 up to, but not including, the limit.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        // Constants of Knuth's MMIX; the high half of the state is random enough for a sample.
        self.random =
            self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % limit
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        let index = self.below(choices.len() as u64);
        choices[usize::try_from(index).unwrap_or_default()]
    }

    /// Makes an order: most are from the shop, some by phone, some from the website, and some are leads.
    pub(super) fn good_order(&mut self) -> Order {
        let rows = 1 + self.below(4);
        let order = self.order(rows);
        match self.below(12) {
            0 => order.with(Column::ActionSource, "phone_call").with(Column::Timestamp, self.ago(5 * DAY)),
            1 => self.website_order(),
            2 => {
                let none = [Column::Price, Column::Quantity, Column::Currency, Column::ProductId];
                let inquiry = self.order(1).with(Column::EventName, "Lead");
                none.into_iter().fold(inquiry, |inquiry, column| inquiry.with(column, ""))
            }
            3 => order.with(Column::Email, ""),
            4 => order.with(Column::Phone, ""),
            _ => order,
        }
    }

    pub(super) fn website_order(&mut self) -> Order {
        let order = self.order(1);
        let event_id = format!("web-{}", self.orders);
        order
            .with(Column::ActionSource, "website")
            .with(
                Column::ClientUserAgent,
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            )
            .with(Column::EventId, event_id)
            .with(Column::EventSourceUrl, "https://shop.example.com/thank-you")
            .with(Column::Timestamp, self.ago(3 * DAY))
    }

    /// Makes a purchase in the shop in the last month, with this number of different products.
    pub(super) fn order(&mut self, rows: u64) -> Order {
        self.orders += 1;
        let customer = self.customer();
        let when = self.somewhen();
        let first = self.below(PRODUCTS.len() as u64);
        let rows = (first..first + rows).map(|product| {
            let product = usize::try_from(product).unwrap_or_default() % PRODUCTS.len();
            let (product, price) = PRODUCTS[product];
            let mut row = customer.clone();
            row.set(Column::OrderId, (240_000 + self.orders).to_string());
            row.set(Column::ProductId, product);
            row.set(Column::Quantity, (1 + self.below(3)).to_string());
            row.set(Column::Price, price);
            row.set(Column::Currency, "EUR");
            row.set(Column::Timestamp, &*when);
            row
        });
        Order { rows: rows.collect(), diagnostics: Vec::new(), notes: Vec::new() }
    }

    /// Makes a customer: names, addresses and numbers that belong to nobody.
    fn customer(&mut self) -> Row {
        let number = self.orders;
        let mut row = Row { fields: HashMap::new(), width: Width::default(), fate: Fate::Accepted };
        row.set(Column::GivenName, self.one_of(&GIVEN_NAMES));
        row.set(Column::Surname, self.one_of(&SURNAMES));
        row.set(Column::Email, format!("Customer.{number}@example.com"));
        row.set(Column::Phone, format!("+1 (202) 555-{:04}", 100 + number % 100));
        row.set(Column::ExternalId, format!("C-{number:05}"));
        row.set(Column::Birthdate, format!("19{}-0{}-1{}", 50 + number % 50, 1 + number % 9, number % 10));
        row.set(Column::Postal, "20001");
        row.set(Column::Country, "US");
        row
    }

    /// Returns a time in the last month, in one of the formats that tills write.
    fn somewhen(&mut self) -> String {
        let seconds = 3600 + self.below(30 * 86_400).cast_signed();
        match self.below(3) {
            0 => self.ago(seconds),
            1 => self.moment(seconds).to_string(),
            _ => self.moment(seconds).to_utc().format("%Y-%m-%d %H:%M:%S").to_string(),
        }
    }

    /// Returns the time so many seconds ago, in Unix seconds.
    pub(super) fn ago(&self, seconds: i64) -> String {
        self.moment(seconds).unix().to_string()
    }

    pub(super) fn moment(&self, seconds_ago: i64) -> EventTime {
        // A clock that shows 1970 is no reason to panic.
        EventTime::from_unix(self.now.unix() - seconds_ago).unwrap_or(self.now)
    }
}
