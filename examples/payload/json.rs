//! Reading JSON member by member: what is wrong is noted with its path, and reading goes on.

use std::cell::RefCell;
use std::fmt;
use std::str::FromStr;

use meta_offline_events::event::Violation;
use meta_offline_events::value::{EventTime, InvalidValue, ProductId};
use serde::Serialize;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Why a line gives no event: which field, and what is wrong with it. Never its text.
#[derive(Debug, Serialize)]
pub(crate) struct Reason {
    pub(crate) path: String,
    code: &'static str,
    message: String,
}

impl From<&Violation> for Reason {
    fn from(violation: &Violation) -> Self {
        let message = violation.advice().to_owned();
        Self { path: violation.path().to_owned(), code: violation.code(), message }
    }
}

/// What is wrong with a value, wherever it stands.
#[derive(Debug)]
pub(crate) struct Fault {
    code: &'static str,
    message: String,
}

impl Fault {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<InvalidValue> for Fault {
    fn from(invalid: InvalidValue) -> Self {
        Self::new(invalid.rule().code(), invalid.to_string())
    }
}

/// Everything that is wrong with a line, in the order in which it is read.
#[derive(Debug, Default)]
pub(crate) struct Faults(RefCell<Vec<Reason>>);

impl Faults {
    pub(crate) fn add(&self, path: String, fault: Fault) {
        let Fault { code, message } = fault;
        self.0.borrow_mut().push(Reason { path, code, message });
    }

    pub(crate) fn into_reasons(self) -> Vec<Reason> {
        self.0.into_inner()
    }
}

/// The members of an object that were not taken yet.
pub(crate) struct Object<'a> {
    path: String,
    members: Members<'a>,
    faults: &'a Faults,
}

impl<'a> Object<'a> {
    pub(crate) fn read(raw: &'a RawValue, path: String, faults: &'a Faults) -> Option<Self> {
        if let Ok(members) = serde_json::from_str(raw.get()) {
            Some(Self { path, members, faults })
        } else {
            faults.add(path, Fault::new("not_an_object", "must be an object"));
            None
        }
    }

    /// The path of a member.
    pub(crate) fn at(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    pub(crate) fn fault(&self, name: &str, fault: Fault) {
        self.faults.add(self.at(name), fault);
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.members.0.iter().any(|(other, raw)| other == name && raw.get() != "null")
    }

    /// A member, if it is there and not null. Of several with one name the last counts.
    pub(crate) fn take<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&'a RawValue) -> Result<T, Fault>,
    ) -> Option<T> {
        let raw = self.members.take(name)?;
        read(raw).map_err(|fault| self.fault(name, fault)).ok()
    }

