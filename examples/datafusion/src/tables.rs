//! Three made-up tables of a shop, as Parquet and CSV. The same number of rows on the same day gives the same files.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int32Array, RecordBatch, StringArray,
    TimestampMillisecondArray,
};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::dataframe::DataFrameWriteOptions;
use datafusion::error::Result;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::prelude::{CsvReadOptions, ParquetReadOptions, SessionContext};

pub const NAMES: [&str; 3] = ["Unified_Itemized_Transactions", "Unified_Transactions", "Customer_360"];

const ITEMS_OF_AN_ORDER: u64 = 4;
const ROWS_OF_A_CUSTOMER: u64 = 40;
const ROWS_OF_A_BATCH: u64 = 65_536;
const DAY: i64 = 86_400;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Format {
    Parquet,
    Csv,
}

impl Format {
    pub const BOTH: [Self; 2] = [Self::Parquet, Self::Csv];

    fn path(self, folder: &Path, table: &str) -> PathBuf {
        folder.join(format!("{table}.{}", if self == Self::Parquet { "parquet" } else { "csv" }))
    }

    /// Makes the tables known to an engine.
    pub async fn register(self, context: &SessionContext, folder: &Path) -> Result<()> {
        for (table, schema) in NAMES.into_iter().zip(schemas()) {
            let path = self.path(folder, table);
            let path = path.to_string_lossy();
            match self {
                Self::Parquet => context.register_parquet(table, path, ParquetReadOptions::default()).await?,
                Self::Csv => context.register_csv(table, path, CsvReadOptions::new().schema(&schema)).await?,
            }
        }
        Ok(())
    }
}

/// Writes the tables, with so many rows of items sold before this midnight, in Unix seconds.
pub async fn write(folder: &Path, rows: u64, midnight: i64, formats: &[Format]) -> Result<()> {
    let orders = rows.div_ceil(ITEMS_OF_AN_ORDER).max(1);
    let customers = rows.div_ceil(ROWS_OF_A_CUSTOMER).max(1);
    let shop = Shop { orders, customers, midnight };
    let parts: [(u64, &dyn Fn(u64, u64) -> RecordBatch); 3] = [
        (rows, &|from, to| shop.items(from, to)),
        (orders, &|from, to| shop.transactions(from, to)),
        (customers, &|from, to| shop.people(from, to)),
    ];
    for (name, (rows, part)) in NAMES.into_iter().zip(parts) {
        let file = File::create(Format::Parquet.path(folder, name))?;
        let mut writer = ArrowWriter::try_new(file, part(0, 0).schema(), None)?;
        for from in (0..rows).step_by(ROWS_OF_A_BATCH as usize) {
            writer.write(&part(from, (from + ROWS_OF_A_BATCH).min(rows)))?;
        }
        writer.close()?;
    }
    if formats.contains(&Format::Csv) {
        let context = SessionContext::new();
        Format::Parquet.register(&context, folder).await?;
        for name in NAMES {
            let path = Format::Csv.path(folder, name);
            let options = DataFrameWriteOptions::new().with_single_file_output(true);
            context.table(name).await?.write_csv(&path.to_string_lossy(), options, None).await?;
        }
    }
    Ok(())
}

fn schemas() -> [SchemaRef; 3] {
    let shop = Shop { orders: 1, customers: 1, midnight: 0 };
    [shop.items(0, 0).schema(), shop.transactions(0, 0).schema(), shop.people(0, 0).schema()]
}

struct Shop {
    orders: u64,
    customers: u64,
    midnight: i64,
}

impl Shop {
    /// Items, those of one order far apart from each other.
    fn items(&self, from: u64, to: u64) -> RecordBatch {
        let rows = || (from..to).map(|row| (row, row * 2_654_435_761 % self.orders));
        let is_last = |row: u64| row / self.orders == ITEMS_OF_AN_ORDER - 1;
        let quantity = |(row, order): (u64, u64)| match mixed(order, 1) % 400 {
            0 if is_last(row) => 0,
            1 | 2 if is_last(row) => -1,
            other => 1 + i32::try_from((other + row) % 3).unwrap_or_default(),
        };
        let cents = |row: u64| 199 + i128::from(mixed(row, 2) % 20_000);
        table([
            ("order_id", Arc::new(StringArray::from_iter_values(rows().map(|(_, order)| order_id(order))))),
            ("amperity_id", text(rows().map(|(_, order)| Some(self.customer_of(order))))),
            ("product_id", text(rows().map(|(row, _)| Some(format!("SKU-{:05}", mixed(row, 3) % 50_000))))),
            ("item_quantity", Arc::new(Int32Array::from_iter_values(rows().map(quantity)))),
            ("item_revenue", {
                let revenue = rows().map(|(row, order)| cents(row) * i128::from(quantity((row, order))));
                let revenue = Decimal128Array::from_iter_values(revenue);
                Arc::new(revenue.with_precision_and_scale(12, 2).expect("twelve digits"))
            }),
            ("order_datetime", {
                let times = rows().map(|(_, order)| self.time_of(order) * 1_000);
                Arc::new(TimestampMillisecondArray::from_iter_values(times))
            }),
            ("is_return", flags(rows().map(|row| quantity(row) < 0))),
            ("is_cancellation", flags(rows().map(|(_, order)| mixed(order, 4) % 100 == 0))),
        ])
    }

