//! From raw text to user data, for any text and any options.

use meta_offline_events::customer::{
    AlreadyHashed, CleaningOptions, ExternalIdPolicy, Hashed, InvalidUserData, MatchKey, MatchValue,
    Normalized, UnusableReason, UserData,
};
use meta_offline_events::value::{Country, DateOrder, EventTime, InvalidValue};
use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization as _;

fn any_key() -> impl Strategy<Value = MatchKey> {
    proptest::sample::select(&MatchKey::ALL[..])
}

fn hashed_key() -> impl Strategy<Value = MatchKey> {
    any_key().prop_filter("sent as text", |key| key.is_hashed())
}

/// The options that an advertiser may set.
fn any_options() -> impl Strategy<Value = CleaningOptions> {
    let codes = &["us", "ca", "pl", "pr", "de", "it", "ru", "gb"][..];
    let country = proptest::option::of(proptest::sample::select(codes));
    let orders = &[DateOrder::DayFirst, DateOrder::MonthFirst][..];
    let order = proptest::option::of(proptest::sample::select(orders));
    let policies = &[ExternalIdPolicy::Normalized, ExternalIdPolicy::Exact, ExternalIdPolicy::Plain][..];
    (country, order, proptest::sample::select(policies)).prop_map(|(country, order, policy)| {
        let mut options = CleaningOptions::default().external_ids(policy);
        if let Some(country) = country.and_then(|code| code.parse::<Country>().ok()) {
            options = options.country(country);
        }
        match order {
            Some(order) => options.date_order(order),
            None => options,
        }
    })
}

/// Texts close to real ones, with the characters that are hard to clean.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ -~]{0,40}",
        "[A-Za-zÀ-ÿΑ-Ωα-ωİıẞßΣς \u{300}-\u{308}\u{327}\u{338}\u{345}'’.=<>`;\u{37e}\u{1fef}\u{200b}\u{ad}\u{feff}\u{212a}가-힣\u{1100}-\u{1112}\u{1161}-\u{1175}\u{11a8}-\u{11c2}]{0,16}",
        "[+(＋]?[0-9０-９٠-٩ ().x#-]{5,24}",
        "[0-9]{1,4}[-/. ][0-9]{1,2}[-/. ][0-9]{1,4}",
        "[0-9]{5} ?[-–]? ?[0-9]{0,4}",
        "[A-Za-z0-9.+ü]{1,12}@[a-z0-9.ü-]{1,12}\\.[a-z]{2,3}",
        "[nN][./' ]?[uUaA][./' ]?[lLnN][./' ]?[lL]?",
        "([0-9a-f]-?){32}",
        "([0-9a-f][ -]?){64}",
    ]
}

#[cfg(feature = "phone")]
proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn v26_v28_any_text_completes_to_digits_or_gives_a_reason(
        raw in any_text(),
        code in proptest::sample::select(&["us", "gb", "de", "it", "fr", "cn", "au", "ru", "aq", "bq"][..]),
    ) {
        let country = code.parse::<Country>().map_err(|error| TestCaseError::fail(error.to_string()))?;
        let options = CleaningOptions::default().calling_country(country);
        let composed = MatchKey::Phone.normalize(&raw.nfc().collect::<String>(), &options);
        let decomposed = MatchKey::Phone.normalize(&raw.nfd().collect::<String>(), &options);
        prop_assert_eq!(&composed, &decomposed);
        if let Ok(phone) = composed {
            let text = phone.text();
            prop_assert!(text.len() == 64 || text.len() <= 15 && text.bytes().all(|digit| digit.is_ascii_digit()));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1024) })]

    #[test]
    fn the_normal_form_of_a_normal_form_is_itself(
        key in any_key(),
        raw in any_text(),
        options in any_options(),
    ) {
        if let Ok(once) = key.normalize(&raw, &options) {
            let twice = key.normalize(once.text(), &options);
            prop_assert_eq!(twice.as_ref().map(Normalized::text), Ok(once.text()));
        }
    }

    #[test]
    fn v26_composed_and_decomposed_text_hash_alike(key in hashed_key(), raw in any_text()) {
        let options = CleaningOptions::default();
        let composed: String = raw.nfc().collect();
        let decomposed: String = raw.nfd().collect();
        prop_assert_eq!(key.normalize(&composed, &options), key.normalize(&decomposed, &options));
    }

    #[test]
    fn v23_v32_no_digest_of_nothing_ever_enters(
        key in any_key(),
        raw in prop_oneof![any_text(), "[ \u{200b}\u{a0}'./()<>-]{0,3}(nUlL|none|N/A|nan|undefined)?[ '.-]{0,2}"],
        options in any_options(),
    ) {
        let customer = UserData::builder().options(options).value(key, &raw).build();
        let customer = customer.unwrap_or_else(InvalidUserData::into_usable);
        let mut digests = customer.values(key).filter_map(MatchValue::digest);
        prop_assert!(digests.all(|digest| !digest.is_of_nothing()));
    }

    #[test]
    fn v30_hashing_twice_is_hashing_once(key in hashed_key(), raw in any_text()) {
        if let Ok(once) = UserData::builder().value(key, &raw).build() {
            for value in once.values(key) {
                let MatchValue::Hashed(digest) = value else {
                    return Err(TestCaseError::fail("a hashed key holds text"));
                };
                let padded = format!(" {}\n", digest.to_string().to_uppercase());
                let twice = UserData::builder().value(key, &padded).build();
                prop_assert_eq!(twice.as_ref(), Ok(&once));
            }
        }
    }
}

