//! What the page shows, worked out from a saved report. The template only lays it out.

use std::collections::BTreeMap;

use askama::Template;
use chrono::{DateTime, Days, NaiveDate};

use super::charts::{self, Bar, Part};
use super::words::{self, Kind, OutcomeWords, counted, percent, visible};
use crate::customer::ValueWarning;
use crate::event::ActionSource;
use crate::report::number::grouped;
use crate::report::saved::{
    Reasons, SavedCombination, SavedCoverage, SavedKey, SavedRequests, SavedSales, SavedScore, SavedSpan,
};
use crate::report::{Reason, SavedReport, Wait};
use crate::value::{Amount, Currency, Sum};

#[derive(Template)]
#[template(path = "page.html", config = "src/report/html/askama.toml")]
pub(super) struct Page {
    title: String,
    /// Date and sources.
    about: Vec<String>,
    verdict: Verdict,
    cards: Vec<Card>,
    todos: Vec<Todo>,
    outcomes: Option<Outcomes>,
    reasons: ReasonTable,
    notes: ReasonTable,
    coverage: Option<Coverage>,
    days: Option<DayChart>,
    action_sources: Vec<SourceLine>,
    requests: Option<Requests>,
    quality: Vec<Score>,
    messages: Vec<String>,
    more_messages: u64,
}

/// The one sentence that says how it went.
struct Verdict {
    class: &'static str,
    headline: String,
    detail: String,
}

struct Card {
    class: &'static str,
    title: &'static str,
    number: String,
    unit: String,
    lines: Vec<String>,
}

struct Todo {
    class: &'static str,
    title: String,
    text: String,
    points: Vec<String>,
}

struct Outcomes {
    rows: Vec<Bar>,
    rows_read: String,
    rows_label: String,
    events: Vec<Bar>,
    events_total: String,
    events_label: String,
    lines: Vec<OutcomeLine>,
}

struct OutcomeLine {
    class: &'static str,
    label: String,
    rows: String,
    share: String,
    events: String,
    meaning: &'static str,
}

struct ReasonTable {
    lines: Vec<ReasonLine>,
    more: Option<String>,
}

struct ReasonLine {
    class: &'static str,
    outcome: String,
    rows: String,
    message: String,
    code: String,
    column: String,
    place: String,
}

struct Coverage {
    summary: String,
    keys: Vec<KeyLine>,
    has_relying: bool,
    combinations: Vec<CombinationLine>,
    more: Option<String>,
}

struct KeyLine {
    label: String,
    name: String,
    width: String,
    relying_width: String,
    share: String,
    customers: String,
    brings: String,
}

struct CombinationLine {
    keys: Vec<String>,
    width: String,
    share: String,
    customers: String,
    is_valid: bool,
}

struct DayChart {
    label: String,
    bars: Vec<Bar>,
    highest: String,
    first: String,
    last: String,
    windows: Vec<Window>,
    lines: Vec<DayLine>,
    more: Option<String>,
}

/// Where one of Meta's windows begins.
struct Window {
    x: String,
    label: String,
}

struct DayLine {
    day: String,
    sent: String,
    values: Vec<String>,
}

struct SourceLine {
    label: String,
    sent: String,
    values: Vec<String>,
    age: String,
    /// The age of the oldest event as a share of the window.
    used: String,
    is_over: bool,
}

struct Requests {
    summary: String,
    label: String,
    bars: Vec<Bar>,
    highest: String,
    end: String,
    waits: Vec<WaitLine>,
    lines: Vec<(&'static str, String, &'static str)>,
}

struct WaitLine {
    label: String,
    total: String,
    class: &'static str,
    bars: Vec<WaitBar>,
}

struct WaitBar {
    x: String,
    width: String,
    opacity: String,
}

struct Score {
    label: String,
    score: String,
    width: String,
    recommendation: String,
}

