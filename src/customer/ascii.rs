//! The fast way for plain values: printable ASCII that fits one block of SHA-256.
//!
//! [`clean`] gives the same normal form and the same warning as the [general way](super::clean), or nothing:
//! whatever is refused, doubtful or merely unusual is left to the general way. A test holds the two
//! against each other.

use chrono::NaiveDate;

use super::block::Block;
use super::nothing::is_placeholder;
use super::{CleaningOptions, ExternalIdPolicy, MatchKey, ValueWarning, birth, email, phone, place};
use crate::value::Country;

/// A value that is a plain one, and what is worth knowing about it.
pub(super) struct Plain(pub(super) Option<ValueWarning>);

/// Writes the normal form of a value that is to be hashed into an empty block, if it is a plain one.
pub(super) fn clean(key: MatchKey, raw: &str, options: &CleaningOptions, form: &mut Block) -> Option<Plain> {
    let text = match raw.as_bytes() {
        text @ [b'!'..=b'~', .., b'!'..=b'~'] => text,
        text => text.trim_ascii(),
    };
    if text.is_empty() || text.len() > Block::ROOM || options.digests_only.contains(key) {
        return None;
    }
    let mut plain = Plain(None);
    match key {
        MatchKey::Email => clean_email(text, form)?,
        MatchKey::Phone => plain = clean_phone(text, options, form)?,
        MatchKey::FirstName | MatchKey::LastName => pick(text, &LETTERS_AND_DIGITS, form)?,
        MatchKey::BirthDate => clean_birth_date(text, options, form)?,
        MatchKey::Gender => clean_gender(text, form)?,
        MatchKey::City => clean_city(text, form)?,
        MatchKey::State => clean_state(text, options, form)?,
        MatchKey::PostalCode => clean_postal_code(text, options, form)?,
        MatchKey::Country => clean_country(text, form)?,
        MatchKey::ExternalId if options.external_ids == ExternalIdPolicy::Normalized => {
            pick(text, &ALL_BUT_SPACES, form)?;
        }
        _ => return None,
    }
    is_itself(key, text, form.text()).then_some(plain)
}

/// Whether text and form are surely neither a word for a missing value nor a digest of the wrong kind. Both
/// begin with the same letter or digit.
fn is_itself(key: MatchKey, text: &[u8], form: &[u8]) -> bool {
    let is_word = |text: &[u8]| str::from_utf8(text).is_ok_and(is_placeholder);
    let is_as_long_as_a_digest = |text: &[u8]| matches!(text.len(), 32 | 40);
    match key {
        MatchKey::Email | MatchKey::Phone | MatchKey::BirthDate | MatchKey::Gender => return true,
        MatchKey::ExternalId => {}
        _ if is_as_long_as_a_digest(text) || is_as_long_as_a_digest(form) => return false,
        _ => {}
    }
    match text[0] {
        b'n' | b'N' | b'u' | b'U' => text.len() < MIN_WORD || !is_word(text) && !is_word(form),
        first => first.is_ascii_alphabetic() || key != MatchKey::State && first.is_ascii_digit(),
    }
}

/// The shortest word for a missing value that begins with a letter has three.
const MIN_WORD: usize = 3;

/// What becomes of each byte: a letter of the form, nothing, or the end of the fast way.
type Letters = [u8; 256];

const GONE: u8 = 0;
const UNUSUAL: u8 = 0x80;

const LETTERS_AND_DIGITS: Letters = keeping(b"abcdefghijklmnopqrstuvwxyz0123456789");
const LETTERS: Letters = keeping(b"abcdefghijklmnopqrstuvwxyz");
const ALL_BUT_SPACES: Letters = dropping(b" ");
const ALL_BUT_SPACES_AND_DASHES: Letters = dropping(b" -");

