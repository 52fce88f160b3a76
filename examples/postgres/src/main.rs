//! Sends rows of a PostgreSQL database. `run.sh` shows it with a server of its own.
//!
//! ```text
//! postgres history    sends the orders of a query, sorted by order id
//! postgres outbox     sends the sales of the outbox until it is empty
//! ```
//!
//! `DATABASE` is a connection string, `META_GRAPH_URL` the address of a mock server.

mod history;
mod outbox;

use std::env;
use std::process::ExitCode;

use meta_offline_events::Client;
use tokio_postgres::NoTls;

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("postgres: {failure}");
            ExitCode::from(2)
        }
    }
}

/// Returns whether everything was accepted.
async fn run() -> Result<bool, Failure> {
    let (database, connection) = tokio_postgres::connect(&env::var("DATABASE")?, NoTls).await?;
    // It ends with the last handle of the database, or with an error that the handle returns, too.
    tokio::spawn(connection);
    // To send to Meta, leave `loopback_endpoint` out and read the token from a secret store.
    let client = Client::builder("123456789012345".parse()?, "not-a-real-token".parse()?)
        .loopback_endpoint(env::var("META_GRAPH_URL")?.parse()?)
        .build()?;
    match env::args().nth(1).as_deref() {
        Some("history") => history::send(&database, &client).await,
        Some("outbox") => outbox::send(database, &client).await,
        _ => Err("usage: postgres history|outbox".into()),
    }
}
