//! What is wrong with a row, and which order it belongs to.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::layout::Column;
use super::row::Row;
use crate::event::{ActionSource, EventName};
use crate::value::{InvalidValue, Line, OrderId};

/// Everything that is wrong with one row, and the order that the row may belong to.
///
/// It holds no text of the row but the order id.
///
/// ```
/// use meta_offline_events::order::{Column, RowError};
/// use meta_offline_events::value::{Amount, Line};
///
/// let error = "1,50".parse::<Amount>().unwrap_err();
/// let error = RowError::invalid(Line::new(7), Column::Price, error);
/// assert_eq!(error.line(), Line::new(7));
/// let (column, code, _message) = error.faults().next().expect("one fault");
/// assert_eq!((column, code), (Some(Column::Price), "number_style"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError(pub(super) Box<RowFaults>);

/// The content of a [`RowError`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RowFaults {
    pub(super) line: Line,
    pub(super) order_id: Option<OrderId>,
    /// The orders that the row may belong to, if its columns cannot be trusted.
    pub(super) suspects: Vec<OrderFingerprint>,
    pub(super) group: Option<(EventName, ActionSource)>,
    pub(super) faults: Vec<Fault>,
}

/// A hash of an order id, without its text, which may be any field of a damaged row.
///
/// If two orders have the same fingerprint, an order is held back that could have been sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct OrderFingerprint(u64);

impl OrderFingerprint {
    pub(super) fn of(order_id: &OrderId) -> Self {
        let mut hasher = DefaultHasher::new();
        order_id.hash(&mut hasher);
        Self(hasher.finish())
    }

    /// Stands for all orders whose joined key ends with this part. No order id has the same fingerprint.
    pub(super) fn of_last_part(part: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        ("last part", part).hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// One thing that is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Fault {
    pub(super) column: Option<Column>,
    pub(super) reason: &'static str,
    pub(super) message: String,
    /// The row to blame, if the fault concerns other rows of its order, too. The message does not name it, so that
    /// many orders share one diagnostic.
    pub(super) blamed: Option<Line>,
}

impl Fault {
    pub(super) fn at(column: Column, reason: &'static str, message: impl Into<String>) -> Self {
        Self { column: Some(column), ..Self::of_row(reason, message) }
    }

    pub(super) fn of_row(reason: &'static str, message: impl Into<String>) -> Self {
        Self { column: None, reason, message: message.into(), blamed: None }
    }

    /// Blames a row for what concerns its whole order.
    pub(super) fn blaming(self, line: Line) -> Self {
        Self { blamed: Some(line), ..self }
    }
}

impl RowError {
    /// Creates the error of a row that could not even be split into columns.
    ///
    /// ```
    /// use meta_offline_events::order::RowError;
    /// use meta_offline_events::value::Line;
    ///
    /// let error = RowError::unreadable(Line::new(7), "bad_json", "the record is not valid JSON");
    /// assert_eq!(error.to_string(), "line 7; the record is not valid JSON");
    /// ```
    pub fn unreadable(line: Line, reason: &'static str, message: impl Into<String>) -> Self {
        let faults = vec![Fault::of_row(reason, message)];
        Self::new(line, None, None, faults)
    }

    /// Creates the error of a row with one invalid value, for rows that do not come through a layout.
    ///
    /// Name its order with [`of_order`](Self::of_order): that order is not sent without the row.
    ///
    /// ```
    /// use meta_offline_events::order::{Column, Orders, RowError};
    /// use meta_offline_events::value::{Amount, Line};
    ///
    /// let mut orders = Orders::new();
    /// if let Err(error) = "1,50".parse::<Amount>() {
    ///     orders.reject(RowError::invalid(Line::new(7), Column::Price, error).of_order("10001".parse()?));
    /// }
    /// assert_eq!(orders.finish("2026-05-04T12:00:00Z".parse()?).rows.invalid(), 1);
    /// # Ok::<(), meta_offline_events::value::InvalidValue>(())
    /// ```
    pub fn invalid(line: Line, column: Column, error: InvalidValue) -> Self {
        let faults = vec![Fault::at(column, error.rule().code(), error.to_string())];
        Self::new(line, None, None, faults)
    }

    /// Names the order that the row belongs to. Nothing of that order is sent.
    ///
    /// ```
    /// use meta_offline_events::customer::UserData;
    /// use meta_offline_events::order::{Orders, Row, RowError};
    /// use meta_offline_events::value::{Currency, Line};
    ///
    /// let sold = "2026-05-04T12:00:00Z".parse()?;
    /// let mary = UserData::builder().email("mary@example.com");
    /// let row = Row::new(6, sold).customer(mary).value("5".parse()?).currency(Currency::EUR);
    /// let mut orders = Orders::new();
    /// orders.push(&row.order_id("10001".parse()?));
    /// orders.reject(RowError::unreadable(Line::new(7), "bad_json", "not JSON").of_order("10001".parse()?));
    ///
    /// let prepared = orders.finish(sold);
    /// assert_eq!((prepared.events.len(), prepared.rows.invalid()), (0, 2));
    /// # Ok::<(), meta_offline_events::value::InvalidValue>(())
    /// ```
    pub fn of_order(mut self, order_id: OrderId) -> Self {
        self.0.order_id = Some(order_id);
        self
    }

    pub(super) fn new(
        line: Line,
        order_id: Option<OrderId>,
        group: Option<(EventName, ActionSource)>,
        faults: Vec<Fault>,
    ) -> Self {
        Self(Box::new(RowFaults { line, order_id, suspects: Vec::new(), group, faults }))
    }

    /// Creates the error of a row that breaks rules.
    pub(super) fn of_row(row: &Row<'_>, faults: Vec<Fault>) -> Self {
        let group = Some((row.name.clone(), row.action_source));
        Self::new(row.line, row.order_id.clone(), group, faults)
    }

    /// Names orders that the row may belong to. None of them is complete without it.
    pub(super) fn suspect(mut self, orders: impl IntoIterator<Item = OrderFingerprint>) -> Self {
        self.0.suspects.extend(orders);
        self
    }

    /// Returns the line of the row.
    pub fn line(&self) -> Line {
        self.0.line
    }

    /// Returns the column, the reason code and the message of each thing that is wrong.
    pub fn faults(&self) -> impl Iterator<Item = (Option<Column>, &'static str, &str)> {
        self.0.faults.iter().map(|fault| (fault.column, fault.reason, fault.message.as_str()))
    }
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.0.line)?;
        for fault in &self.0.faults {
            match fault.column {
                Some(column) => write!(f, "; {column}: {}", fault.message)?,
                None => write!(f, "; {}", fault.message)?,
            }
        }
        Ok(())
    }
}

impl std::error::Error for RowError {}
