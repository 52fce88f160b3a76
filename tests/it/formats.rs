//! Files as tills and spreadsheets write them: packed, in other encodings, with other delimiters, and with lines
//! before their header.

use std::error::Error;
use std::io::{self, Read, Write};

use encoding_rs::{EUC_JP, GB18030, ISO_8859_15, SHIFT_JIS, UTF_16BE, UTF_16LE, WINDOWS_1252, WINDOWS_1256};
use flate2::Compression;
use flate2::write::GzEncoder;
use meta_offline_events::Event;
use meta_offline_events::customer::{Hashed, MatchKey, MatchValue};
use meta_offline_events::order::csv::{CsvError, CsvErrorKind, CsvRows, Delimiter};
use meta_offline_events::order::{Column, LayoutError, NumberStyle, OrderKey, Orders, Prepared, RowLayout};
use meta_offline_events::value::{EventTime, OrderId};
use proptest::prelude::*;

type Test = Result<(), Box<dyn Error>>;

const HEADER: &str = "order_id,email,surname,timestamp,value,currency\n";

fn row(order: usize, surname: &str) -> String {
    format!("A{order},mary@example.com,{surname},1777896000,10.50,EUR\n")
}

fn prepare(file: impl Read, layout: &RowLayout) -> Result<Prepared, CsvError> {
    let mut orders = Orders::new();
    CsvRows::new(file, layout)?.read_into(&mut orders)?;
    Ok(orders.finish(EventTime::from_unix(1_777_910_400).unwrap()))
}

fn refused(file: impl Read, layout: &RowLayout) -> Option<CsvErrorKind> {
    CsvRows::new(file, layout).err().map(|error| error.kind().clone())
}

/// The digests of the surnames that are sent.
fn surnames(prepared: &Prepared) -> Vec<Hashed> {
    let customers = prepared.events.iter().map(Event::user_data);
    customers
        .flat_map(|customer| customer.values(MatchKey::LastName))
        .filter_map(MatchValue::digest)
        .collect()
}

fn packed(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// Hands a file out in small pieces.
struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let size = self.1.min(out.len());
        self.0.read(&mut out[..size])
    }
}

#[test]
fn c4_a_file_in_a_stated_encoding_gives_the_same_digests_as_in_utf8() -> Test {
    for (encoding, surname) in [
        (WINDOWS_1252, "Müller"),
        (ISO_8859_15, "Žižka"),
        (SHIFT_JIS, "髙橋"),
        (EUC_JP, "山田"),
        (GB18030, "王"),
        (WINDOWS_1256, "محمد"),
    ] {
        let text: String = (0..500).map(|order| row(order, surname)).collect();
        let text = format!("{HEADER}{text}");
        let (file, _, had_errors) = encoding.encode(&text);
        assert!(!had_errors, "{}", encoding.name());
        let layout = RowLayout::new().encoding(encoding.name().parse()?);
        for size in [1, 7, 4096, 100_000] {
            let prepared = prepare(Pieces(&file, size), &layout)?;
            assert_eq!(surnames(&prepared), surnames(&prepare(text.as_bytes(), &RowLayout::new())?));
            assert_eq!(prepared.events.len(), 500);
        }
    }
    Ok(())
}

#[test]
fn c4_in_utf16_the_mark_tells_the_order_of_the_bytes() -> Test {
    let text = format!("\u{feff}{HEADER}{}", row(1, "Müller"));
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for name in ["utf-16", UTF_16LE.name(), UTF_16BE.name()] {
        let layout = RowLayout::new().encoding(name.parse()?);
        for file in [&little, &big] {
            assert_eq!(surnames(&prepare(file.as_slice(), &layout)?), [Hashed::of("müller")], "{name}");
        }
    }
    let likely = "UTF-16";
    let refusal = |stated| Some(CsvErrorKind::Encoding { stated, likely });
    assert_eq!(refused(little.as_slice(), &RowLayout::new()), refusal(None));
    let western = RowLayout::new().encoding("windows-1252".parse()?);
    assert_eq!(refused(little.as_slice(), &western), refusal(Some("windows-1252")));
    Ok(())
}