/// Keeps these, letters in lower case; other printable characters go.
const fn keeping(kept: &[u8]) -> Letters {
    let mut letters = [UNUSUAL; 256];
    let mut byte = b' ';
    while byte <= b'~' {
        letters[byte as usize] = GONE;
        byte += 1;
    }
    let mut index = 0;
    while index < kept.len() {
        letters[kept[index] as usize] = kept[index];
        letters[kept[index].to_ascii_uppercase() as usize] = kept[index];
        index += 1;
    }
    letters
}

/// Keeps all printable characters but these, letters in lower case.
const fn dropping(dropped: &[u8]) -> Letters {
    let mut letters = [UNUSUAL; 256];
    let mut byte = b' ';
    while byte <= b'~' {
        letters[byte as usize] = byte.to_ascii_lowercase();
        byte += 1;
    }
    let mut index = 0;
    while index < dropped.len() {
        letters[dropped[index] as usize] = GONE;
        index += 1;
    }
    letters
}

/// Writes what becomes of the text, at least one letter.
fn pick(text: &[u8], letters: &Letters, form: &mut Block) -> Option<()> {
    let mut seen = 0;
    form.write(|room| {
        let mut end = 0;
        for &byte in text {
            let letter = letters[usize::from(byte)];
            seen |= letter;
            // What goes is overwritten by what follows.
            room[end & 63] = letter;
            end += usize::from(letter != GONE);
        }
        end
    });
    (seen < UNUSUAL && !form.text().is_empty()).then_some(())
}

/// Atoms joined by single dots, an `@`, and at least two labels of letters, digits and inner hyphens.
fn clean_email(text: &[u8], form: &mut Block) -> Option<()> {
    let mut at = Place::AtomStart;
    form.write(|room| {
        for (place, &byte) in room.iter_mut().zip(text) {
            let (letter, kind) = ADDRESS[usize::from(byte)];
            *place = letter;
            at = NEXT[at as usize][kind as usize];
        }
        text.len()
    });
    let is_sound = at == Place::LaterLabel && !email::is_made_up(form.text());
    is_sound.then_some(())
}

/// Where in an address the reader stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    AtomStart,
    Atom,
    FirstLabelStart,
    FirstLabel,
    FirstLabelHyphen,
    LaterLabelStart,
    LaterLabel,
    LaterLabelHyphen,
    Nowhere,
}

/// What a byte means in an address.
#[derive(Clone, Copy)]
enum Kind {
    LetterOrDigit,
    OtherAtom,
    Hyphen,
    Dot,
    At,
    Strange,
}

/// Each byte in lower case, and what it means in an address.
const ADDRESS: [(u8, Kind); 256] = {
    let others = b"!#$%&'*+/=?^_`{|}~";
    let mut table = [(UNUSUAL, Kind::Strange); 256];
    let mut byte = 0;
    while byte < 128 {
        let kind = match byte {
            b'-' => Kind::Hyphen,
            b'.' => Kind::Dot,
            b'@' => Kind::At,
            _ if byte.is_ascii_alphanumeric() => Kind::LetterOrDigit,
            _ => Kind::Strange,
        };
        table[byte as usize] = (byte.to_ascii_lowercase(), kind);
        byte += 1;
    }
    let mut index = 0;
    while index < others.len() {
        table[others[index] as usize].1 = Kind::OtherAtom;
        index += 1;
    }
    table
};