/// How many lines each long table has before the rest is only counted.
const MAX_REASONS: usize = 30;
const MAX_NOTES: usize = 12;
const MAX_KEYS: usize = 40;
/// In each combination.
const MAX_CHIPS: usize = 20;
const MAX_COMBINATIONS: usize = 8;
const MAX_DAYS: usize = 70;
const MAX_SOURCES: usize = 8;
const MAX_OUTCOMES: usize = 20;

/// How many spans the picture of requests has at least.
const MIN_SPANS: usize = 12;

/// How many reasons a step names.
const MAX_POINTS: usize = 3;

impl Page {
    pub(super) fn of(report: &SavedReport) -> Self {
        let counts = Counts::of(report);
        Self {
            title: "Delivery report".to_owned(),
            about: about(report),
            verdict: verdict(report, &counts),
            cards: cards(report, &counts),
            todos: todos(report, &counts),
            outcomes: outcomes(&counts),
            reasons: reasons(&report.diagnostics, MAX_REASONS),
            notes: reasons(&report.notes, MAX_NOTES),
            coverage: report.coverage.as_ref().filter(|coverage| coverage.customers > 0).map(coverage),
            days: days(report),
            action_sources: action_sources(report),
            requests: requests(report),
            quality: report.quality.iter().take(MAX_SOURCES).map(score).collect(),
            messages: report.messages.first.iter().map(|message| visible(message)).collect(),
            more_messages: report.messages.count - report.messages.first.len() as u64,
        }
    }
}

/// Rows and events by outcome, in the order of the page.
struct Counts {
    read: u64,
    events: u64,
    lines: Vec<Count>,
}

struct Count {
    code: String,
    words: Option<&'static OutcomeWords>,
    rows: u64,
    events: u64,
}

impl Count {
    fn class(&self) -> &'static str {
        self.words.map_or("other", |words| words.code)
    }

    fn label(&self) -> String {
        self.words.map_or_else(|| words::readable(&self.code), |words| words.label.to_owned())
    }

    fn kind(&self) -> Option<Kind> {
        self.words.map(|words| words.kind)
    }
}

impl Counts {
    fn of(report: &SavedReport) -> Self {
        let known = words::outcomes().map(|words| words.code);
        let others = report.rows.keys().chain(report.events.keys()).map(String::as_str);
        let mut codes: Vec<&str> = Vec::new();
        for code in known.chain(others.filter(|code| *code != "read")) {
            if !codes.contains(&code) && codes.len() < MAX_OUTCOMES {
                codes.push(code);
            }
        }
        let count = |code: &str| Count {
            code: code.to_owned(),
            words: words::outcome(code),
            rows: report.rows.get(code).copied().unwrap_or_default(),
            events: report.events.get(code).copied().unwrap_or_default(),
        };
        let lines: Vec<_> =
            codes.into_iter().map(count).filter(|count| count.rows + count.events > 0).collect();
        Self {
            read: report.rows.get("read").copied().unwrap_or_default(),
            events: lines.iter().map(|count| count.events).sum(),
            lines,
        }
    }

    fn rows(&self, kind: Kind) -> u64 {
        self.lines.iter().filter(|count| count.kind() == Some(kind)).map(|count| count.rows).sum()
    }

    fn events(&self, kind: Kind) -> u64 {
        self.lines.iter().filter(|count| count.kind() == Some(kind)).map(|count| count.events).sum()
    }
}

fn about(report: &SavedReport) -> Vec<String> {
    let mut about = Vec::new();
    if let Some(time) =
        report.created.or(report.timeline.began).and_then(|unix| DateTime::from_timestamp(unix, 0))
    {
        about.push(time.format("%-d %B %Y, %H:%M UTC").to_string());
    }
    about.extend(report.sources.iter().take(MAX_SOURCES).map(|source| match source.number {
        0 => words::name(&source.name),
        number => format!("{number}: {}", words::name(&source.name)),
    }));
    if let Some(more) = report.sources.len().checked_sub(MAX_SOURCES + 1) {
        about.push(counted(more as u64 + 1, "more file"));
    }
    about
}

