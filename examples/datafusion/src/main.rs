//! Runs the two queries of a shop over made-up tables in Parquet and CSV, and sends their orders to a mock of Meta's
//! server on this machine.
//!
//! ```text
//! cargo run --release [-- [--rows 200000] [--memory MIB] [--format parquet|csv] [--query 1|2] [--folder FOLDER]]
//! ```

mod queries;
mod tables;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use std::{env, fs};

use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::Int64Type;
use datafusion::common::config::Dialect;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::{SessionConfig, SessionContext};
use meta_offline_events::client::Client;
use meta_offline_events::order::OrderRules;
use meta_offline_events::report::DeliveryReport;
use meta_offline_events::testing::MockServer;
use meta_offline_events::{ArrowRows, EventTime, RowLayout};

use queries::Query;
use tables::Format;

/// Rows in a batch. A sort holds a batch of each of its temporary files at once, and of 20 million rows there are over
/// a thousand.
const BATCH: usize = 1024;

type Failure = Box<dyn Error + Send + Sync>;

/// Beyond so many rows, the orders are not counted a second way.
const MAX_COUNTED: u64 = 2_000_000;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments = Arguments::read(env::args().skip(1))?;
    fs::create_dir_all(&arguments.folder)?;
    let midnight = EventTime::now().unix() / 86_400 * 86_400;
    let began = Instant::now();
    tables::write(&arguments.folder, arguments.rows, midnight, &arguments.formats).await?;
    println!("{} rows of items written in {:.1?}, {:?}", arguments.rows, began.elapsed(), arguments.folder);

    show_errors(&arguments).await?;
    for &format in &arguments.formats {
        for &query in &arguments.queries {
            run(&arguments, format, query).await?;
        }
    }
    Ok(())
}

struct Arguments {
    rows: u64,
    /// The pool of memory of the engine, in MiB.
    memory: usize,
    formats: Vec<Format>,
    queries: Vec<Query>,
    folder: PathBuf,
}

impl Arguments {
    fn read(mut words: impl Iterator<Item = String>) -> Result<Self, Failure> {
        let mut read = Self {
            rows: 200_000,
            memory: 256,
            formats: Format::BOTH.to_vec(),
            queries: Query::BOTH.to_vec(),
            folder: env::temp_dir().join("datafusion-orders"),
        };
        while let Some(name) = words.next() {
            let value = words.next().ok_or_else(|| format!("{name} needs a value"))?;
            match (name.as_str(), value.as_str()) {
                ("--rows", rows) => read.rows = rows.parse()?,
                ("--memory", memory) => read.memory = memory.parse()?,
                ("--format", "parquet") => read.formats = vec![Format::Parquet],
                ("--format", "csv") => read.formats = vec![Format::Csv],
                ("--query", "1") => read.queries = vec![Query::AllSales],
                ("--query", "2") => read.queries = vec![Query::SalesOfABrand],
                ("--folder", folder) => read.folder = folder.into(),
                _ => return Err(format!("no such option: {name} {value}").into()),
            }
        }
        Ok(read)
    }
}

/// An engine with a pool of memory of its own. What does not fit is written to temporary files.
async fn engine(arguments: &Arguments, dialect: Dialect, format: Format) -> Result<SessionContext, Failure> {
    let spilled = arguments.folder.join("spilled");
    fs::create_dir_all(&spilled)?;
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(FairSpillPool::new(arguments.memory << 20)))
        .with_temp_file_path(spilled)
        .build_arc()?;
    let mut config = SessionConfig::new().with_batch_size(BATCH);
    config.options_mut().sql_parser.dialect = dialect;
    // Views of texts would keep whole tables in the memory of each batch that a sort holds.
    config.options_mut().execution.parquet.schema_force_view_types = false;
    let context = SessionContext::new_with_config_rt(config, runtime);
    format.register(&context, &arguments.folder).await?;
    Ok(context)
}

