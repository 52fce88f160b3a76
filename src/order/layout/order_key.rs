//! Order keys: what names an order where its order id alone does not.

use crate::order::order_id;
use crate::value::{InvalidValue, OrderId};

/// What names an order where the order id alone does not, because stores, tills or days repeat it.
///
/// The key consists of columns of the export, of the day of the sale if wanted, and of the order id. Joined, they
/// are the order id of the event: rows are grouped by it, Meta deduplicates by it, and the event id is derived from
/// it.
///
/// ```
/// use meta_offline_events::order::{OrderKey, Orders, RowLayout};
/// use meta_offline_events::value::Line;
///
/// let layout = RowLayout::new()
///     .order_key(OrderKey::new().column("store").column("till").day())
///     .bind(&["store", "till", "order_id", "email", "timestamp", "value", "currency"])?;
/// let mut orders = Orders::new();
/// for (line, till, email) in [(2, "3", "mary@example.com"), (3, "4", "john@example.com")] {
///     let record = ["Berlin 7", till, "10001", email, "2026-05-04 12:00:00", "5", "EUR"];
///     orders.push_parsed(layout.read(Line::new(line), |index| record[index]));
/// }
/// let prepared = orders.finish("2026-05-05T00:00:00Z".parse()?);
/// let ids: Vec<_> = prepared.events.iter().filter_map(|event| event.order_id()).collect();
/// assert_eq!(ids[0].as_str(), "Berlin 7/3/2026-05-04/10001");
/// assert_eq!(ids[1].as_str(), "Berlin 7/4/2026-05-04/10001");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The rule by which the parts are [joined](Self::join) never changes within a major version. Whoever changes the
/// key changes the ids of all orders: Meta no longer recognizes those that it already has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderKey {
    pub(super) headers: Vec<String>,
    pub(super) has_day: bool,
}

impl OrderKey {
    /// Creates the key that is the order id alone.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the column with this header. A row in which it is blank is invalid.
    pub fn column(mut self, header: &str) -> Self {
        self.headers.push(header.to_owned());
        self
    }

    /// Adds the day of the sale, in the [zone](super::RowLayout::zone) of its row.
    ///
    /// Rows before and after midnight are then of two orders. A shop that sells past midnight has a column with its
    /// business day: add that instead.
    pub fn day(mut self) -> Self {
        self.has_day = true;
        self
    }

    /// Joins the parts of a key to an order id, for rows that do not come through a layout.
    ///
    /// A layout joins the columns in the sequence in which they were added, then the day as `2026-05-04`, then the
    /// order id. Outer blanks of each part are trimmed; in each part `%` becomes `%25` and `/` becomes `%2F`; then
    /// the parts are joined by `/`. So no two keys give the same order id.
    ///
    /// ```
    /// use meta_offline_events::order::OrderKey;
    ///
    /// assert_eq!(OrderKey::join(["Berlin 7", "3", "10001"])?.as_str(), "Berlin 7/3/10001");
    /// assert_eq!(OrderKey::join(["A/B", "1"])?.as_str(), "A%2FB/1");
    /// assert_ne!(OrderKey::join(["A/B", "1"])?, OrderKey::join(["A", "B/1"])?);
    /// assert!(OrderKey::join(["Berlin 7", " ", "10001"]).is_err());
    /// # Ok::<(), meta_offline_events::value::InvalidValue>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`OrderId`], for each part and for the whole;
    /// [`Rule::NamesNothing`](crate::value::Rule::NamesNothing) if the last part is a filler such as `0000` or an
    /// error of a spreadsheet.
    pub fn join<S: AsRef<str>>(parts: impl IntoIterator<Item = S>) -> Result<OrderId, InvalidValue> {
        let mut joined = String::new();
        let mut last = None;
        for part in parts {
            let part: OrderId = part.as_ref().parse()?;
            if last.is_some() {
                joined.push('/');
            }
            push_escaped(&mut joined, part.as_str());
            last = Some(part);
        }
        if let Some(number) = &last {
            order_id::check(number)?;
        }
        joined.parse()
    }
}

fn push_escaped(joined: &mut String, part: &str) {
    for letter in part.chars() {
        match letter {
            '%' => joined.push_str("%25"),
            '/' => joined.push_str("%2F"),
            letter => joined.push(letter),
        }
    }
}

/// Returns the order id of a row within its store, till or day, in the form that ends a joined key.
pub(in crate::order) fn escaped(number: &OrderId) -> String {
    let mut text = String::new();
    push_escaped(&mut text, number.as_str());
    text
}
