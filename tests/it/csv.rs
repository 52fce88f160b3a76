//! CSV files with every kind of fault, and what becomes of their rows.

use std::cell::Cell;
use std::error::Error;
use std::fmt::Write as _;
use std::io::{self, Read};
use std::rc::Rc;
use std::slice;

use meta_offline_events::event::Event;
use meta_offline_events::order::csv::{CsvError, CsvErrorKind, CsvRows, Delimiter, MAX_FIELD, MAX_RECORD};
use meta_offline_events::order::{Column, LayoutError, Orders, Prepared, RowLayout};
use meta_offline_events::report::{Diagnostic, RowReport};
use meta_offline_events::value::EventTime;
use proptest::prelude::*;
use serde_json::json;

type Test = Result<(), Box<dyn Error>>;

const NOW: i64 = 1_777_910_400; // 2026-05-04T16:00:00Z
const SOLD: &str = "1777896000"; // four hours before
const HEADER: &str = "order_id,email,timestamp,product_id,quantity,price,currency\n";

/// A row of one piece at 10.50 euro.
fn row(order: &str) -> String {
    format!("{order},mary@example.com,{SOLD},SKU-1,1,10.50,EUR\n")
}

fn open(file: &[u8]) -> Result<CsvRows<&[u8]>, CsvError> {
    CsvRows::new(file, &RowLayout::new())
}

/// Why the file cannot be opened.
fn refused(file: &[u8]) -> Option<CsvErrorKind> {
    open(file).err().map(|error| error.kind().clone())
}

fn prepare(file: impl AsRef<[u8]>) -> Result<Prepared, CsvError> {
    let mut orders = Orders::new();
    open(file.as_ref())?.read_into(&mut orders)?;
    Ok(orders.finish(now()))
}

fn now() -> EventTime {
    EventTime::from_unix(NOW).unwrap_or_else(|error| panic!("{error}"))
}

/// Line, column and reason of every diagnostic.
fn diagnostics(rows: &RowReport) -> Vec<(u64, Option<&'static str>, &'static str)> {
    let of_line = |diagnostic: &Diagnostic| {
        let (column, reason) = (diagnostic.column(), diagnostic.code());
        diagnostic.lines().iter().map(move |line| (line.number(), column, reason)).collect::<Vec<_>>()
    };
    let mut diagnostics: Vec<_> = rows.diagnostics().iter().flat_map(of_line).collect();
    diagnostics.sort_unstable();
    diagnostics
}

/// Order ids of the events, with the digits of their values.
fn sent(prepared: &Prepared) -> Vec<(String, String)> {
    let text = |event: &Event| {
        let data = event.custom_data();
        let order = data.order_id().map(ToString::to_string).unwrap_or_default();
        (order, data.value().map(|value| value.amount().to_string()).unwrap_or_default())
    };
    prepared.events.iter().map(text).collect()
}

fn orders_sent(prepared: &Prepared) -> Vec<String> {
    sent(prepared).into_iter().map(|(order, _)| order).collect()
}

#[test]
fn c1_a_file_without_header_is_no_file_without_rows() -> Test {
    for file in ["", "\u{feff}", "\n\n", "\r\n", "\u{feff}\n"] {
        assert_eq!(refused(file.as_bytes()), Some(CsvErrorKind::NoHeader), "{file:?}");
    }
    assert!(open(HEADER.as_bytes())?.next_row()?.is_none());
    Ok(())
}

#[test]
fn c2_a_header_alone_is_a_file_of_no_rows() -> Test {
    for file in [HEADER, HEADER.trim_end()] {
        let prepared = prepare(file)?;
        assert!(prepared.events.is_empty());
        assert_eq!(prepared.rows.read(), 0);
        assert_eq!(prepared.rows.notes()[0].code(), "no_rows");
    }
    Ok(())
}

#[test]
fn c3_a_byte_order_mark_is_dropped() -> Test {
    let file = format!("\u{feff}{HEADER}{}", row("A1"));
    assert_eq!(sent(&prepare(&file)?), [("A1".to_owned(), "10.5".to_owned())]);
    let mut rows = open(file.as_bytes())?;
    while rows.next_row()?.is_some() {}
    assert_eq!(rows.bytes_read(), file.len() as u64);
    Ok(())
}

