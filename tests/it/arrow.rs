//! Rows of Arrow record batches. The tests need nothing else of `tests/it`: `tests/arrow` runs them with another major
//! version of Arrow.

use std::convert::Infallible;
use std::sync::Arc;

use arrow_array::types::{
    ArrowDictionaryKeyType, ArrowPrimitiveType, Date32Type, Date64Type, Decimal32Type, Decimal64Type,
    Decimal128Type, Decimal256Type, DecimalType, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, BooleanArray, DictionaryArray, LargeStringArray, NullArray, PrimitiveArray, RecordBatch,
    StringArray, StringViewArray, new_null_array,
};
use arrow_schema::{ArrowError, DataType, Field, IntervalUnit, Schema, TimeUnit};
use chrono::{DateTime, NaiveTime};
use futures_util::{FutureExt as _, StreamExt as _, stream};
use meta_offline_events::order::arrow::{ArrowRows, BatchErrorKind, MAX_FIELD};
use meta_offline_events::order::csv::CsvRows;
use meta_offline_events::order::{
    Ending, NumberStyle, OrderKey, OrderRules, Orders, Prepared, RowLayout, SortedError,
};
use meta_offline_events::report::Diagnostic;
use meta_offline_events::value::{EventTime, Zone};
use proptest::prelude::*;
use proptest::sample::select;

type I256 = <Decimal256Type as ArrowPrimitiveType>::Native;

/// 2026-05-05T00:00:00Z
const NOW: i64 = 1_777_939_200;

fn now() -> EventTime {
    EventTime::from_unix(NOW).unwrap()
}

/// One column of a table: its values in Arrow, and its fields in CSV.
#[derive(Debug, Clone)]
struct Values {
    array: ArrayRef,
    fields: Vec<String>,
}

impl Values {
    fn new<V>(values: &[Option<V>], array: ArrayRef, field: impl Fn(&V) -> String) -> Self {
        let fields = values.iter().map(|value| value.as_ref().map(&field).unwrap_or_default()).collect();
        Self { array, fields }
    }

    fn primitive<T: ArrowPrimitiveType>(
        values: &[Option<T::Native>],
        field: impl Fn(&T::Native) -> String,
    ) -> Self {
        let array = values.iter().copied().collect::<PrimitiveArray<T>>();
        Self::new(values, Arc::new(array), field)
    }

    /// The same values in a dictionary. Some nulls are those of its keys, others those of its values.
    fn in_dictionary<K: ArrowDictionaryKeyType>(self) -> Self
    where
        K::Native: TryFrom<usize>,
    {
        let is_null_key = |row: usize| row.is_multiple_of(2) && self.array.is_null(row);
        let key = |row: usize| if is_null_key(row) { None } else { K::Native::try_from(row).ok() };
        let keys: PrimitiveArray<K> = (0..self.array.len()).map(key).collect();
        let array = DictionaryArray::<K>::try_new(keys, Arc::clone(&self.array)).unwrap();
        Self { array: Arc::new(array), ..self }
    }
}

const ROWS: usize = 7;

fn nullable<V: std::fmt::Debug + Clone>(
    value: impl Strategy<Value = V>,
) -> impl Strategy<Value = Vec<Option<V>>> {
    prop::collection::vec(prop_oneof![15 => value.prop_map(Some), 1 => Just(None)], ROWS)
}

fn strings(text: impl Strategy<Value = String> + 'static) -> BoxedStrategy<Values> {
    let values = nullable(text);
    (values, 0..3)
        .prop_map(|(values, kind)| {
            let array: ArrayRef = match kind {
                0 => Arc::new(values.iter().cloned().collect::<StringArray>()),
                1 => Arc::new(values.iter().cloned().collect::<LargeStringArray>()),
                _ => Arc::new(values.iter().cloned().collect::<StringViewArray>()),
            };
            Values::new(&values, array, Clone::clone)
        })
        .boxed()
}