fn verdict(report: &SavedReport, counts: &Counts) -> Verdict {
    let (sent, lost) = (counts.events(Kind::Sent), counts.rows(Kind::Lost));
    let of_all = format!("{} of {}", grouped(sent), counted(counts.events, "event"));
    let left_out = match counts.rows(Kind::LeftOut) {
        0 => String::new(),
        rows => format!(" {} left out on purpose.", plural(rows, "row was", "rows were")),
    };
    if let Some(why) = &report.failed {
        let headline = if sent > 0 {
            format!("Sending ended early: Meta accepted {of_all}")
        } else {
            "Nothing was sent".to_owned()
        };
        return Verdict { class: "bad", headline, detail: words::sentence(why) };
    }
    if let Some(stopped) = &report.stopped {
        let headline = if sent > 0 {
            format!("Sending stopped early: Meta accepted {of_all}")
        } else {
            "Sending stopped before Meta accepted anything".to_owned()
        };
        return Verdict { class: "bad", headline, detail: words::sentence(&stopped.message) };
    }
    let ready = counts.events(Kind::Ready);
    if ready > 0 && sent == 0 {
        let headline = format!("Nothing was sent yet: {} ready", plural(ready, "event is", "events are"));
        let detail = if lost > 0 {
            format!("{} need work first.{left_out}", rows_lost(lost, counts.read))
        } else {
            format!("Every row can be sent.{left_out}")
        };
        return Verdict { class: if lost > 0 { "warn" } else { "good" }, headline, detail };
    }
    if counts.read == 0 && counts.events == 0 {
        return Verdict {
            class: "warn",
            headline: "Nothing was sent".to_owned(),
            detail: "There were no rows.".to_owned(),
        };
    }
    if lost == 0 {
        let headline = format!("Everything was sent: Meta accepted {}", counted(sent, "event"));
        return Verdict { class: "good", headline, detail: format!("No row was lost.{left_out}") };
    }
    let headline = format!("Meta accepted {of_all}");
    let class = if sent == 0 { "bad" } else { "warn" };
    Verdict {
        class,
        headline,
        detail: format!("{} did not get through.{left_out}", rows_lost(lost, counts.read)),
    }
}

fn rows_lost(lost: u64, read: u64) -> String {
    format!("{} of {} ({})", grouped(lost), counted(read, "row"), percent(lost, read))
}

fn plural(count: u64, one: &str, several: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { several })
}

fn cards(report: &SavedReport, counts: &Counts) -> Vec<Card> {
    let sales_of = |kind: Kind| {
        report
            .sales
            .iter()
            .filter(move |sales| words::outcome(&sales.outcome).map(|words| words.kind) == Some(kind))
    };
    let (sent, ready) = (counts.events(Kind::Sent), counts.events(Kind::Ready));
    let first = if sent == 0 && ready > 0 {
        let mut lines = vec![format!("from {}", counted(counts.rows(Kind::Ready), "row"))];
        lines.extend(values(sales_of(Kind::Ready)));
        Card {
            class: "ready",
            title: "Ready to send",
            number: grouped(ready),
            unit: noun(ready, "event"),
            lines,
        }
    } else {
        let mut lines = vec![format!("from {}", counted(counts.rows(Kind::Sent), "row"))];
        lines.extend(values(sales_of(Kind::Sent)));
        Card { class: "good", title: "Sent", number: grouped(sent), unit: noun(sent, "event"), lines }
    };
    let lost = counts.rows(Kind::Lost);
    let mut lines = Vec::new();
    if lost > 0 {
        lines.push(format!("{} of all rows", percent(lost, counts.read)));
        let events = counts.events(Kind::Lost);
        if events > 0 {
            let values = values(sales_of(Kind::Lost)).join(", ");
            let worth = if values.is_empty() { String::new() } else { format!(": {values}") };
            lines.push(format!("{} among them{worth}", counted(events, "event")));
        }
    } else {
        lines.push("Nothing is missing.".to_owned());
    }
    let class = if lost > 0 { "bad" } else { "good" };
    let second = Card { class, title: "Lost", number: grouped(lost), unit: noun(lost, "row"), lines };
    let left_out = counts.rows(Kind::LeftOut);
    let of_kind = counts.lines.iter().filter(|count| count.kind() == Some(Kind::LeftOut) && count.rows > 0);
    let mut lines: Vec<String> = of_kind
        .filter_map(|count| Some(format!("{}: {}", grouped(count.rows), count.words?.meaning)))
        .collect();
    lines.push(if left_out > 0 { "Nothing is wrong with them." } else { "There are none." }.to_owned());
    let third = Card {
        class: "off",
        title: "Left out on purpose",
        number: grouped(left_out),
        unit: noun(left_out, "row"),
        lines,
    };
    vec![first, second, third]
}

