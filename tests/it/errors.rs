//! Every public error converts into the one error of the crate.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use meta_offline_events::{Error, auth, client, customer, event, graph, journal, order, report, value, wire};

use crate::support::sources;

/// What implements the error trait and is none that a call returns.
const NOT_RETURNED: &[&str] = &[
    // The one error itself.
    "Error",
    // A note on a value that is sent all the same.
    "ValueWarning",
];

macro_rules! converting {
    ($($module:ident::$($name:ident)::+),+ $(,)?) => {{
        fn converts<E: std::error::Error + Send + Sync + 'static>()
        where
            Error: From<E>,
        {
        }
        $(converts::<$module::$($name)::+>();)+
        [$(stringify!($($name)::+).rsplit("::").next().unwrap().trim()),+]
    }};
}

#[test]
fn every_public_error_converts_into_the_one_error() {
    let converting = converting![
        value::InvalidValue,
        value::OutsideWindow,
        customer::NotSha256,
        customer::UnusableReason,
        customer::TooBroad,
        customer::InvalidUserData,
        event::InvalidEvent,
        order::LayoutError,
        order::RowError,
        order::NotSorted,
        order::MostlyInvalid,
        order::TooManyRows,
        order::csv::CsvError,
        order::arrow::BatchError,
        order::SortedError,
        wire::InvalidRequestField,
        journal::JournalError,
        report::ApiError,
        report::SavedReportError,
        auth::TokenInfoError,
        auth::TokenSourceError,
        graph::GraphError,
        graph::LoginError,
        client::InvalidClient,
        client::TransportError,
        client::SourceError,
        client::InvalidQueue,
        client::PushError,
    ];
    let listed: BTreeSet<String> =
        converting.iter().chain(NOT_RETURNED).map(|&name| name.to_owned()).collect();
    assert_eq!(errors_in_the_source(), listed);
}

/// The public types that implement the error trait, derived or by hand.
fn errors_in_the_source() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for file in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let text = fs::read_to_string(file).unwrap();
        for derived in text.split("thiserror::Error").skip(1) {
            let declaration = derived.lines().find(|line| line.trim_start().starts_with("pub "));
            found.extend(declaration.and_then(|line| name_behind(line, &["pub struct ", "pub enum "])));
        }
        let by_hand = text.lines().filter(|line| line.starts_with("impl"));
        found.extend(by_hand.filter_map(|line| {
            name_behind(line, &["impl Error for ", "std::error::Error for ", "StdError for "])
        }));
    }
    found
}

fn name_behind(line: &str, starts: &[&str]) -> Option<String> {
    let rest = starts.iter().find_map(|start| Some(line.split_once(start)?.1))?;
    Some(rest.chars().take_while(|letter| letter.is_alphanumeric()).collect())
}
