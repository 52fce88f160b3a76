//! Pieces of the rows that are grouped on several cores at once, with the events and the report of one core.

use rayon::iter::repeat_n;
use rayon::join;
use rayon::prelude::*;

use super::{Pieces, RowSlice, TooManyRows};
use crate::customer::Coverage;
use crate::event::Event;
use crate::order::sort_check::{Sequence, sequence_of};
use crate::order::tally::RowTally;
use crate::order::{OrderRules, Prepared, Row, SortedOrders};
use crate::value::EventTime;

/// The pieces for each core in one wave: enough for all cores to finish at about the same time.
const PIECES_PER_CORE: usize = 8;

/// Collects the events of a piece of the rows.
pub(crate) trait Collect: Default + Send {
    /// Forgets all events and keeps the memory.
    fn clear(&mut self);

    /// Adds an event. What it leaves of it is memory for a later one.
    fn add(&mut self, event: &mut Event);
}

impl Collect for Vec<Event> {
    fn clear(&mut self) {
        self.clear();
    }

    fn add(&mut self, event: &mut Event) {
        self.push(event.take());
    }
}

impl RowSlice<'_, '_> {
    /// Groups the rows piece by piece on all cores, and hands the events of each piece to `sink`, in order.
    pub(crate) fn collect<C: Collect>(
        self,
        now: EventTime,
        sink: impl FnMut(&mut C) + Send,
    ) -> Result<Prepared, TooManyRows> {
        let pieces = Pieces::of(self.rows, sequence_on_all_cores(self.rows), &self.rules)?;
        Ok(collect(&pieces, &self.rules, now, sink))
    }
}

fn sequence_on_all_cores(rows: &[Row<'_>]) -> Sequence {
    let share = rows.len().div_ceil(rayon::current_num_threads()).max(1);
    let shares = (0..rows.len()).into_par_iter().step_by(share);
    let of_share = |start: usize| sequence_of(rows, start..rows.len().min(start + share));
    shares.map(of_share).reduce(Sequence::default, Sequence::and)
}

/// What a piece of the rows became.
struct Piece<C> {
    events: C,
    /// None if the piece has an event that no order id names: whether its id is free depends on all rows
    /// before it, so that the piece is grouped again in its turn.
    counts: Option<(RowTally, Coverage)>,
}

/// Groups the pieces wave by wave: while the events of one wave are handed over, the next one is grouped.
fn collect<C: Collect>(
    pieces: &Pieces<'_, '_>,
    rules: &OrderRules,
    now: EventTime,
    mut sink: impl FnMut(&mut C) + Send,
) -> Prepared {
    let wave_len = PIECES_PER_CORE * rayon::current_num_threads();
    let group_wave = |start: usize, memory: Vec<C>| -> Vec<Piece<C>> {
        let wave = start..pieces.len().min(start + wave_len);
        let memory = memory.into_par_iter().chain(repeat_n((), wave_len).map(|()| C::default()));
        let wave = wave.into_par_iter().zip(memory);
        wave.map(|(piece, events)| group(pieces, piece, rules, now, events)).collect()
    };
    let mut orders = SortedOrders::unchecked(rules.clone(), now);
    let mut start = 0;
    let mut wave = group_wave(start, Vec::new());
    let mut memory = Vec::new();
    while !wave.is_empty() {
        start += wave.len();
        let first = start - wave.len();
        let hand_over = || {
            for (piece, grouped) in (first..).zip(&mut wave) {
                orders.take_in(pieces, piece, grouped);
                sink(&mut grouped.events);
            }
        };
        let (next, ()) = join(|| group_wave(start, memory), hand_over);
        memory = wave.into_iter().map(|piece| piece.events).collect();
        wave = next;
    }
    orders.finish()
}

fn group<C: Collect>(
    pieces: &Pieces<'_, '_>,
    piece: usize,
    rules: &OrderRules,
    now: EventTime,
    mut events: C,
) -> Piece<C> {
    events.clear();
    let mut orders = SortedOrders::unchecked(rules.clone(), now);
    orders.checker.coverage = Coverage::part();
    let mut is_named_by_orders = true;
    pieces.for_each(piece, |row| {
        is_named_by_orders = is_named_by_orders && is_named_by_order(row);
        if is_named_by_orders {
            orders.push_unchecked(row, &mut |event| events.add(event));
        }
    });
    if !is_named_by_orders {
        events.clear();
        return Piece { events, counts: None };
    }
    orders.complete();
    orders.lend_all(&mut |event| events.add(event));
    let counts = (orders.checker.tally, orders.checker.coverage);
    Piece { events, counts: Some(counts) }
}

/// Whether the order id of a row names its event. A return has no event.
fn is_named_by_order(row: &Row<'_>) -> bool {
    row.is_return() || row.order_id.is_some() && row.event_id.is_none()
}

impl SortedOrders {
    /// Counts a piece that was grouped by itself, or groups it here.
    fn take_in<C: Collect>(&mut self, pieces: &Pieces<'_, '_>, piece: usize, grouped: &mut Piece<C>) {
        if let Some((tally, coverage)) = grouped.counts.take() {
            return self.checker.absorb(tally, &coverage);
        }
        self.group_piece(pieces, piece, &mut |event| grouped.events.add(event));
    }
}
