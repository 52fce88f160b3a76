//! Records with quotes in their text, or where none may stand: where the records end, and what their fields are.

use super::delimiter::{QUOTE, is_line_break};

/// Whether the quotes of a record stand where they may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quotes {
    /// Every field with quotes begins and ends with one.
    Balanced,
    /// Text follows a closing quote. Most likely that quote opens another field, and one before it is not closed.
    Misplaced,
    /// The last field with quotes is not closed.
    Open,
}

/// What stands between the fields of a record with quotes, which may hold delimiters: no field that can be used has a
/// NUL.
pub(super) const SEPARATOR: u8 = 0;

/// Reads a record with quotes, which may come in several pieces.
#[derive(Default)]
pub(super) struct QuotedRecord {
    position: Position,
    has_misplaced: bool,
    text: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Position {
    #[default]
    FieldStart,
    Unquoted,
    Quoted,
    AfterQuote,
}

impl QuotedRecord {
    /// Starts with the next record.
    pub(super) fn clear(&mut self) {
        self.position = Position::FieldStart;
        self.has_misplaced = false;
        self.text.clear();
    }

    /// Reads another piece, and adds to `starts` where in [`text`](Self::text) the fields behind its fields start. If
    /// the record ends in the piece, returns where: behind the line break.
    pub(super) fn push(&mut self, piece: &[u8], delimiter: u8, starts: &mut Vec<usize>) -> Option<usize> {
        let mut read = 0;
        while read < piece.len() {
            let rest = &piece[read..];
            match self.position {
                Position::Quoted => read += self.push_quoted(rest),
                Position::FieldStart if rest[0] == QUOTE => {
                    self.position = Position::Quoted;
                    read += 1;
                }
                // A quote is doubled to be part of the text.
                Position::AfterQuote if rest[0] == QUOTE => {
                    self.text.push(QUOTE);
                    self.position = Position::Quoted;
                    read += 1;
                }
                Position::FieldStart | Position::Unquoted | Position::AfterQuote => {
                    let is_end = |byte: &u8| *byte == delimiter || is_line_break(*byte);
                    let end = rest.iter().position(is_end);
                    self.push_unquoted(&rest[..end.unwrap_or(rest.len())]);
                    let Some(end) = end else { break };
                    self.end_field(starts);
                    read += end + 1;
                    if is_line_break(rest[end]) {
                        return Some(read);
                    }
                }
            }
        }
        None
    }

    /// Reads up to the next quote, and returns how many bytes these are.
    fn push_quoted(&mut self, rest: &[u8]) -> usize {
        let quote = rest.iter().position(|byte| *byte == QUOTE);
        self.text.extend_from_slice(&rest[..quote.unwrap_or(rest.len())]);
        if quote.is_some() {
            self.position = Position::AfterQuote;
        }
        quote.map_or(rest.len(), |quote| quote + 1)
    }

    fn push_unquoted(&mut self, text: &[u8]) {
        if !text.is_empty() {
            self.has_misplaced |= self.position == Position::AfterQuote;
            self.position = Position::Unquoted;
            self.text.extend_from_slice(text);
        }
    }

    fn end_field(&mut self, starts: &mut Vec<usize>) {
        self.text.push(SEPARATOR);
        starts.push(self.text.len());
        self.position = Position::FieldStart;
    }

    /// Ends the record where the file ends.
    pub(super) fn end_of_file(&mut self, starts: &mut Vec<usize>) {
        starts.push(self.text.len() + 1);
    }

    /// Returns the text of all fields, without the quotes around them, each with a [`SEPARATOR`] behind it.
    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    pub(super) fn quotes(&self) -> Quotes {
        match self.position {
            Position::Quoted => Quotes::Open,
            _ if self.has_misplaced => Quotes::Misplaced,
            _ => Quotes::Balanced,
        }
    }
}