/// Whole numbers of every type that holds them.
fn integers(range: std::ops::Range<i64>) -> BoxedStrategy<Values> {
    macro_rules! of {
        ($values:expr, $kind:expr, [$($type:ty),+]) => {{
            let mut kinds = Vec::new();
            $(kinds.push({
                let fits = |value: &i64| <$type as ArrowPrimitiveType>::Native::try_from(*value).ok();
                let values: Vec<_> = $values.iter().map(|value| value.as_ref().and_then(fits)).collect();
                Values::primitive::<$type>(&values, |value| value.to_string())
            });)+
            kinds.swap_remove($kind)
        }};
    }
    (nullable(range), 0..8_usize)
        .prop_map(|(values, kind)| {
            of!(
                values,
                kind,
                [Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type]
            )
        })
        .boxed()
}

/// Writes digits with a point, as every database does.
fn decimal(digits: &str, scale: i8) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |digits| ("-", digits));
    match usize::try_from(scale) {
        Ok(0) => format!("{sign}{digits}"),
        Ok(decimals) => {
            let digits = format!("{digits:0>width$}", width = decimals + 1);
            let (whole, decimals) = digits.split_at(digits.len() - decimals);
            format!("{sign}{whole}.{decimals}")
        }
        Err(_) if digits == "0" => "0".to_owned(),
        Err(_) => format!("{sign}{digits}{}", "0".repeat(scale.unsigned_abs().into())),
    }
}

fn decimals_of<T: DecimalType>(values: &[Option<T::Native>], precision: u8, scale: i8) -> Values
where
    T::Native: ToString,
{
    let array = values.iter().copied().collect::<PrimitiveArray<T>>();
    let array = array.with_precision_and_scale(precision, scale).unwrap();
    Values::new(values, Arc::new(array), |value| decimal(&value.to_string(), scale))
}

fn decimals() -> BoxedStrategy<Values> {
    prop_oneof![
        (nullable(0..1_000_000_i32), -2..9_i8)
            .prop_map(|(values, scale)| decimals_of::<Decimal32Type>(&values, 9, scale)),
        (nullable(-5_i64..1_000_000_000_000), -2..18_i8).prop_map(|(values, scale)| decimals_of::<
            Decimal64Type,
        >(
            &values, 18, scale
        )),
        (nullable(-5_i128..10_i128.pow(30)), -2..38_i8).prop_map(|(values, scale)| decimals_of::<
            Decimal128Type,
        >(
            &values, 38, scale
        )),
        (nullable((0..10_i128.pow(30), 0..40_usize)), -2..60_i8).prop_map(|(values, scale)| {
            let digits = |(first, zeros): &(i128, usize)| format!("{first}{}", "0".repeat(*zeros));
            let values: Vec<_> = values
                .iter()
                .map(|value| value.as_ref().map(|value| I256::from_string(&digits(value)).unwrap()))
                .collect();
            decimals_of::<Decimal256Type>(&values, 76, scale)
        }),
    ]
    .boxed()
}

fn floats(number: impl Strategy<Value = f64> + 'static) -> BoxedStrategy<Values> {
    type Half = <Float16Type as ArrowPrimitiveType>::Native;
    (nullable(number), 0..3)
        .prop_map(|(values, kind)| match kind {
            0 => Values::primitive::<Float64Type>(&values, f64::to_string),
            1 => {
                let values: Vec<_> = values
                    .iter()
                    .map(|value| {
                        value
                            .and_then(|value| value.to_string().parse().ok())
                            .filter(|value: &f32| value.abs() < 16_777_216.0)
                    })
                    .collect();
                Values::primitive::<Float32Type>(&values, f32::to_string)
            }
            _ => {
                let values: Vec<_> = values
                    .iter()
                    .map(|value| value.filter(|value| value.abs() < 2_000.0).map(Half::from_f64))
                    .collect();
                Values::primitive::<Float16Type>(&values, |value| value.to_f32().to_string())
            }
        })
        .boxed()
}