#[test]
fn v21_v39_metas_published_examples() {
    for (key, raw, text, hex) in [
        (
            MatchKey::Email,
            "John_Smith@gmail.com",
            "john_smith@gmail.com",
            "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f",
        ),
        (
            MatchKey::Phone,
            "+1 (650)555-1212",
            "16505551212",
            "e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176",
        ),
        (
            MatchKey::FirstName,
            "Mary",
            "mary",
            "6915771be1c5aa0c886870b6951b03d7eafc121fea0e80a5ea83beb7c449f4ec",
        ),
        (MatchKey::FirstName, "정", "정", "8fa8cd9c440be61d0151429310034083132b35975c4bea67fdd74158eb51db14"),
        (
            MatchKey::LastName,
            "Valéry",
            "valéry",
            "08e1996b5dd49e62a4b4c010d44e4345592a863bb9f8e3976219bac29417149c",
        ),
        (
            MatchKey::BirthDate,
            "2/16/1997",
            "19970216",
            "01acdbf6ec7b4f478a225f1a246e5d6767eeab1a7ffa17f025265b5b94f40f0c",
        ),
        (
            MatchKey::Country,
            "United States",
            "us",
            "79adb2a2fce5c6ba215fe5f27f532d4e7edbac4b6a5e09e1ef3a08084a904621",
        ),
        (
            MatchKey::PostalCode,
            "M1 1AE",
            "m11ae",
            "1dc694c2070e697769fb959b50671d76cafd430d8ca191fbdd0affcaea344ac5",
        ),
        (
            MatchKey::City,
            "San Jose\u{301}",
            "sanjosé",
            "fcc7b12e619d7e36782eeba767f24c4fe9dd54a931994e68c515be24bd046b59",
        ),
    ] {
        let normalized = key.normalize(raw, &CleaningOptions::default());
        assert_eq!(normalized.as_ref().map(Normalized::text), Ok(text));
        let digest = normalized.as_ref().ok().and_then(Normalized::digest);
        assert_eq!(digest.map(|digest| digest.to_string()).as_deref(), Some(hex));
    }
}

#[test]
fn v23_words_for_missing_values_are_never_hashed() {
    for key in MatchKey::ALL {
        for raw in ["null", "NULL", " N/A ", "none", "-", "[object Undefined]", "\u{feff}null\u{200b}"] {
            assert_eq!(
                key.normalize(raw, &CleaningOptions::default()).err(),
                Some(UnusableReason::Placeholder),
                "{key} {raw}"
            );
        }
        for raw in ["", " ", "\u{a0}\u{200b}\t"] {
            assert_eq!(key.normalize(raw, &CleaningOptions::default()).err(), Some(UnusableReason::Empty));
            assert_eq!(UserData::builder().value(key, raw).build(), Ok(UserData::default()));
        }
    }
    assert_eq!(
        MatchKey::FirstName.normalize("n.u.l.l", &CleaningOptions::default()).err(),
        Some(UnusableReason::Placeholder)
    );
}