/// Shows what the queries do as they are written.
async fn show_errors(arguments: &Arguments) -> Result<(), Failure> {
    let format = arguments.formats[0];
    let context = engine(arguments, Dialect::Databricks, format).await?;
    let sent = send(&context, &Query::sorted(Query::AllSales.as_written())).await?;
    let cause = sent.report.stopped().ok_or("the division by zero went unnoticed")?;
    println!("\nquery 1 without NULLIF: {cause}\n{}", sent.report);

    // In most dialects double quotes stand around names of columns. In that of Databricks they stand around texts.
    let context = engine(arguments, Dialect::Generic, format).await?;
    let planned = context.sql(Query::SalesOfABrand.as_written()).await;
    let error = planned.err().ok_or("the text in double quotes went unnoticed")?;
    println!("\nquery 2 in another dialect: {error}");
    Ok(())
}

async fn run(arguments: &Arguments, format: Format, query: Query) -> Result<(), Failure> {
    let context = engine(arguments, Dialect::Databricks, format).await?;
    let began = Instant::now();
    let sent = send(&context, &Query::sorted(&query.with_nullif())).await?;
    let counts = sent.report.events();
    println!("\n{query:?} from {format:?}, {} MiB for the engine: {:.1?}", arguments.memory, began.elapsed());
    println!("{}", sent.report);
    println!(
        "requests in flight {}, spilled {} MiB in {} files, peak memory of the process so far {}",
        sent.in_flight,
        sent.spilled.bytes >> 20,
        sent.spilled.files,
        peak_memory()
    );
    if let Some(cause) = sent.report.stopped() {
        return Err(format!("the run stopped: {cause}").into());
    }
    if counts.accepted != sent.received {
        return Err(format!("the server accepted {} events", sent.received).into());
    }
    if arguments.rows <= MAX_COUNTED {
        let orders = count(&context, &query.orders()).await?;
        if counts.accepted != orders {
            return Err(format!("the query has {orders} orders that can be sent").into());
        }
        println!("as many as the {orders} orders that the engine counts");
    }
    Ok(())
}

struct Sent {
    report: DeliveryReport,
    received: u64,
    in_flight: usize,
    spilled: Spilled,
}

/// Runs a query whose rows are sorted by order id, and sends the orders while it runs.
async fn send(context: &SessionContext, query: &str) -> Result<Sent, Failure> {
    let server = MockServer::builder().keep_events(false).start().await?;
    let client = Client::builder("123456789012345".parse()?, "not-a-real-token".parse()?)
        .loopback_endpoint(server.url())
        .build()?;

    let plan = context.sql(query).await?.create_physical_plan().await?;
    let batches = execute_stream(Arc::clone(&plan), context.task_ctx())?;
    let rows = ArrowRows::new(batches, &plan.schema(), &RowLayout::new())?;
    let report = client.deliver(rows.sorted_stream(OrderRules::new(), EventTime::now())).await;

    let (received, in_flight) = (server.accepted_count(), server.max_in_flight());
    Ok(Sent { report, received, in_flight, spilled: Spilled::by(plan.as_ref()) })
}

/// What the steps of a plan wrote to temporary files.
#[derive(Default)]
struct Spilled {
    bytes: usize,
    files: usize,
}

impl Spilled {
    fn by(plan: &dyn ExecutionPlan) -> Self {
        let metrics = plan.metrics().unwrap_or_default();
        let own = Self {
            bytes: metrics.spilled_bytes().unwrap_or_default(),
            files: metrics.spill_count().unwrap_or_default(),
        };
        plan.children()
            .into_iter()
            .map(|child| Self::by(child.as_ref()))
            .fold(own, |sum, other| Self { bytes: sum.bytes + other.bytes, files: sum.files + other.files })
    }
}

async fn count(context: &SessionContext, query: &str) -> Result<u64, Failure> {
    let batches = context.sql(query).await?.collect().await?;
    let count = batches[0].column(0).as_primitive::<Int64Type>().value(0);
    Ok(count.try_into()?)
}

/// The most memory that the process held so far, where the system tells it.
fn peak_memory() -> String {
    let status = fs::read_to_string(Path::new("/proc/self/status")).unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.unwrap_or("unknown").trim().to_owned()
}
