//! Finds the columns of a layout in a header.

#[cfg(feature = "csv")]
use super::column::MATCH_KEYS;
use super::column::canonical;
use super::zones::ZoneOf;
use super::{Column, LayoutError, RowLayout};
#[cfg(feature = "csv")]
use crate::customer::MatchKey;

/// A layout that knows the positions of its columns in a record.
///
/// ```
/// use meta_offline_events::order::{Column, RowLayout};
///
/// let bound = RowLayout::new().bind(&["order_id", "email", "timestamp", "value", "currency"])?;
/// assert_eq!((bound.width(), bound.position(Column::Value)), (5, Some(3)));
/// # Ok::<(), meta_offline_events::order::LayoutError>(())
/// ```
#[derive(Debug, Clone)]
pub struct BoundLayout {
    pub(super) layout: RowLayout,
    sources: [Source; Column::COUNT],
    width: usize,
    /// The positions of the columns of the order key.
    pub(super) key: Vec<usize>,
    /// The position of the column by which the zone of a row is found.
    pub(super) zone_of: Option<usize>,
    unknown: Vec<usize>,
}

/// Where the texts of a column stand.
#[derive(Debug, Clone)]
pub(in crate::order) enum Source {
    /// The file does not have the column.
    Nowhere,
    /// In the fields at this position.
    Field(usize),
    /// The file does not have the column, and the layout has one text for all rows.
    Fixed(Box<str>),
}

impl RowLayout {
    /// Finds the columns in a header.
    ///
    /// ```
    /// use meta_offline_events::order::{Column, RowLayout};
    ///
    /// let bound = RowLayout::new().bind(&["order_id", "email", "cashier", "timestamp", "value", "currency"])?;
    /// assert_eq!(bound.position(Column::Timestamp), Some(3));
    /// assert_eq!(bound.unknown(), [2]);
    /// # Ok::<(), meta_offline_events::order::LayoutError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// - [`LayoutError::Missing`] if a column that every file needs is missing.
    /// - [`LayoutError::Near`] if a column is missing that a file may have, and an unknown header looks like it.
    /// - [`LayoutError::NotThere`] if a header that the layout names is missing.
    /// - [`LayoutError::OrderIdThere`] if there is a column for order ids although [each row is an
    ///   order](Self::each_row_an_order).
    /// - [`LayoutError::OrderKey`] if a column of the [order key](Self::order_key) is missing or there twice.
    /// - [`LayoutError::Fixed`] and [`LayoutError::FixedThere`] if a [fixed](Self::fixed) text does not fit its column,
    ///   or the file.
    /// - [`LayoutError::ZoneOf`] if the column by which to find [zones](Self::zone_of) is missing or there twice.
    /// - [`LayoutError::Twice`] if two headers stand for the same column.
    /// - [`LayoutError::Unknown`] if there is an unknown column and the layout
    ///   [refuses](Self::refuse_unknown_columns) those.
    pub fn bind<S: AsRef<str>>(&self, headers: &[S]) -> Result<BoundLayout, LayoutError> {
        let mut bound = BoundLayout {
            layout: self.clone(),
            sources: [const { Source::Nowhere }; Column::COUNT],
            width: headers.len(),
            key: Vec::new(),
            zone_of: None,
            unknown: Vec::new(),
        };
        for (index, header) in headers.iter().enumerate() {
            match self.column_of_header(header.as_ref()) {
                None => bound.unknown.push(index),
                Some(column) => {
                    if let Some(first) = bound.position(column) {
                        return Err(LayoutError::Twice { column, positions: [first + 1, index + 1] });
                    }
                    bound.sources[column as usize] = Source::Field(index);
                }
            }
        }
        bound.find_key(headers)?;
        bound.find_zones(headers)?;
        if let (true, Some(index)) = (self.each_row_an_order, bound.position(Column::OrderId)) {
            return Err(LayoutError::OrderIdThere(index + 1));
        }
        bound.set_fixed()?;
        let missing = bound.missing();
        let mut renamed = self.names.iter().map(|(_, column)| *column);
        if let Some(column) = renamed.find(|&column| bound.position(column).is_none()) {
            Err(LayoutError::NotThere(column))
        } else if !missing.is_empty() {
            let near = bound.near(headers, &missing);
            Err(LayoutError::Missing { columns: missing, near })
        } else if let near @ [_, ..] = bound.near(headers, &bound.absent()).as_slice() {
            Err(LayoutError::Near(near.to_vec()))
        } else if self.refuse_unknown && !bound.unknown.is_empty() {
            Err(LayoutError::Unknown(bound.unknown.iter().map(|index| index + 1).collect()))
        } else {
            Ok(bound)
        }
    }