#[test]
fn v31_digests_of_other_kinds_are_not_hashed_again() {
    let md5 = "5f4dcc3b5aa765d61d8327deb882cf99";
    let sha1 = "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8";
    for key in [MatchKey::Phone, MatchKey::FirstName, MatchKey::City, MatchKey::PostalCode] {
        for raw in [md5, sha1] {
            assert_eq!(
                key.normalize(raw, &CleaningOptions::default()).err(),
                Some(UnusableReason::OtherDigest { digits: u8::try_from(raw.len()).unwrap() })
            );
        }
    }
    assert_eq!(
        MatchKey::ExternalId.normalize(md5, &CleaningOptions::default()).ok().as_ref().map(Normalized::text),
        Some(md5)
    );
}

#[test]
fn v59_hexadecimal_text_that_is_no_sha256_is_refused_in_every_hashed_field() {
    let hex = "5f4dcc3b5aa765d61d8327deb882cf99".repeat(4);
    let kinds = [(32, "MD5"), (40, "SHA-1"), (56, "SHA-224"), (96, "SHA-384"), (128, "SHA-512")];
    let cut = (33..=63).filter(|digits| ![40, 56].contains(digits)).map(|digits| (digits, "cut"));
    let all: Vec<(usize, &str)> = kinds.into_iter().chain(cut).collect();
    for key in MatchKey::ALL.into_iter().filter(|key| key.is_hashed() && *key != MatchKey::ExternalId) {
        for &(digits, kind) in &all {
            let text = &hex[..digits];
            for raw in [
                text.to_owned(),
                text.to_uppercase(),
                format!("  {text}\t"),
                format!("\"{text}\""),
                format!("md5:{text}"),
                format!("SHA-256: {text}"),
                format!("0x{text}"),
                format!("{text}.AQQCAQAB"),
                format!("{text}.AQ"),
                format!("{text},"),
            ] {
                let refused = key.normalize(&raw, &CleaningOptions::default()).unwrap_err();
                let expected = UnusableReason::OtherDigest { digits: u8::try_from(digits).unwrap() };
                assert_eq!(refused, expected, "{key} {raw:?}");
                assert!(refused.to_string().contains(kind), "{refused}");
                assert!(refused.to_string().contains(&digits.to_string()), "{refused}");
            }
        }
        for raw in [
            format!("sha256:{}", &hex[..64]),
            format!("\"{}\"", &hex[..64]),
            format!("{}.AQQ", &hex[..64]),
            format!("0x{}", &hex[..64]),
        ] {
            let refused = key.normalize(&raw, &CleaningOptions::default()).unwrap_err();
            assert_eq!(refused, UnusableReason::NotSha256, "{key} {raw:?}");
        }
    }
}

#[test]
fn v59_an_external_id_may_look_like_a_digest_unless_its_column_is_hashed() {
    let hex = "5f4dcc3b5aa765d61d8327deb882cf99".repeat(4);
    let hashed = CleaningOptions::default().digests_only(MatchKey::ExternalId);
    for text in [&hex[..32], &hex[..40], &hex[..63], &hex[..128]] {
        assert!(MatchKey::ExternalId.normalize(text, &CleaningOptions::default()).is_ok(), "{text}");
        let refused = MatchKey::ExternalId.normalize(text, &hashed).unwrap_err();
        assert_eq!(refused, UnusableReason::OtherDigest { digits: u8::try_from(text.len()).unwrap() });
    }
    let plain = CleaningOptions::default();
    let labelled = format!("sha256:{}", &hex[..64]);
    assert_eq!(MatchKey::ExternalId.normalize(&labelled, &plain), Err(UnusableReason::NotSha256));
    assert!(MatchKey::FirstName.normalize(&"1".repeat(40), &plain).is_ok(), "digits alone");
    assert!(MatchKey::City.normalize(&"abcdef".repeat(6), &plain).is_ok(), "letters alone");
}