#[test]
fn c4_c5_what_is_no_text_in_the_stated_encoding_is_never_hashed() -> Test {
    // A lead byte without its second one.
    let mut file = format!("{HEADER}{}", row(1, "#")).into_bytes();
    let place = file.iter().position(|byte| *byte == b'#').unwrap();
    file[place] = 0x81;
    file.extend(row(2, "Smith").bytes());
    let layout = RowLayout::new().encoding("shift_jis".parse()?);
    let prepared = prepare(file.as_slice(), &layout)?;
    assert_eq!(surnames(&prepared), [Hashed::of("smith")]);
    let diagnostic = &prepared.rows.diagnostics()[0];
    assert_eq!((diagnostic.code(), diagnostic.lines()[0].number()), ("not_utf8", 2));

    // A file in UTF-8 would be read as other letters.
    let utf8 = format!("{HEADER}{}", row(1, "Müller"));
    let western = RowLayout::new().encoding("windows-1252".parse()?);
    for file in [utf8.clone(), format!("\u{feff}{utf8}")] {
        let refusal = CsvErrorKind::Encoding { stated: Some("windows-1252"), likely: "UTF-8" };
        assert_eq!(refused(file.as_bytes(), &western), Some(refusal));
    }
    Ok(())
}

#[test]
fn c28_a_packed_file_gives_what_its_text_gives() -> Test {
    let text: String = (0..3000).map(|order| row(order, "Müller")).collect();
    let text = format!("{HEADER}{text}");
    let plain = prepare(text.as_bytes(), &RowLayout::new())?;
    let (first, second) = text.as_bytes().split_at(text.len() / 3);
    for file in [packed(text.as_bytes()), [packed(first), packed(second)].concat()] {
        for size in [1, 1000, 100_000] {
            let prepared = prepare(Pieces(&file, size), &RowLayout::new())?;
            assert_eq!(prepared.events, plain.events);
        }
    }
    let (western, _, _) = WINDOWS_1252.encode(&text);
    let layout = RowLayout::new().encoding("windows-1252".parse()?);
    assert_eq!(prepare(packed(&western).as_slice(), &layout)?.events, plain.events);
    Ok(())
}

#[test]
fn c28_a_packed_file_that_is_cut_anywhere_is_an_error_and_sends_nothing_of_open_orders() -> Test {
    let text = format!("{HEADER}{}{}", row(1, "Smith"), row(2, "Jones"));
    let file = packed(text.as_bytes());
    for length in 2..file.len() {
        let mut orders = Orders::new();
        let read =
            CsvRows::new(&file[..length], &RowLayout::new()).and_then(|mut rows| rows.read_into(&mut orders));
        let error = read.expect_err("the file is cut");
        assert!(matches!(error.kind(), CsvErrorKind::Read | CsvErrorKind::NoHeader), "{length}: {error}");
        let prepared = orders.finish(EventTime::from_unix(1_777_910_400)?);
        assert!(prepared.events.is_empty(), "{length}");
    }
    Ok(())
}

#[test]
fn c28_wrong_sums_and_rubbish_are_errors_with_their_line() -> Test {
    let text = format!("{HEADER}{}{}", row(1, "Smith"), row(2, "Jones"));
    let file = packed(text.as_bytes());
    let damaged = |place: usize| {
        let mut file = file.clone();
        file[place] ^= 0x55;
        file
    };
    // The checksum and the length are the last eight bytes.
    for file in
        [damaged(file.len() - 5), damaged(file.len() - 1), [file.as_slice(), b"rubbish behind it"].concat()]
    {
        let mut orders = Orders::new();
        let mut rows = CsvRows::new(file.as_slice(), &RowLayout::new())?;
        let error = rows.read_into(&mut orders).expect_err("it is damaged");
        assert_eq!((error.kind(), error.line()), (&CsvErrorKind::Read, Some(4)), "{error}");
        assert!(error.source().is_some());
        let prepared = orders.finish(EventTime::from_unix(1_777_910_400)?);
        assert!(prepared.events.is_empty());
        assert_eq!(prepared.rows.not_sent(), 2);
    }
    Ok(())
}

