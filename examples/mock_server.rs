//! Runs a mock of Meta's endpoint on this machine for other programs, and writes every event that it accepts to a file,
//! as often as it accepts it:
//!
//! ```text
//! cargo run --example mock_server --features testing -- 8087 ledger.jsonl
//! ```
//!
//! A third argument delays each answer by so many milliseconds. The program ends when its standard input does, or at an
//! interrupt, and then shows how many requests there were.

use std::env;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::sync::Mutex;
use std::time::Duration;

use meta_offline_events::testing::MockServer;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (port, ledger, latency) = match &arguments[..] {
        [port, ledger] => (port, ledger, 0),
        [port, ledger, latency] => (port, ledger, latency.parse()?),
        _ => return Err("usage: mock_server PORT LEDGER.jsonl [MILLISECONDS]".into()),
    };
    let file = Mutex::new(BufWriter::new(File::create(ledger)?));
    let on_accepted = move |dataset: &str, events: &[Value]| {
        if let Err(error) = append(&file, dataset, events) {
            let _ = writeln!(std::io::stderr(), "mock_server: the ledger cannot be written: {error}");
            std::process::exit(1);
        }
    };
    let server = MockServer::builder()
        .port(port.parse()?)
        .latency(Duration::from_millis(latency))
        .on_accepted(on_accepted)
        .start()
        .await?;
    writeln!(std::io::stdout(), "listening on {}", server.url())?;

    let mut ignored = [0; 1024];
    let mut input = tokio::io::stdin();
    tokio::select! {
        () = async { while input.read(&mut ignored).await.is_ok_and(|read| read > 0) {} } => {}
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    let (requests, at_once) = (server.request_count(), server.max_in_flight());
    writeln!(std::io::stdout(), "{requests} requests, at most {at_once} at the same time")?;
    Ok(())
}

/// Writes one line for each event.
fn append(file: &Mutex<BufWriter<File>>, dataset: &str, events: &[Value]) -> std::io::Result<()> {
    let mut file = file.lock().map_err(|_| std::io::Error::other("it failed before"))?;
    for event in events {
        serde_json::to_writer(&mut *file, &json!({"dataset": dataset, "event": event}))?;
        file.write_all(b"\n")?;
    }
    file.flush()
}
