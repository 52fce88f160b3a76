//! The rows of the batches of one table, one after the other.

use std::ops::Range;

use arrow_array::RecordBatch;
use arrow_schema::Schema;

use super::cell::Cell;
use super::columns::Columns;
use super::error::BatchErrorKind;
use crate::order::layout::{Moment, Record, RowLayout};
use crate::order::parsed_row::ParsedRow;
use crate::value::{Amount, Line, Rule};

/// The batch that is read, and how far.
pub(super) struct Table {
    pub(super) columns: Columns,
    pub(super) source: u16,
    batch: Option<RecordBatch>,
    /// The next row of the batch.
    next: usize,
    /// How many rows were read of all batches.
    pub(super) rows: u64,
    batches: u64,
    texts: WrittenTexts,
}

/// The texts of one row that had to be written, by their positions.
#[derive(Default)]
struct WrittenTexts {
    text: String,
    places: Vec<(usize, Range<usize>)>,
}

impl Table {
    pub(super) fn bind(schema: &Schema, layout: &RowLayout) -> Result<Self, BatchErrorKind> {
        let columns = Columns::bind(schema, layout)?;
        let texts = WrittenTexts::default();
        Ok(Self { columns, source: 0, batch: None, next: 0, rows: 0, batches: 0, texts })
    }

    /// Takes the next batch.
    pub(super) fn load(&mut self, batch: RecordBatch) -> Result<(), BatchErrorKind> {
        self.batches += 1;
        if !self.columns.fit(&batch) {
            return Err(BatchErrorKind::OtherColumns { batch: self.batches });
        }
        self.batch = Some(batch);
        self.next = 0;
        Ok(())
    }

    /// Whether the batch has another row.
    pub(super) fn has_row(&self) -> bool {
        self.batch.as_ref().is_some_and(|batch| self.next < batch.num_rows())
    }

    /// Reads the next row of the batch.
    pub(super) fn next_row(&mut self) -> Option<ParsedRow<'_>> {
        let batch = self.batch.as_ref().filter(|batch| self.next < batch.num_rows())?;
        let row = self.next;
        self.next += 1;
        self.rows += 1;
        self.texts.clear();
        for &position in &self.columns.written {
            self.texts.write(position, &Cell::of(batch.column(position).as_ref(), row));
        }
        let line = Line::new(self.rows).in_source(self.source);
        Some(self.columns.layout.read_record(line, &BatchRow { batch, row, texts: &self.texts }))
    }
}

impl WrittenTexts {
    fn clear(&mut self) {
        self.text.clear();
        self.places.clear();
    }

    fn write(&mut self, position: usize, cell: &Cell<'_>) {
        let start = self.text.len();
        cell.write(&mut self.text);
        self.places.push((position, start..self.text.len()));
    }

    fn of(&self, position: usize) -> Option<&str> {
        let (_, place) = self.places.iter().find(|(other, _)| *other == position)?;
        self.text.get(place.clone())
    }
}

/// One row of a batch.
struct BatchRow<'a> {
    batch: &'a RecordBatch,
    row: usize,
    texts: &'a WrittenTexts,
}

impl<'a> BatchRow<'a> {
    fn cell(&self, position: usize) -> Cell<'a> {
        Cell::of(self.batch.column(position).as_ref(), self.row)
    }
}

impl<'a> Record<'a> for BatchRow<'a> {
    fn text(&self, position: usize) -> Result<&'a str, Rule> {
        // Typed fields that need no text have none.
        self.cell(position).text().unwrap_or_else(|| self.texts.of(position).ok_or(Rule::Empty))
    }

    fn number(&self, position: usize) -> Option<Result<Amount, Rule>> {
        self.cell(position).number()
    }

    fn moment(&self, position: usize) -> Option<Result<Moment, Rule>> {
        self.cell(position).moment()
    }
}