fn timestamps(zones: &'static [Option<&'static str>]) -> BoxedStrategy<Values> {
    fn of<T: arrow_array::types::ArrowTimestampType>(
        values: &[Option<i64>],
        a_second: i64,
        zone: Option<&'static str>,
    ) -> Values {
        let array = values.iter().copied().collect::<PrimitiveArray<T>>().with_timezone_opt(zone);
        Values::new(values, Arc::new(array), |value| {
            let nanoseconds = value.rem_euclid(a_second) * (1_000_000_000 / a_second);
            let moment =
                DateTime::from_timestamp(value.div_euclid(a_second), nanoseconds.try_into().unwrap())
                    .unwrap();
            let form = if zone.is_some() { "%Y-%m-%d %H:%M:%S%.f+00:00" } else { "%Y-%m-%dT%H:%M:%S%.f" };
            moment.format(form).to_string()
        })
    }
    (nullable(NOW - 300_000..NOW), 0..999_999_999_i64, 0..4, select(zones))
        .prop_map(|(seconds, fraction, unit, zone)| {
            let values = |a_second: i64| -> Vec<_> {
                let fraction = fraction / (1_000_000_000 / a_second);
                seconds.iter().map(|value| value.map(|value| value * a_second + fraction)).collect()
            };
            match unit {
                0 => of::<TimestampSecondType>(&values(1), 1, zone),
                1 => of::<TimestampMillisecondType>(&values(1_000), 1_000, zone),
                2 => of::<TimestampMicrosecondType>(&values(1_000_000), 1_000_000, zone),
                _ => of::<TimestampNanosecondType>(&values(1_000_000_000), 1_000_000_000, zone),
            }
        })
        .boxed()
}

fn dates(days: std::ops::Range<i32>) -> BoxedStrategy<Values> {
    const DAY: i64 = 86_400_000;
    let date = |milliseconds: i64, form| {
        DateTime::from_timestamp_millis(milliseconds).unwrap().format(form).to_string()
    };
    (nullable(days), 0..3)
        .prop_map(move |(values, kind)| {
            if kind == 0 {
                return Values::primitive::<Date32Type>(&values, |days| {
                    date(i64::from(*days) * DAY, "%Y-%m-%d")
                });
            }
            let hour = if kind == 1 { 0 } else { 3_600_000 };
            let values: Vec<_> =
                values.iter().map(|days| days.map(|days| i64::from(days) * DAY + hour)).collect();
            let form = if kind == 1 { "%Y-%m-%d" } else { "%Y-%m-%dT%H:%M:%S" };
            Values::primitive::<Date64Type>(&values, |milliseconds| date(*milliseconds, form))
        })
        .boxed()
}

fn booleans() -> BoxedStrategy<Values> {
    nullable(any::<bool>())
        .prop_map(|values| {
            let array: BooleanArray = values.iter().copied().collect();
            Values::new(&values, Arc::new(array), bool::to_string)
        })
        .boxed()
}

fn nulls() -> BoxedStrategy<Values> {
    Just(Values { array: Arc::new(NullArray::new(ROWS)), fields: vec![String::new(); ROWS] }).boxed()
}

/// The same column as it is, or in a dictionary with keys of any type.
fn or_in_dictionary(values: BoxedStrategy<Values>) -> BoxedStrategy<Values> {
    (values, 0..16)
        .prop_map(|(values, keys)| match keys {
            0 => values.in_dictionary::<Int8Type>(),
            1 => values.in_dictionary::<Int16Type>(),
            2 => values.in_dictionary::<Int32Type>(),
            3 => values.in_dictionary::<Int64Type>(),
            4 => values.in_dictionary::<UInt8Type>(),
            5 => values.in_dictionary::<UInt16Type>(),
            6 => values.in_dictionary::<UInt32Type>(),
            7 => values.in_dictionary::<UInt64Type>(),
            _ => values,
        })
        .boxed()
}

const ZONES: &[Option<&str>] = &[None, Some("UTC"), Some("+02:00"), Some("Europe/Berlin")];
const NO_ZONE: &[Option<&str>] = &[None];

/// Any type for texts that are ids.
fn ids() -> BoxedStrategy<Values> {
    let texts = ["A1", "A2", " A2 ", "A3", "A4", "10001", "x\"y,z", "e\u{301}", "N/A", "", "#REF!"];
    let decimals = (nullable(1..40_i128), 0..2_i8)
        .prop_map(|(values, scale)| decimals_of::<Decimal128Type>(&values, 38, scale));
    prop_oneof![
        6 => strings(select(texts.to_vec()).prop_map(str::to_owned)),
        6 => integers(1..100),
        4 => decimals,
        2 => floats((1..400_u16).prop_map(|number| f64::from(number) / 4.0)),
        1 => dates(20_000..20_020),
        1 => timestamps(NO_ZONE),
        1 => booleans(),
        1 => nulls(),
    ]
    .boxed()
}

