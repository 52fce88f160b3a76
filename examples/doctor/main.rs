//! Finds out why events would not be accepted, and says what to do:
//!
//! ```text
//! META_DATASET_ID=… META_ACCESS_TOKEN=… cargo run --example doctor --features testing
//! cargo run --example doctor --features testing -- --mock not-consolidated
//! ```
//!
//! `--help` lists the options, and the broken set-ups that a mock server can play.

mod arguments;
mod cases;
mod settings;

use std::env;
use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

use meta_offline_events::check::Severity;

use arguments::{Command, HELP, Wish};
use settings::Settings;

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(code) => code,
        Err(error) => {
            // Nobody is left to tell if this fails.
            let _ = writeln!(io::stderr(), "doctor: {error}");
            ExitCode::from(2)
        }
    }
}

async fn run() -> Result<ExitCode, Failure> {
    let wish = match arguments::read(env::args_os().skip(1))? {
        Command::Help => {
            writeln!(io::stdout(), "{HELP}{}", cases::list())?;
            return Ok(ExitCode::SUCCESS);
        }
        Command::Check(wish) => wish,
    };
    match &wish.mock {
        Some(case) => {
            let (_server, settings) = cases::play(case).await?;
            check(settings, &wish).await
        }
        None => check(Settings::from_environment(&wish)?, &wish).await,
    }
}

async fn check(settings: Settings, wish: &Wish) -> Result<ExitCode, Failure> {
    let report = settings.check(wish)?.await;
    let mut output = io::stdout();
    if wish.json {
        writeln!(output, "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        writeln!(output, "{report}")?;
    }
    Ok(if report.worst() >= Severity::Warning { ExitCode::from(1) } else { ExitCode::SUCCESS })
}
