//! What a journal costs: events handed over one at a time, by many threads at once and in batches, each beside a plain
//! file that the same JSON is written to and synced in the same steps; and the memory for ten million known orders.
//!
//! `JOURNAL_FOLDER` names a folder on the disk that is measured; it is the folder of the build unless set. With
//! `-- known` it measures memory alone, of `JOURNAL_ORDERS` (10,000,000) orders: that takes 4 GB on the disk. To count
//! syncs, run it under `strace -f -c -e trace=fdatasync`. Without `--bench`, as under `cargo test`, it is a short trial.

#[expect(dead_code, reason = "the floor of other benchmarks")]
mod floor;

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{env, thread};

use meta_offline_events::customer::UserData;
use meta_offline_events::event::Event;
use meta_offline_events::journal::{HandOver, Journal, JournalOptions};
use meta_offline_events::report::Outcome;
use meta_offline_events::value::EventTime;

use crate::floor::timed;

type Done<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// The first argument of the process that opens a journal and says its memory; the folder follows.
const OPEN: &str = "--open";
const NOW: i64 = 1_767_225_600;
const THREADS: usize = 64;

fn main() -> Done<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let has = |wanted: &str| arguments.iter().any(|argument| argument == wanted);
    let folder =
        env::var_os("JOURNAL_FOLDER").map_or_else(|| env!("CARGO_TARGET_TMPDIR").into(), PathBuf::from);
    let folder = folder.join("bench-journal");
    let is_whole = has("--bench");
    match &arguments[..] {
        [open, folder] if open == OPEN => report_memory(Path::new(folder)),
        _ if has("known") => measure_memory(&folder, if is_whole { 10_000_000 } else { 10_000 }),
        _ => measure_time(&folder, is_whole),
    }
}

fn open(folder: &Path) -> Done<Journal> {
    Ok(JournalOptions::new().open(folder, &"1234567890".parse()?)?)
}

fn now() -> Done<EventTime> {
    Ok(EventTime::from_unix(NOW)?)
}

/// Sales with eleven match keys, each an order of its own.
fn sales(count: usize) -> Done<Vec<Event>> {
    let customer = UserData::builder()
        .email("mary.smith@example.com")
        .phone("+1 650 555 1212")
        .first_name("Mary")
        .last_name("Smith")
        .birth_date("1980-11-27")
        .gender("f")
        .city("Menlo Park")
        .state("CA")
        .postal_code("94025")
        .country("us")
        .external_id("customer-1")
        .build()?;
    let sale = |number| {
        let sale = Event::builder(now()?, customer.clone()).order_id(format!("{number:012}").parse()?);
        Ok(sale.value("31.95 USD".parse()?).build()?)
    };
    (0..count).map(sale).collect()
}

/// One way to record events, beside a plain file.
struct Line {
    name: &'static str,
    events: usize,
    batch: usize,
    threads: usize,
    fastest: [Duration; 2],
}

fn measure_time(folder: &Path, is_whole: bool) -> Done<()> {
    let line = |name, events, batch, threads| Line {
        name,
        events: if is_whole { events } else { batch * threads },
        batch,
        threads,
        fastest: [Duration::MAX; 2],
    };
    let mut lines = [
        line("batches of 1,000", 20_000, 1_000, 1),
        line("batches of 1", 300, 1, 1),
        line("batches of 1, 64 threads at once", 1_280, 1, THREADS),
    ];
    let sales = sales(lines.iter().map(|line| line.events).max().unwrap_or(0))?;
    let json: Vec<String> = sales.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
    for _ in 0..if is_whole { 15 } else { 1 } {
        for line in &mut lines {
            let plain = timed(|| write_plainly(folder, &json[..line.events], line.batch));
            plain.0?;
            let journal = empty(folder)?;
            let recorded = timed(|| record(&journal, &sales[..line.events], line));
            recorded.0?;
            assert_eq!(journal.counts()?.pending, line.events as u64);
            for (fastest, time) in line.fastest.iter_mut().zip([plain.1, recorded.1]) {
                *fastest = time.min(*fastest);
            }
        }
    }
    fs::remove_dir_all(folder)?;
    let mut out = io::stdout().lock();
    writeln!(out, "\n{:<36}{:>14}{:>14}{:>12}{:>8}", "", "plain MB/s", "journal MB/s", "events/s", "share")?;
    for line in &lines {
        let bytes: usize = json[..line.events].iter().map(String::len).sum();
        let [plain, journal] = line.fastest.map(|time| time.as_secs_f64());
        let (bytes, events) = (number(bytes), number(line.events));
        let (plain_rate, rate) = (bytes / plain / 1e6, bytes / journal / 1e6);
        let (name, speed, share) = (line.name, events / journal, plain / journal);
        writeln!(out, "{name:<36}{plain_rate:>14.1}{rate:>14.1}{speed:>12.0}{share:>8.2}")?;
    }
    Ok(())
}