    /// A member that must be there.
    pub(crate) fn need<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&'a RawValue) -> Result<T, Fault>,
    ) -> Option<T> {
        let Some(raw) = self.members.take(name) else {
            self.fault(name, Fault::new("missing", "is missing"));
            return None;
        };
        read(raw).map_err(|fault| self.fault(name, fault)).ok()
    }

    pub(crate) fn object(&mut self, name: &str) -> Option<Object<'a>> {
        let raw = self.members.take(name)?;
        Object::read(raw, self.at(name), self.faults)
    }

    /// A member that must be there and be an object, whose members stand on the top of the paths.
    pub(crate) fn need_on_top(&mut self, name: &str) -> Option<Object<'a>> {
        let raw = self.need(name, Ok)?;
        Object::read(raw, String::new(), self.faults)
    }

    /// The elements of a member that is a list, each with its path.
    pub(crate) fn list(&mut self, name: &str) -> Option<Vec<(String, &'a RawValue)>> {
        let elements = self.take(name, list)?;
        let path = self.at(name);
        Some(elements.into_iter().enumerate().map(|(index, raw)| (format!("{path}[{index}]"), raw)).collect())
    }

    /// Reads the elements of a member that is a list.
    pub(crate) fn each<T>(&mut self, name: &str, read: fn(&'a RawValue) -> Result<T, Fault>) -> Vec<T> {
        let elements = self.list(name).unwrap_or_default();
        let faults = self.faults;
        elements
            .into_iter()
            .filter_map(|(path, raw)| read(raw).map_err(|fault| faults.add(path, fault)).ok())
            .collect()
    }

    /// The same for a member that may be one such element instead.
    pub(crate) fn each_or_one<T>(
        &mut self,
        name: &str,
        read: fn(&'a RawValue) -> Result<T, Fault>,
    ) -> Vec<T> {
        if self.members.is_list(name) {
            self.each(name, read)
        } else {
            self.take(name, read).into_iter().collect()
        }
    }

    /// The members that nobody has taken.
    pub(crate) fn rest(self) -> impl Iterator<Item = (String, &'a RawValue)> {
        self.members.0.into_iter()
    }

    /// Whatever nobody has taken is unknown.
    pub(crate) fn close(self) {
        for (name, _) in &self.members.0 {
            self.fault(name, Fault::new("unknown_member", "is no member that Meta knows here"));
        }
    }
}

/// Members in the order of the text.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Members<'a> {
    fn is_list(&self, name: &str) -> bool {
        self.0.iter().rfind(|(other, _)| other == name).is_some_and(|(_, raw)| raw.get().starts_with('['))
    }

    fn take(&mut self, name: &str) -> Option<&'a RawValue> {
        let last = self.0.iter().rfind(|(other, _)| other == name).map(|(_, raw)| *raw)?;
        self.0.retain(|(other, _)| other != name);
        (last.get() != "null").then_some(last)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Members<'de>, M::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

/// Sets what there is.
pub(crate) trait With: Sized {
    fn with<T>(self, value: Option<T>, set: impl FnOnce(Self, T) -> Self) -> Self {
        match value {
            Some(value) => set(self, value),
            None => self,
        }
    }
}

impl<B> With for B {}

/// A value that is written as a text.
pub(crate) fn text<T: FromStr<Err = InvalidValue>>(raw: &RawValue) -> Result<T, Fault> {
    Ok(string(raw)?.parse()?)
}

/// An identifier: a text, or a whole number taken by its digits.
pub(crate) fn id<T: FromStr<Err = InvalidValue>>(raw: &RawValue) -> Result<T, Fault> {
    if raw.get().bytes().all(|byte| byte.is_ascii_digit()) { Ok(raw.get().parse()?) } else { text(raw) }
}

/// A number taken by its digits, or the same as a text: amounts, Unix seconds.
pub(crate) fn by_digits<T: FromStr<Err = InvalidValue>>(raw: &RawValue) -> Result<T, Fault> {
    if !is_number(raw) {
        return text(raw);
    }
    // Programs that know floats alone write `1e-05`.
    let float = raw.get().contains(['e', 'E']).then(|| raw.get().parse::<f64>().ok()).flatten();
    Ok(float.map_or_else(|| raw.get().to_owned(), |float| float.to_string()).parse()?)
}

pub(crate) fn is_number(raw: &RawValue) -> bool {
    raw.get().starts_with(|first: char| first == '-' || first.is_ascii_digit())
}

pub(crate) fn string(raw: &RawValue) -> Result<String, Fault> {
    typed(raw, "not_a_text", "must be a text")
}

pub(crate) fn strings(raw: &RawValue) -> Result<Vec<String>, Fault> {
    typed(raw, "not_texts", "must be a list of texts")
}

/// A whole number, also one that is written `2.0` or as a text.
pub(crate) fn count<T: FromStr>(raw: &RawValue) -> Result<T, Fault> {
    let written = if is_number(raw) { raw.get().to_owned() } else { string(raw)? };
    let whole = match written.split_once('.') {
        Some((whole, decimals)) if decimals.bytes().all(|digit| digit == b'0') => whole,
        _ => &written,
    };
    whole.parse().map_err(|_| Fault::new("not_a_count", "must be a whole number in range"))
}

/// A moment, in Unix seconds or RFC 3339; fractions of a second are dropped.
pub(crate) fn moment(raw: &RawValue) -> Result<EventTime, Fault> {
    match raw.get().split_once('.') {
        Some((whole, decimals)) if decimals.bytes().all(|digit| digit.is_ascii_digit()) => Ok(whole.parse()?),
        _ => by_digits(raw),
    }
}

/// The id of a product: a text, or a whole number that stays one.
pub(crate) fn product(raw: &RawValue) -> Result<ProductId, Fault> {
    match serde_json::from_str::<u64>(raw.get()) {
        Ok(number) => Ok(number.into()),
        Err(_) => text(raw),
    }
}

pub(crate) fn yes_or_no(raw: &RawValue) -> Result<bool, Fault> {
    typed(raw, "not_a_switch", "must be true or false")
}

/// As Meta writes tracking switches: 0 or 1, or true or false.
pub(crate) fn switch(raw: &RawValue) -> Result<bool, Fault> {
    match raw.get() {
        "0" => Ok(false),
        "1" => Ok(true),
        _ => yes_or_no(raw),
    }
}

pub(crate) fn list(raw: &RawValue) -> Result<Vec<&RawValue>, Fault> {
    typed(raw, "not_a_list", "must be a list")
}

fn typed<'a, T: Deserialize<'a>>(
    raw: &'a RawValue,
    code: &'static str,
    message: &'static str,
) -> Result<T, Fault> {
    serde_json::from_str(raw.get()).map_err(|_| Fault::new(code, message))
}
