//! Exports as real tills write them, each with the document of its layout: `tests/data/tills`.

use std::error::Error;
use std::io::Write;

use encoding_rs::{Encoding, ISO_8859_15, SHIFT_JIS, UTF_8, WINDOWS_1252};
use flate2::Compression;
use flate2::write::GzEncoder;
use meta_offline_events::customer::{Hashed, MatchKey, MatchValue};
use meta_offline_events::event::Event;
use meta_offline_events::order::csv::CsvRows;
use meta_offline_events::order::{Orders, Prepared, RowLayout};

type Test = Result<(), Box<dyn Error>>;

const NOW: &str = "2026-11-28T00:00:00Z";

struct Till {
    csv: &'static str,
    layout: &'static str,
}

macro_rules! till {
    ($name:literal) => {
        Till {
            csv: include_str!(concat!("../data/tills/", $name, ".csv")),
            layout: include_str!(concat!("../data/tills/", $name, ".toml")),
        }
    };
}

impl Till {
    /// Reads the export in this encoding, also packed, and expects the same events.
    fn read(&self, encoding: &'static Encoding) -> Result<Prepared, Box<dyn Error>> {
        let (file, _, had_errors) = encoding.encode(self.csv);
        assert!(!had_errors, "{}", encoding.name());
        let layout: RowLayout = toml::from_str(self.layout)?;
        let lines = self.layout.lines().count();
        assert!(lines < 15, "a layout of {lines} lines");
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&file)?;
        let (plain, packed) = (prepare(&file, &layout)?, prepare(&encoder.finish()?, &layout)?);
        assert_eq!(plain.events, packed.events);
        Ok(plain)
    }

    /// Reads the export in UTF-8 with a byte-order mark.
    fn read_marked(&self) -> Result<Prepared, Box<dyn Error>> {
        let mut document: toml::Table = toml::from_str(self.layout)?;
        document.remove("encoding");
        let layout: RowLayout = document.try_into()?;
        prepare(format!("\u{feff}{}", self.csv).as_bytes(), &layout)
    }
}

fn prepare(file: &[u8], layout: &RowLayout) -> Result<Prepared, Box<dyn Error>> {
    let mut orders = Orders::new();
    CsvRows::new(file, layout)?.read_into(&mut orders)?;
    Ok(orders.finish(NOW.parse()?))
}

/// Order id, time and value of each event.
fn sold(prepared: &Prepared) -> Vec<(String, String, String)> {
    let facts = |event: &Event| {
        let order = event.order_id().map(ToString::to_string).unwrap_or_default();
        let value = event.custom_data().value().map(|value| value.to_string()).unwrap_or_default();
        (order, event.time().to_string(), value)
    };
    prepared.events.iter().map(facts).collect()
}

