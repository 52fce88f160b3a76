//! Request bodies from rows that are all in memory.

#[cfg(feature = "rayon")]
use super::cores;
use super::cutter::Cutter;
use super::pieces::{Gathered, Pieces, Sorted};
use crate::customer::Coverage;
#[cfg(feature = "rayon")]
use crate::order::check_sorted_on_all_cores;
use crate::order::{Index, NotSorted, OrderRules, Row, Stream, TooManyRows, check_sorted};
use crate::report::RowReport;
use crate::value::EventTime;
use crate::wire::{Batch, BatchLimits, RequestFields};

/// Turns a slice of rows into request bodies.
///
/// Each body is handed over as soon as it is full. What is said of
/// [`SortedOrders`](crate::order::SortedOrders) holds here, too: the note on values that many customers share
/// names no lines.
///
/// ```
/// use meta_offline_events::bulk::Rows;
/// use meta_offline_events::customer::UserData;
/// use meta_offline_events::order::Row;
/// use meta_offline_events::value::{Currency, EventTime, Line};
/// use meta_offline_events::wire::RequestFields;
///
/// let sold = EventTime::from_unix(1_767_225_600)?;
/// let mut rows = Vec::new();
/// for (line, order) in [(2, "10001"), (3, "10002"), (4, "10001")] {
///     let row = Row::new(Line::new(line), sold)
///         .customer(UserData::builder().email("mary@example.com"))
///         .order_id(order.parse()?)
///         .product("SKU-1".parse()?)
///         .quantity(i64::try_from(line)?)
///         .price("0.10".parse()?)
///         .currency(Currency::EUR);
///     rows.push(row);
/// }
/// let mut batches = Vec::new();
/// let account = Rows::new(&rows).any_order(sold, &RequestFields::new(), |batch| batches.push(batch))?;
/// assert_eq!(batches[0].events(), 0..2);
/// assert_eq!(account.rows.read(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Rows<'r, 'a> {
    rows: &'r [Row<'a>],
    pub(super) rules: OrderRules,
    pub(super) limits: BatchLimits,
    #[cfg(feature = "rayon")]
    on_all_cores: bool,
}

/// What became of rows that are not in a body, and what is worth knowing about the others. It comes from
/// [`Rows::sorted`] and [`Rows::any_order`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Account {
    /// Rows that were filtered or invalid, and notes on the others.
    pub rows: RowReport,
    /// What the customers of the events can be found by.
    pub coverage: Coverage,
}