    /// Returns the column that a header stands for.
    pub(in crate::order) fn column_of_header(&self, header: &str) -> Option<Column> {
        let header = canonical(header);
        if self.ignores(&header) {
            return None;
        }
        if let Some((_, column)) = self.names.iter().find(|(name, _)| canonical(name) == header) {
            return Some(*column);
        }
        let is_renamed = |column| self.names.iter().any(|(_, named)| *named == column);
        Column::named(&header).filter(|column| !is_renamed(*column))
    }

    /// Returns whether the column with this canonical header is ignored.
    fn ignores(&self, header: &str) -> bool {
        self.ignored.iter().any(|ignored| canonical(ignored) == header)
    }
}

/// The columns that may have one text for all rows: no id, no customer and no time.
const FIXABLE: [Column; 9] = [
    Column::Country,
    Column::State,
    Column::City,
    Column::Quantity,
    Column::Currency,
    Column::EventName,
    Column::ActionSource,
    Column::EventSourceUrl,
    Column::DeliveryCategory,
];

impl BoundLayout {
    /// Returns how many fields a record has.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Returns the positions of the unknown columns, which are ignored, counted from 0.
    pub fn unknown(&self) -> &[usize] {
        &self.unknown
    }

    /// Returns the position of a column, counted from 0.
    pub fn position(&self, column: Column) -> Option<usize> {
        match self.source(column) {
            Source::Field(position) => Some(*position),
            Source::Nowhere | Source::Fixed(_) => None,
        }
    }

    /// Returns the text that the layout [fixes](RowLayout::fixed) for a column.
    pub fn fixed_text(&self, column: Column) -> Option<&str> {
        match self.source(column) {
            Source::Fixed(text) => Some(text),
            Source::Nowhere | Source::Field(_) => None,
        }
    }

    #[inline]
    pub(super) fn source(&self, column: Column) -> &Source {
        &self.sources[column as usize]
    }

    /// Returns whether the column at this position, counted from 0, is part of the [order key](RowLayout::order_key).
    pub fn is_part_of_order_key(&self, position: usize) -> bool {
        self.key.contains(&position)
    }

    /// Returns what is read of a record: the position of each field, the name by which the layout knows it, and its
    /// column, unless it is part of the order key or shows the zone of its row.
    #[cfg(feature = "arrow")]
    pub(in crate::order) fn used(&self) -> impl Iterator<Item = (usize, &str, Option<Column>)> {
        let columns =
            Column::all().filter_map(|column| Some((self.position(column)?, column.name(), Some(column))));
        let headers = self.layout.order_key.headers.iter();
        let key = headers.zip(&self.key).map(|(header, position)| (*position, header.as_str(), None));
        let zone = self.layout.zone_of.iter().zip(self.zone_of);
        let zone = zone.map(|(zone, position)| (position, zone.header.as_str(), None));
        columns.chain(key).chain(zone)
    }

    /// Where the texts about a customer stand, in the order of their keys.
    #[cfg(feature = "csv")]
    pub(in crate::order) fn customer_sources(&self) -> impl Iterator<Item = (MatchKey, &Source)> {
        MATCH_KEYS.iter().map(|(column, key)| (*key, self.source(*column)))
    }

    /// Whether order ids are joined from several parts.
    pub(super) fn has_order_key(&self) -> bool {
        !self.layout.order_key.headers.is_empty() || self.layout.order_key.has_day
    }

    /// Finds the columns of the order key, which are no unknown ones.
    fn find_key<S: AsRef<str>>(&mut self, headers: &[S]) -> Result<(), LayoutError> {
        for header in &self.layout.order_key.headers {
            let only = only_position(headers, header);
            let position =
                only.map_err(|positions| LayoutError::OrderKey { header: header.clone(), positions })?;
            self.key.push(position);
        }
        self.unknown.retain(|index| !self.key.contains(index));
        Ok(())
    }