#[test]
fn digests_with_the_suffix_of_metas_parameter_builder_are_passed_on_to_the_letter() {
    let digest = Hashed::of("mary@example.com");
    for suffix in ["AQ", "Bg", "AQQCAQAB", "AQIA_-xy"] {
        let given = format!("{digest}.{suffix}");
        let normalized =
            MatchKey::Email.normalize(&format!(" {given}\n"), &CleaningOptions::default()).unwrap();
        assert_eq!(normalized.text(), given);
        assert_eq!(normalized.digest(), Some(digest));
        let in_capitals = format!("{}.{suffix}", digest.to_string().to_uppercase());
        let normalized = MatchKey::Email.normalize(&in_capitals, &CleaningOptions::default()).unwrap();
        assert_eq!(normalized.text(), given);
        let customer = UserData::builder().email(&given).email("mary@example.com").build().unwrap();
        assert_eq!(serde_json::to_value(&customer).unwrap(), serde_json::json!({ "em": [given] }));
    }
    for suffix in [".AQQ", ".", "AQ", ".A!", ".AQQCAQAB1"] {
        assert!(
            MatchKey::Email.normalize(&format!("{digest}{suffix}"), &CleaningOptions::default()).is_err()
        );
    }
    let of_nothing = format!("{}.AQQCAQAB", Hashed::of(""));
    assert!(UserData::builder().email(&of_nothing).build().is_err());
}

#[test]
fn at_most_1000_values_per_key_are_used() {
    let emails: Vec<_> = (0..1002).map(|number| format!("mary{number}@example.com")).collect();
    let customer = emails.iter().fold(UserData::builder(), |customer, email| customer.email(email));
    let (usable, unusable) = customer.build().unwrap_err().into_parts();
    assert_eq!(usable.values(MatchKey::Email).len(), 1000);
    let reported: Vec<_> = unusable.iter().map(|value| (value.index(), value.reason())).collect();
    assert_eq!(reported, [(1000, UnusableReason::TooManyValues), (1001, UnusableReason::TooManyValues)]);
}

#[test]
fn v49_a_nul_anywhere_is_refused() {
    for raw in ["ma\0ry", "mary\0", "\0mary"] {
        for key in [MatchKey::FirstName, MatchKey::City, MatchKey::ExternalId, MatchKey::SubscriptionId] {
            assert_eq!(
                key.normalize(raw, &CleaningOptions::default()),
                Err(UnusableReason::ControlCharacter),
                "{key}"
            );
        }
    }
}

#[test]
fn v37_a_day_that_is_set_stays_when_options_without_one_follow() {
    let sold = EventTime::from_unix(1_767_225_600).unwrap();
    for customer in [
        UserData::builder().as_of(sold).options(CleaningOptions::default()),
        UserData::builder().options(CleaningOptions::default()).as_of(sold),
    ] {
        let refused = customer.birth_date("2090-01-01").build().unwrap_err();
        assert_eq!(refused.unusable()[0].reason(), UnusableReason::DateOutOfRange);
    }
}

#[test]
fn accepting_digests_only_does_not_affect_keys_that_are_sent_unhashed() {
    let options = CleaningOptions::default().digests_only(MatchKey::ClientIpAddress);
    assert!(MatchKey::ClientIpAddress.normalize("192.0.2.1", &options).is_ok());
}

#[test]
fn v31_a_digest_with_something_in_it_is_no_digest_and_no_name() {
    let digest = Hashed::of("mary@example.com").to_string();
    let (start, end) = digest.split_at(32);
    for key in [MatchKey::FirstName, MatchKey::ExternalId, MatchKey::PostalCode] {
        let refused = key.normalize(&format!("{start} {end}"), &CleaningOptions::default());
        assert_eq!(refused, Err(UnusableReason::NotSha256), "{key}");
    }
}

#[test]
fn v31_a_column_of_digests_takes_nothing_else() {
    let digest = Hashed::of("mary@example.com").to_string();
    let options = CleaningOptions::default().digests_only(MatchKey::Email);
    let read = |raw: &str| {
        let customer = UserData::builder().options(options).email(raw).phone("+1 650 555 1212").build();
        customer.map_err(|error| error.unusable()[0].reason())
    };
    assert!(read(&digest).is_ok());
    assert!(read(&format!("{digest}.AQ")).is_ok());
    assert_eq!(read(&digest[1..]).unwrap_err(), UnusableReason::OtherDigest { digits: 63 });
    for raw in ["mary@example.com", &format!("{digest}0"), &"g".repeat(64), "not a hash"] {
        assert_eq!(read(raw).unwrap_err(), UnusableReason::NotSha256, "{raw}");
    }
    assert_eq!(
        read("5f4dcc3b5aa765d61d8327deb882cf99").unwrap_err(),
        UnusableReason::OtherDigest { digits: 32 }
    );
}