#[test]
fn c14_a_first_line_states_the_delimiter_as_spreadsheets_do() -> Test {
    let body = format!("{HEADER}{}", row(1, "Smith")).replace(',', ";");
    for first in ["sep=;\n", "SEP=;\r\n", "\"sep=;\"\n", "\u{feff}sep=;\r"] {
        let file = format!("{first}{body}");
        let mut rows = CsvRows::new(file.as_bytes(), &RowLayout::new())?;
        assert_eq!(rows.delimiter(), Delimiter::Semicolon);
        assert_eq!(rows.line(), 2);
        assert!(rows.next_row()?.is_some());
    }
    let stated = RowLayout::new().delimiter(Delimiter::Comma);
    let found = Delimiter::Semicolon;
    assert_eq!(
        refused(format!("sep=;\n{body}").as_bytes(), &stated),
        Some(CsvErrorKind::Delimiter { found })
    );
    Ok(())
}

#[test]
fn c14_the_delimiter_that_fits_the_header_is_found_where_the_layout_wants_it() -> Test {
    let layout = RowLayout::new().find_delimiter();
    for (sign, delimiter) in
        [(",", Delimiter::Comma), (";", Delimiter::Semicolon), ("\t", Delimiter::Tab), ("|", Delimiter::Pipe)]
    {
        let file = format!("\"note, old;|\t\",{HEADER}x,{}", row(1, "Smith"));
        let file = file.replacen("\",", &format!("\"{sign}"), 1).replace("x,", &format!("x{sign}"));
        let (first, rest) = file.split_at(file.find("order_id").unwrap());
        let file = format!("{first}{}", rest.replace(',', sign));
        let mut rows = CsvRows::new(file.as_bytes(), &layout)?;
        assert_eq!(rows.delimiter(), delimiter);
        assert_eq!(rows.ignored_columns().len(), 1);
        let mut orders = Orders::new();
        assert_eq!(rows.read_into(&mut orders)?, 1);
        assert_eq!(orders.finish(EventTime::from_unix(1_777_910_400)?).events.len(), 1, "{sign}");
    }
    let missing = refused("order_id;email\n".as_bytes(), &layout);
    assert!(matches!(missing, Some(CsvErrorKind::Delimiter { .. } | CsvErrorKind::Layout(_))), "{missing:?}");
    Ok(())
}

#[test]
fn a_header_has_the_fields_that_its_delimiter_gives() -> Test {
    let header = ["order_id", "a,b", "email", "timestamp", "value", "currency"];
    let file = format!("{}\n", header.join(";"));
    let rows = CsvRows::new(file.as_bytes(), &RowLayout::new().find_delimiter())?;
    assert!(rows.fields().eq(header.map(str::as_bytes)));
    Ok(())
}

proptest! {
    #[test]
    fn lines_before_the_header_are_passed_over_whatever_they_hold(
        lines in prop::collection::vec("[a-z,;\"\u{fc}\0 ]{0,9}", 0..6),
        line_end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
        size in 1..50_usize,
    ) {
        let before: String = lines.iter().flat_map(|line| [line.as_str(), line_end]).collect();
        let file = format!("{before}{HEADER}{}", row(1, "Smith"));
        let layout = RowLayout::new().skip_lines(u32::try_from(lines.len()).unwrap());
        let rows = CsvRows::new(Pieces(file.as_bytes(), size), &layout);
        prop_assert_eq!(rows.as_ref().map(CsvRows::line).ok(), Some(lines.len() as u64 + 1));
        prop_assert_eq!(prepare(file.as_bytes(), &layout).map(|prepared| prepared.events.len()).ok(), Some(1));
        let beyond = RowLayout::new().skip_lines(100);
        prop_assert_eq!(refused(file.as_bytes(), &beyond), Some(CsvErrorKind::NoHeader));
    }
}