    /// Takes over the texts of columns that the file does not have, and checks them as those of a row.
    fn set_fixed(&mut self) -> Result<(), LayoutError> {
        for (column, text) in &self.layout.fixed {
            if let Some(position) = self.position(*column) {
                return Err(LayoutError::FixedThere { column: *column, position: position + 1 });
            }
            if !FIXABLE.contains(column) {
                return Err(LayoutError::fixed(
                    *column,
                    "it differs from row to row: name the header that stands for it",
                ));
            }
            if text.trim().is_empty() {
                return Err(LayoutError::fixed(*column, "it is blank"));
            }
            self.sources[*column as usize] = Source::Fixed(text.as_str().into());
        }
        match self.fixed_fault() {
            Some((column, fault)) => Err(LayoutError::fixed(column, &fault)),
            None => Ok(()),
        }
    }

    fn has(&self, column: Column) -> bool {
        self.position(column).is_some() || self.fixed_text(column).is_some()
    }

    /// Finds the column by which the zone of a row is found, which is no unknown one.
    fn find_zones<S: AsRef<str>>(&mut self, headers: &[S]) -> Result<(), LayoutError> {
        if let Some(ZoneOf { header, .. }) = &self.layout.zone_of {
            let only = only_position(headers, header);
            let position =
                only.map_err(|positions| LayoutError::ZoneOf { header: header.clone(), positions })?;
            self.zone_of = Some(position);
            self.unknown.retain(|&index| index != position);
        }
        Ok(())
    }

    fn missing(&self) -> Vec<&'static [Column]> {
        let has = |column| self.has(column);
        let mut missing: Vec<&'static [Column]> = Vec::new();
        if !has(Column::Timestamp) {
            missing.push(&[Column::Timestamp]);
        }
        if !has(Column::Email) && !has(Column::Phone) {
            missing.push(&[Column::Email, Column::Phone]);
        }
        if !self.layout.each_row_an_order && !has(Column::OrderId) {
            missing.push(&[Column::OrderId]);
        }
        // Without event names every row is a purchase, which needs a value and a currency.
        if !has(Column::EventName) {
            if !has(Column::Currency) && !self.layout.numbers.currency_from_amounts {
                missing.push(&[Column::Currency]);
            }
            if !has(Column::Value) {
                if !has(Column::Price) {
                    missing.push(&[Column::Price, Column::Value]);
                }
                if !has(Column::Quantity) {
                    missing.push(&[Column::Quantity, Column::Value]);
                }
            }
        }
        missing
    }

    /// Returns the columns that matter and are not there, although no file needs all of them.
    fn absent(&self) -> Vec<&'static [Column]> {
        const IMPORTANT: [&[Column]; 8] = [
            &[Column::OrderId],
            &[Column::Email],
            &[Column::Phone],
            &[Column::Quantity],
            &[Column::Price],
            &[Column::Value],
            &[Column::Currency],
            &[Column::Timestamp],
        ];
        let is_absent = |columns: &&[Column]| !columns.iter().any(|&column| self.has(column));
        IMPORTANT.into_iter().filter(is_absent).collect()
    }

    /// Returns the unknown headers that look like a missing column, counted from 1.
    fn near<S: AsRef<str>>(&self, headers: &[S], missing: &[&'static [Column]]) -> Vec<(usize, Column)> {
        let nearest = |index: &usize| {
            let header = canonical(headers[*index].as_ref());
            if self.layout.ignores(&header) {
                return None;
            }
            let column = missing.iter().copied().flatten().find(|column| column.resembles(&header))?;
            Some((index + 1, *column))
        };
        self.unknown.iter().filter_map(nearest).collect()
    }
}

/// Returns the position of the only header with this name, or all positions of such headers, counted from 1.
fn only_position<S: AsRef<str>>(headers: &[S], name: &str) -> Result<usize, Vec<usize>> {
    let is_it = |index: &usize| canonical(headers[*index].as_ref()) == canonical(name);
    let positions: Vec<usize> = (0..headers.len()).filter(is_it).collect();
    match positions.as_slice() {
        &[position] => Ok(position),
        positions => Err(positions.iter().map(|position| position + 1).collect()),
    }
}