/// Where the next byte leads, by the kind of the byte.
const NEXT: [[Place; 6]; 9] = {
    use Place::{
        Atom, AtomStart, FirstLabel, FirstLabelHyphen, FirstLabelStart, LaterLabel, LaterLabelHyphen,
        LaterLabelStart, Nowhere,
    };
    [
        [Atom, Atom, Atom, Nowhere, Nowhere, Nowhere],
        [Atom, Atom, Atom, AtomStart, FirstLabelStart, Nowhere],
        [FirstLabel, Nowhere, Nowhere, Nowhere, Nowhere, Nowhere],
        [FirstLabel, Nowhere, FirstLabelHyphen, LaterLabelStart, Nowhere, Nowhere],
        [FirstLabel, Nowhere, FirstLabelHyphen, Nowhere, Nowhere, Nowhere],
        [LaterLabel, Nowhere, Nowhere, Nowhere, Nowhere, Nowhere],
        [LaterLabel, Nowhere, LaterLabelHyphen, LaterLabelStart, Nowhere, Nowhere],
        [LaterLabel, Nowhere, LaterLabelHyphen, Nowhere, Nowhere, Nowhere],
        [Nowhere; 6],
    ]
};

/// Digits with a plus sign before and the usual marks between them.
fn clean_phone(text: &[u8], options: &CleaningOptions, form: &mut Block) -> Option<Plain> {
    #[cfg(feature = "phone")]
    if options.phone_country().is_some() {
        return None;
    }
    #[cfg(not(feature = "phone"))]
    let _ = options;
    let national = text.strip_prefix(b"+");
    let number = national.unwrap_or(text);
    let mut marks = 0;
    form.write(|room| {
        let mut end = 0;
        for &byte in number {
            room[end & 63] = byte;
            end += usize::from(byte.is_ascii_digit());
            marks |= MARKS[usize::from(byte)];
        }
        room[end & 63] = 0;
        end
    });
    // The zero of a float, and a trunk zero in brackets, are read by the general way.
    let is_plain = match marks {
        0 => true,
        DOUBTFUL => !text.ends_with(b".0") && !has_zero_in_brackets(number),
        _ => false,
    };
    let digits = form.text();
    let is_usual =
        is_plain && phone::DIGITS.contains(&digits.len()) && digits[0] != b'0' && !phone::is_made_up(digits);
    is_usual.then_some(Plain(if national.is_some() { None } else { Some(ValueWarning::NoCountryCode) }))
}

fn has_zero_in_brackets(number: &[u8]) -> bool {
    let behind_brackets = number.split(|byte| *byte == b'(').skip(1);
    behind_brackets.into_iter().any(|text| text.trim_ascii_start().starts_with(b"0"))
}

const DOUBTFUL: u8 = 1;

/// Which bytes between the digits of a phone want a second look.
const MARKS: Letters = {
    let mut marks = [UNUSUAL; 256];
    let harmless = b"0123456789 -)";
    let mut index = 0;
    while index < harmless.len() {
        marks[harmless[index] as usize] = 0;
        index += 1;
    }
    marks[b'.' as usize] = DOUBTFUL;
    marks[b'(' as usize] = DOUBTFUL;
    marks
};

/// `1997-02-16` with any separators, or `19970216`.
fn clean_birth_date(text: &[u8], options: &CleaningOptions, form: &mut Block) -> Option<()> {
    let is_separator = |byte: u8| byte.is_ascii_graphic() && !byte.is_ascii_digit();
    let (year, month, day) = match text {
        [y1, y2, y3, y4, first, m1, m2, second, d1, d2] if is_separator(*first) && is_separator(*second) => {
            ([*y1, *y2, *y3, *y4], [*m1, *m2], [*d1, *d2])
        }
        [y1, y2, y3, y4, m1, m2, d1, d2] => ([*y1, *y2, *y3, *y4], [*m1, *m2], [*d1, *d2]),
        _ => return None,
    };
    let [y1, y2, y3, y4] = year;
    let digits = [y1, y2, y3, y4, month[0], month[1], day[0], day[1]];
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    form.set(&digits);
    let number = |digits: &[u8]| digits.iter().fold(0, |number, digit| number * 10 + u32::from(digit & 15));
    let date = NaiveDate::from_ymd_opt(number(&year).cast_signed(), number(&month), number(&day))?;
    birth::is_possible(date, options).then_some(())
}

