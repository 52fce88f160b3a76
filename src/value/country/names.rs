//! What a text says about a country: the names that are known, and how a text is compared with them.
//!
//! Codes, English names and aliases are in a hash map, because most exports have these. All others are in a sorted
//! text of 25,000 lines and 610 kB, `names.txt`, that is searched where it lies: it costs no time at the start and
//! no memory beyond its pages that are read, and it adds less than 0.1 s to a build. What is in neither may be an
//! official form of a name.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::LazyLock;

use foldhash::quality::RandomState;

use super::aliases::{ACCENTED, ALIASES, AMBIGUOUS};
use super::fold::{Accents, fold};
use super::official;
use crate::value::Rule;

/// What a name means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The country with this code, in lower case.
    Country([u8; 2]),
    /// More than one country.
    Several,
}

/// What the text says, or the rule that it breaks.
pub(super) fn meaning(text: &str) -> Result<Meaning, Rule> {
    if text.as_bytes().try_into().is_ok_and(is_code_or_name) {
        Ok(Meaning::Several)
    } else if text.is_ascii() {
        of_ascii(text)
    } else {
        of_any(text)
    }
}

/// What a text of two letters says, each as its place in the alphabet.
pub(super) fn of_two_letters(places: [usize; 2]) -> Option<Meaning> {
    let [first, second] = places.map(|place| b"abcdefghijklmnopqrstuvwxyz"[place]);
    COMMON.get(&[first, second][..]).copied()
}

/// Whether these letters are a code and, as they are written, another country's name without its accents: that of
/// Austria, Belgium or the United States in Vietnamese.
pub(super) fn is_code_or_name(letters: [u8; 2]) -> bool {
    matches!(&letters, b"Ao" | b"Bi" | b"My")
}

/// The longest name of ASCII letters, in bytes. The longest one in the tables has 54.
const MAX_ASCII: usize = 96;

/// The same as for any text, quicker.
fn of_ascii(text: &str) -> Result<Meaning, Rule> {
    let mut name = [0; MAX_ASCII];
    let mut length = 0;
    for letter in text.bytes().filter(u8::is_ascii_alphabetic) {
        match name.get_mut(length) {
            Some(place) => *place = letter.to_ascii_lowercase(),
            // A text of megabytes need not be read to be refused.
            None => return Err(Rule::UnknownCode),
        }
        length += 1;
    }
    let name = &name[..length];
    match common_meaning(name, text) {
        Some(meaning) => Ok(meaning),
        None if name.is_empty() => Err(Rule::Empty),
        // Two letters are a code, or the name of many things.
        None if name.len() == 2 => Err(Rule::UnknownCode),
        None => listed(name).or_else(|| of_official_form(name)).ok_or(Rule::UnknownCode),
    }
}

fn of_any(text: &str) -> Result<Meaning, Rule> {
    let accented = fold(text, Accents::Kept).ok_or(Rule::UnknownCode)?;
    if accented.is_empty() {
        return Err(Rule::Empty);
    }
    if let Some(meaning) = common_meaning(accented.as_bytes(), text) {
        return Ok(meaning);
    }
    let name = fold(text, Accents::Dropped).ok_or(Rule::UnknownCode)?;
    if name.is_ascii() && name.len() == 2 {
        return Err(Rule::UnknownCode);
    }
    let name = name.as_bytes();
    common_meaning(name, text)
        .or_else(|| listed(name))
        .or_else(|| of_official_form(name))
        .ok_or(Rule::UnknownCode)
}

/// What a folded name means, as it is written in the text, if it is a code, an English name or an alias.
fn common_meaning(name: &[u8], text: &str) -> Option<Meaning> {
    Some(match *COMMON.get(name)? {
        Meaning::Several => code_in_capitals(text).map_or(Meaning::Several, Meaning::Country),
        Meaning::Country(_) if is_abbreviation(name, text) => Meaning::Several,
        country @ Meaning::Country(_) => country,
    })
}

/// Whether a name of two letters is a code and, with a dot, an abbreviation of another country's name: that of the
/// United Kingdom in French and Catalan, of the United States in Malay and Scottish Gaelic.
fn is_abbreviation(name: &[u8], text: &str) -> bool {
    matches!(name, b"as" | b"ru" | b"sa") && text.contains('.')
}