/// Expects the digests of these normal forms, and no others.
#[track_caller]
fn assert_customer(event: &Event, expected: &[(MatchKey, &str)]) {
    let expected: Vec<_> = expected.iter().map(|(key, text)| (*key, Some(Hashed::of(text)))).collect();
    let customer = event.user_data();
    let values = |key| customer.values(key).map(move |value: MatchValue<'_>| (key, value.digest()));
    assert_eq!(MatchKey::ALL.into_iter().flat_map(values).collect::<Vec<_>>(), expected);
}

fn entry(order: &str, time: &str, value: &str) -> (String, String, String) {
    (order.to_owned(), time.to_owned(), value.to_owned())
}

#[test]
fn a_german_till_with_weighed_goods_in_windows_1252() -> Test {
    let till = till!("german");
    let prepared = till.read(WINDOWS_1252)?;
    assert_eq!(till.read_marked()?.events, prepared.events);
    // 59.90 + 0.375 × 19.98 is 67.3925.
    let expected = [
        entry("K3-20814", "2026-11-27T13:05:00Z", "67.39 EUR"),
        entry("K3-20815", "2026-11-27T13:11:00Z", "25198 EUR"),
    ];
    assert_eq!(sold(&prepared), expected);
    assert_eq!((prepared.rows.invalid(), prepared.rows.filtered()), (0, 1));
    assert_customer(
        &prepared.events[0],
        &[
            (MatchKey::Email, "jörg.weiß@example.de"),
            (MatchKey::Phone, "491712345678"),
            (MatchKey::FirstName, "jörg"),
            (MatchKey::LastName, "weiß"),
            (MatchKey::BirthDate, "19801127"),
            (MatchKey::Gender, "m"),
            (MatchKey::City, "dresden"),
            (MatchKey::PostalCode, "01067"),
            (MatchKey::Country, "de"),
        ],
    );
    Ok(())
}

#[test]
fn a_french_till_with_lines_before_its_header() -> Test {
    let prepared = till!("french").read(ISO_8859_15)?;
    let expected = [
        entry("T-00451", "2026-11-27T13:05:00Z", "2469 EUR"),
        entry("T-00452", "2026-11-27T13:06:00Z", "0.99 EUR"),
    ];
    assert_eq!(sold(&prepared), expected);
    assert_customer(
        &prepared.events[0],
        &[
            (MatchKey::Email, "hélène.dupont@example.fr"),
            (MatchKey::Phone, "33612345678"),
            (MatchKey::FirstName, "hélène"),
            (MatchKey::LastName, "daubigné"),
            (MatchKey::Gender, "f"),
            (MatchKey::City, "lyon"),
            (MatchKey::PostalCode, "69003"),
            (MatchKey::Country, "fr"),
        ],
    );
    Ok(())
}

#[test]
fn a_japanese_till_in_shift_jis() -> Test {
    let prepared = till!("japanese").read(SHIFT_JIS)?;
    let expected = [
        entry("R-9001", "2026-11-27T05:05:00Z", "2400 JPY"),
        entry("R-9002", "2026-11-27T05:06:00Z", "12800 JPY"),
    ];
    assert_eq!(sold(&prepared), expected);
    assert_customer(
        &prepared.events[0],
        &[
            (MatchKey::Email, "hanako@example.jp"),
            (MatchKey::Phone, "819012345678"),
            (MatchKey::FirstName, "花子"),
            (MatchKey::LastName, "山田"),
            (MatchKey::BirthDate, "19801127"),
            (MatchKey::Gender, "f"),
            (MatchKey::City, "千代田区"),
            (MatchKey::PostalCode, "1000001"),
            (MatchKey::Country, "jp"),
        ],
    );
    Ok(())
}

#[test]
fn a_brazilian_till_whose_delimiter_is_found() -> Test {
    let till = till!("brazilian");
    let prepared = till.read(UTF_8)?;
    assert_eq!(till.read_marked()?.events, prepared.events);
    // 0.450 × 89.90 + 2 × 1234.50 is 2509.455: half to even.
    let expected = [
        entry("000123", "2026-11-27T17:05:00Z", "2509.46 BRL"),
        entry("000124", "2026-11-27T17:07:00Z", "10 BRL"),
    ];
    assert_eq!(sold(&prepared), expected);
    assert_customer(
        &prepared.events[0],
        &[
            (MatchKey::Email, "joão@example.com.br"),
            (MatchKey::Phone, "5511912345678"),
            (MatchKey::FirstName, "joão"),
            (MatchKey::LastName, "daconceição"),
            (MatchKey::Gender, "m"),
            (MatchKey::City, "sãopaulo"),
            (MatchKey::State, "sp"),
            (MatchKey::PostalCode, "01310100"),
            (MatchKey::Country, "br"),
            (MatchKey::ExternalId, "123.456.789-09"),
        ],
    );
    Ok(())
}

#[test]
fn an_arabic_till_with_its_own_digits() -> Test {
    let prepared = till!("arabic").read(UTF_8)?;
    let expected = [
        entry("INV-771", "2026-11-27T11:05:00Z", "2469 SAR"),
        entry("INV-772", "2026-11-27T11:06:00Z", "29.97 SAR"),
    ];
    assert_eq!(sold(&prepared), expected);
    assert_customer(
        &prepared.events[1],
        &[
            (MatchKey::Phone, "966501234567"),
            (MatchKey::FirstName, "محمد"),
            (MatchKey::LastName, "القحطاني"),
            (MatchKey::Gender, "m"),
            (MatchKey::City, "جدة"),
            (MatchKey::Country, "sa"),
        ],
    );
    Ok(())
}
