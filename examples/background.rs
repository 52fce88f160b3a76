//! Takes sales one by one, as a shop's application does, and sends them in the background to a mock of
//! Meta's server on this machine:
//!
//! ```text
//! cargo run --example background --features testing,queue
//! ```
//!
//! The exit status is 0 only when every sale was accepted.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use meta_offline_events::client::{Client, Clock, SystemClock};
use meta_offline_events::customer::UserData;
use meta_offline_events::event::Event;
use meta_offline_events::testing::MockServer;
use meta_offline_events::value::{Currency, Money};

/// How long closing may take.
const LIMIT: Duration = Duration::from_secs(10);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mock_server = MockServer::start().await?;
    // To send to Meta, leave `loopback_endpoint` out and read the token from a secret store.
    let client = Client::builder("123456789012345".parse()?, "not-a-real-token".parse()?)
        .loopback_endpoint(mock_server.url())
        .build()?;
    let queue = client
        .queue()
        .on_outcome(|group| {
            for event in group.events() {
                let order = event.order_id().map(ToString::to_string).unwrap_or_default();
                // Here an application marks the sale as done.
                let _ = writeln!(std::io::stdout(), "order {order}: {}", group.outcome());
            }
        })
        .start()?;

    for number in 1..=5 {
        queue.push(sale(number)?).await?;
    }
    queue.flush().await;
    writeln!(std::io::stdout(), "{} pending", queue.pending())?;
    queue.push(sale(6)?).await?;

    let report = queue.close(LIMIT).await;
    for diagnostic in report.diagnostics() {
        writeln!(std::io::stderr(), "{diagnostic}")?;
    }
    writeln!(std::io::stdout(), "{report}")?;
    let sent_all = report.all_accepted() && report.events().accepted == 6;
    Ok(if sent_all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn sale(number: u32) -> Result<Event, Box<dyn std::error::Error>> {
    let customer = UserData::builder().email(&format!("customer{number}@example.com")).build()?;
    let sale = Event::builder(SystemClock.now(), customer)
        .order_id(format!("1000{number}").parse()?)
        .value(Money::new("21.99".parse()?, Currency::EUR))
        .build()?;
    Ok(sale)
}
