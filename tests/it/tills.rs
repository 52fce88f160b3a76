//! Exports as tills of five countries write them. What each comes to was worked out by hand.

use meta_offline_events::order::csv::{CsvRows, Delimiter};
use meta_offline_events::order::{Column, Gap, NumberStyle, Orders, Overlap, Prepared, RowLayout};
use meta_offline_events::value::{Currency, DateOrder, Zone};

use crate::support::of;

fn read(layout: &RowLayout, delimiter: Delimiter, file: &str) -> Prepared {
    let mut orders = Orders::new();
    let mut rows = CsvRows::with_delimiter(file.as_bytes(), layout, delimiter).unwrap();
    rows.read_into(&mut orders).unwrap();
    orders.finish(of("2026-11-28T00:00:00Z"))
}

/// The time and the value of each event.
fn sold(prepared: &Prepared) -> Vec<(String, String)> {
    assert_eq!(prepared.rows.invalid(), 0, "{:?}", prepared.rows.diagnostics());
    let one =
        |event: &meta_offline_events::Event| (event.time().to_string(), event.value().unwrap().to_string());
    prepared.events.iter().map(one).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|&(time, value)| (time.to_owned(), value.to_owned())).collect()
}

#[test]
fn t17_v6_v9_a_german_export() {
    let layout = RowLayout::new()
        .column("Bon-Nr.", Column::OrderId)
        .column("Zeit", Column::Timestamp)
        .column("E-Mail Kunde", Column::Email)
        .column("Artikel", Column::ProductId)
        .column("Menge", Column::Quantity)
        .column("Einzelpreis", Column::Price)
        .zone(of::<Zone>("Europe/Berlin"))
        .overlap(Overlap::Earlier)
        .gap(Gap::Forward)
        .date_order(DateOrder::DayFirst)
        .number_style(NumberStyle::DecimalComma)
        .currency_from_amounts()
        .fractional_quantities();
    let prepared = read(
        &layout,
        Delimiter::Semicolon,
        "Bon-Nr.;Zeit;E-Mail Kunde;Artikel;Menge;Einzelpreis\n\
         1001;27.11.2026 14:05;erika@example.com;KAESE;0,375;18,90 €\n\
         1001;27.11.2026 14:05;erika@example.com;TEE;2;5,00 €\n\
         1002;06.10.2026 14.05 Uhr;max@example.com;RAD;1;1.299,- €\n\
         1003;25.10.2026 02:30;uwe@example.com;RAD;1;59,90 €\n\
         1003;25.10.2026 02:30;uwe@example.com;RAD;-1;59,90 €\n",
    );
    // 0.375 × 18.90 + 2 × 5.00 = 17.0875.
    let expected = [
        ("2026-11-27T13:05:00Z", "17.09 EUR"),
        ("2026-10-06T12:05:00Z", "1299 EUR"),
        ("2026-10-25T00:30:00Z", "59.9 EUR"),
    ];
    assert_eq!(sold(&prepared), pairs(&expected));
    assert_eq!(prepared.rows.filtered(), 1);
}

#[test]
fn t17_v9_a_french_export() {
    let layout = RowLayout::new()
        .column("N° ticket", Column::OrderId)
        .column("Date", Column::Timestamp)
        .column("Courriel", Column::Email)
        .column("Total TTC", Column::Value)
        .column("Devise", Column::Currency)
        .zone(of::<Zone>("Europe/Paris"))
        .number_style(NumberStyle::ThousandsBlank);
    let prepared = read(
        &layout,
        Delimiter::Semicolon,
        "N° ticket;Date;Courriel;Total TTC;Devise\n\
         T1;27 novembre 2026 à 14h05;marie@example.com;1\u{202f}234,50\u{a0}€;EUR\n\
         T2;ven. 2 oct. 2026 9h30;luc@example.com;12,00 €;EUR\n",
    );
    let expected = [("2026-11-27T13:05:00Z", "1234.5 EUR"), ("2026-10-02T07:30:00Z", "12 EUR")];
    assert_eq!(sold(&prepared), pairs(&expected));
}

#[test]
fn t17_v9_a_japanese_export() {
    let layout = RowLayout::new()
        .column("伝票番号", Column::OrderId)
        .column("日時", Column::Timestamp)
        .column("メール", Column::Email)
        .column("合計", Column::Value)
        .column("通貨", Column::Currency)
        .zone(of::<Zone>("Asia/Tokyo"))
        .number_style(NumberStyle::ThousandsComma);
    let prepared = read(
        &layout,
        Delimiter::Comma,
        "伝票番号,日時,メール,合計,通貨\n\
         001,2026年11月27日(金) 14時05分,hanako@example.com,\"¥1,200\",JPY\n\
         002,2026年11月27日 午後2時05分,taro@example.com,\"１，２００円\",JPY\n",
    );
    let expected = [("2026-11-27T05:05:00Z", "1200 JPY"), ("2026-11-27T05:05:00Z", "1200 JPY")];
    assert_eq!(sold(&prepared), pairs(&expected));
}

#[test]
fn t17_v9_a_brazilian_export() {
    let layout = RowLayout::new()
        .column("Cupom", Column::OrderId)
        .column("Data", Column::Timestamp)
        .column("E-mail", Column::Email)
        .column("Valor", Column::Value)
        .zone_of("Loja", |store| match store {
            "São Paulo" => Some(of("America/Sao_Paulo")),
            "Manaus" => Some(of("America/Manaus")),
            _ => None,
        })
        .date_order(DateOrder::DayFirst)
        .number_style(NumberStyle::DecimalComma)
        .currency_from_amounts();
    let prepared = read(
        &layout,
        Delimiter::Semicolon,
        "Cupom;Data;E-mail;Valor;Loja\n\
         1;27/11/2026 14:05;ana@example.com;R$ 1.234,50;São Paulo\n\
         2;27 de novembro de 2026, 14h05;rui@example.com;R$ 10,00;Manaus\n",
    );
    let expected = [("2026-11-27T17:05:00Z", "1234.5 BRL"), ("2026-11-27T18:05:00Z", "10 BRL")];
    assert_eq!(sold(&prepared), pairs(&expected));
}

#[test]
fn t17_v9_an_arabic_export() {
    let layout = RowLayout::new()
        .column("رقم الفاتورة", Column::OrderId)
        .column("التاريخ", Column::Timestamp)
        .column("البريد", Column::Email)
        .column("المبلغ", Column::Value)
        .zone(of::<Zone>("Africa/Cairo"))
        .number_style(NumberStyle::ThousandsComma)
        .currency_from_amounts();
    let prepared = read(
        &layout,
        Delimiter::Semicolon,
        "رقم الفاتورة;التاريخ;البريد;المبلغ\n\
         1;27 نوفمبر 2026 2:05 م;mona@example.com;\u{200f}١٬٢٣٤٫٥٠ ج.م.\u{200f}\n",
    );
    assert_eq!(prepared.events[0].value().map(|value| value.currency()), Some(of::<Currency>("EGP")));
    assert_eq!(sold(&prepared), pairs(&[("2026-11-27T12:05:00Z", "1234.5 EGP")]));
}