#[test]
fn fixed_texts_fill_columns_that_the_file_does_not_have() -> Test {
    let file = "order_id,email,timestamp,price\nA1,mary@example.com,1777896000,10.50\n";
    let layout = RowLayout::new()
        .fixed(Column::Currency, "EUR")
        .fixed(Column::Quantity, "1")
        .fixed(Column::Country, "de")
        .fixed(Column::ActionSource, "phone_call");
    let prepared = prepare(file.as_bytes(), &layout)?;
    let event = &prepared.events[0];
    assert_eq!(event.custom_data().value().map(|value| value.to_string()).as_deref(), Some("10.5 EUR"));
    assert_eq!(event.action_source().as_str(), "phone_call");
    let country: Vec<_> =
        event.user_data().values(MatchKey::Country).filter_map(MatchValue::digest).collect();
    assert_eq!(country, [Hashed::of("de")]);
    Ok(())
}

#[test]
fn fixed_texts_that_do_not_fit_are_refused_before_the_first_row() {
    let header = ["order_id", "email", "timestamp", "value", "country"];
    for (column, text) in [
        (Column::Currency, "Euro"),
        (Column::Currency, " "),
        (Column::Quantity, "0"),
        (Column::Quantity, "many"),
        (Column::City, "?"),
        (Column::OrderId, "A1"),
        (Column::Email, "shop@example.com"),
        (Column::Timestamp, "1777896000"),
    ] {
        let error = RowLayout::new().fixed(column, text).bind(&header[..4]).unwrap_err();
        assert!(
            matches!(&error, LayoutError::Fixed { column: at, .. } | LayoutError::FixedThere { column: at, .. } if *at == column),
            "{column}: {error}"
        );
    }
    let there = RowLayout::new().fixed(Column::Currency, "EUR").fixed(Column::Country, "de").bind(&header);
    assert_eq!(there.unwrap_err(), LayoutError::FixedThere { column: Column::Country, position: 5 });
}

#[test]
fn a_function_rewrites_a_column_and_holds_where_orders_of_broken_rows_are_looked_for() -> Test {
    let file = "order_id,email,timestamp,value,currency\n\
                A-1,mary@example.com,1777896000,10.50,EUR\n\
                A-1,mary@example.com,1777896000,10.50,EUR,surplus\n\
                A-2,mary@example.com,1777896000,x,EUR\n\
                A-3,mary@example.com,1777896000,3,EUR\n";
    let digits = |id: &str| id.trim_start_matches("A-").to_owned();
    let twice = |id: &str| id.repeat(2);
    let mut orders = Orders::new();
    CsvRows::new(file.as_bytes(), &RowLayout::new())?
        .map(Column::OrderId, digits)?
        .map(Column::OrderId, twice)?
        .map(Column::Value, |value| value.replace('x', "1\0"))?
        .read_into(&mut orders)?;
    let prepared = orders.finish(EventTime::from_unix(1_777_910_400)?);
    let sent: Vec<_> =
        prepared.events.iter().filter_map(|event| event.order_id()).map(ToString::to_string).collect();
    assert_eq!(sent, ["33"]);
    assert_eq!(prepared.rows.invalid(), 3);
    assert!(prepared.rows.diagnostics().iter().any(|diagnostic| diagnostic.code() == "control_character"));

    let missing = CsvRows::new(file.as_bytes(), &RowLayout::new())?.map(Column::Phone, str::to_owned).err();
    let expected = CsvErrorKind::Layout(LayoutError::NotThere(Column::Phone));
    assert_eq!(missing.map(|error| error.kind().clone()), Some(expected));
    Ok(())
}

/// The document that the documentation of `RowLayout` shows.
fn documented() -> String {
    let source = include_str!("../../src/order/layout/mod.rs");
    let (_, document) = source.split_once("/// ```toml\n").unwrap();
    let lines = document.lines().take_while(|line| *line != "/// ```");
    lines.map(|line| line.trim_start_matches("///").trim_start()).collect::<Vec<_>>().join("\n")
}