impl<'r, 'a> Rows<'r, 'a> {
    /// These rows, with the usual rules and limits, on one core.
    pub fn new(rows: &'r [Row<'a>]) -> Self {
        Self {
            rows,
            rules: OrderRules::new(),
            limits: BatchLimits::default(),
            #[cfg(feature = "rayon")]
            on_all_cores: false,
        }
    }

    /// With these rules.
    pub fn rules(mut self, rules: OrderRules) -> Self {
        self.rules = rules;
        self
    }

    /// Within these limits instead of the default ones.
    pub fn limits(mut self, limits: BatchLimits) -> Self {
        self.limits = limits;
        self
    }

    /// On the threads of the current pool of rayon. Bodies and account are the same, however many there are.
    ///
    /// Memory for some ten megabytes of events is needed for each thread. Rows without an order id, and orders
    /// with an event id of their own, are named on one thread, because an id may be there once only. Bodies
    /// are handed over on the thread that asks for them.
    ///
    /// ```
    /// use meta_offline_events::bulk::Rows;
    /// use meta_offline_events::customer::UserData;
    /// use meta_offline_events::order::Row;
    /// use meta_offline_events::value::{EventTime, Line};
    /// use meta_offline_events::wire::RequestFields;
    ///
    /// let sold = EventTime::from_unix(1_767_225_600)?;
    /// let customer = UserData::builder().email("mary@example.com");
    /// let row = Row::new(Line::new(2), sold).customer(customer).order_id("10001".parse()?);
    /// let rows = [row.quantity(1).price("0.10".parse()?).currency("EUR".parse()?)];
    /// let bodies = |rows: Rows<'_, '_>| {
    ///     let mut bodies = Vec::new();
    ///     rows.any_order(sold, &RequestFields::new(), |batch| bodies.push(batch.into_body())).map(|_| bodies)
    /// };
    /// let rows = Rows::new(&rows);
    /// assert_eq!(bodies(rows.clone().on_all_cores())?, bodies(rows)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "rayon")]
    pub fn on_all_cores(mut self) -> Self {
        self.on_all_cores = true;
        self
    }

    /// Makes the bodies of rows that are sorted by order id. The age of events is judged at `now`; `fields` are
    /// the other members of each request.
    ///
    /// # Errors
    ///
    /// [`NotSorted`] where [`Bodies`](super::Bodies) would tell it. Nothing is handed over then, because all
    /// rows are looked through before.
    ///
    /// ```
    /// # use meta_offline_events::bulk::Rows;
    /// # use meta_offline_events::order::Row;
    /// # use meta_offline_events::value::{EventTime, Line};
    /// # use meta_offline_events::wire::RequestFields;
    /// let sold = EventTime::from_unix(1_767_225_600)?;
    /// let row = |line, order: &str| Ok(Row::new(Line::new(line), sold).order_id(order.parse()?));
    /// # type Rule = meta_offline_events::value::InvalidValue;
    /// let rows = [row(2, "10001")?, row(3, "10002")?, row(4, "10001")?];
    /// let error = Rows::new(&rows).sorted(sold, &RequestFields::new(), drop).unwrap_err();
    /// assert_eq!((error.line(), error.earlier()), (Line::new(4), Line::new(2)));
    /// # Ok::<(), Rule>(())
    /// ```
    pub fn sorted(
        self,
        now: EventTime,
        fields: &RequestFields,
        sink: impl FnMut(Batch),
    ) -> Result<Account, NotSorted> {
        self.check_sorted()?;
        let pieces = Sorted::new(self.rows);
        Ok(self.make(&pieces, now, fields, sink))
    }

    /// Makes the bodies of rows in any order. The age of events is judged at `now`; `fields` are the other
    /// members of each request.
    ///
    /// Events come in the order of their first rows, as from [`Orders`](crate::order::Orders). To find the rows
    /// of an order takes 4 bytes a row and 24 to 32 bytes an order, and no more than 48 bytes a row while they
    /// are gathered. Of the limits of [`OrderRules`] only [`max_memory`](OrderRules::max_memory) counts: the
    /// rows are there already.
    ///
    /// # Errors
    ///
    /// [`TooManyRows`] when that takes more memory than the rules allow, or when there are more than 2³² − 1
    /// rows. Nothing is handed over then.
    ///
    /// ```
    /// # use meta_offline_events::bulk::Rows;
    /// # use meta_offline_events::order::Row;
    /// # use meta_offline_events::value::{EventTime, Line};
    /// # use meta_offline_events::wire::RequestFields;
    /// let sold = EventTime::from_unix(1_767_225_600)?;
    /// let rows = [Row::new(Line::new(2), sold).quantity(-1)];
    /// let account = Rows::new(&rows).any_order(sold, &RequestFields::new(), |_| unreachable!("a return"))?;
    /// assert_eq!((account.rows.read(), account.rows.filtered()), (1, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn any_order(
        self,
        now: EventTime,
        fields: &RequestFields,
        sink: impl FnMut(Batch),
    ) -> Result<Account, TooManyRows> {
        let index = Index::of(self.rows, &self.rules)?;
        let pieces = Gathered::new(self.rows, index);
        Ok(self.make(&pieces, now, fields, sink))
    }

    fn check_sorted(&self) -> Result<(), NotSorted> {
        #[cfg(feature = "rayon")]
        if self.on_all_cores {
            return check_sorted_on_all_cores(self.rows, &self.rules);
        }
        check_sorted(self.rows, &self.rules)
    }

    fn make(
        self,
        pieces: &impl Pieces<'a>,
        now: EventTime,
        fields: &RequestFields,
        mut sink: impl FnMut(Batch),
    ) -> Account {
        #[cfg(feature = "rayon")]
        if self.on_all_cores {
            return cores::make(self, pieces, now, fields, sink);
        }
        let mut stream = Stream::new(self.rules, now);
        let mut cutter = Cutter::new(fields, self.limits);
        for piece in 0..pieces.len() {
            pieces.each(piece, |row| stream.add(row, &mut |made| cutter.push(&made)));
            while let Some(batch) = cutter.next_batch() {
                sink(batch);
            }
        }
        let (rows, coverage) = stream.finish(&mut |made| cutter.push(&made));
        cutter.finish().into_iter().for_each(sink);
        Account { rows, coverage }
    }
}
