//! Local times in named zones, around every change of their clocks.

use std::fs;
use std::path::Path;

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use meta_offline_events::order::{BoundLayout, Gap, LayoutError, Orders, Overlap, ParsedRow, RowLayout};
use meta_offline_events::value::{EventTime, InvalidValue, Line, Rule, Zone};

use crate::support::of;

/// One line of `tests/data/clock_changes.txt`: a zone, and the moment at which its offset changes, if it does.
struct Change {
    zone: String,
    moment: Option<DateTime<Utc>>,
    before: FixedOffset,
    after: FixedOffset,
}

/// The changes of the clocks in 2025 to 2027, from a program that knows nothing of this crate.
fn changes() -> Vec<Change> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/clock_changes.txt");
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let change = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        let [zone, moment, before, after] = words[..] else { panic!("{line}") };
        let moment = (moment != "never").then(|| of(moment));
        Change { zone: zone.to_owned(), moment, before: of(before), after: of(after) }
    };
    lines.map(change).collect()
}

fn bound(layout: &RowLayout) -> BoundLayout {
    layout.bind(&["time_zone", "order_id", "email", "timestamp", "value", "currency"]).unwrap()
}

/// The time that a layout reads, or the code and the message of what is wrong with it.
fn read(layout: &BoundLayout, zone: &str, time: &str) -> Result<DateTime<Utc>, (&'static str, String)> {
    let record = [zone, "A1", "mary@example.com", time, "10.50", "EUR"];
    let parsed = layout.read(Line::new(2), |index| record[index]);
    if let ParsedRow::Invalid(error) = &parsed {
        let (_, code, message) = error.faults().next().unwrap();
        return Err((code, message.to_owned()));
    }
    let mut orders = Orders::new();
    orders.push_parsed(parsed);
    // Late enough for every row, whatever its offset, and early enough for its age.
    let day: DateTime<Utc> = of(&format!("{}T00:00:00Z", &time[..10]));
    let prepared = orders.finish((day + TimeDelta::days(3)).try_into().unwrap());
    Ok(prepared.events[0].time().to_utc())
}

/// What a layout reads of a moment, as a clock with this offset shows it.
fn shown(
    layout: &BoundLayout,
    change: &Change,
    moment: DateTime<Utc>,
    offset: FixedOffset,
) -> Result<DateTime<Utc>, (&'static str, String)> {
    let local = moment.with_timezone(&offset).format("%Y-%m-%d %H:%M:%S").to_string();
    // The quick reader and the one for any form agree.
    let read = [local.clone(), format!("{local}.0")].map(|time| read(layout, &change.zone, &time));
    assert_eq!(read[0], read[1], "{} {local}", change.zone);
    read.into_iter().next().unwrap()
}

#[test]
fn t9_t17_each_second_around_every_change_of_a_clock_is_the_one_that_it_should_be() {
    let strict = bound(&RowLayout::new());
    let early = bound(&RowLayout::new().overlap(Overlap::Earlier).gap(Gap::Backward));
    let late = bound(&RowLayout::new().overlap(Overlap::Later).gap(Gap::Forward));
    let second = TimeDelta::seconds(1);
    let (mut gaps, mut overlaps) = (0, 0);
    for change in changes() {
        let Change { zone, moment: Some(moment), before, after } = &change else { continue };
        let by = TimeDelta::seconds((after.local_minus_utc() - before.local_minus_utc()).into());
        for layout in [&strict, &early, &late] {
            let (last, first) = (*moment - second - by.abs(), *moment + by.abs());
            assert_eq!(shown(layout, &change, last, *before), Ok(last), "{zone} before the change");
            assert_eq!(shown(layout, &change, first, *after), Ok(first), "{zone} after the change");
        }
        if by > TimeDelta::zero() {
            gaps += 1;
            for layout in [&strict, &early, &late] {
                let last = *moment - second;
                assert_eq!(shown(layout, &change, last, *before), Ok(last), "{zone} before the gap");
                assert_eq!(shown(layout, &change, *moment, *after), Ok(*moment), "{zone} after the gap");
            }
            // The first and the last second of the gap, as a clock shows them that is not put forward yet.
            for forward in [*moment, *moment + by - second] {
                let (code, message) = shown(&strict, &change, forward, *before).unwrap_err();
                assert_eq!(code, "never_shown");
                assert!(message.contains(zone.as_str()), "{message}");
                assert_eq!(shown(&late, &change, forward, *before), Ok(forward), "{zone}");
                assert_eq!(shown(&early, &change, forward, *before), Ok(forward - by), "{zone}");
            }
        } else {
            overlaps += 1;
            // The first and the last second of the overlap.
            for earlier in [*moment + by, *moment - second] {
                let later = earlier - by;
                let (code, message) = shown(&strict, &change, earlier, *before).unwrap_err();
                assert_eq!(code, "shown_twice");
                for named in [
                    zone.clone(),
                    EventTime::try_from(earlier).unwrap().to_string(),
                    EventTime::try_from(later).unwrap().to_string(),
                ] {
                    assert!(message.contains(&named), "{message}");
                }
                assert_eq!(shown(&early, &change, earlier, *before), Ok(earlier), "{zone}");
                assert_eq!(shown(&late, &change, later, *after), Ok(later), "{zone}");
            }
        }
    }
    assert_eq!((gaps, overlaps), (GAPS, OVERLAPS));
}

