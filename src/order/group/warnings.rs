//! Notes on what is sent all the same: doubtful orders, doubtful values, values that many customers share.

use super::Group;
use crate::customer::{Coverage, MatchKey, Percent, ValueWarning};
use crate::event::Event;
use crate::order::Column;
use crate::order::layout::column_of;
use crate::order::row_error::Fault;
use crate::order::tally::{FaultLines, RowTally};
use crate::value::Line;

/// Notes what is doubtful about an order.
#[inline]
pub(super) fn note_order(group: &Group, tally: &mut RowTally) {
    if group.is_spread() {
        let note = "the rows of the order lie more than a day apart: the earliest gives the event time";
        tally.notes.add(group.event.lines(), Fault::at(Column::Timestamp, "order_spread", note));
    }
    if group.has_damaged_id() {
        let note = "looks damaged by a spreadsheet: export order ids as text";
        tally.notes.add(group.event.lines(), Fault::at(Column::OrderId, "damaged_order_id", note));
    }
}

/// Returns the note on a row with this warning. Warnings that most rows have, or none, are counted for the
/// whole run instead.
pub(super) fn note_of_row(key: MatchKey, warning: ValueWarning) -> Option<Fault> {
    let is_counted = matches!(
        warning,
        ValueWarning::AlreadyHashed | ValueWarning::NoCountryCode | ValueWarning::CountryCodeAdded
    );
    let column = column_of(key).filter(|_| !is_counted)?;
    Some(Fault::at(column, warning.code(), warning.to_string()))
}

/// Notes what is doubtful about the customers of the whole run.
pub(super) fn note_customers(coverage: &Coverage, events: &[Event], notes: &mut FaultLines) {
    note_mixed_digests(coverage, notes);
    note_phones_without_country_code(coverage, notes);
    for shared in coverage.shared_values() {
        let Some(column) = column_of(shared.key()) else { continue };
        let sharing = events.iter().filter(|event| shared.is_of(event.user_data()));
        let lines: Vec<Line> = sharing.flat_map(Event::lines).copied().collect();
        let note = format!("{shared}: leave the column empty where it has no value");
        notes.add(&lines, Fault::at(column, "shared_value", note));
    }
}

fn note_mixed_digests(coverage: &Coverage, notes: &mut FaultLines) {
    for key in MatchKey::ALL {
        let Some(column) = column_of(key) else { continue };
        let values = coverage.values(key);
        let digests = coverage.count_with_warning(key, ValueWarning::AlreadyHashed);
        if 0 < digests && digests < values {
            let plain = values - digests;
            let note = format!("digests: {digests}, plain values: {plain}; each value was read by itself");
            notes.add(&[], Fault::at(column, "mixed_digests", note));
        }
    }
}

fn note_phones_without_country_code(coverage: &Coverage, notes: &mut FaultLines) {
    let (phones, doubtful) = (coverage.values(MatchKey::Phone), coverage.phones_without_country_code());
    if doubtful > 0 {
        let note = format!(
            "{doubtful} of {phones} phones ({}) have neither + nor 00 and are sent as they are: numbers without \
             a country code will not match",
            Percent::of(doubtful, phones)
        );
        notes.add(&[], Fault::at(Column::Phone, ValueWarning::NoCountryCode.code(), note));
    }
}
