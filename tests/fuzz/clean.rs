//! Any text gives a value or a reason; cleaning a clean text changes nothing; composed and decomposed text give
//! the same value; and what is sent is the digest of the normal form.

#![no_main]

use libfuzzer_sys::fuzz_target;
use meta_offline_events::customer::{AlreadyHashed, CleaningOptions, ExternalIdPolicy, MatchKey, UserData};
use meta_offline_events::value::{Country, DateOrder};
use sha2::{Digest as _, Sha256};
use unicode_normalization::UnicodeNormalization as _;

fuzz_target!(|data: &[u8]| {
    let [key, country, choices, text @ ..] = data else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let key = MatchKey::ALL[usize::from(*key) % MatchKey::ALL.len()];
    let (options, completes_phones) = options(*country, *choices);

    let once = key.normalize(text, &options);
    if let Ok(once) = &once {
        let twice = key.normalize(once.text(), &options);
        // Digits without a plus sign may be a number of the calling country, too.
        if key != MatchKey::Phone || !completes_phones {
            assert_eq!(
                twice.as_ref().map(|twice| twice.text()),
                Ok(once.text()),
                "{key} changes when it is cleaned again"
            );
        }
        if let Some(digest) = once.digest()
            && once.text().len() < 64
        {
            assert_eq!(digest.as_bytes(), &*Sha256::digest(once.text()));
        }
    }
    if key.is_hashed() {
        let composed = key.normalize(&text.nfc().collect::<String>(), &options);
        let decomposed = key.normalize(&text.nfd().collect::<String>(), &options);
        // A decomposed text is longer and may exceed the limit.
        if text.len() < 4096 {
            assert_eq!(composed.map(|one| one.digest()), decomposed.map(|one| one.digest()), "{key}");
        }
    }
    let customer = UserData::builder().options(options).value(key, text).build();
    let sent = match customer {
        Ok(customer) => customer.has(key),
        Err(invalid) => invalid.into_usable().has(key),
    };
    assert!(!sent || once.is_ok(), "{key} is sent though it cannot be used");
});

/// Options, and whether they complete phone numbers.
fn options(country: u8, choices: u8) -> (CleaningOptions, bool) {
    const COUNTRIES: [&str; 8] = ["us", "ca", "gb", "de", "it", "jp", "pr", "br"];
    let bit = |position: u8| choices >> position & 1 == 1;
    let mut options = CleaningOptions::default();
    if let Some(Ok(country)) = COUNTRIES.get(usize::from(country)).map(|code| code.parse::<Country>()) {
        options = options.country(country);
        if bit(0) {
            options = options.calling_country_of_customer();
        }
    }
    if bit(1) {
        options = options.calling_country(Country::UNITED_KINGDOM);
    }
    if bit(2) {
        options = options.date_order(if bit(3) { DateOrder::DayFirst } else { DateOrder::MonthFirst });
    }
    options = match choices >> 4 & 3 {
        0 => options.external_ids(ExternalIdPolicy::Plain),
        1 => options.external_ids(ExternalIdPolicy::Exact),
        _ => options,
    };
    let options = if bit(6) { options.already_hashed(AlreadyHashed::Refuse) } else { options };
    (options, bit(0) || bit(1))
}