#[test]
fn v32_digests_of_nothing_never_enter_user_data() {
    for text in ["", " ", "null", "NULL"] {
        let hex = Hashed::of(text).to_string();
        assert!(MatchKey::Email.normalize(&hex, &CleaningOptions::default()).is_ok());
        let reason = UserData::builder().email(&hex).build().map_err(|error| error.unusable()[0].reason());
        assert_eq!(reason, Err(UnusableReason::HashOfNothing));
    }
}

#[test]
fn digests_are_refused_if_the_options_say_so() {
    let hex = Hashed::of("mary@example.com").to_string();
    let refused = UserData::builder()
        .options(CleaningOptions::default().already_hashed(AlreadyHashed::Refuse))
        .email(&hex)
        .build();
    assert_eq!(refused.map_err(|error| error.unusable()[0].reason()), Err(UnusableReason::AlreadyHashed));
}

#[test]
fn v51_texts_that_are_too_long_are_refused_at_once() {
    let long = "a".repeat(10_000_000);
    for key in MatchKey::ALL {
        assert_eq!(key.normalize(&long, &CleaningOptions::default()).err(), Some(UnusableReason::TooLong));
    }
}

#[test]
fn setters_work_in_any_order() {
    let one = UserData::builder().state("Georgia").postal_code("0101").country("Georgia").build();
    let two = UserData::builder().country("ge").postal_code("0101").state("georgia").build();
    assert_eq!(one, two);
    let first_usable = UserData::builder().country("Atlantis").country("us").state("Georgia").build();
    let usable = first_usable.unwrap_or_else(InvalidUserData::into_usable);
    assert!(usable.values(MatchKey::State).eq([MatchValue::Hashed(&Hashed::of("ga"))]));
}

#[test]
fn every_unusable_text_is_reported_and_the_usable_values_are_kept() -> Result<(), InvalidValue> {
    let now = EventTime::from_unix(1_767_225_600)?;
    let built = UserData::builder()
        .email(" ")
        .email("mary@example.com")
        .email("mary")
        .gender("x")
        .birth_date("2026-01-02")
        .as_of(now)
        .build();
    let Err(error) = built else { panic!("three texts are unusable") };
    let reported: Vec<_> = error
        .unusable()
        .iter()
        .map(|unusable| (unusable.key(), unusable.index(), unusable.reason()))
        .collect();
    assert_eq!(
        reported,
        [
            (MatchKey::Email, 2, UnusableReason::NotAnEmail),
            (MatchKey::Gender, 0, UnusableReason::UnknownWord),
            (MatchKey::BirthDate, 0, UnusableReason::DateOutOfRange),
        ]
    );
    assert!(error.to_string().contains("e-mail (em, value 3) is not an e-mail address"));
    assert_eq!(
        error.into_usable(),
        UserData::builder().email("mary@example.com").build().unwrap_or_default()
    );
    Ok(())
}

#[test]
fn no_debug_output_and_no_error_shows_a_text_or_a_digest() {
    let builder =
        UserData::builder().email("zanzibar@example").first_name("zanzibar").client_ip_address("192.0.2.77");
    let shown_builder = format!("{builder:?}");
    let Err(error) = builder.build() else { panic!("the address has no dot") };
    let shown_error = format!("{error:?} {error}");
    let usable = error.into_usable();
    let values: Vec<_> = usable.keys().flat_map(|key| usable.values(key)).collect();
    let normalized = MatchKey::FirstName.normalize("zanzibar", &CleaningOptions::default());
    let digest = Hashed::of("zanzibar");
    let hex = digest.to_hex();
    let shown =
        format!("{shown_builder} {shown_error} {usable:?} {values:?} {normalized:?} {digest:?} {hex:?}");
    assert!(!shown.contains("zanzibar") && !shown.contains("192.0.2"));
    assert!(!shown.contains(&digest.to_string()[..8]));
}

#[test]
fn wire_names_go_both_ways() {
    for key in MatchKey::ALL {
        assert_eq!(MatchKey::from_wire_name(key.wire_name()), Some(key));
    }
    assert_eq!(MatchKey::from_wire_name("email"), None);
}