fn empty(folder: &Path) -> Done<Journal> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    open(folder)
}

fn record(journal: &Journal, sales: &[Event], line: &Line) -> Done<()> {
    thread::scope(|scope| {
        let threads = sales.chunks(line.events / line.threads).map(|share| {
            scope.spawn(|| -> Done<()> {
                for batch in share.chunks(line.batch) {
                    let answers = journal.hand_over(batch, now()?)?;
                    assert!(answers.iter().all(|answer| matches!(answer, HandOver::Taken(_))));
                }
                Ok(())
            })
        });
        let threads: Vec<_> = threads.collect();
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a thread panicked")?)
    })
}

/// Writes and syncs the same JSON in the same batches.
fn write_plainly(folder: &Path, json: &[String], batch: usize) -> Done<()> {
    fs::create_dir_all(folder)?;
    let mut file = File::create(folder.join("plain"))?;
    let mut buffer = Vec::new();
    for batch in json.chunks(batch) {
        buffer.clear();
        for json in batch {
            buffer.extend_from_slice(json.as_bytes());
        }
        file.write_all(&buffer)?;
        file.sync_data()?;
    }
    Ok(())
}

/// Fills a journal with accepted orders, and lets another process open it.
fn measure_memory(folder: &Path, orders: u64) -> Done<()> {
    let orders = env::var("JOURNAL_ORDERS").map_or(Ok(orders), |text| text.parse())?;
    let journal = empty(folder)?;
    let customer = UserData::builder().email("mary@example.com").build()?;
    for first in (0..orders).step_by(10_000) {
        let sale = |number| -> Done<Event> {
            let sale = Event::builder(now()?, customer.clone()).order_id(format!("{number}").parse()?);
            Ok(sale.value("5 EUR".parse()?).build()?)
        };
        let sales: Vec<Event> = (first..orders.min(first + 10_000)).map(sale).collect::<Result<_, _>>()?;
        let answers = journal.hand_over(&sales, now()?)?;
        let ids = answers
            .iter()
            .filter_map(|answer| if let HandOver::Taken(id) = answer { Some(*id) } else { None });
        journal.record_outcome(&ids.collect::<Vec<_>>(), &Outcome::Accepted, now()?)?;
    }
    drop(journal);
    let status = Command::new(env::current_exe()?).arg(OPEN).arg(folder).status()?;
    fs::remove_dir_all(folder)?;
    if status.success() { Ok(()) } else { Err("the second process failed".into()) }
}

fn report_memory(folder: &Path) -> Done<()> {
    let empty = memory("VmRSS:");
    let (journal, time) = timed(|| open(folder));
    let journal = journal?;
    let (held, peak) = (memory("VmRSS:") - empty, memory("VmHWM:") - empty);
    let (orders, bytes) = (journal.counts()?.total(), journal.size()?);
    let each = |memory: u64| {
        number(usize::try_from(memory).unwrap_or(0)) / number(usize::try_from(orders).unwrap_or(1))
    };
    writeln!(
        io::stdout().lock(),
        "{orders} known orders in {bytes} bytes on the disk, opened in {:.1} s: {:.1} bytes an order in memory, {:.1} at \
         the peak ({peak} bytes)",
        time.as_secs_f64(),
        each(held),
        each(peak),
    )?;
    Ok(())
}

/// A line of this process's status in bytes; 0 where the system does not tell.
fn memory(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.trim_end_matches("kB").trim().parse::<u64>().ok())
        .map_or(0, |kilobytes| 1024 * kilobytes)
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn number(whole: usize) -> f64 {
    whole as f64
}
