//! Sends one purchase, built by hand, to a mock of Meta's server on this machine:
//!
//! ```text
//! cargo run --example purchase --features testing
//! ```

use std::io::Write;
use std::num::NonZeroU64;

use meta_offline_events::client::{Client, Clock, SystemClock};
use meta_offline_events::customer::UserData;
use meta_offline_events::event::{Content, Event};
use meta_offline_events::testing::MockServer;
use meta_offline_events::value::{Currency, Money};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let customer = UserData::builder().email("Mary@Example.com").phone("+1 (202) 555-0143").build()?;
    let purchase = Event::builder(SystemClock.now(), customer)
        .order_id("10001".parse()?)
        .value(Money::new("21.99".parse()?, Currency::EUR))
        .product(Content::new("TEA-250".parse()?, NonZeroU64::MIN).item_price("21.99".parse()?))
        .build()?;

    let mock_server = MockServer::start().await?;
    // To send to Meta, leave `loopback_endpoint` out and read the token from a secret store.
    let client = Client::builder("123456789012345".parse()?, "not-a-real-token".parse()?)
        .loopback_endpoint(mock_server.url())
        .build()?;
    let report = client.send(purchase).await;

    writeln!(std::io::stdout(), "{report}")?;
    Ok(())
}
