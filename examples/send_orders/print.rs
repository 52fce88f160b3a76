//! The report of a run: as text for people, and as what programs read.

use std::io::{self, Write};

use meta_offline_events::customer::Coverage;
use meta_offline_events::order::MostlyInvalid;
use meta_offline_events::report::{DeliveryReport, Diagnostic, EventCounts, Reason, RunReport};
use meta_offline_events::value::EventTime;

use crate::read::FileFacts;
use crate::{ACCEPTED, NOT_ALL_ACCEPTED};

pub(crate) const TEST_NOTE: &str =
    "META_TEST_EVENT_CODE is set: the events also show under Test Events, and Meta still counts them";

/// Everything that there is to report about a run.
pub(crate) struct Summary {
    pub(crate) files: Vec<FileFacts>,
    /// The time by which the age of events was checked.
    pub(crate) now: EventTime,
    pub(crate) report: DeliveryReport,
    /// The match keys of the customers.
    pub(crate) coverage: Coverage,
    /// What was sent, and where to.
    pub(crate) sent: String,
    /// Why the program gave up, if so.
    pub(crate) halt: Option<Halt>,
    /// Whether what was not sent waits in a journal.
    pub(crate) has_journal: bool,
}

/// Why the program gave up before it came to the end of its rows, and the exit status for it.
pub(crate) struct Halt {
    pub(crate) status: u8,
    pub(crate) why: String,
    /// Whether orders of sorted rows were sent before.
    pub(crate) has_sent: bool,
}

impl Halt {
    /// Too many of the first rows are invalid.
    pub(crate) fn mostly_invalid(why: &MostlyInvalid) -> Self {
        let advice =
            "Check the export and how its columns are read, or send the valid rows with --max-invalid 100";
        Self { status: NOT_ALL_ACCEPTED, why: format!("{why}. {advice}"), has_sent: false }
    }
}

impl Summary {
    /// Returns the exit status. Rows that a dry run prepared count as accepted ones.
    pub(crate) fn status(&self) -> u8 {
        let rows = self.report.rows();
        let is_prepared = !self.has_journal && rows.filtered + rows.pending == rows.read;
        match &self.halt {
            Some(halt) => halt.status,
            // A run that was stopped may have left rows unread.
            None if self.report.stopped().is_none() && (is_prepared || self.report.all_accepted()) => {
                ACCEPTED
            }
            None => NOT_ALL_ACCEPTED,
        }
    }

    /// Returns whether there is more to report than an error.
    pub(crate) fn is_worth_printing(&self) -> bool {
        self.halt.is_none() || self.report.rows().read > 0 || self.report.resumed().total() > 0
    }

    /// The report of the run for programs.
    pub(crate) fn run_report(&self) -> RunReport<'_> {
        let mut run = RunReport::new(&self.report).created(self.now).coverage(&self.coverage);
        for (number, file) in (1..).zip(&self.files) {
            // A single file has no number.
            run = run.source(if self.files.len() > 1 { number } else { 0 }, &*file.name);
        }
        match &self.halt {
            Some(halt) => run.failed(&halt.why),
            None => run,
        }
    }
}

/// Writes the report as text.
pub(crate) fn summary(out: &mut dyn Write, summary: &Summary) -> io::Result<()> {
    let Summary { files, report, coverage, sent, halt, has_journal, .. } = summary;
    write_files(out, files)?;
    write_counts(out, report, *has_journal)?;
    write_resumed(out, report.resumed())?;
    write_coverage(out, coverage)?;
    match halt {
        // The reason goes to standard error.
        Some(Halt { has_sent: false, .. }) => writeln!(out, "\nNothing was sent.")?,
        _ => writeln!(out, "\n{sent}")?,
    }
    if report.test_event_code() {
        writeln!(out, "Note: {TEST_NOTE}.")?;
    }
    if let Some(cause) = report.stopped() {
        writeln!(out, "\nSending stopped before its end: {cause}")?;
    }
    let several = files.len() > 1;
    write_reasons(out, "Not accepted, by reason", report.diagnostics(), several)?;
    write_reasons(out, "Notes", report.notes(), several)?;
    for message in report.messages() {
        writeln!(out, "\nMeta says: {message}")?;
    }
    write_advice(out, report, *has_journal)
}