/// The country whose three-letter code the text is, in capitals.
fn code_in_capitals(text: &str) -> Option<[u8; 2]> {
    let letters: String = text.chars().filter(char::is_ascii_alphabetic).take(4).collect();
    codes().find(|listed| listed.three_letters == letters).map(|listed| listed.code())
}

/// What a name with a title means, such as `Republic of Chile`.
fn of_official_form(name: &[u8]) -> Option<Meaning> {
    let meanings = official::names_with_titles(name)
        .filter_map(|name| COMMON.get(name).copied().or_else(|| listed(name)))
        .filter(|meaning| !matches!(meaning, Meaning::Country(code) if official::is_territory(*code)));
    meanings
        .map(|meaning| match meaning {
            Meaning::Country(code) if official::is_told_by_its_title(code) => Meaning::Several,
            other => other,
        })
        .reduce(|first, other| if first == other { first } else { Meaning::Several })
}

/// What the generated table says of a folded name.
fn listed(name: &[u8]) -> Option<Meaning> {
    let mut rest = LISTED.as_bytes();
    while !rest.is_empty() {
        let start = rest[..rest.len() / 2].iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        let end = start + rest[start..].iter().position(|&byte| byte == b'\n')?;
        let (listed, code) = rest[start..end].split_last_chunk()?;
        match listed.strip_suffix(b" ").unwrap_or(listed).cmp(name) {
            Ordering::Less => rest = &rest[end + 1..],
            Ordering::Greater => rest = &rest[..start],
            Ordering::Equal if code == SEVERAL => return Some(Meaning::Several),
            Ordering::Equal => return Some(Meaning::Country(*code)),
        }
    }
    None
}

/// Lines of a folded name, a blank and the code, sorted by their bytes. The first lines are comments, which are no names
/// and sort before all of them.
pub(super) const LISTED: &str = include_str!("names.txt");

/// What stands in the table for a code, if the name could be more than one country.
pub(super) const SEVERAL: &[u8; 2] = b"--";

/// Codes, English names and aliases, folded.
static COMMON: LazyLock<HashMap<Box<[u8]>, Meaning, RandomState>> = LazyLock::new(|| {
    let mut names = HashMap::default();
    let mut add = |text: &str, accents, meaning| {
        if let Some(name) = fold(text, accents) {
            names.insert(name.as_bytes().into(), meaning);
        }
    };
    for listed in codes() {
        for text in [listed.two_letters, listed.three_letters, listed.name] {
            add(text, Accents::Dropped, Meaning::Country(listed.code()));
        }
    }
    for (code, aliases) in ALIASES {
        for alias in *aliases {
            add(alias, Accents::Dropped, Meaning::Country(**code));
        }
    }
    for (code, name) in ACCENTED {
        add(name, Accents::Kept, Meaning::Country(**code));
    }
    for name in AMBIGUOUS {
        add(name, Accents::Dropped, Meaning::Several);
    }
    names
});

/// A country in ISO 3166-1: its codes in capitals, and its English short name.
pub(super) struct Listed {
    pub(super) two_letters: &'static str,
    pub(super) three_letters: &'static str,
    pub(super) name: &'static str,
}

impl Listed {
    fn code(&self) -> [u8; 2] {
        let mut code = [0; 2];
        code.copy_from_slice(self.two_letters.as_bytes());
        code.make_ascii_lowercase();
        code
    }
}

/// The countries of ISO 3166-1. A test holds them to a list that others keep.
pub(super) fn codes() -> impl Iterator<Item = Listed> {
    include_str!("codes.txt").lines().filter_map(|line| {
        let (two_letters, rest) = line.split_once(' ')?;
        let (three_letters, name) = rest.split_once(' ')?;
        Some(Listed { two_letters, three_letters, name })
    })
}

/// What a folded name means if it is a code, an English name or an alias.
#[cfg(test)]
pub(super) fn common(name: &str) -> Option<Meaning> {
    COMMON.get(name.as_bytes()).copied()
}
