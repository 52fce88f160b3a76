//! The quick looks agree with the rules beside them.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::value::{DateOrder, EventTime};

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

/// Whether the quick look gives something, which must be what the rule gives.
fn agrees(key: MatchKey, raw: &str, options: &CleaningOptions) -> Result<bool, TestCaseError> {
    let mut form = [0; 64];
    let known = raw.parse().ok().map(|country| (raw, country));
    let Some(Quick { length, warning }) = quick(key, raw, known.as_ref(), options, &mut form) else {
        return Ok(false);
    };
    let (text, behind) = form.split_at(length);
    let mut by_rule = String::new();
    match clean(key, raw, options, &mut by_rule) {
        Ok(Cleaned { form: Form::ToHash, warning: expected }) => {
            prop_assert_eq!(str::from_utf8(text).ok(), Some(by_rule.as_str()), "{} {:?}", key, raw);
            prop_assert!(behind.iter().all(|byte| *byte == 0), "{} {:?}", key, raw);
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
        "1null",
        "- unknown",
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
        "Łukasz",
        "Müller-Lüdenscheidt",
        "Québec",
        "Σωκράτης",
        "नई दिल्ली",
        "Jose\u{301}",
        "ȺȺȺ",
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
        "[A-Za-zÀ-ʯΑ-ώА-я\u{300}-\u{310}\u{a0}\u{200b} '/-]{1,12}",
        "\\p{L}{1,30}",
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
    fn a_quick_look_gives_what_the_rule_gives_or_nothing(
        key in select(KEYS.to_vec()), raw in texts(), country in select(vec!["us", "ca", "de", "pr", ""]),
        exact: bool, dated: bool,
    ) {
        agrees(key, &raw, &options(country, exact, dated))?;
    }

    #[test]
    fn a_quick_look_at_a_birth_date_gives_what_the_rule_gives_or_nothing(
        raw in "[0-3]?[0-9a]{1,2}[-/.a 年]{1,2}[0-3]?[0-9]{1,2}[-/.0]( ?[12])?[0-9]{3}[0-9.]?|[0-9]{4}[-/.a][0-9]{2}[-/.a ][0-9]{2}",
        date_order in select(vec![None, Some(DateOrder::DayFirst), Some(DateOrder::MonthFirst)]),
        dated: bool,
    ) {
        agrees(MatchKey::BirthDate, &raw, &CleaningOptions { date_order, ..options("us", false, dated) })?;
    }

    #[test]
    fn a_quick_look_at_a_phone_number_gives_what_the_rule_gives_or_nothing(
        raw in "[+]?[0-9]{0,3} ?[(]{0,2}[0 .]{0,2}[0-9]{0,3}[)]?[ .-]?[0-9]{3,8}|[0-9]{6,16}\\.0",
    ) {
        agrees(MatchKey::Phone, &raw, &options("us", false, false))?;
    }
}

#[test]
fn a_quick_look_is_enough_for_plain_values() {
    for (key, raw) in [
        (MatchKey::Email, " John_Smith@Gmail.com "),
        (MatchKey::Phone, "+1 (650) 555-1212"),
        (MatchKey::Phone, "650.555.1212"),
        (MatchKey::FirstName, "Nancy"),
        (MatchKey::FirstName, "Łukasz"),
        (MatchKey::FirstName, "日本"),
        (MatchKey::LastName, "Müller-Lüdenscheidt"),
        (MatchKey::City, "Île-de-Bréhat"),
        (MatchKey::State, "Québec"),
        (MatchKey::LastName, "O'Brien-Smith"),
        (MatchKey::BirthDate, "1997-02-16"),
        (MatchKey::BirthDate, "19970216"),
        (MatchKey::BirthDate, "2/16/1997"),
        (MatchKey::BirthDate, "16.02.1997"),
        (MatchKey::BirthDate, "2-2-1997"),
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
fn a_quick_look_gives_nothing_for_a_control_character() {
    for key in KEYS {
        for raw in
            ["U\0S", "US\0A", "9404\x003", "f\0", "\0f", "ma\0le", "C\0A", "a\0@b.de", "1997-02-\x0016"]
        {
            let mut form = [0; 64];
            assert!(quick(key, raw, None, &options("us", false, true), &mut form).is_none(), "{key} {raw:?}");
        }
    }
}