/// Amounts and quantities: most can be used.
fn numbers() -> BoxedStrategy<Values> {
    let odd_floats = prop_oneof![Just(0.1), Just(f64::NAN), Just(-0.0), 0.0..1e9];
    let odd_texts = ["2.0", "10.50", "10,50", "-1", "1.234", "€ 5", "NaN", "n/a", "two"];
    prop_oneof![
        10 => integers(1..100),
        6 => (nullable(1..100_000_i128), 0..5_i8)
            .prop_map(|(values, scale)| decimals_of::<Decimal128Type>(&values, 38, scale)),
        6 => decimals(),
        4 => floats((1..4_000_u16).prop_map(|number| f64::from(number) / 4.0)),
        3 => strings((1..100_u8).prop_map(|number| number.to_string())),
        1 => integers(-2..3),
        1 => floats(odd_floats),
        1 => strings(select(odd_texts.to_vec()).prop_map(str::to_owned)),
        1 => prop_oneof![booleans(), dates(20_000..20_002), timestamps(NO_ZONE), nulls()],
    ]
    .boxed()
}

fn times() -> BoxedStrategy<Values> {
    let seconds = || NOW - 300_000..NOW;
    let decimals = (nullable(seconds()), 0..4_u32).prop_map(|(values, scale)| {
        let digits = |value: &i64| i128::from(*value) * 10_i128.pow(scale);
        let values: Vec<_> = values.iter().map(|value| value.as_ref().map(digits)).collect();
        decimals_of::<Decimal128Type>(&values, 38, scale.try_into().unwrap())
    });
    prop_oneof![
        10 => timestamps(ZONES),
        3 => integers(seconds()),
        2 => strings(seconds().prop_map(|seconds| seconds.to_string())),
        2 => floats((0..300_000).prop_map(|seconds| f64::from(seconds) + 1_777_600_000.5)),
        2 => dates(20_570..20_576),
        2 => decimals,
        1 => booleans(),
    ]
    .boxed()
}

/// A table with columns of random types, and the style of the numbers in its texts.
fn tables() -> impl Strategy<Value = (Vec<(&'static str, Values)>, NumberStyle)> {
    let emails = ["mary@example.com", " MARY@example.com", "mary@example.com ", "nobody", "", "null"];
    let birthdates = prop_oneof![
        dates(3_000..10_000),
        timestamps(NO_ZONE),
        strings(select(vec!["1997-02-16", "yesterday"]).prop_map(str::to_owned)),
        integers(19_800_101..19_800_129),
    ];
    let phones = prop_oneof![
        integers(14_155_550_100..14_155_550_103),
        floats((0..3_u8).prop_map(|number| 14_155_550_100.0 + f64::from(number))),
        strings(Just("+1 (415) 555-0100".to_owned())),
    ];
    let currencies = prop_oneof![
        10 => strings(Just("EUR".to_owned())),
        2 => strings(select(vec!["EUR", "eur", "USD"]).prop_map(str::to_owned)),
        1 => nulls(),
    ];
    let columns = (
        or_in_dictionary(ids()),
        or_in_dictionary(strings(select(emails.to_vec()).prop_map(str::to_owned))),
        or_in_dictionary(phones.boxed()),
        or_in_dictionary(birthdates.boxed()),
        or_in_dictionary(ids()),
        or_in_dictionary(times()),
        or_in_dictionary(ids()),
        or_in_dictionary(numbers()),
        or_in_dictionary(numbers()),
        or_in_dictionary(currencies.boxed()),
    );
    let styles = select(vec![NumberStyle::Plain, NumberStyle::DecimalComma]);
    (columns, or_in_dictionary(ids()), styles).prop_map(|(columns, store, style)| {
        let (order, email, phone, birthdate, customer, time, product, quantity, price, currency) = columns;
        let columns = vec![
            ("order_id", order),
            ("email", email),
            ("phone", phone),
            ("birthdate", birthdate),
            ("external_id", customer),
            ("timestamp", time),
            ("product_id", product),
            ("quantity", quantity),
            ("price", price),
            ("currency", currency),
            ("store", store),
        ];
        (columns, style)
    })
}

fn batch_of<'t>(columns: impl IntoIterator<Item = (&'t str, &'t ArrayRef)>) -> RecordBatch {
    let (fields, arrays): (Vec<_>, Vec<_>) = columns
        .into_iter()
        .map(|(name, array)| (Field::new(name, array.data_type().clone(), true), Arc::clone(array)))
        .unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
}

