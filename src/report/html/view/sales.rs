//! When and where the sales were: events and their value by day and by action source.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate};

use crate::event::ActionSource;
use crate::report::SavedReport;
use crate::report::html::charts::{self, Bar, Part};
use crate::report::html::words::{self, Kind, OutcomeWords, counted};
use crate::report::number::grouped;
use crate::report::saved::SavedSales;
use crate::value::{Amount, Currency, Sum};

/// How many days and action sources are shown.
const MAX_DAYS: usize = 70;
const MAX_ACTION_SOURCES: usize = 20;

pub(super) struct DayChart {
    pub(super) label: String,
    pub(super) bars: Vec<Bar>,
    pub(super) highest: String,
    pub(super) first: String,
    pub(super) last: String,
    pub(super) windows: Vec<Window>,
    pub(super) lines: Vec<DayLine>,
    pub(super) more: Option<String>,
}

/// Where one of Meta's windows begins.
pub(super) struct Window {
    pub(super) x: String,
    pub(super) label: String,
}

pub(super) struct DayLine {
    pub(super) day: String,
    pub(super) sent: String,
    pub(super) values: Vec<String>,
}

pub(super) struct SourceLine {
    pub(super) label: String,
    pub(super) sent: String,
    pub(super) values: Vec<String>,
    pub(super) age: String,
    /// The age of the oldest event as a share of the window.
    pub(super) used: String,
    pub(super) is_over: bool,
}

pub(super) fn days(report: &SavedReport) -> Option<DayChart> {
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

pub(super) fn action_sources(report: &SavedReport) -> Vec<SourceLine> {
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
    lines.into_iter().take(MAX_ACTION_SOURCES).map(line).collect()
}

/// The total of each currency: the first ones.
pub(super) fn values<'s, I: Iterator<Item = &'s SavedSales>>(sales: I) -> Vec<String> {
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

fn events(sales: &[&SavedSales], which: impl Fn(&SavedSales) -> bool) -> u64 {
    sales.iter().filter(|sales| which(sales)).map(|sales| sales.events).sum()
}

fn is_sent(sales: &SavedSales) -> bool {
    words::outcome(&sales.outcome).is_some_and(|words| words.kind == Kind::Sent)
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