#[test]
fn c4_other_encodings_are_refused_before_the_first_row() {
    let text = format!("{HEADER}{}", row("A1"));
    let utf16 = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<_>>();
    for (name, file, likely) in [
        ("with mark, little", [b"\xFF\xFE".to_vec(), utf16(u16::to_le_bytes)].concat(), "UTF-16"),
        ("with mark, big", [b"\xFE\xFF".to_vec(), utf16(u16::to_be_bytes)].concat(), "UTF-16"),
        ("little", utf16(u16::to_le_bytes), "UTF-16"),
        ("big", utf16(u16::to_be_bytes), "UTF-16"),
        ("UTF-32", b"\xFF\xFE\x00\x00o\x00\x00\x00".to_vec(), "UTF-32"),
        ("umlaut", b"Stra\xDFe,email,timestamp,value,currency\n".to_vec(), "Windows-1252"),
    ] {
        assert_eq!(refused(&file), Some(CsvErrorKind::Encoding { stated: None, likely }), "{name}");
    }
}

#[test]
fn c5_bytes_that_are_not_utf8_cost_their_row_only() -> Test {
    let header = HEADER.replace("product_id", "given_name");
    let mut file = header.into_bytes();
    file.extend(format!("A1,mary@example.com,{SOLD},Zoë,1,10.50,EUR\n").bytes());
    file.extend(format!("A2,mary@example.com,{SOLD},").bytes());
    file.extend(b"Zo\xEB");
    file.extend(format!(",1,10.50,EUR\nA3,mary@example.com,{SOLD},Zoë,1,10.50,EUR\n").bytes());
    let prepared = prepare(&file)?;
    assert_eq!(orders_sent(&prepared), ["A1", "A3"]);
    assert_eq!(diagnostics(&prepared.rows), [(3, Some("given_name"), "not_utf8")]);
    Ok(())
}

#[test]
fn c5_a_letter_cut_in_two_by_a_delimiter_is_not_utf8() -> Test {
    let mut file = HEADER.replace("product_id,quantity", "surname,given_name,quantity").into_bytes();
    file.extend(format!("A1,mary@example.com,{SOLD},").bytes());
    file.extend(b"Zo\xC3,\xABl");
    file.extend(b",1,10.50,EUR\n");
    let prepared = prepare(&file)?;
    let not_utf8 = |column| (2, Some(column), "not_utf8");
    assert_eq!(diagnostics(&prepared.rows), [not_utf8("given_name"), not_utf8("surname")]);
    Ok(())
}

#[test]
fn c5_what_stands_in_ignored_columns_does_not_matter() -> Test {
    let mut file = HEADER.replace("product_id", "till").into_bytes();
    file.extend(format!("A1,mary@example.com,{SOLD},").bytes());
    file.extend(b"K\xE4sse \x00");
    file.extend(b",1,10.50,EUR\n");
    assert_eq!(orders_sent(&prepare(&file)?), ["A1"]);
    Ok(())
}

#[test]
fn c5_a_damaged_row_spoils_its_order() -> Test {
    let mut file = HEADER.replace("product_id", "given_name").into_bytes();
    file.extend(row("A1").bytes());
    file.extend(format!("A1,mary@example.com,{SOLD},").bytes());
    file.extend(b"Zo\xEB,1,10.50,EUR\n");
    let prepared = prepare(&file)?;
    assert_eq!(orders_sent(&prepared), [""; 0]);
    assert_eq!(
        diagnostics(&prepared.rows),
        [(2, None, "order_incomplete"), (3, Some("given_name"), "not_utf8")]
    );
    Ok(())
}

#[test]
fn c6_a_nul_costs_its_row() -> Test {
    for column in ["order_id", "email", "product_id"] {
        let at = HEADER.trim_end().split(',').position(|name| name == column).ok_or("no column")?;
        let mut fields: Vec<_> = row("A2").trim_end().split(',').map(str::to_owned).collect();
        fields[at].push('\0');
        let prepared = prepare(format!("{HEADER}{}{}\n{}", row("A1"), fields.join(","), row("A3")))?;
        assert_eq!(orders_sent(&prepared), ["A1", "A3"]);
        assert_eq!(diagnostics(&prepared.rows), [(3, Some(column), "control_character")]);
    }
    Ok(())
}

#[test]
fn c7_quoted_fields_are_read_as_the_format_says() -> Test {
    let header = "order_id,email,timestamp,product_id,quantity,price,currency,warning\n";
    let file = format!(
        "{header}A1,mary@example.com,{SOLD},\"SKU, 1\",1,10.50,EUR,\"two\nlines, \"\"quoted\"\"\"\n\
         \"A\"\"2\",mary@example.com,{SOLD},\"\",1,\"10.50\",EUR,\"\r\n\r\"\n\
         A3,mary@example.com,{SOLD},SKU,one,10.50,EUR,\n"
    );
    let prepared = prepare(file)?;
    assert_eq!(orders_sent(&prepared), ["A1", "A\"2"]);
    assert_eq!(prepared.events[0].custom_data().contents()[0].id().as_str(), "SKU, 1");
    assert_eq!(prepared.events[1].custom_data().contents(), []);
    let first_lines: Vec<_> = prepared.events.iter().map(|event| event.lines()[0].number()).collect();
    assert_eq!(first_lines, [2, 4]);
    assert_eq!(diagnostics(&prepared.rows), [(7, Some("quantity"), "not_a_number")]);
    Ok(())
}