    fn transactions(&self, from: u64, to: u64) -> RecordBatch {
        let channel = |order| ["store", "phone", "online"][(mixed(order, 5) % 3) as usize];
        let brand = |order| if mixed(order, 6) % 4 == 0 { "ACME Outlet" } else { "ACME Essentials" };
        table([
            ("order_id", text((from..to).map(|order| Some(order_id(order))))),
            ("purchase_channel", text((from..to).map(|order| Some(channel(order).to_owned())))),
            ("purchase_brand", text((from..to).map(|order| Some(brand(order).to_owned())))),
        ])
    }

    fn people(&self, from: u64, to: u64) -> RecordBatch {
        const FIRST: [&str; 6] = ["Mary", "John", "Ana", "Wei", "Fatima", "Jürgen"];
        const LAST: [&str; 5] = ["Smith", "O'Connor", "García", "Chen", "Müller"];
        const CITIES: [(&str, &str, &str); 3] =
            [("Boston", "MA", "02108"), ("Austin", "TX", "73301"), ("Denver", "CO", "80201")];
        let all = || from..to;
        let one_in = |person, salt, of: u64| mixed(person, salt) % of == 0;
        let city = |person| CITIES[(mixed(person, 11) % 3) as usize];
        table([
            ("amperity_id", text(all().map(|person| Some(customer_id(person))))),
            (
                "email",
                text(all().map(|person| (!one_in(person, 7, 10)).then(|| format!("p{person}@example.com")))),
            ),
            (
                "phone",
                text(all().map(|person| {
                    (!one_in(person, 8, 8)).then(|| format!("+1202{:07}", person % 10_000_000))
                })),
            ),
            ("given_name", text(all().map(|person| Some(FIRST[(person % 6) as usize].to_owned())))),
            ("surname", text(all().map(|person| Some(LAST[(person % 5) as usize].to_owned())))),
            (
                "birthdate",
                Arc::new(
                    all()
                        .map(|person| (!one_in(person, 9, 3)).then(|| (mixed(person, 10) % 18_000) as i32))
                        .collect::<Date32Array>(),
                ),
            ),
            ("gender", text(all().map(|person| Some(if person % 2 == 0 { "F" } else { "M" }.to_owned())))),
            ("city", text(all().map(|person| Some(city(person).0.to_owned())))),
            ("state", text(all().map(|person| Some(city(person).1.to_owned())))),
            ("postal", text(all().map(|person| Some(city(person).2.to_owned())))),
            ("country", text(all().map(|_| Some("US".to_owned())))),
        ])
    }

    fn customer_of(&self, order: u64) -> String {
        customer_id(mixed(order, 12) % self.customers)
    }

    /// Most orders are of the last six days, some are up to fifty days older.
    fn time_of(&self, order: u64) -> i64 {
        let seconds = i64::try_from(mixed(order, 13) % 518_400).unwrap_or_default();
        let older = if mixed(order, 14) % 20 == 0 { 9 + seconds % 41 } else { 0 };
        self.midnight - 1 - seconds - older * DAY
    }
}

fn order_id(order: u64) -> String {
    format!("R-{order:010}")
}

fn customer_id(person: u64) -> String {
    format!("A-{person:09}")
}

fn text(values: impl Iterator<Item = Option<String>>) -> ArrayRef {
    Arc::new(values.collect::<StringArray>())
}

/// Flags that are null instead of false.
fn flags(values: impl Iterator<Item = bool>) -> ArrayRef {
    Arc::new(values.map(|is_so| is_so.then_some(true)).collect::<BooleanArray>())
}

fn table<const COLUMNS: usize>(columns: [(&str, ArrayRef); COLUMNS]) -> RecordBatch {
    let columns = columns.into_iter().map(|(name, values)| (name, values, true));
    RecordBatch::try_from_iter_with_nullable(columns).expect("columns of the same length")
}

/// A number that looks random, from two others.
fn mixed(number: u64, salt: u64) -> u64 {
    let mut mixed =
        number.wrapping_add(salt.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