/// Writes a table as CSV. A number from a type for numbers is in the style of the file.
fn csv_of(columns: &[(&str, Values)], style: NumberStyle) -> String {
    let mut file = columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(",") + "\n";
    for row in 0..ROWS {
        let fields = columns.iter().map(|(name, values)| {
            let field = &values.fields[row];
            let is_amount = ["quantity", "price"].contains(name) && is_number(values.array.data_type());
            let in_style = is_amount && style == NumberStyle::DecimalComma;
            let field = if in_style { field.replace('.', ",") } else { field.clone() };
            format!("\"{}\"", field.replace('"', "\"\""))
        });
        file += &(fields.collect::<Vec<_>>().join(",") + "\n");
    }
    file
}

fn is_number(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_number(values),
        other => other.is_numeric(),
    }
}

fn batches<I>(batches: I) -> impl Iterator<Item = Result<RecordBatch, Infallible>>
where
    I: IntoIterator<Item = RecordBatch>,
{
    batches.into_iter().map(Ok)
}

fn prepared(batch: &RecordBatch, layout: &RowLayout) -> Prepared {
    let mut orders = Orders::new();
    let split = [
        batch.slice(0, batch.num_rows() / 2),
        batch.slice(batch.num_rows() / 2, batch.num_rows().div_ceil(2)),
    ];
    ArrowRows::new(batches(split), batch.schema_ref(), layout).unwrap().read_into(&mut orders).unwrap();
    orders.finish(now())
}

/// What a report says, with lines that count from the first row.
fn told(prepared: &Prepared, lines_before: u64) -> Vec<(String, String, Vec<u64>)> {
    let rows = prepared.rows.diagnostics().iter();
    rows.map(|diagnostic| {
        let lines = diagnostic.lines().iter().map(|line| line.number() - lines_before).collect();
        let column = diagnostic.column().unwrap_or_default().to_owned();
        (diagnostic.code().to_owned(), column, lines)
    })
    .collect()
}

fn layout() -> RowLayout {
    RowLayout::new()
        .time_of_day(NaiveTime::from_hms_opt(12, 0, 0).unwrap())
        .zone("+02:00".parse::<Zone>().unwrap())
        .cut_fractions()
        .fractional_quantities()
}

proptest! {
    #[test]
    fn arrow_and_csv_of_the_same_table_give_the_same_bytes((columns, style) in tables(), has_key in prop::bool::weighted(0.3)) {
        let layout = layout().number_style(style);
        let key = OrderKey::new().column("store").day();
        let layout = if has_key { layout.order_key(key) } else { layout };
        let batch = batch_of(columns.iter().map(|(name, values)| (*name, &values.array)));
        let file = csv_of(&columns, style);

        let from_arrow = prepared(&batch, &layout);
        let mut orders = Orders::new();
        CsvRows::new(file.as_bytes(), &layout).unwrap().expect_rows(ROWS as u64).read_into(&mut orders).unwrap();
        let from_csv = orders.finish(now());

        prop_assert_eq!(serde_json::to_string(&from_arrow.events).unwrap(), serde_json::to_string(&from_csv.events).unwrap(), "{}", file);
        prop_assert_eq!(told(&from_arrow, 0), told(&from_csv, 1), "{}", file);
        let counts = |prepared: &Prepared| (prepared.rows.read(), prepared.rows.filtered(), prepared.rows.invalid());
        prop_assert_eq!(counts(&from_arrow), counts(&from_csv));
    }
}

const NAMES: [&str; 5] = ["order_id", "email", "timestamp", "value", "currency"];

fn text_array(texts: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(texts.to_vec()))
}