#[test]
fn c8_a_quote_that_is_never_closed_is_an_error_with_its_line() -> Test {
    let mut orders = Orders::new();
    let file = format!("{HEADER}{}A2,\"mary@example.com,{SOLD},SKU-1,1,10.50,EUR\n{}", row("A1"), row("A3"));
    for file in [file.as_str(), file.trim_end()] {
        let mut rows = open(file.as_bytes())?;
        let error = rows.read_into(&mut orders).err().ok_or("no error")?;
        assert_eq!((error.kind(), error.line()), (&CsvErrorKind::OpenQuote, Some(3)));
    }
    assert_eq!(refused(b"order_id,\"order_id,email,timestamp\n"), Some(CsvErrorKind::OpenQuote));
    Ok(())
}

#[test]
fn c8_the_rest_of_the_file_is_not_one_field() -> Test {
    let taken = Rc::new(Cell::new(0));
    let start = format!("{HEADER}{}A2,\"mary", row("A1"));
    let endless = Counted { reader: start.as_bytes().chain(io::repeat(b'x')), taken: Rc::clone(&taken) };
    let mut rows = CsvRows::new(endless, &RowLayout::new())?;
    assert!(rows.next_row()?.is_some());
    let error = rows.next_row().err().ok_or("no error")?;
    assert_eq!((error.kind(), error.line()), (&CsvErrorKind::RecordTooLarge, Some(3)));
    assert!(taken.get() < MAX_RECORD + 128 * 1024);
    let again = rows.next_row().err().ok_or("read on after an error")?;
    assert_eq!(again.kind(), &CsvErrorKind::Stopped);
    Ok(())
}

#[test]
fn c8_lines_swallowed_by_a_quote_spoil_their_orders() -> Test {
    // The quote of line 3 ends where the name of line 5 begins, and the number of fields is right.
    let header = "order_id,surname,email,timestamp,quantity,price,currency\n";
    let line = |order: &str, name: &str| format!("{order},{name},mary@example.com,{SOLD},1,10.50,EUR\n");
    let file = [
        header.to_owned(),
        line("A1", "Smith"),
        line("A2", "\"Smith"),
        line("A1", "Smith"),
        line("A3", "\"Smith\""),
        line("A4", "Smith"),
    ]
    .concat();
    let prepared = prepare(file)?;
    assert_eq!(orders_sent(&prepared), ["A4"]);
    assert_eq!(diagnostics(&prepared.rows), [(2, None, "order_incomplete"), (3, None, "open_quote")]);
    Ok(())
}

#[test]
fn c9_rows_of_the_wrong_width_are_never_shifted() -> Test {
    for (bad, found) in [
        (format!("A2,mary@example.com,{SOLD},SKU-1,1,10.50\n"), 6),
        (format!("A2,mary@example.com,{SOLD},SKU-1,1,10,50,EUR\n"), 8),
        ("A2\n".to_owned(), 1),
    ] {
        let prepared = prepare(format!("{HEADER}{}{bad}{}", row("A1"), row("A3")))?;
        assert_eq!(orders_sent(&prepared), ["A1", "A3"]);
        assert_eq!(diagnostics(&prepared.rows), [(3, None, "wrong_width")]);
        let message = prepared.rows.diagnostics()[0].message();
        assert!(message.contains(&format!("{found} fields and the header 7")), "{message}");
    }
    Ok(())
}

#[test]
fn c9_a_row_of_the_wrong_width_spoils_its_order_wherever_the_id_went() -> Test {
    let header = "email,surname,order_id,timestamp,quantity,price,currency\n";
    let good = |order: &str| format!("mary@example.com,Smith,{order},{SOLD},1,10.50,EUR\n");
    for bad in [
        format!("mary@example.com,Smith, jr,A1,{SOLD},1,10.50,EUR\n"),
        format!("Smith,A1,{SOLD},1,10.50,EUR\n"),
        "mary@example.com,Smith,A1\n".to_owned(),
        format!("mary@example.com,\"Smith\njr\",A1,{SOLD},1,10.50\n"),
    ] {
        let prepared = prepare([header, &good("A1"), &bad, &good("A2")].concat())?;
        assert_eq!(orders_sent(&prepared), ["A2"], "{bad}");
        assert_eq!(diagnostics(&prepared.rows), [(2, None, "order_incomplete"), (3, None, "wrong_width")]);
    }
    Ok(())
}

