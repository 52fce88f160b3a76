//! Pieces of the rows that are grouped on several cores at once, with the events and the report of one core.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rayon::ScopeFifo;
use rayon::prelude::*;

use super::{Pieces, RowSlice, TooManyRows};
use crate::customer::{Coverage, Workspace};
use crate::event::Event;
use crate::order::group::RowChecker;
use crate::order::sort_check::{Sequence, sequence_of};
use crate::order::tally::RowTally;
use crate::order::{OrderRules, Prepared, Row, SortedOrders};
use crate::value::EventTime;

/// The pieces for each core that are grouped or wait to be handed over: enough for a core to go on while another one
/// is late, or hands over.
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
    /// Serves a later piece.
    workspace: Workspace,
    /// None if the piece has an event that no order id names: whether its id is free depends on all rows
    /// before it, so that the piece is grouped again in its turn.
    counts: Option<(RowTally, Coverage)>,
}

/// Groups the pieces on all cores, and hands them over in order.
fn collect<C: Collect>(
    pieces: &Pieces<'_, '_>,
    rules: &OrderRules,
    now: EventTime,
    sink: impl FnMut(&mut C) + Send,
) -> Prepared {
    let at_once = PIECES_PER_CORE * rayon::current_num_threads();
    let out = Out { orders: SortedOrders::unchecked(rules.clone(), now), sink };
    let grouped = Grouped { first: 0, waiting: VecDeque::new() };
    let line = Line { pieces, rules, now, at_once, grouped: Mutex::new(grouped), out: Mutex::new(out) };
    rayon::scope_fifo(|scope| {
        let line = &line;
        for piece in 0..pieces.len().min(at_once) {
            scope.spawn_fifo(move |scope| line.group(scope, piece, Default::default()));
        }
    });
    line.out.into_inner().unwrap_or_else(PoisonError::into_inner).orders.finish()
}

/// The pieces on their way through the cores.
struct Line<'r, 'a, C, S> {
    pieces: &'r Pieces<'r, 'a>,
    rules: &'r OrderRules,
    now: EventTime,
    at_once: usize,
    grouped: Mutex<Grouped<C>>,
    out: Mutex<Out<S>>,
}

/// Pieces that were grouped, from the next one to hand over.
struct Grouped<C> {
    first: usize,
    waiting: VecDeque<Option<Piece<C>>>,
}

/// Where pieces are handed over, by one core at a time.
struct Out<S> {
    orders: SortedOrders,
    sink: S,
}

impl<'r, C: Collect, S: FnMut(&mut C) + Send> Line<'r, '_, C, S> {
    /// Groups a piece, and hands over what comes next.
    fn group<'s>(&'s self, scope: &ScopeFifo<'s>, piece: usize, memory: (C, Workspace))
    where
        'r: 's,
    {
        let grouped = group(self.pieces, piece, self.rules, self.now, memory);
        self.grouped().add(piece, grouped);
        while self.grouped().is_ready() {
            // A core that is handing over looks again once it has let others in.
            let Ok(mut out) = self.out.try_lock() else { return };
            self.hand_over(scope, &mut out);
        }
    }

    /// Hands over the pieces that come next. Each makes room for a later one.
    fn hand_over<'s>(&'s self, scope: &ScopeFifo<'s>, out: &mut Out<S>) {
        loop {
            let Some((piece, mut grouped)) = self.grouped().next() else { return };
            out.orders.take_in(self.pieces, piece, &mut grouped);
            (out.sink)(&mut grouped.events);
            let later = piece + self.at_once;
            if later < self.pieces.len() {
                let memory = (grouped.events, grouped.workspace);
                scope.spawn_fifo(move |scope| self.group(scope, later, memory));
            }
        }
    }

    fn grouped(&self) -> MutexGuard<'_, Grouped<C>> {
        self.grouped.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C> Grouped<C> {
    fn add(&mut self, piece: usize, grouped: Piece<C>) {
        let place = piece - self.first;
        if self.waiting.len() <= place {
            self.waiting.resize_with(place + 1, || None);
        }
        self.waiting[place] = Some(grouped);
    }

    fn is_ready(&self) -> bool {
        matches!(self.waiting.front(), Some(Some(_)))
    }

    fn next(&mut self) -> Option<(usize, Piece<C>)> {
        let grouped = self.waiting.front_mut()?.take()?;
        self.waiting.pop_front();
        self.first += 1;
        Some((self.first - 1, grouped))
    }
}

fn group<C: Collect>(
    pieces: &Pieces<'_, '_>,
    piece: usize,
    rules: &OrderRules,
    now: EventTime,
    (mut events, workspace): (C, Workspace),
) -> Piece<C> {
    events.clear();
    let mut orders = SortedOrders::unchecked(rules.clone(), now);
    orders.checker.workspace = workspace;
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
        return Piece { events, workspace: orders.checker.workspace, counts: None };
    }
    orders.complete();
    orders.lend_all(&mut |event| events.add(event));
    let RowChecker { workspace, tally, coverage, .. } = orders.checker;
    Piece { events, workspace, counts: Some((tally, coverage)) }
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