/// A batch with one order a row.
fn sales(orders: &[&str]) -> RecordBatch {
    let same = |text: &str| text_array(&vec![text; orders.len()]);
    let columns =
        [text_array(orders), same("mary@example.com"), same("1777896000"), same("10.50"), same("EUR")];
    batch_of(NAMES.into_iter().zip(&columns))
}

/// A batch of one sale with another column in place of one of it.
fn sale_with(name: &str, array: &ArrayRef) -> RecordBatch {
    let sale = sales(&["A1"]);
    batch_of(
        NAMES
            .into_iter()
            .zip(sale.columns())
            .map(|(other, column)| (other, if other == name { array } else { column })),
    )
}

fn value_of(prepared: &Prepared) -> String {
    prepared.events.first().map(|event| event.value().unwrap().to_string()).unwrap_or_default()
}

fn decimal_column<T: DecimalType>(value: T::Native, precision: u8, scale: i8) -> ArrayRef {
    let array = PrimitiveArray::<T>::from_iter_values([value]);
    Arc::new(array.with_precision_and_scale(precision, scale).unwrap())
}

#[test]
fn decimals_keep_every_digit_and_no_style() {
    let wide = |digits: &str| I256::from_string(digits).unwrap();
    for (array, value) in [
        (
            decimal_column::<Decimal128Type>(1_234_567_890_123_456_789_012, 38, 2),
            "12345678901234567890.12 EUR",
        ),
        (decimal_column::<Decimal32Type>(1_234, 9, 3), "1.23 EUR"),
        (decimal_column::<Decimal64Type>(12, 18, -3), "12000 EUR"),
        (decimal_column::<Decimal256Type>(wide(&format!("15{}", "0".repeat(60))), 76, 60), "15 EUR"),
        (Arc::new(PrimitiveArray::<UInt64Type>::from_iter_values([u64::MAX])), "18446744073709551615 EUR"),
        (Arc::new(PrimitiveArray::<Float32Type>::from_iter_values([0.1])), "0.1 EUR"),
    ] {
        for style in [NumberStyle::Plain, NumberStyle::DecimalComma] {
            let prepared = prepared(&sale_with("value", &array), &RowLayout::new().number_style(style));
            assert_eq!(value_of(&prepared), value, "{array:?}");
        }
    }
    let too_long = decimal_column::<Decimal256Type>(wide(&"1".repeat(39)), 76, 0);
    let prepared = prepared(&sale_with("value", &too_long), &RowLayout::new());
    assert_eq!(prepared.rows.diagnostics()[0].code(), "too_many_digits");
}

#[test]
fn a_float_that_stands_for_several_order_ids_is_refused() {
    let id = |float: f64| -> ArrayRef { Arc::new(PrimitiveArray::<Float64Type>::from_iter_values([float])) };
    let read = |array: &ArrayRef| prepared(&sale_with("order_id", array), &RowLayout::new());
    let exact = read(&id(9_007_199_254_740_991.0));
    assert_eq!(exact.events[0].order_id().unwrap().as_str(), "9007199254740991");
    for float in [9_007_199_254_740_992.0, -1e300, f64::INFINITY] {
        let prepared = read(&id(float));
        assert_eq!(prepared.rows.diagnostics()[0].code(), "inexact_float", "{float}");
        assert!(prepared.events.is_empty());
    }
    let single: ArrayRef = Arc::new(PrimitiveArray::<Float32Type>::from_iter_values([1_777_896_000.0]));
    let prepared = prepared(&sale_with("timestamp", &single), &RowLayout::new());
    assert_eq!(prepared.rows.diagnostics()[0].code(), "inexact_float", "the float is up to a minute away");
}