#[test]
fn c10_a_header_that_stands_twice_is_refused_unless_unmapped() -> Test {
    let twice = CsvErrorKind::Layout(LayoutError::Twice { column: Column::Email, positions: [2, 8] });
    assert_eq!(refused(HEADER.replace("currency", "currency,email").as_bytes()), Some(twice));
    let unmapped = HEADER.replace("product_id", "till,till");
    assert_eq!(open(unmapped.as_bytes())?.ignored_columns(), ["till", "till"]);
    Ok(())
}

#[test]
fn c11_every_missing_column_is_listed() -> Test {
    let error = open(b"order_id,till\nA1,3\n").err().ok_or("no error")?;
    let text = error.to_string();
    for column in ["timestamp", "email or phone", "currency", "price or value", "quantity or value"] {
        assert!(text.contains(column), "{text}");
    }
    assert_eq!(error.line(), Some(1));
    Ok(())
}

#[test]
fn c11_headers_with_a_typing_error_are_named() -> Test {
    let error = open(b"Bestell-Nr,emaill,timestmp,value,curency\n").err().ok_or("no error")?;
    let text = error.to_string();
    for near in [
        "column 1 looks like order_id",
        "column 2 looks like email",
        "column 3 looks like timestamp",
        "column 5 looks like currency",
    ] {
        assert!(text.contains(near), "{text}");
    }
    Ok(())
}

#[test]
fn c11_an_unknown_header_that_looks_like_a_column_that_matters_stops_the_reading() {
    let file = b"order_id,email,timestamp,value,currency,pric\n";
    let error = open(file).err().map(|error| error.to_string());
    let expected = "line 1: column 6 looks like price: let the layout name the header that stands for the column, or \
                    ignore the header";
    assert_eq!(error.as_deref(), Some(expected));
    assert!(CsvRows::new(file.as_slice(), &RowLayout::new().ignore("PRIC")).is_ok());
}

#[test]
fn c13_usual_spellings_of_headers_group_rows_as_the_names_of_the_columns_do() -> Test {
    let usual = "OrderID,E-Mail,Timestamp,sku,Qty,unit price,Currency,FirstName,DOB,Post-Code\n";
    let rows = "A1,mary@example.com,1777896000,S,1,10.50,EUR,Mary,1980-01-31,10115\n".repeat(2);
    for before in ["", "\u{feff}", "\u{feff}\u{feff}", "\u{feff}\u{feff}\u{feff}", "\u{200b}"] {
        let prepared = prepare(format!("{before}{usual}{rows}"))?;
        assert_eq!(orders_sent(&prepared), ["A1"], "{before:?}");
        assert_eq!(prepared.events[0].row_count(), 2, "{before:?}");
    }
    let error = open(format!("sku,product_id,{HEADER}").as_bytes()).err();
    let text = error.map(|error| error.to_string()).unwrap_or_default();
    assert!(
        text.contains("columns 1 and 2 both stand for product_id: rename or remove one, or let"),
        "{text}"
    );
    Ok(())
}

#[test]
fn c12_unknown_columns_are_listed_once_and_an_option_refuses_them() -> Test {
    let header = HEADER.replace("product_id", "=cmd|'x'!A1,  Till \u{202e} No ,product_id");
    let long = header.replace("order_id", &format!("order_id,{}", "é".repeat(100)));
    assert_eq!(open(header.as_bytes())?.ignored_columns(), ["cmd??x??A1", "Till ? No"]);
    assert_eq!(open(long.as_bytes())?.ignored_columns()[0], "é".repeat(40));
    let strict = RowLayout::new().refuse_unknown_columns();
    let error = CsvRows::new(header.as_bytes(), &strict).err().ok_or("no error")?;
    assert_eq!(error.kind(), &CsvErrorKind::Layout(LayoutError::Unknown(vec![4, 5])));
    Ok(())
}

#[test]
fn c13_headers_are_matched_by_the_stated_rule() -> Test {
    let header = " Order ID ,E-MAIL-ADDRESS,Time Stamp,SKU,Quantity,PRICE,Currency \n";
    let layout = RowLayout::new()
        .column("e mail address", Column::Email)
        .column("Time Stamp", Column::Timestamp)
        .column("sku", Column::ProductId);
    let file = format!("{header}{}", row("A1"));
    let mut orders = Orders::new();
    CsvRows::new(file.as_bytes(), &layout)?.read_into(&mut orders)?;
    assert_eq!(orders_sent(&orders.finish(now())), ["A1"]);
    let equal = HEADER.replace("product_id", "ORDER-ID");
    assert!(matches!(refused(equal.as_bytes()), Some(CsvErrorKind::Layout(LayoutError::Twice { .. }))));
    Ok(())
}