fn noun(count: u64, noun: &str) -> String {
    format!("{noun}{}", if count == 1 { "" } else { "s" })
}

/// The total of each currency: the first ones.
fn values<'s, I: Iterator<Item = &'s SavedSales>>(sales: I) -> Vec<String> {
    const MAX_CURRENCIES: usize = 3;
    let mut sums: BTreeMap<&str, (Sum, bool)> = BTreeMap::new();
    for group in sales {
        let (Some(currency), Some(value)) = (&group.currency, &group.value) else { continue };
        let (sum, is_exact) = sums.entry(currency).or_insert_with(|| (Sum::default(), true));
        let added = value.parse::<Amount>().is_ok_and(|amount| sum.add(amount, 1));
        *is_exact &= added;
    }
    let more = sums.len().saturating_sub(MAX_CURRENCIES);
    let mut shown: Vec<String> = sums
        .into_iter()
        .take(MAX_CURRENCIES)
        .filter_map(|(code, (sum, is_exact))| {
            let currency: Currency = code.parse().ok()?;
            let total = sum.rounded(currency.minor_units()).filter(|_| is_exact)?;
            let decimals = usize::try_from(currency.minor_units()).unwrap_or_default();
            Some(format!("{code} {}", words::money(&total.to_string(), decimals)))
        })
        .collect();
    if more > 0 {
        shown.push(format!(
            "and {}",
            if more == 1 { "1 more currency".to_owned() } else { format!("{more} more currencies") }
        ));
    }
    shown
}

fn todos(report: &SavedReport, counts: &Counts) -> Vec<Todo> {
    let mut todos = Vec::new();
    if let Some(why) = &report.failed {
        todos.push(Todo {
            class: "bad",
            title: "Repair what made the run fail".to_owned(),
            text: words::sentence(why),
            points: Vec::new(),
        });
    }
    if let Some(stopped) = &report.stopped {
        todos.push(Todo {
            class: "bad",
            title: "Remove what stopped the run".to_owned(),
            text: words::sentence(&stopped.message),
            points: Vec::new(),
        });
    }
    for count in &counts.lines {
        let Some(words) = count.words else { continue };
        let reasons = report.reasons().iter().filter(|reason| reason.outcome() == Some(words.code));
        let point = |reason: &Reason| {
            let column =
                reason.column().map(|column| format!("{}: ", words::name(column))).unwrap_or_default();
            format!(
                "{}{column}{}",
                if reason.rows() > 0 {
                    format!("{} · ", counted(reason.rows(), "row"))
                } else {
                    String::new()
                },
                visible(reason.message())
            )
        };
        let more = reasons.clone().count().saturating_sub(MAX_POINTS);
        let mut points: Vec<_> = reasons.take(MAX_POINTS).map(point).collect();
        if more > 0 {
            points.push(format!("and {}, in the table of reasons", counted(more as u64, "more reason")));
        }
        let (number, unit) = if count.rows > 0 { (count.rows, "row") } else { (count.events, "event") };
        let Some(title) = words.action(&counted(number, unit)) else { continue };
        todos.push(Todo { class: words.code, title, text: words.advice.to_owned(), points });
    }
    todos.extend(report.coverage.as_ref().and_then(poor_values));
    if report.test_event_code {
        let text = "These events also show under Test Events, and Meta counts them all the same. Remove the test event code before the daily runs begin.";
        todos.push(Todo {
            class: "pending",
            title: "This run had a test event code".to_owned(),
            text: text.to_owned(),
            points: Vec::new(),
        });
    }
    todos
}