/// How many changes the table has.
const GAPS: usize = 75;
const OVERLAPS: usize = 75;

#[test]
fn t17_a_zone_without_changes_has_the_same_offset_all_year() {
    let layout = bound(&RowLayout::new());
    let mut steady = 0;
    for change in changes().into_iter().filter(|change| change.moment.is_none()) {
        for noon in ["2025-01-15T12:00:00Z", "2026-07-15T12:00:00Z", "2027-10-31T12:00:00Z"] {
            assert_eq!(shown(&layout, &change, of(noon), change.before), Ok(of(noon)), "{}", change.zone);
        }
        steady += 1;
    }
    assert_eq!(steady, 9);
}

#[test]
fn t17_the_offset_is_that_of_the_date_and_not_todays() {
    let berlin = bound(&RowLayout::new().zone(of::<Zone>("Europe/Berlin")));
    assert_eq!(read(&berlin, "", "2026-01-15 12:00:00"), Ok(of("2026-01-15T11:00:00Z")));
    assert_eq!(read(&berlin, "", "2026-07-15 12:00:00"), Ok(of("2026-07-15T10:00:00Z")));
    assert_eq!(
        read(&berlin, "", "2026-07-15 12:00:00Z"),
        Ok(of("2026-07-15T12:00:00Z")),
        "its own zone counts"
    );
}

#[test]
fn t17_an_unknown_zone_is_refused_before_anything_is_read() {
    for name in ["Europe/Berlim", "Mars/Olympus", "CET", "Berlin"] {
        assert_eq!(name.parse::<Zone>().map_err(InvalidValue::rule), Err(Rule::UnknownZone));
    }
    let layout = RowLayout::new().zone_of("store", |_| Some(Zone::UTC));
    let header = ["order_id", "email", "timestamp", "value", "currency"];
    let error = layout.bind(&header).unwrap_err();
    assert_eq!(error, LayoutError::ZoneOf { header: "store".into(), positions: vec![] });
    assert!(error.to_string().contains("`store`"), "{error}");
    let error =
        layout.bind(&["store", "order_id", "email", "timestamp", "value", "currency", "Store"]).unwrap_err();
    assert_eq!(error, LayoutError::ZoneOf { header: "store".into(), positions: vec![1, 7] });
}

#[test]
fn t17_the_zone_of_a_row_is_its_own_then_its_stores_then_the_layouts() {
    let zone_of = |store: &str| match store {
        "Boston" => Some(of("America/New_York")),
        "" => Some(of("Europe/Berlin")),
        _ => None,
    };
    let layout = RowLayout::new().zone(of::<Zone>("Asia/Tokyo"));
    let header = ["time_zone", "store", "order_id", "email", "timestamp", "value", "currency"];
    let (plain, stores) =
        (layout.bind(&header).unwrap(), layout.zone_of("Store", zone_of).bind(&header).unwrap());
    assert_eq!((plain.unknown(), stores.unknown()), (&[1][..], &[][..]));
    let code = |layout: &BoundLayout, zone: &str, store: &str, time: &str| {
        let record = [zone, store, "A1", "mary@example.com", time, "10.50", "EUR"];
        match layout.read(Line::new(2), |index| record[index]) {
            ParsedRow::Invalid(error) => error.faults().map(|(_, code, _)| code.to_owned()).collect(),
            parsed => {
                let mut orders = Orders::new();
                orders.push_parsed(parsed);
                orders.finish(of("2026-07-16T12:00:00Z")).events[0].time().to_string()
            }
        }
    };
    let noon = "2026-07-15 12:00:00";
    for (layout, zone, store, time, expected) in [
        (&plain, "", "Boston", noon, "2026-07-15T03:00:00Z"),
        (&stores, "", "Boston", noon, "2026-07-15T16:00:00Z"),
        (&stores, "", " Boston ", noon, "2026-07-15T16:00:00Z"),
        (&stores, "", "", noon, "2026-07-15T10:00:00Z"),
        (&stores, "Europe/London", "Boston", noon, "2026-07-15T11:00:00Z"),
        (&stores, "+05:30", "Boston", noon, "2026-07-15T06:30:00Z"),
        (&stores, "Europe/London", "Ulm", noon, "2026-07-15T11:00:00Z"),
        (&stores, "", "Ulm", noon, "unknown_zone"),
        (&stores, "BST", "Boston", noon, "unknown_zone"),
        (&stores, "null", "Boston", noon, "2026-07-15T16:00:00Z"),
        // A time that names its zone needs no other.
        (&stores, "BST", "Ulm", "1784116800", "2026-07-15T12:00:00Z"),
        (&stores, "BST", "Ulm", "2026-07-15 12:00:00+00:00", "2026-07-15T12:00:00Z"),
        (&stores, "BST", "Ulm", "2026-07-15T12:00:00Z", "2026-07-15T12:00:00Z"),
    ] {
        assert_eq!(code(layout, zone, store, time), expected, "{zone} {store} {time}");
    }
}
