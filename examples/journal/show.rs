//! A journal in a few lines: how many events stand where, how old they are, and their totals.

use std::collections::BTreeMap;
use std::io::Write;

use meta_offline_events::journal::{EntryState, JournalEntry, JournalSnapshot};
use meta_offline_events::value::{Amount, EventTime};

use crate::{Failure, counted};

/// The events that stand in one place.
#[derive(Default)]
struct Group {
    events: u64,
    oldest: Option<EventTime>,
    newest: Option<EventTime>,
    /// By currency. None for a sum beyond what an amount holds.
    totals: BTreeMap<String, Option<Amount>>,
}

impl Group {
    fn add(&mut self, entry: &JournalEntry) -> Result<(), Failure> {
        self.events += 1;
        let time = entry.handed_over();
        self.oldest = Some(self.oldest.map_or(time, |oldest| oldest.min(time)));
        self.newest = self.newest.max(Some(time));
        if let Some(total) = entry.event()?.value() {
            let sum = self.totals.entry(total.currency().to_string()).or_insert(Some(Amount::ZERO));
            *sum = sum.and_then(|sum| sum.checked_add(total.amount()));
        }
        Ok(())
    }

    fn totals(&self) -> String {
        let each = self.totals.iter().map(|(currency, sum)| match sum {
            Some(sum) => format!("{sum} {currency}"),
            None => format!("too much to add up in {currency}"),
        });
        each.collect::<Vec<_>>().join(", ")
    }
}

pub(crate) fn show(out: &mut dyn Write, snapshot: &JournalSnapshot, now: EventTime) -> Result<(), Failure> {
    let mut groups: BTreeMap<EntryState, Group> = BTreeMap::new();
    let mut first_attempt = None;
    let mut attempted = 0;
    for entry in snapshot.entries() {
        let entry = entry?;
        groups.entry(entry.state()).or_default().add(&entry)?;
        if let Some(time) = entry.first_attempt() {
            attempted += 1;
            first_attempt = Some(first_attempt.map_or(time, |first: EventTime| first.min(time)));
        }
    }

    writeln!(out, "dataset {} at {}", snapshot.dataset(), snapshot.endpoint())?;
    if !snapshot.key_policy().is_empty() {
        writeln!(out, "key policy {:?}", snapshot.key_policy())?;
    }
    let events = counted(snapshot.counts().total(), "event");
    writeln!(out, "{events} in {} of {} bytes", counted(snapshot.segments(), "file"), snapshot.size())?;
    if !groups.is_empty() {
        writeln!(out, "\n{:<12} {:>10}  {:>8}  {:>8}  total", "state", "events", "oldest", "newest")?;
    }
    for (state, group) in &groups {
        let (oldest, newest) = (age(group.oldest, now), age(group.newest, now));
        let (name, events, totals) = (state.code(), group.events, group.totals());
        writeln!(out, "{name:<12} {events:>10}  {oldest:>8}  {newest:>8}  {totals}")?;
    }
    if let Some(first) = first_attempt {
        let age = age(Some(first), now);
        let events = counted(attempted, "pending event");
        writeln!(out, "\n{events} may have arrived; the first attempt was {age} ago")?;
    }
    for damage in snapshot.damage() {
        writeln!(out, "\n{damage}")?;
    }
    Ok(())
}

/// How long ago something was, in the largest unit that gives a number.
fn age(time: Option<EventTime>, now: EventTime) -> String {
    let Some(time) = time else { return String::new() };
    let seconds = (now.unix() - time.unix()).max(0);
    match seconds {
        172_800.. => format!("{} days", seconds / 86_400),
        7_200.. => format!("{} h", seconds / 3_600),
        120.. => format!("{} min", seconds / 60),
        _ => format!("{seconds} s"),
    }
}