/// Values of match keys that probably match nobody, or the wrong person.
fn poor_values(coverage: &SavedCoverage) -> Option<Todo> {
    let mut points = Vec::new();
    for (key, saved) in &coverage.keys {
        for (code, count) in &saved.warnings {
            let what = ValueWarning::with_code(code)
                .map_or_else(|| words::readable(code), |warning| warning.to_string());
            points.push((*count, format!("{} · {}: {what}", counted(*count, "value"), words::key(key))));
        }
    }
    for shared in &coverage.shared_values {
        let share = format!("{:.1} %", 100.0 * shared.share);
        let text = format!(
            "{} · {}: all have the same one ({share} of those who have one). If it is the shop's own, leave it empty in the export",
            counted(shared.customers, "customer"),
            words::key(&shared.key),
        );
        points.push((shared.customers, text));
    }
    points.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    let points: Vec<_> = points.into_iter().take(MAX_COMBINATIONS).map(|(_, point)| point).collect();
    (!points.is_empty()).then(|| Todo {
        class: "pending",
        title: "Customer values that match less than they could".to_owned(),
        text: "These were sent, or are ready. Better values find more customers next time.".to_owned(),
        points,
    })
}

fn outcomes(counts: &Counts) -> Option<Outcomes> {
    let parts = |number: fn(&Count) -> u64, unit: &str| -> Vec<Part> {
        let part = |count: &Count| Part {
            class: count.class(),
            size: number(count),
            title: format!("{}: {}", count.label(), counted(number(count), unit)),
        };
        counts.lines.iter().filter(|count| number(count) > 0).map(part).collect()
    };
    let describe =
        |parts: &[Part]| parts.iter().map(|part| part.title.as_str()).collect::<Vec<_>>().join(", ");
    let (rows, events) = (parts(|count| count.rows, "row"), parts(|count| count.events, "event"));
    let line = |count: &Count| OutcomeLine {
        class: count.class(),
        label: count.label(),
        rows: grouped(count.rows),
        share: percent(count.rows, counts.read),
        events: if count.events > 0 { grouped(count.events) } else { "–".to_owned() },
        meaning: count.words.map_or("", |words| words.meaning),
    };
    (!counts.lines.is_empty()).then(|| Outcomes {
        rows_read: counted(counts.read, "row"),
        rows_label: describe(&rows),
        rows: charts::stacked(rows),
        events_total: counted(counts.events, "event"),
        events_label: describe(&events),
        events: charts::stacked(events),
        lines: counts.lines.iter().map(line).collect(),
    })
}

fn reasons(reasons: &Reasons, most: usize) -> ReasonTable {
    let line = |reason: &Reason| {
        let words = reason.outcome().and_then(words::outcome);
        ReasonLine {
            class: words.map_or("other", |words| words.code),
            outcome: match (words, reason.outcome()) {
                (Some(words), _) => words.label.to_owned(),
                (None, Some(code)) => words::readable(code),
                (None, None) => String::new(),
            },
            rows: if reason.rows() > 0 { grouped(reason.rows()) } else { "–".to_owned() },
            message: words::sentence(reason.message()) + &reason.references(),
            code: words::name(reason.code()),
            column: reason.column().map(words::name).unwrap_or_default(),
            place: reason.place(),
        }
    };
    let (shown, hidden) = reasons.kept.split_at(reasons.kept.len().min(most));
    let others = hidden.len() as u64 + reasons.others;
    let rows = hidden.iter().map(Reason::rows).sum::<u64>() + reasons.rows_of_others;
    let more = (others > 0).then(|| {
        format!("and {} on {}, in the JSON report", counted(others, "more reason"), counted(rows, "row"))
    });
    ReasonTable { lines: shown.iter().map(line).collect(), more }
}

