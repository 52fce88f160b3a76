//! The members of an object: each once, each read by its own rules, and named in its error.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::str::FromStr;

use serde::de::{DeserializeOwned, Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::event::rules::said;

/// The members of an object, each given once.
pub(super) struct Members(pub(super) BTreeMap<String, Box<RawValue>>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = BTreeMap::new();
                while let Some((name, raw)) = map.next_entry::<String, Box<RawValue>>()? {
                    if members.contains_key(&name) {
                        return Err(A::Error::custom(format_args!("{} is given twice", shown(&name))));
                    }
                    members.insert(name, raw);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

/// Reads a member by its `Deserialize` form.
pub(super) fn json<T: DeserializeOwned>(path: &str, raw: &RawValue) -> Result<T, String> {
    // The position that the error adds is one within the member, and would mislead.
    serde_json::from_str(raw.get()).map_err(|error| {
        let error = without_input(&error);
        at(path, error.split_once(" at line ").map_or(&*error, |(what, _)| what))
    })
}

/// The message of a serde error without the input that it may quote, which may be a customer's text.
pub(super) fn without_input(error: &impl Display) -> String {
    let message = error.to_string();
    match (message.starts_with("invalid "), message.rsplit_once(", expected ")) {
        (true, Some((_, expected))) => format!("expected {expected}"),
        (true, None) => "has an unexpected value".to_owned(),
        (false, _) => message,
    }
}

/// Reads a member that is a text by its `FromStr` form.
pub(super) fn text<T: FromStr<Err: Display>>(path: &str, raw: &RawValue) -> Result<T, String> {
    json::<String>(path, raw)?.parse().map_err(|error| at(path, error))
}

pub(super) fn at(path: &str, error: impl Display) -> String {
    said(path, &error.to_string())
}

/// The path of a member of an object.
pub(super) fn within(parent: &str, name: &str) -> String {
    format!("{parent}.{}", shown(name))
}

/// The name of a member if it looks like one. An object that is keyed by customers has no name to show.
pub(super) fn shown(name: &str) -> &str {
    let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_name { name } else { "<a member>" }
}