#[cfg(feature = "phone")]
#[test]
fn the_documented_document_names_every_member_and_is_read() -> Test {
    let layout: RowLayout = toml::from_str(&documented())?;
    let written = toml::to_string(&layout)?;
    let members: toml::Table = toml::from_str(&documented())?;
    let names = |table: &toml::Table| table.keys().cloned().collect::<Vec<_>>();
    let read: toml::Table = toml::from_str(&written)?;
    // Those that are false or the usual choice are not written.
    let unset = ["each_row_an_order", "refuse_unknown_columns"];
    let expected: Vec<_> =
        names(&members).into_iter().filter(|name| !unset.contains(&name.as_str())).collect();
    assert_eq!(names(&read), expected);
    assert_eq!(toml::to_string(&toml::from_str::<RowLayout>(&written)?)?, written);
    let json = serde_json::to_string(&layout)?;
    assert_eq!(serde_json::to_string(&serde_json::from_str::<RowLayout>(&json)?)?, json);
    Ok(())
}

#[test]
fn a_layout_from_a_document_reads_as_the_one_that_was_built() -> Test {
    let built = RowLayout::new()
        .encoding("windows-1252".parse()?)
        .delimiter(Delimiter::Semicolon)
        .skip_lines(1)
        .number_style(NumberStyle::DecimalComma)
        .column("Bon-Nr", Column::OrderId)
        .order_key(OrderKey::new().column("Kasse"))
        .ignore("Prices")
        .fixed(Column::Currency, "EUR");
    let file = "Verk\u{e4}ufe\nBon-Nr;Kasse;email;surname;timestamp;value;prices\n\
                1;3;mary@example.com;M\u{fc}ller;2026-05-04 12:00;1.234,50;x\n";
    let (file, _, _) = WINDOWS_1252.encode(file);
    let events = |layout: &RowLayout| prepare(&*file, layout).map(|prepared| prepared.events);
    let expected = events(&built)?;
    assert_eq!(expected[0].order_id().map(OrderId::as_str), Some("3/1"));
    assert_eq!(
        expected[0].custom_data().value().map(|value| value.to_string()).as_deref(),
        Some("1234.5 EUR")
    );
    assert_eq!(events(&toml::from_str(&toml::to_string(&built)?)?)?, expected);
    assert_eq!(events(&serde_json::from_str(&serde_json::to_string(&built)?)?)?, expected);
    Ok(())
}

#[test]
fn zones_that_a_function_finds_are_no_document() -> Test {
    let error = toml::to_string(&RowLayout::new().zone_of("store", |_| None)).unwrap_err();
    assert!(error.to_string().contains("list the zones"), "{error}");
    let listed = RowLayout::new().zones("store", [("Wien", "+02:00".parse()?)]);
    let written = toml::to_string(&listed)?;
    assert_eq!(toml::to_string(&toml::from_str::<RowLayout>(&written)?)?, written);
    assert!(toml::from_str::<RowLayout>(&written.replace("+02:00", "Vienna")).is_err());
    Ok(())
}

#[test]
fn a_document_with_a_mistake_says_what_to_write() {
    for (document, expected) in [
        ("nubmers = \"1.234,50\"", "unknown field `nubmers`, expected one of"),
        ("numbers = \"1_234.50\"", "unknown variant"),
        ("delimiter = \"#\"", "delimiter is none of"),
        ("encoding = \"ebcdic\"", "encoding is not"),
        ("zone = \"Berlin\"", "zone"),
        ("time_of_day = \"noon\"", "time_of_day is no time"),
        ("[columns]\n\"Bon\" = \"receipt\"", "no such column: write one of email, phone"),
        ("[customers]\ndigests_only = [\"email\"]", "none of em, ph"),
        ("[customers]\ncountry = \"Atlantis\"", "country"),
        ("[customers]\nexternal_ids = \"raw\"", "unknown variant `raw`"),
    ] {
        let error = toml::from_str::<RowLayout>(document).unwrap_err().to_string();
        assert!(error.contains(expected), "{document}: {error}");
    }
}