fn coverage(coverage: &SavedCoverage) -> Coverage {
    let all = coverage.customers;
    let reachable: u64 = coverage
        .combinations
        .iter()
        .filter(|combination| combination.keys.iter().any(|key| key == "em" || key == "ph"))
        .map(|combination| combination.customers)
        .sum();
    let mut keys: Vec<_> = coverage.keys.iter().collect();
    keys.sort_by_key(|(_, saved)| std::cmp::Reverse(saved.customers));
    let key = |(name, saved): &(&String, &SavedKey)| KeyLine {
        label: words::key(name),
        name: words::name(name),
        width: charts::share(saved.customers, all),
        relying_width: charts::share(saved.relying.min(saved.customers), all),
        share: percent(saved.customers, all),
        customers: grouped(saved.customers),
        brings: brings(name, saved.relying, coverage),
    };
    let combination = |combination: &SavedCombination| CombinationLine {
        keys: combination.keys.iter().take(MAX_CHIPS).map(|key| words::key(key)).collect(),
        width: charts::share(combination.customers, all),
        share: percent(combination.customers, all),
        customers: grouped(combination.customers),
        is_valid: combination.valid,
    };
    let more = coverage.combinations.len().checked_sub(MAX_COMBINATIONS + 1);
    Coverage {
        summary: format!(
            "{} of the customers of {} have an e-mail address or a phone number, which find most people. More keys find more of the others.",
            percent(reachable, all),
            counted(all, "event"),
        ),
        keys: keys.iter().take(MAX_KEYS).map(key).collect(),
        has_relying: keys.iter().any(|(_, saved)| saved.relying > 0),
        combinations: coverage.combinations.iter().take(MAX_COMBINATIONS).map(combination).collect(),
        more: more.map(|more| counted(more as u64 + 1, "other combination")),
    }
}

/// What a key brings beside the others.
fn brings(key: &str, relying: u64, coverage: &SavedCoverage) -> String {
    let having = |wanted: &[&str]| {
        let with = coverage.combinations.iter().filter(|combination| {
            let has = |name: &str| combination.keys.iter().any(|key| key == name);
            has(key) && !wanted.iter().any(|other| *other != key && has(other))
        });
        with.map(|combination| combination.customers).sum::<u64>()
    };
    let brings = match (key, having(&["em", "ph"])) {
        ("em" | "ph", 0) => "beside the other contact".to_owned(),
        ("em" | "ph", only) => format!("the only contact of {}", grouped(only)),
        (_, 0) => "beside e-mail or phone".to_owned(),
        (_, without) => format!("{} without e-mail and phone", grouped(without)),
    };
    match relying {
        0 => brings,
        _ => format!("{brings}; {} could not be sent without it", grouped(relying)),
    }
}

fn date(text: &str) -> Option<NaiveDate> {
    text.parse().ok()
}

fn today(report: &SavedReport) -> Option<NaiveDate> {
    let unix = report.created.or(report.timeline.began)?;
    Some(DateTime::from_timestamp(unix, 0)?.date_naive())
}

fn shown(day: NaiveDate) -> String {
    day.format("%-d %b %Y").to_string()
}

/// How many days Meta takes events of this action source.
fn window(action_source: ActionSource) -> u64 {
    action_source.age_limit().as_secs().unsigned_abs() / (24 * 60 * 60)
}

