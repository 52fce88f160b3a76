//! Bodies that are made on several cores: pieces of the rows at once, wave by wave.

use std::ops::Range;

use rayon::iter::repeat_n;
use rayon::join;
use rayon::prelude::*;

use super::pieces::Pieces;
use super::{Account, Rows};
use crate::order::{Done, Joined, Made, Part, Stream};
use crate::value::EventTime;
use crate::wire::{Batch, BatchLimits, Cuts, Draft, RequestFields, Written};

/// So many pieces a core make a wave: enough for the cores to end at about the same time.
const PIECES_A_CORE: usize = 8;

pub(super) fn make<'a>(
    rows: Rows<'_, 'a>,
    pieces: &impl Pieces<'a>,
    now: EventTime,
    fields: &RequestFields,
    mut sink: impl FnMut(Batch),
) -> Account {
    let Rows { rules, limits, .. } = rows;
    let most = PIECES_A_CORE * rayon::current_num_threads();
    let write_wave = |first: usize, spare: Vec<Written>| {
        let wave = first..pieces.len().min(first + most);
        let memory = spare.into_par_iter().chain(repeat_n(Written::default(), most));
        let wave = wave.into_par_iter().zip(memory);
        let part = || Part::new(rules.clone(), now);
        wave.map(|(piece, memory)| write(pieces, piece, part(), memory)).collect::<Vec<_>>()
    };
    let mut run = Stream::of_parts(rules.clone(), now);
    let closing = fields.closing();
    let mut bodies = Bodies::new(limits, &closing);
    let mut first = 0;
    let mut spare = Vec::new();
    let mut written = write_wave(first, Vec::new());
    while !written.is_empty() {
        first += written.len();
        let wave = Wave::of(written, &mut run);
        let (ahead, (full, ())) =
            join(|| write_wave(first, spare), || join(|| bodies.fill(&wave), || run.catch_up()));
        full.into_iter().for_each(&mut sink);
        written = ahead;
        spare = wave.written;
    }
    bodies.finish().into_iter().for_each(sink);
    let (rows, coverage) = run.finish(&mut |_| {});
    Account { rows, coverage }
}

/// Writes the events of a piece.
fn write<'r, 'a>(
    pieces: &'r impl Pieces<'a>,
    piece: usize,
    mut part: Part<'r, 'a>,
    mut written: Written,
) -> (Written, Done<'r, 'a>) {
    written.clear();
    let mut sink = |made: Made<'_>| push(&mut written, &made);
    pieces.each(piece, |row| part.add(row, &mut sink));
    let done = part.finish(&mut sink);
    (written, done)
}

fn push(written: &mut Written, made: &Made<'_>) {
    match made {
        Made::Sale(sale) => written.push_sale(sale),
        Made::Event(event) => written.push(event),
    }
}

/// The events of several pieces in their sequence.
struct Wave {
    /// Those of the pieces, and behind them those that the pieces have left.
    written: Vec<Written>,
    /// In which of these each event stands, and at which place.
    events: Vec<(usize, usize)>,
}

impl Wave {
    fn of(pieces: Vec<(Written, Done<'_, '_>)>, run: &mut Stream) -> Self {
        let last = pieces.len();
        let mut left = Written::default();
        let mut written = Vec::with_capacity(last + 1);
        let mut events = Vec::new();
        for (piece, (own, done)) in pieces.into_iter().enumerate() {
            let mut made = 0;
            run.join(done, &mut |joined| match joined {
                Joined::Made(count) => {
                    events.extend((made..made + count).map(|number| (piece, number)));
                    made += count;
                }
                Joined::Left(made) => {
                    events.push((last, left.len()));
                    push(&mut left, &made);
                }
            });
            written.push(own);
        }
        written.push(left);
        Self { written, events }
    }

    fn event(&self, position: usize) -> &[u8] {
        let (piece, number) = self.events[position];
        self.written[piece].event(number)
    }
}

/// Bodies in the making.
struct Bodies<'c> {
    limits: BatchLimits,
    closing: &'c [u8],
    cuts: Cuts,
    /// The body that goes on with the next wave.
    open: Draft<'c>,
    /// How many events are in full bodies.
    full: usize,
}

impl<'c> Bodies<'c> {
    fn new(limits: BatchLimits, closing: &'c [u8]) -> Self {
        Self { limits, closing, cuts: Cuts::new(limits, closing), open: draft(limits, closing), full: 0 }
    }

    /// Takes the events of a wave, and gives the bodies that are full.
    fn fill(&mut self, wave: &Wave) -> Vec<Batch> {
        let (limits, closing) = (self.limits, self.closing);
        let (head, others) = self.cut(wave);
        let (head_events, open) = (head, std::mem::replace(&mut self.open, draft(limits, closing)));
        let fill = |mut draft: Draft<'c>, events: Range<usize>| {
            for position in events {
                draft.push_written(wave.event(position));
            }
            draft
        };
        let (head, mut others) = join(
            || fill(open, head_events),
            || others.into_par_iter().map(|events| fill(draft(limits, closing), events)).collect::<Vec<_>>(),
        );
        let last = others.pop();
        let mut drafts = Vec::with_capacity(others.len() + 1);
        match last {
            Some(last) => {
                drafts.push(head);
                drafts.append(&mut others);
                self.open = last;
            }
            None => self.open = head,
        }
        drafts.into_iter().map(|draft| self.close(draft)).collect()
    }

    /// The events that go into the open body, and those of each further one.
    fn cut(&mut self, wave: &Wave) -> (Range<usize>, Vec<Range<usize>>) {
        let count = wave.events.len();
        let starts: Vec<_> =
            (0..count).filter(|&position| !self.cuts.takes(wave.event(position).len())).collect();
        let ends = starts.iter().skip(1).copied().chain([count]);
        let head = 0..starts.first().copied().unwrap_or(count);
        (head, starts.iter().copied().zip(ends).map(|(start, end)| start..end).collect())
    }

    fn close(&mut self, draft: Draft<'c>) -> Batch {
        let batch = Batch::of(draft, self.full);
        self.full = batch.events().end;
        batch
    }

    /// The last body.
    fn finish(mut self) -> Option<Batch> {
        let open = std::mem::replace(&mut self.open, draft(self.limits, self.closing));
        (open.len() > 0).then(|| self.close(open))
    }
}

fn draft(limits: BatchLimits, closing: &[u8]) -> Draft<'_> {
    Draft::new(limits.events(), limits, closing)
}
