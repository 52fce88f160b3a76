//! The columns of a table that a layout reads, and the types in which they can be read.

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Schema};

use super::error::BatchErrorKind;
use crate::order::layout::{BoundLayout, Column, RowLayout};

/// The columns of a table that a layout reads.
pub(super) struct Columns {
    pub(super) layout: BoundLayout,
    /// The fields of the table by their positions, those that are read only.
    fields: Vec<(usize, Field)>,
    /// The positions of fields whose text has to be written.
    pub(super) written: Vec<usize>,
}

/// How the cells of a type are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The text is there.
    Text,
    Number,
    LocalTime,
    Time,
    /// The text has to be written.
    Other,
}

impl Columns {
    /// Finds the columns of a layout in a schema, and checks their types.
    pub(super) fn bind(schema: &Schema, layout: &RowLayout) -> Result<Self, BatchErrorKind> {
        let fields = schema.fields();
        let names: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
        let layout = layout.bind(&names).map_err(BatchErrorKind::Layout)?;
        let mut read = Vec::new();
        let mut written = Vec::new();
        for (position, name, column) in layout.used() {
            let field = &fields[position];
            let kind = kind_of(field.data_type());
            match kind.filter(|&kind| is_readable(kind, column)) {
                None => return Err(refused(position, name, field.data_type())),
                Some(kind) if has_text_to_write(kind, column) => written.push(position),
                Some(_) => {}
            }
            read.push((position, field.as_ref().clone()));
        }
        Ok(Self { layout, fields: read, written })
    }

    /// Whether a batch has the columns of the schema, as far as they are read.
    pub(super) fn fit(&self, batch: &RecordBatch) -> bool {
        let schema = batch.schema_ref();
        let is_same = |(position, field): &(usize, Field)| {
            let other = schema.field(*position);
            other.name() == field.name() && other.data_type() == field.data_type()
        };
        schema.fields().len() == self.layout.width() && self.fields.iter().all(is_same)
    }
}

/// How a type is read, if it can be.
fn kind_of(data_type: &DataType) -> Option<Kind> {
    use DataType as T;
    Some(match data_type {
        T::Null | T::Utf8 | T::LargeUtf8 | T::Utf8View => Kind::Text,
        number if number.is_numeric() => Kind::Number,
        T::Timestamp(_, None) => Kind::LocalTime,
        T::Timestamp(_, Some(_)) => Kind::Time,
        T::Boolean | T::Date32 | T::Date64 => Kind::Other,
        T::Dictionary(_, values) if !matches!(**values, T::Dictionary(..)) => return kind_of(values),
        _ => return None,
    })
}

/// Whether a column can be read. The day of a time depends on the zone, so a time that has one is read as a time only.
fn is_readable(kind: Kind, column: Option<Column>) -> bool {
    kind != Kind::Time || column == Some(Column::Timestamp)
}

fn has_text_to_write(kind: Kind, column: Option<Column>) -> bool {
    let is_typed = match column {
        Some(Column::Quantity | Column::Price | Column::Value) => kind == Kind::Number,
        Some(Column::Timestamp) => matches!(kind, Kind::LocalTime | Kind::Time),
        _ => false,
    };
    kind != Kind::Text && !is_typed
}

fn refused(position: usize, name: &str, data_type: &DataType) -> BatchErrorKind {
    // Behind its name, a type may hold the names of other fields.
    let whole = data_type.to_string();
    let end = whole.find(|letter: char| !letter.is_ascii_alphanumeric()).unwrap_or(whole.len());
    BatchErrorKind::Type {
        position: position + 1,
        column: name.to_owned(),
        data_type: whole[..end].to_owned(),
    }
}