fn days(report: &SavedReport) -> Option<DayChart> {
    let mut by_day: BTreeMap<Option<NaiveDate>, Vec<&SavedSales>> = BTreeMap::new();
    for sales in &report.sales {
        by_day.entry(sales.day.as_deref().and_then(date)).or_default().push(sales);
    }
    let (first, last) = (by_day.keys().find_map(|day| *day)?, by_day.keys().next_back().copied().flatten()?);
    let last = last.max(today(report).unwrap_or(last).min(last + Days::new(62)));
    let first = first.max(last - Days::new(MAX_DAYS as u64 - 1));
    let columns: Vec<NaiveDate> = first.iter_days().take_while(|day| *day <= last).collect();
    let of_day = |day: NaiveDate| by_day.get(&Some(day)).map(Vec::as_slice).unwrap_or_default();
    let parts = |day: NaiveDate| {
        let part = |words: &'static OutcomeWords| {
            let size = events(of_day(day), |sales| sales.outcome == words.code);
            Part {
                class: words.code,
                size,
                title: format!("{}: {}, {}", shown(day), counted(size, "event"), words.label.to_lowercase()),
            }
        };
        words::outcomes().map(part).collect()
    };
    let highest = columns.iter().map(|day| events(of_day(*day), |_| true)).max().unwrap_or_default();
    let boundary = |days: u64| {
        let from = today(report)? - Days::new(days);
        let index = columns.iter().position(|day| *day >= from).filter(|index| *index > 0)?;
        Some(Window { x: charts::place(index, columns.len()), label: format!("{days} days") })
    };
    let line = |(day, sales): (&Option<NaiveDate>, &Vec<&SavedSales>)| DayLine {
        day: day.map_or_else(|| "Earlier".to_owned(), shown),
        sent: format!("{} of {}", grouped(events(sales, is_sent)), grouped(events(sales, |_| true))),
        values: values(sales.iter().copied()),
    };
    let more = by_day.len().saturating_sub(MAX_DAYS);
    let total = events(&report.sales.iter().collect::<Vec<_>>(), |_| true);
    Some(DayChart {
        label: format!(
            "{} by day of the sale, from {} to {}; the most on one day are {}",
            counted(total, "event"),
            shown(first),
            shown(last),
            grouped(highest)
        ),
        bars: charts::columns(columns.iter().map(|day| parts(*day)).collect()),
        highest: grouped(highest),
        first: shown(first),
        last: shown(last),
        windows: [7, 62].into_iter().filter_map(boundary).collect(),
        lines: by_day.iter().rev().take(MAX_DAYS).map(line).collect(),
        more: (more > 0).then(|| counted(more as u64, "earlier day")),
    })
}

fn events(sales: &[&SavedSales], which: impl Fn(&SavedSales) -> bool) -> u64 {
    sales.iter().filter(|sales| which(sales)).map(|sales| sales.events).sum()
}

fn is_sent(sales: &SavedSales) -> bool {
    words::outcome(&sales.outcome).is_some_and(|words| words.kind == Kind::Sent)
}

fn action_sources(report: &SavedReport) -> Vec<SourceLine> {
    let mut by_source: BTreeMap<&str, Vec<&SavedSales>> = BTreeMap::new();
    for sales in &report.sales {
        by_source.entry(&sales.action_source).or_default().push(sales);
    }
    let line = |(name, sales): (&str, Vec<&SavedSales>)| {
        let oldest = sales.iter().filter_map(|sales| sales.day.as_deref().and_then(date)).min();
        let age =
            oldest.zip(today(report)).and_then(|(day, today)| u64::try_from((today - day).num_days()).ok());
        let window = name.parse().ok().map(window);
        let (used, is_over) = match (age, window) {
            (Some(age), Some(window)) => (charts::share(age.min(window), window), age > window),
            _ => (charts::length(0.0), false),
        };
        SourceLine {
            label: words::readable(name),
            sent: format!(
                "{} of {} sent",
                grouped(events(&sales, is_sent)),
                counted(events(&sales, |_| true), "event")
            ),
            values: values(sales.iter().copied()),
            age: match (age, window) {
                (Some(age), Some(window)) => format!("{} of {window} days", grouped(age)),
                (Some(age), None) => counted(age, "day"),
                (None, _) => "–".to_owned(),
            },
            used,
            is_over,
        }
    };
    let mut lines: Vec<_> = by_source.into_iter().collect();
    lines.sort_by_key(|(_, sales)| std::cmp::Reverse(events(sales, |_| true)));
    lines.into_iter().take(MAX_OUTCOMES).map(line).collect()
}

