//! Sends sales to a mock server, then writes metrics to a file and one JSON line to standard output.

mod run_metrics;

use std::error::Error;
use std::fs;

use meta_offline_events::client::{Clock, SystemClock};
use meta_offline_events::customer::{Coverage, MatchKey};
use meta_offline_events::testing::MockServer;
use meta_offline_events::value::{Currency, EventTime, Money};
use meta_offline_events::{Client, DeliveryReport, Event, UserData};
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::{Map, Value, json};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let file =
        std::env::args().nth(1).ok_or("name the file to write the metrics to, such as metrics.prom")?;
    let metrics = PrometheusBuilder::new().install_recorder()?;
    run_metrics::describe();

    let server =
        MockServer::builder().refuse(|event| event["custom_data"]["order_id"] == "10007").start().await?;
    let token_expiry = EventTime::from_unix(SystemClock.now().unix() + 30 * 86_400)?;
    let client = Client::builder("123456789012345".parse()?, "a-token-of-the-example".parse()?)
        .token_expires(token_expiry)
        .loopback_endpoint(server.url())
        .build()?;
    let sales = (10_000..10_020).map(sale).collect::<Result<Vec<_>, _>>()?;
    let coverage: Coverage = sales.iter().map(Event::user_data).collect();
    let report = client.send(sales).await;

    run_metrics::record(&report, &coverage, Some(token_expiry));
    // The collector must never read half a file.
    let unfinished = format!("{file}.part");
    fs::write(&unfinished, metrics.render())?;
    fs::rename(unfinished, file)?;
    println!("{}", log_line(&report, &coverage));
    Ok(())
}

fn sale(order: u64) -> Result<Event, Box<dyn Error>> {
    let mut customer = UserData::builder().email("mary@example.com");
    if order.is_multiple_of(2) {
        customer = customer.phone("+1 650 555 1212");
    }
    Ok(Event::builder(EventTime::from_unix(SystemClock.now().unix() - 3600)?, customer.build()?)
        .order_id(order.to_string().parse()?)
        .value(Money::new("31.50".parse()?, Currency::USD))
        .build()?)
}

/// One line for the log: counts, causes and shares, without diagnostics, which may be many.
fn log_line(report: &DeliveryReport, coverage: &Coverage) -> Value {
    let keys = MatchKey::ALL.into_iter().filter(|key| coverage.count_with(*key) > 0);
    let shares: Map<_, _> =
        keys.map(|key| (key.wire_name().to_owned(), json!(coverage.share(key)))).collect();
    json!({
        "message": "sales sent to Meta",
        "all_accepted": report.all_accepted(),
        "rows": report.rows(),
        "events": report.events(),
        "requests": report.requests(),
        "stopped": report.stopped().map(|cause| cause.code()),
        "diagnostics": report.diagnostics().len(),
        "match_keys": shares,
    })
}