fn clean_gender(text: &[u8], form: &mut Block) -> Option<()> {
    let is = |word: &[u8]| text.eq_ignore_ascii_case(word);
    let letter = match text[0] | 0x20 {
        b'f' if is(b"f") || is(b"female") => b'f',
        b'm' if is(b"m") || is(b"male") => b'm',
        _ => return None,
    };
    form.set(&[letter]);
    Some(())
}

fn clean_city(text: &[u8], form: &mut Block) -> Option<()> {
    pick(text, &LETTERS_AND_DIGITS, form)?;
    (!form.text()[0].is_ascii_digit()).then_some(())
}

fn clean_state(text: &[u8], options: &CleaningOptions, form: &mut Block) -> Option<()> {
    pick(text, &LETTERS, form)?;
    if place::names_states(options.country)
        && let Some(code) = str::from_utf8(form.text()).ok().and_then(place::state_code)
    {
        form.set(code.as_bytes());
    }
    Some(())
}

fn clean_postal_code(text: &[u8], options: &CleaningOptions, form: &mut Block) -> Option<()> {
    pick(text, &ALL_BUT_SPACES_AND_DASHES, form)?;
    let has_zip_codes = options.country.map(place::has_zip_codes)?;
    if has_zip_codes {
        let zip: [u8; place::ZIP_DIGITS] = *form.text().first_chunk()?;
        if form.text().len() > zip.len() {
            form.set(&zip);
        }
        return zip.iter().all(u8::is_ascii_digit).then_some(());
    }
    (form.text().len() > 1).then_some(())
}

