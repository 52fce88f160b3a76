//! One line of CSV for each event: what became of it, and nothing of its customer.

use std::io::Write;

use meta_offline_events::journal::{JournalEntry, JournalSnapshot};

use crate::Failure;

pub(crate) fn export(
    out: &mut dyn Write,
    snapshot: &JournalSnapshot,
    has_order_ids: bool,
) -> Result<(), Failure> {
    let mut csv = csv::Writer::from_writer(out);
    let header =
        ["entry", "state", "code", "handed_over", "outcome_at", "event_id", "order_id", "total", "currency"];
    csv.write_record(header.iter().filter(|column| has_order_ids || **column != "order_id"))?;
    for entry in snapshot.entries() {
        for (column, field) in header.iter().zip(fields(&entry?)?) {
            if has_order_ids || *column != "order_id" {
                csv.write_field(field)?;
            }
        }
        csv.write_record(None::<&[u8]>)?;
    }
    csv.flush()?;
    Ok(())
}

fn fields(entry: &JournalEntry) -> Result<[String; 9], Failure> {
    let event = entry.event()?;
    let total = event.value();
    Ok([
        entry.id().to_string(),
        entry.state().code().to_owned(),
        entry.code().unwrap_or_default().to_owned(),
        entry.handed_over().to_string(),
        entry.ended().map(|time| time.to_string()).unwrap_or_default(),
        event.id().map(|id| harmless(id.as_str())).unwrap_or_default(),
        event.order_id().map(|id| harmless(id.as_str())).unwrap_or_default(),
        total.map(|total| total.amount().to_string()).unwrap_or_default(),
        total.map(|total| total.currency().to_string()).unwrap_or_default(),
    ])
}

/// Text that no spreadsheet takes for a formula.
fn harmless(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if is_formula { format!("'{text}") } else { text.to_owned() }
}