#[test]
fn c14_another_delimiter_is_named() -> Test {
    let file = format!("{HEADER}{}", row("A1"));
    for (text, found) in [(";", Delimiter::Semicolon), ("\t", Delimiter::Tab), ("|", Delimiter::Pipe)] {
        let file = file.replace(',', text);
        assert_eq!(refused(file.as_bytes()), Some(CsvErrorKind::Delimiter { found }));
        let mut orders = Orders::new();
        CsvRows::new(file.as_bytes(), &RowLayout::new().delimiter(found))?.read_into(&mut orders)?;
        assert_eq!(orders_sent(&orders.finish(now())), ["A1"]);
    }
    let with_comma = HEADER.replace(',', ";").replace("price", "price, net");
    let semicolon = Some(CsvErrorKind::Delimiter { found: Delimiter::Semicolon });
    assert_eq!(refused(with_comma.as_bytes()), semicolon);
    assert_eq!(refused(b"Bon;Kunde;Zeit\n"), semicolon, "no name is understood");
    let error = CsvRows::new(HEADER.as_bytes(), &RowLayout::new().delimiter(Delimiter::Tab)).err();
    let kind = error.map(|error| error.kind().clone());
    assert_eq!(kind, Some(CsvErrorKind::Delimiter { found: Delimiter::Comma }));
    Ok(())
}

#[test]
fn c16_blank_lines_are_counted_apart_and_others_are_rows() -> Test {
    let file = format!("\n{HEADER}\n\r\n{}   \n\n,,,,,,\n{}\n\n", row("A1"), row("A2"));
    let mut rows = open(file.as_bytes())?;
    let mut orders = Orders::new();
    let read = rows.read_into(&mut orders)?;
    assert_eq!((read, rows.skipped_lines()), (4, 6));
    assert_eq!(read + rows.skipped_lines() + 1, file.lines().count() as u64);
    let prepared = orders.finish(now());
    assert_eq!(orders_sent(&prepared), ["A1", "A2"]);
    let diagnostics = diagnostics(&prepared.rows);
    assert!(diagnostics.contains(&(6, None, "wrong_width")), "{diagnostics:?}");
    assert!(diagnostics.contains(&(8, Some("timestamp"), "empty")), "{diagnostics:?}");
    assert_eq!(prepared.rows.invalid(), 2);
    Ok(())
}

#[test]
fn c16_a_million_blank_lines_are_no_record() -> Test {
    let file = format!("{HEADER}{}{}{}", row("A1"), "\n".repeat(3 * MAX_RECORD), row("A2"));
    let mut rows = open(file.as_bytes())?;
    assert_eq!(rows.read_into(&mut Orders::new())?, 2);
    assert_eq!(rows.skipped_lines(), 3 * MAX_RECORD as u64);
    assert_eq!(rows.line(), 3 + 3 * MAX_RECORD as u64);
    Ok(())
}

#[test]
fn c17_data_in_place_of_a_header_is_refused_without_showing_it() -> Test {
    let error = open(row("A1").as_bytes()).err().ok_or("no error")?;
    assert!(matches!(error.kind(), CsvErrorKind::Layout(LayoutError::Missing { .. })));
    assert!(!format!("{error} {error:?}").contains("mary"));
    Ok(())
}

#[test]
fn c18_a_cut_last_row_is_invalid_when_it_is_short() -> Test {
    let whole = format!("{HEADER}{}{}", row("A1"), row("A2"));
    let cut = prepare(&whole[..whole.len() - 8])?;
    assert_eq!(orders_sent(&cut), ["A1"]);
    assert_eq!(diagnostics(&cut.rows), [(3, None, "wrong_width")]);
    assert_eq!(orders_sent(&prepare(&whole[..whole.len() - 1])?), ["A1", "A2"]);
    Ok(())
}

#[test]
fn c19_a_read_error_keeps_the_rows_before_it_and_carries_the_line() -> Test {
    let start = format!("{HEADER}{}{}A3,mary", row("A1"), row("A2"));
    let mut rows = CsvRows::new(start.as_bytes().chain(Broken), &RowLayout::new())?;
    let mut orders = Orders::new();
    let error = rows.read_into(&mut orders).err().ok_or("no error")?;
    assert_eq!((error.kind(), error.line()), (&CsvErrorKind::Read, Some(4)));
    assert_eq!(error.source().ok_or("no source")?.to_string(), "cable pulled");
    assert_eq!(
        rows.read_into(&mut orders).err().map(|error| error.kind().clone()),
        Some(CsvErrorKind::Stopped)
    );
    assert_eq!(orders.finish(now()).rows.read(), 2);
    let at_once = CsvRows::new(Broken, &RowLayout::new()).err().ok_or("no error")?;
    assert_eq!(at_once.kind(), &CsvErrorKind::Read);
    Ok(())
}

