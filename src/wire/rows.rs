//! From rows in memory straight to request bodies.

#[cfg(feature = "rayon")]
use super::written::Written;
use super::{Batch, BatchLimits, Batcher, RequestFields};
#[cfg(feature = "rayon")]
use crate::event::Event;
#[cfg(feature = "rayon")]
use crate::order::Collect;
use crate::order::{Prepared, RowSlice, TooManyRows};
use crate::value::EventTime;

impl RowSlice<'_, '_> {
    /// Groups the rows, and hands each request body to `sink` as soon as it is full, in order.
    ///
    /// The bodies are those that [`Batches`](super::Batches) makes of the events of [`prepare`](Self::prepare); the
    /// events are not kept. The age of events is checked at `now`; `fields` are the other members of each request.
    ///
    /// # Errors
    ///
    /// [`TooManyRows`] as for [`prepare`](Self::prepare). No body is handed over then.
    ///
    /// ```
    /// use meta_offline_events::customer::UserData;
    /// use meta_offline_events::order::{Row, RowSlice};
    /// use meta_offline_events::value::{Currency, EventTime};
    /// use meta_offline_events::wire::{BatchLimits, RequestFields};
    ///
    /// let sold = EventTime::from_unix(1_767_225_600)?;
    /// let mary = UserData::builder().email("mary@example.com");
    /// let row = Row::new(2, sold).customer(mary).order_id("10001".parse()?);
    /// let rows = [row.value("5".parse()?).currency(Currency::EUR)];
    /// let mut bodies = Vec::new();
    /// let (fields, limits) = (RequestFields::new(), BatchLimits::default());
    /// let prepared = RowSlice::new(&rows).batches(sold, &fields, limits, |batch| bodies.push(batch))?;
    /// assert_eq!((bodies[0].events(), prepared.rows.read()), (0..1, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn batches(
        self,
        now: EventTime,
        fields: &RequestFields,
        limits: BatchLimits,
        mut sink: impl FnMut(Batch) + Send,
    ) -> Result<Prepared, TooManyRows> {
        let mut batcher = Batcher::new(fields).limits(limits);
        let mut hand_over = |batcher: &mut Batcher| {
            while let Some(batch) = batcher.next_batch() {
                sink(batch);
            }
        };
        #[cfg(feature = "rayon")]
        if self.on_all_cores {
            let prepared = self.collect(now, |events: &mut Written| {
                events.events().for_each(|event| batcher.push_written(event));
                hand_over(&mut batcher);
            })?;
            batcher.finish().into_iter().for_each(sink);
            return Ok(prepared);
        }
        let prepared = self.for_each(now, |event| {
            batcher.push(event);
            hand_over(&mut batcher);
        })?;
        batcher.finish().into_iter().for_each(sink);
        Ok(prepared)
    }
}

#[cfg(feature = "rayon")]
impl Collect for Written {
    fn clear(&mut self) {
        self.clear();
    }

    fn add(&mut self, event: &mut Event) {
        self.push(event);
    }
}