#[test]
fn a_column_of_any_other_type_is_refused_by_name_and_type() {
    let item = Arc::new(Field::new("mary@example.com", DataType::Utf8, true));
    let whole = || Arc::new(Field::new("whole", DataType::Int32, false));
    let nested = DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Binary));
    let in_two = DataType::Dictionary(
        Box::new(DataType::Int8),
        Box::new(DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Utf8))),
    );
    let run = DataType::RunEndEncoded(whole(), Arc::clone(&item));
    for (data_type, name) in [
        (DataType::Binary, "Binary"),
        (DataType::LargeBinary, "LargeBinary"),
        (DataType::BinaryView, "BinaryView"),
        (DataType::FixedSizeBinary(16), "FixedSizeBinary"),
        (DataType::Time32(TimeUnit::Second), "Time32"),
        (DataType::Time64(TimeUnit::Nanosecond), "Time64"),
        (DataType::Duration(TimeUnit::Second), "Duration"),
        (DataType::Interval(IntervalUnit::DayTime), "Interval"),
        (DataType::List(Arc::clone(&item)), "List"),
        (DataType::LargeList(Arc::clone(&item)), "LargeList"),
        (DataType::FixedSizeList(Arc::clone(&item), 2), "FixedSizeList"),
        (DataType::Struct(vec![item].into()), "Struct"),
        (nested, "Dictionary"),
        (in_two, "Dictionary"),
        (run, "RunEndEncoded"),
        (DataType::Timestamp(TimeUnit::Second, Some("UTC".into())), "Timestamp"),
    ] {
        let batch = sale_with("email", &new_null_array(&data_type, 1));
        let error = ArrowRows::new(batches([]), batch.schema_ref(), &RowLayout::new()).unwrap_err();
        let expected =
            BatchErrorKind::Type { position: 2, column: "email".to_owned(), data_type: name.to_owned() };
        assert_eq!(error.kind(), &expected);
        let message = error.to_string();
        assert!(message.starts_with(&format!("column 2 (email) has the type {name}")), "{message}");
        assert!(!message.contains('@'), "{message}");

        let named = sale_with("email", &text_array(&["mary@example.com"]));
        let batch = batch_of(NAMES.into_iter().zip(named.columns()).chain([("basket", batch.column(1))]));
        assert_eq!(value_of(&prepared(&batch, &RowLayout::new())), "10.5 EUR", "it is not read");
        let key = RowLayout::new().order_key(OrderKey::new().column("Basket"));
        let error = ArrowRows::new(batches([]), batch.schema_ref(), &key).unwrap_err();
        assert!(error.to_string().starts_with("column 6 (Basket) has the type"), "{error}");
    }
}

#[test]
fn a_header_that_does_not_fit_is_refused_as_that_of_a_file() {
    let batch = batch_of([("order_id", &text_array(&["A1"]))]);
    let error = ArrowRows::new(batches([]), batch.schema_ref(), &RowLayout::new()).unwrap_err();
    assert!(matches!(error.kind(), BatchErrorKind::Layout(_)));
    let from_csv = CsvRows::new(&b"order_id\nA1\n"[..], &RowLayout::new()).unwrap_err();
    assert_eq!(format!("line 1: {error}"), from_csv.to_string());
}

#[test]
fn a_text_that_is_too_long_or_has_a_nul_makes_its_row_invalid() {
    for (text, code) in [("x".repeat(MAX_FIELD + 1), "too_long"), ("a\0b".to_owned(), "control_character")] {
        let prepared = prepared(&sale_with("order_id", &text_array(&[&text])), &RowLayout::new());
        assert_eq!(prepared.rows.diagnostics()[0].code(), code);
    }
}

#[test]
fn rows_are_counted_through_all_batches_of_their_source() {
    let schema = sales(&[]).schema();
    let broken = sale_with("value", &text_array(&["ten"]));
    let mut orders = Orders::new();
    for source in [1, 2] {
        let parts = [sales(&["A1", "A2"]), sales(&[]), broken.clone(), sales(&["A3"])];
        let mut rows = ArrowRows::new(batches(parts), &schema, &RowLayout::new()).unwrap().source(source);
        assert_eq!(rows.ending(), Ending::Incomplete);
        assert_eq!(rows.read_into(&mut orders).unwrap(), 4);
        assert_eq!((rows.rows_read(), rows.ending()), (4, Ending::Proven));
        assert!(rows.next_row().unwrap().is_none(), "it has ended");
    }
    let prepared = orders.finish(now());
    let is_broken = |diagnostic: &&Diagnostic| diagnostic.column() == Some("value");
    let lines = prepared.rows.diagnostics().iter().filter(is_broken).flat_map(Diagnostic::lines);
    let places: Vec<_> = lines.map(|line| (line.source(), line.number())).collect();
    assert_eq!(places, [(1, 3), (2, 3)]);
}