#[test]
fn c20_long_numbers_stay_text() -> Test {
    let file =
        format!("{HEADER}{}", row("12345678901234567890123").replace("SKU-1", "00987654321098765432109"));
    let prepared = prepare(file)?;
    assert_eq!(orders_sent(&prepared), ["12345678901234567890123"]);
    assert_eq!(prepared.events[0].custom_data().contents()[0].id().as_str(), "00987654321098765432109");
    Ok(())
}

#[test]
fn c21_other_files_are_refused_with_their_kind() {
    let workbook = [b"PK\x03\x04\x14\x00\x06\x00".as_slice(), b"........[Content_Types].xml"].concat();
    for (file, likely) in [
        #[cfg(not(feature = "gzip"))]
        (b"\x1F\x8B\x08\x00\x00\x00".as_slice(), "gzip"),
        (b"PK\x03\x04\x14\x00\x00\x00rows.csv".as_slice(), "zip"),
        (&workbook, "an Excel workbook"),
        (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1\x00", "an Excel workbook"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\x7FELF\x02\x01\x01\x00", "a binary file"),
    ] {
        assert_eq!(refused(file), Some(CsvErrorKind::NotCsv { likely }), "{likely}");
    }
}

#[test]
fn c23_a_header_beyond_the_limits_is_refused() {
    let columns = vec!["c"; 100_000].join(",");
    assert_eq!(refused(columns.as_bytes()), Some(CsvErrorKind::HeaderTooLarge));
    assert_eq!(refused(&columns.as_bytes()[..2001]), Some(CsvErrorKind::TooManyColumns));
    let large = CsvRows::new(io::repeat(b'x').take(10_000_000), &RowLayout::new()).err();
    assert_eq!(large.map(|error| error.kind().clone()), Some(CsvErrorKind::HeaderTooLarge));
}

#[test]
fn v51_a_field_of_megabytes_costs_its_row_and_is_not_quoted() -> Test {
    let bad = row("A2").replace("SKU-1", &"S".repeat(MAX_FIELD + 1));
    let prepared = prepare(format!("{HEADER}{}{bad}{}", row("A1"), row("A3")))?;
    assert_eq!(orders_sent(&prepared), ["A1", "A3"]);
    assert_eq!(diagnostics(&prepared.rows), [(3, Some("product_id"), "too_long")]);
    assert!(format!("{prepared:?}").len() < MAX_FIELD);

    for (text, column) in
        [("SKU-1", "product_id"), (SOLD, "timestamp"), ("10.50", "price"), ("EUR", "currency")]
    {
        let blank = row("A2").replace(text, &format!("{}{text}", " ".repeat(MAX_FIELD)));
        let prepared = prepare(format!("{HEADER}{blank}{}", row("A3")))?;
        assert_eq!(diagnostics(&prepared.rows)[0], (2, Some(column), "too_long"));
    }

    let huge = row("A2").replace("SKU-1", &"S".repeat(10_000_000));
    let prepared = prepare(format!("{HEADER}{huge}{}", row("A3")))?;
    assert_eq!(orders_sent(&prepared), ["A3"]);
    assert_eq!(diagnostics(&prepared.rows), [(2, Some("product_id"), "too_long")]);
    Ok(())
}

#[test]
fn v18_rows_of_one_order_in_two_files_are_one_event() -> Test {
    let mut orders = Orders::new();
    for (number, quantity) in [(1, "2"), (2, "3")] {
        let file = format!("{HEADER}{}", row("A1").replace(",1,", &format!(",{quantity},")));
        CsvRows::new(file.as_bytes(), &RowLayout::new())?.source(number).read_into(&mut orders)?;
    }
    let prepared = orders.finish(now());
    assert_eq!(sent(&prepared), [("A1".to_owned(), "52.5".to_owned())]);
    let sources: Vec<_> = prepared.events[0].lines().iter().map(|line| line.source()).collect();
    assert_eq!(sources, [1, 2]);

    let mut orders = Orders::new();
    for (number, currency) in [(1, "EUR"), (2, "USD")] {
        let file = format!("{HEADER}{}", row("A1").replace("EUR", currency));
        CsvRows::new(file.as_bytes(), &RowLayout::new())?.source(number).read_into(&mut orders)?;
    }
    let rows = orders.finish(now()).rows;
    assert_eq!(
        rows.diagnostics()[0].to_string(),
        "lines 2 of source 1, 2 of source 2, column currency: the order has rows in EUR and in USD: split it or \
         convert it (see line 2 of source 2)"
    );
    let json = serde_json::to_value(&rows.diagnostics()[0])?;
    assert_eq!((&json["sources"], &json["lines"]), (&json!([1, 2]), &json!([2, 2])));
    assert_eq!((&json["blamed_sources"], &json["blamed_lines"]), (&json!([2, 2]), &json!([2, 2])));
    Ok(())
}