fn write_files(out: &mut dyn Write, files: &[FileFacts]) -> io::Result<()> {
    let width = files.iter().map(|file| file.name.chars().count()).max().unwrap_or_default();
    for (number, file) in (1..).zip(files) {
        let label = if files.len() > 1 { format!("file {number}  ") } else { String::new() };
        write!(out, "{label}{:width$}", file.name)?;
        if let Some(rows) = file.rows {
            write!(out, "  {:>9}", counted(rows, "row"))?;
        }
        if file.blank_lines > 0 {
            write!(out, ", {} skipped", counted(file.blank_lines, "blank line"))?;
        }
        if !file.ignored_columns.is_empty() {
            write!(out, ", columns ignored: {}", file.ignored_columns.join(", "))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// Writes the number of rows and events by outcome, and their sums: every row has one outcome.
fn write_counts(out: &mut dyn Write, report: &DeliveryReport, has_journal: bool) -> io::Result<()> {
    let (rows, events) = (report.rows(), report.events());
    let (pending, what_pends) = if has_journal {
        ("pending", "they wait in the journal: see below")
    } else {
        ("prepared", "ready to be sent")
    };
    let ends = [
        ("accepted", rows.accepted, Some(events.accepted), "the server accepted them"),
        ("already sent", rows.already_sent, Some(events.already_sent), "an earlier run sent them"),
        (pending, rows.pending, Some(events.pending), what_pends),
        ("filtered", rows.filtered, None, "returns and cancellations, which are not sent"),
        ("invalid", rows.invalid, None, "not sent, because something is wrong with them: see below"),
        ("refused", rows.refused, Some(events.refused), "the server refused them: see below"),
        ("not sent", rows.not_sent, Some(events.not_sent), "they did not reach the server: see below"),
        (
            "unconfirmed",
            rows.unconfirmed,
            Some(events.unconfirmed),
            "sent, but the server gave no valid answer: see below",
        ),
    ];
    writeln!(out, "\n{:14}{:>10}{:>10}", "", "rows", "events")?;
    for (end, rows, events, meaning) in ends {
        if rows > 0 || (end == "accepted" && (has_journal || report.rows().pending == 0)) {
            let events = events.map_or_else(String::new, grouped);
            writeln!(out, "   {end:12}{:>9}{events:>10}   {meaning}", grouped(rows))?;
        }
    }
    writeln!(out, "   {:-<31}", "")?;
    writeln!(out, "   {:11}{:>10}{:>10}", "read", grouped(rows.read), grouped(events.total()))
}

/// Writes what became of the events that an earlier run left in the journal.
fn write_resumed(out: &mut dyn Write, events: EventCounts) -> io::Result<()> {
    let ends = [
        (events.accepted, "accepted"),
        (events.refused, "refused"),
        (events.not_sent, "not sent"),
        (events.unconfirmed, "unconfirmed"),
        (events.pending, "still pending"),
    ];
    let ends: Vec<String> = ends
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, end)| format!("{} {end}", grouped(*count)))
        .collect();
    match events.total() {
        0 => Ok(()),
        total => writeln!(
            out,
            "\nAn earlier run had left {} in the journal: {}",
            counted(total, "event"),
            ends.join(", ")
        ),
    }
}

/// Writes how many customers have each match key.
fn write_coverage(out: &mut dyn Write, coverage: &Coverage) -> io::Result<()> {
    if coverage.customers() > 0 {
        writeln!(out, "\nMatch keys of the customers of {}", counted(coverage.customers(), "event"))?;
        for line in coverage.to_string().lines() {
            writeln!(out, "   {line}")?;
        }
    }
    Ok(())
}

fn write_reasons(
    out: &mut dyn Write,
    title: &str,
    diagnostics: &[Diagnostic],
    several: bool,
) -> io::Result<()> {
    if diagnostics.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{title}")?;
    let has_outcomes = diagnostics.iter().any(|one| one.outcome().is_some());
    let width = if has_outcomes { OUTCOME_WIDTH } else { 0 };
    let outcome_title = if has_outcomes { "outcome" } else { "" };
    let lines_title = if several { "file:line" } else { "lines" };
    writeln!(out, "\n   {:>6}   {outcome_title:width$}{:24}{:19}{lines_title}", "rows", "reason", "column")?;
    for reason in Reason::gather(diagnostics) {
        let rows = if reason.rows() > 0 { grouped(reason.rows()) } else { String::new() };
        let outcome = reason.outcome().unwrap_or_default().replace('_', " ");
        let (code, column) = (reason.code(), reason.column().unwrap_or_default());
        let entry = format!("   {rows:>6}   {outcome:width$}{code:24}{column:19}{}", reason.lines());
        writeln!(out, "{}", entry.trim_end())?;
        for line in wrapped(&reason.explanation()) {
            writeln!(out, "            {line}")?;
        }
    }
    Ok(())
}

/// The width of the longest outcome, with the blanks behind it.
const OUTCOME_WIDTH: usize = 14;

/// The width of a message, in characters.
const WIDTH: usize = 88;

fn wrapped(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut width = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if width > 0 && width + 1 + length > WIDTH {
            lines.push(String::new());
            width = 0;
        }
        if let Some(line) = lines.last_mut() {
            if width > 0 {
                line.push(' ');
                width += 1;
            }
            line.push_str(word);
            width += length;
        }
    }
    lines
}

fn write_advice(out: &mut dyn Write, report: &DeliveryReport, has_journal: bool) -> io::Result<()> {
    let rows = report.rows();
    if has_journal && rows.pending + report.resumed().pending > 0 {
        writeln!(out, "\nWhat waits in the journal is sent by the next run with it: run the program again.")?;
    }
    if rows.not_sent > 0 && !has_journal {
        writeln!(
            out,
            "\nRows that were not sent can be sent again when the cause is fixed. Send the same files within\n\
             seven days: Meta then deduplicates the events that it already has."
        )?;
    }
    if rows.unconfirmed + report.resumed().unconfirmed > 0 {
        writeln!(
            out,
            "\nBefore you send unconfirmed orders again, compare with Events Manager which of them have arrived."
        )?;
    }
    Ok(())
}

/// Writes a number and its noun: `1 row`, `1,204 rows`, `2 bodies`.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    match noun.strip_suffix('y') {
        _ if count == 1 => format!("1 {noun}"),
        Some(stem) => format!("{} {stem}ies", grouped(count)),
        None => format!("{} {noun}s", grouped(count)),
    }
}

/// Writes a number with commas between its thousands.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