#[test]
fn an_error_between_two_batches_ends_the_rows_and_nothing_unfinished_is_sent() {
    let failing = || {
        let lost = ArrowError::ComputeError("the connection is lost".to_owned());
        vec![Ok(sales(&["A1", "A1", "A2"])), Err(lost), Ok(sales(&["A2"]))]
    };
    let schema = sales(&[]).schema();
    let rows = || ArrowRows::new(failing().into_iter(), &schema, &RowLayout::new()).unwrap();

    let mut orders = Orders::new();
    let mut read = rows();
    let error = read.read_into(&mut orders).unwrap_err();
    assert_eq!(error.kind(), &BatchErrorKind::Source);
    assert_eq!(
        std::error::Error::source(&error).unwrap().to_string(),
        "Compute error: the connection is lost"
    );
    assert_eq!(read.next_row().unwrap_err().kind(), &BatchErrorKind::Stopped);
    let prepared = orders.finish(now());
    assert_eq!((prepared.events.len(), prepared.rows.not_sent()), (0, 3));

    let mut events = rows().sorted(OrderRules::new(), now());
    let told: Vec<_> =
        events.by_ref().map(|event| event.map(|event| event.order_id().unwrap().to_string())).collect();
    assert_eq!(told.len(), 2);
    assert_eq!(told[0].as_ref().unwrap(), "A1");
    assert!(
        matches!(&told[1], Err(SortedError::Source(cause)) if cause.to_string().contains("the connection is lost"))
    );
    assert_eq!(events.finish().rows.not_sent(), 1);
}

#[test]
fn a_batch_with_other_columns_ends_the_rows() {
    let first = sales(&["A1"]);
    let other = sale_with("value", &decimal_column::<Decimal128Type>(5, 10, 2));
    let swapped = batch_of(
        first.schema_ref().fields().iter().map(|field| field.name().as_str()).rev().zip(first.columns()),
    );
    let narrow = first.project(&[0, 1, 2, 3]).unwrap();
    for batch in [other, swapped, narrow] {
        let parts = [first.clone(), batch];
        let mut rows = ArrowRows::new(batches(parts), first.schema_ref(), &RowLayout::new()).unwrap();
        let error = rows.read_into(&mut Orders::new()).unwrap_err();
        assert_eq!(error.kind(), &BatchErrorKind::OtherColumns { batch: 2 });
        assert_eq!(rows.next_row().unwrap_err().kind(), &BatchErrorKind::Stopped);
    }
}

#[test]
fn a_stream_of_batches_gives_the_events_of_an_iterator() {
    let schema = sales(&[]).schema();
    let parts = || [sales(&["A1", "A2", "A2"]), sales(&[]), sales(&["A2", "A3"])];
    let rows = ArrowRows::new(batches(parts()), &schema, &RowLayout::new()).unwrap();
    let expected: Vec<_> = rows.sorted(OrderRules::new(), now()).map(Result::unwrap).collect();
    assert_eq!(expected.len(), 3);

    let rows = ArrowRows::new(stream::iter(batches(parts())), &schema, &RowLayout::new()).unwrap();
    let mut events = rows.sorted_stream(OrderRules::new(), now());
    let collected: Vec<_> = events.by_ref().map(Result::unwrap).collect().now_or_never().unwrap();
    assert_eq!(serde_json::to_string(&collected).unwrap(), serde_json::to_string(&expected).unwrap());
    let prepared = events.finish();
    assert_eq!(prepared.rows.read(), 5);
    assert!(prepared.rows.notes().iter().all(|note| note.code() != "unproven_end"), "the end is proven");
}

#[test]
fn debug_shows_no_text_of_the_table() {
    let batch = sales(&["A1"]);
    let mut rows = ArrowRows::new(batches([batch.clone()]), batch.schema_ref(), &RowLayout::new()).unwrap();
    rows.next_row().unwrap();
    assert_eq!(format!("{rows:?}"), "ArrowRows { source: 0, rows_read: 1, .. }");
}