#[test]
fn s1_no_customer_text_in_problems_and_debug() -> Test {
    let secret = "Xanthippe";
    let file = format!(
        "order_id,email,phone,timestamp,quantity,price,currency,birthdate\n\
         A1,{secret}@,,{SOLD},1,10.50,EUR,\nA2,{secret}@example.com,{secret},{SOLD},1,10.50,EUR,{secret}\n\
         A3,{secret}@example.com,,{secret},{secret},{secret},{secret},\nA4,{secret}\nA5,{secret}\0,,,,,,\n"
    );
    let mut rows = open(file.as_bytes())?;
    let mut shown = String::new();
    let mut orders = Orders::new();
    while let Some(row) = rows.next_row()? {
        write!(shown, "{row:?}")?;
        let parsed = row.parse();
        write!(shown, "{parsed:?}")?;
        orders.push_parsed(parsed);
    }
    write!(shown, "{rows:?}{orders:?}")?;
    let prepared = orders.finish(now());
    assert_eq!(prepared.rows.invalid(), 4);
    write!(shown, "{prepared:?}")?;
    assert!(!shown.to_lowercase().contains("xanthippe"), "{shown}");
    Ok(())
}

/// Counts what is taken from a reader.
struct Counted<R> {
    reader: R,
    taken: Rc<Cell<usize>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(out)?;
        self.taken.set(self.taken.get() + count);
        Ok(count)
    }
}

/// A reader that fails.
struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("cable pulled"))
    }
}

/// Hands out few bytes at a time.
struct Trickle<'a> {
    rest: &'a [u8],
    step: usize,
}

impl Read for Trickle<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let (now, later) = self.rest.split_at(self.step.min(self.rest.len()).min(out.len()));
        out[..now.len()].copy_from_slice(now);
        self.rest = later;
        Ok(now.len())
    }
}

fn line_end() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(&["\n", "\r\n", "\r"][..])
}

/// A line of a file: mostly good ones, and what goes wrong with them.
fn any_line() -> impl Strategy<Value = String> {
    let order = proptest::sample::select(&["", "A1", "A2", "A3", "A4", "A5"][..]);
    let good = (order, 1..4)
        .prop_map(|(order, quantity)| format!("{order},mary@example.com,{SOLD},SKU-1,{quantity},10.50,EUR"));
    prop_oneof![
        4 => good.clone(),
        1 => good.clone().prop_map(|line| line.replace(",10.50,", ",-1,")),
        1 => good.clone().prop_map(|line| line.replace(",SKU-1,", ",,-")),
        1 => good.clone().prop_map(|line| line.replace(",SKU-1,", ",\"S\nK\"\"U\r\n\",")),
        1 => good.clone().prop_map(|line| line.replace("mary@example.com", "mary")),
        1 => good.clone().prop_map(|line| line.replace("EUR", "USD")),
        1 => good.prop_map(|line| line[..line.len() / 2].to_owned()),
        1 => Just(String::new()),
        1 => Just(" ".to_owned()),
    ]
}

/// A report without the note on the end of the file.
fn without_ending(rows: &RowReport) -> (u64, Vec<&Diagnostic>, Vec<&Diagnostic>) {
    let notes = rows.notes().iter().filter(|note| note.code() != "unproven_end");
    (rows.read(), rows.diagnostics().iter().collect(), notes.collect())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn a_conservation_every_row_has_one_end(lines in proptest::collection::vec(any_line(), 0..40)) {
        let file = format!("{HEADER}{}", lines.join("\n"));
        let mut rows = open(file.as_bytes()).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let mut orders = Orders::new();
        let read = rows.read_into(&mut orders).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let prepared = orders.finish(now());
        let in_events: u64 = prepared.events.iter().map(Event::row_count).sum();
        prop_assert_eq!(read, lines.iter().filter(|line| !line.is_empty()).count() as u64);
        prop_assert_eq!(prepared.rows.read(), read);
        prop_assert_eq!(in_events + prepared.rows.filtered() + prepared.rows.invalid(), read);
    }

    #[test]
    fn c15_every_line_end_gives_the_same_rows(
        lines in proptest::collection::vec((any_line(), line_end()), 0..20),
        one in line_end(),
        ended in any::<bool>(),
        step in 1..50_usize,
    ) {
        let plain: Vec<_> = lines.iter().map(|(line, _)| line.as_str()).collect();
        let expected = prepare(format!("{HEADER}{}", plain.join("\n")));
        let expected = expected.map_err(|error| TestCaseError::fail(error.to_string()))?;

        // A blank line's LF behind a CR would be the other half of that line's end.
        let end = |line: &str, end| if line.is_empty() { "\r\n" } else { end };
        let mixed: String = lines.iter().flat_map(|(line, by)| [line.as_str(), end(line, by)]).collect();
        let mixed = format!("{HEADER}{mixed}");
        let same = format!("{}{}{}", HEADER.trim_end(), one, plain.join(one));
        let ended = if ended { format!("{same}{one}") } else { same };
        for file in [mixed, ended] {
            let trickle = Trickle { rest: file.as_bytes(), step };
            let mut rows = CsvRows::new(trickle, &RowLayout::new())
                .map_err(|error| TestCaseError::fail(error.to_string()))?;
            let mut orders = Orders::new();
            rows.read_into(&mut orders).map_err(|error| TestCaseError::fail(error.to_string()))?;
            let prepared = orders.finish(now());
            prop_assert_eq!(&prepared.events, &expected.events);
            prop_assert_eq!(without_ending(&prepared.rows), without_ending(&expected.rows));
        }
    }

    #[test]
    fn any_bytes_are_read_without_a_panic_and_every_row_is_counted(
        bytes in proptest::collection::vec(
            prop_oneof![any::<u8>(), proptest::sample::select(&b",\"\n\r1A"[..])], 0..400
        ),
        step in 1..50_usize,
    ) {
        let file = [HEADER.as_bytes(), &bytes].concat();
        let mut rows = CsvRows::new(Trickle { rest: &file, step }, &RowLayout::new())
            .map_err(|error| TestCaseError::fail(error.to_string()))?;
        let mut orders = Orders::new();
        match rows.read_into(&mut orders) {
            Ok(read) => {
                let rows = orders.finish(now()).rows;
                prop_assert_eq!(rows.read(), read);
            }
            Err(error) => prop_assert_eq!(error.kind(), &CsvErrorKind::OpenQuote),
        }
    }
}