fn clean_country(text: &[u8], form: &mut Block) -> Option<()> {
    let country = match text.try_into() {
        Ok(letters) => Country::of_letters(letters)?,
        // Reading a name counts letters only, but a zero byte spoils a value.
        Err(_) if text.iter().all(|byte| matches!(byte, b' '..=b'~')) => {
            str::from_utf8(text).ok()?.parse().ok()?
        }
        Err(_) => return None,
    };
    form.set(country.letters());
    Some(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::customer::clean::{self, Cleaned, Form};
    use crate::customer::is_blank;
    use crate::value::EventTime;

    const KEYS: [MatchKey; 12] = [
        MatchKey::Email,
        MatchKey::Phone,
        MatchKey::FirstName,
        MatchKey::LastName,
        MatchKey::BirthDate,
        MatchKey::Gender,
        MatchKey::City,
        MatchKey::State,
        MatchKey::PostalCode,
        MatchKey::Country,
        MatchKey::ExternalId,
        MatchKey::ClientUserAgent,
    ];

    fn options(country: &str, exact: bool, dated: bool) -> CleaningOptions {
        let as_of = EventTime::from_unix(1_767_225_600).ok().filter(|_| dated);
        let options = CleaningOptions { country: country.parse().ok(), as_of, ..CleaningOptions::default() };
        if exact { options.external_ids(ExternalIdPolicy::Exact) } else { options }
    }

    /// The fast way gives what the general way gives, or nothing.
    fn agrees(key: MatchKey, raw: &str, options: &CleaningOptions) -> Result<bool, TestCaseError> {
        let mut form = Block::default();
        let Some(Plain(warning)) = clean(key, raw, options, &mut form) else { return Ok(false) };
        let mut general = String::new();
        match clean::clean(key, raw, options, &mut general) {
            Ok(Cleaned { form: Form::ToHash, warning: expected }) => {
                prop_assert_eq!(
                    str::from_utf8(form.text()).ok(),
                    Some(general.as_str()),
                    "{} {:?}",
                    key,
                    raw
                );
                prop_assert_eq!(warning, expected, "{} {:?}", key, raw);
                prop_assert!(!raw.chars().all(is_blank));
                Ok(true)
            }
            Ok(_) => Err(TestCaseError::fail(format!("{key} {raw:?} is not to be hashed"))),
            Err(reason) => Err(TestCaseError::fail(format!("{key} {raw:?} is refused: {reason}"))),
        }
    }

    /// Texts of few letters, so that the rare ones meet, and plain values with one place changed.
    fn texts() -> impl Strategy<Value = String> {
        let values = select(vec![
            "mary@example.com",
            "a.b@c.de",
            "+1 650 555 1212",
            "(650) 555-1212",
            "+44 (0)20 7946 0958",
            "6505551212.0",
            "1997-02-16",
            "19970216",
            "2/16/1997",
            "NY",
            "New York",
            "district of columbia",
            "12345",
            "12345-6789",
            "K1A 0B1",
            "US",
            "uk",
            "null",
            "n/a",
            "n.u.l.l",
            "None",
            "unknown",
            "d41d8cd98f00b204e9800998ecf8427e",
            "F",
            "male",
            "C100000",
            "O'Brien",
            "-",
            "[object null]",
            "5555555555",
            "1234567890",
            "2026-01-02",
            "1899-12-31",
            "1980-02-30",
            "Nancy",
            "Ulla",
        ]);
        let changed = (values.clone(), any::<prop::sample::Index>(), any::<char>(), 0..4_u8).prop_map(
            |(value, place, other, change)| {
                let mut text: Vec<char> = value.chars().collect();
                let place = place.index(text.len());
                match change {
                    0 => text.insert(place, other),
                    1 => text[place] = other,
                    2 => drop(text.remove(place)),
                    _ => text.insert(place, ' '),
                }
                text.into_iter().collect()
            },
        );
        prop_oneof![
            "[ -~]{0,20}",
            "[a-cA-Z0-9 .@+()-]{1,60}",
            "[0-9 +().-]{5,20}",
            "[a-b@.-]{3,12}",
            "\\PC{0,12}",
            "[nu][ul/.a ]{1,8}",
            "[0-9a-f]{32}",
            "[0-9]{4}[-/.a][0-9]{2}[-/.a ][0-9]{2}",
            "\\s?[A-Za-z]{1,10}[\\s\\x00-\\x1f]?",
            values.prop_map(str::to_owned),
            changed,
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4000) })]

        #[test]
        fn the_fast_way_is_the_general_way(
            key in select(KEYS.to_vec()), raw in texts(), country in select(vec!["us", "ca", "de", "pr", ""]),
            exact: bool, dated: bool,
        ) {
            agrees(key, &raw, &options(country, exact, dated))?;
        }
    }

    #[test]
    fn plain_values_go_the_fast_way() {
        for (key, raw) in [
            (MatchKey::Email, " John_Smith@Gmail.com "),
            (MatchKey::Phone, "+1 (650) 555-1212"),
            (MatchKey::Phone, "650.555.1212"),
            (MatchKey::FirstName, "Nancy"),
            (MatchKey::LastName, "O'Brien-Smith"),
            (MatchKey::BirthDate, "1997-02-16"),
            (MatchKey::BirthDate, "19970216"),
            (MatchKey::Gender, "Female"),
            (MatchKey::City, "New York"),
            (MatchKey::State, "California"),
            (MatchKey::State, "CA"),
            (MatchKey::PostalCode, "94043"),
            (MatchKey::Country, "US"),
            (MatchKey::ExternalId, "d41d8cd98f00b204e9800998ecf8427e"),
        ] {
            assert!(matches!(agrees(key, raw, &options("us", false, true)), Ok(true)), "{key} {raw}");
        }
    }

    #[test]
    fn a_control_character_within_a_value_ends_the_fast_way() {
        for key in KEYS {
            for raw in
                ["U\0S", "US\0A", "9404\x003", "f\0", "\0f", "ma\0le", "C\0A", "a\0@b.de", "1997-02-\x0016"]
            {
                let mut form = Block::default();
                assert!(clean(key, raw, &options("us", false, true), &mut form).is_none(), "{key} {raw:?}");
            }
        }
    }
}