fn requests(report: &SavedReport) -> Option<Requests> {
    let SavedRequests { made, retries, ambiguous, unreachable, throttled } = report.requests;
    let timeline = &report.timeline;
    if made == 0 || timeline.spans.is_empty() {
        return None;
    }
    let spans = &timeline.spans[..timeline.spans.len().min(2 * MAX_DAYS)];
    // A short run does not fill the picture.
    let width = spans.len().max(MIN_SPANS);
    let after = |spans: usize| words::lasting((spans as u64).saturating_mul(timeline.span_ms));
    let column = |index: usize, counts: &SavedRequests| {
        let part = |class, size, what: &str| Part {
            class,
            size,
            title: format!("after {}: {} {what}", after(index), grouped(size)),
        };
        vec![
            part("accepted", counts.made.saturating_sub(counts.retries), "first requests"),
            part("not_sent", counts.retries, "retries"),
        ]
    };
    let waits = Wait::ALL.into_iter().filter_map(|wait| {
        let of = |span: &SavedSpan| span.waited_ms.get(wait.code()).copied().unwrap_or_default();
        let total = spans.iter().map(of).fold(0, u64::saturating_add);
        let mut bars: Vec<WaitBar> = Vec::new();
        let opacities =
            spans.iter().map(|span| (of(span) > 0).then(|| charts::opacity(of(span), timeline.span_ms)));
        let opacities: Vec<_> = opacities.collect();
        let mut from = 0;
        // Neighbours that look alike are one bar, without a seam between them.
        for alike in opacities.chunk_by(PartialEq::eq) {
            if let Some(Some(opacity)) = alike.first() {
                let (x, width) = (charts::place(from, width), charts::place(alike.len(), width));
                bars.push(WaitBar { x, width, opacity: opacity.clone() });
            }
            from += alike.len();
        }
        let (label, class) = match wait {
            Wait::Pause => ("Pause that Meta asked for", "refused"),
            Wait::Retry => ("Wait before a retry", "not_sent"),
            Wait::Probe => ("Wait for a first answer", "pending"),
        };
        (total > 0).then(|| WaitLine { label: label.to_owned(), total: words::lasting(total), class, bars })
    });
    let highest = spans.iter().map(|span| span.requests.made).max().unwrap_or_default();
    let usage = report.usage_percent.map_or_else(|| "not stated".to_owned(), |usage| format!("{usage:.0} %"));
    Some(Requests {
        summary: match retries {
            0 => {
                format!("{} in {}. None had to be sent again.", counted(made, "request"), after(spans.len()))
            }
            _ => format!(
                "{} in {}. {} sent again.",
                counted(made, "request"),
                after(spans.len()),
                plural(retries, "was", "were")
            ),
        },
        label: format!(
            "{} over the time of the run; the most in {} are {}",
            counted(made, "request"),
            after(1),
            grouped(highest)
        ),
        bars: charts::columns(
            (0..width)
                .map(|index| {
                    column(index, &spans.get(index).map_or_else(SavedRequests::default, |span| span.requests))
                })
                .collect(),
        ),
        highest: format!("{} in {}", grouped(highest), after(1)),
        end: after(width),
        waits: waits.collect(),
        lines: vec![
            ("Requests", grouped(made), "retries included"),
            ("Retries", grouped(retries), "requests that were sent again"),
            ("Throttled", grouped(throttled), "Meta asked to slow down"),
            ("Without a valid answer", grouped(ambiguous), "they may have arrived"),
            ("Not delivered", grouped(unreachable), "no connection"),
            ("Use of Meta's limits", usage, "the highest that Meta stated"),
        ],
    })
}

fn score(score: &SavedScore) -> Score {
    let value = score.score.filter(|value| value.is_finite());
    Score {
        label: words::readable(&score.name),
        score: value.map_or_else(|| "–".to_owned(), |value| format!("{value:.1}")),
        width: charts::length((value.unwrap_or_default() * 10.0).clamp(0.0, 100.0)),
        recommendation: score.recommendation.as_deref().map(visible).unwrap_or_default(),
    }
}