/// Headers with the customer in one piece, beside a column that is not read, and in two pieces.
const HEADERS: &[&[&str]] = &[
    &["order_id", "email", "phone", "given_name", "city", "timestamp", "value", "currency"],
    &["email", "note", "phone", "given_name", "city", "order_id", "timestamp", "value", "currency"],
    &["email", "order_id", "phone", "given_name", "city", "timestamp", "value", "currency"],
    &["order_id", "timestamp", "value", "currency", "city", "given_name", "phone", "email"],
];

/// A row of a customer, in the order of these headers.
fn of_customer(headers: &[&str], number: usize, customer: &[&str; 4]) -> String {
    let [email, phone, name, city] = customer;
    let (order, note) = (format!("A{number}"), format!("n{}", number % 3));
    let field = |header: &&str| match *header {
        "email" => email,
        "phone" => phone,
        "given_name" => name,
        "city" => city,
        "order_id" => order.as_str(),
        "note" => note.as_str(),
        "timestamp" => SOLD,
        "value" => "10.50",
        _ => "EUR",
    };
    let fields: Vec<_> = headers.iter().map(field).collect();
    fields.join(",") + "\n"
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    /// The customer of a row that is written as that of the row before is not read again.
    #[test]
    fn every_row_is_read_as_in_a_file_of_its_own(
        headers in prop::sample::select(HEADERS),
        customers in prop::collection::vec(
            (
                prop::sample::select(&["mary@example.com", "m@example.com", "\"mary@example.com\"", "", "null", "ä"][..]),
                prop::sample::select(&["+1 650 555 1212", "", " ", "1"][..]),
                prop::sample::select(&["Mary", "Märy", "null", "", "\"Ma,ry\"", "Mar"][..]),
                prop::sample::select(&["Wien", "yWien", "", "\\N"][..]),
                1..4_usize,
            ),
            1..6,
        ),
    ) {
        let same = |(email, phone, name, city, times)| std::iter::repeat_n([email, phone, name, city], times);
        let rows = customers.into_iter().flat_map(same).enumerate();
        let rows: Vec<_> = rows.map(|(number, customer)| of_customer(headers, number, &customer)).collect();
        let header = headers.join(",") + "\n";
        let outcome = |rows: &[String]| {
            let prepared = prepare(header.clone() + &rows.concat()).unwrap();
            let events: Vec<_> = prepared.events.iter().map(|event| serde_json::to_string(event).unwrap()).collect();
            (events, diagnostics(&prepared.rows).into_iter().map(|(_, column, reason)| (column, reason)))
        };
        let (mut events, reasons) = outcome(&rows);
        let mut expected = Vec::new();
        for row in &rows {
            let (event, reason) = outcome(slice::from_ref(row));
            prop_assert_eq!(&events[..event.len()], event.as_slice());
            events.drain(..event.len());
            expected.extend(reason);
        }
        expected.sort_unstable();
        let mut reasons: Vec<_> = reasons.collect();
        reasons.sort_unstable();
        prop_assert_eq!(reasons, expected);
        prop_assert!(events.is_empty());
    }
}
