//! The command line, and the app secret, which is never part of it.

use std::env::{self, VarError};
use std::fs;
use std::path::PathBuf;

use meta_offline_events::graph::App;
use meta_offline_events::value::AppSecret;

use crate::Failure;

pub(crate) const HELP: &str = "\
Walks a person through a login at Meta, and keeps the access token in a file that only its owner can read.

Usage:
  authorize APP_ID [OPTIONS]
  authorize --mock [OPTIONS]
      Try it with a mock of Meta on this machine, without an account.

Options:
  --scope NAMES            ask for these permissions, with commas between them
                           [default: ads_management,business_management]
  --config ID              use this configuration of Login for Business instead
  --out FILE               the file for the token [default: meta-token.json]
  --port N                 the port of this machine that the browser comes back to [default: 8433]
  --app-secret-file FILE   read the app secret from this file
  --help                   show this text

Environment variables:
  META_APP_SECRET          the app secret, unless --app-secret-file names a file

Exit status:
  0   the token is in the file
  1   the person declined, or Meta ended the login
  2   anything else: the text says what
";

/// What the program does.
pub(crate) enum Command {
    Help,
    Authorize(Job),
}

/// What a login needs.
pub(crate) struct Job {
    pub(crate) app: App,
    pub(crate) is_mock: bool,
    pub(crate) asks: Asks,
    pub(crate) out: PathBuf,
    pub(crate) port: u16,
}

/// What the person is asked for.
pub(crate) enum Asks {
    Scopes(Vec<String>),
    Config(String),
}

pub(crate) fn read(mut arguments: impl Iterator<Item = String>) -> Result<Command, Failure> {
    let (mut app, mut is_mock, mut scopes, mut config) = (None, false, None, None);
    let (mut out, mut port, mut secret_file) = (None, None, None);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value: see --help"));
        match &*argument {
            "--help" | "-h" => return Ok(Command::Help),
            "--mock" => is_mock = true,
            "--scope" => scopes = Some(value()?),
            "--config" => config = Some(value()?),
            "--out" => out = Some(value()?),
            "--port" => port = Some(value()?.parse().map_err(|_| "--port needs a number up to 65535")?),
            "--app-secret-file" => secret_file = Some(value()?),
            // The text is not repeated: it may be a secret in the wrong place.
            option if option.starts_with('-') => return Err("there is an unknown option: see --help".into()),
            _ if app.is_none() => app = Some(argument.parse().map_err(|error| format!("APP_ID: {error}"))?),
            _ => return Err("there is more than one APP_ID: see --help".into()),
        }
    }
    let asks = match (scopes, config) {
        (Some(_), Some(_)) => return Err("--config replaces --scope: give one of them".into()),
        (None, Some(config)) => Asks::Config(config),
        (scopes, None) => {
            let scopes = scopes.unwrap_or_else(|| "ads_management,business_management".to_owned());
            Asks::Scopes(scopes.split(',').map(|scope| scope.trim().to_owned()).collect())
        }
    };
    let app = match (app, is_mock) {
        (None, true) => mock_app()?,
        (Some(_), true) => return Err("--mock has an app of its own: leave APP_ID out".into()),
        (Some(id), false) => App::new(id, secret(secret_file)?),
        (None, false) => return Err("APP_ID is missing: see --help, or try --mock".into()),
    };
    let out = out.unwrap_or_else(|| "meta-token.json".to_owned()).into();
    Ok(Command::Authorize(Job { app, is_mock, asks, out, port: port.unwrap_or(8433) }))
}

/// The app of a mock server.
fn mock_app() -> Result<App, Failure> {
    Ok(App::new("138483919580948".parse()?, "0123456789abcdef0123456789abcdef".parse()?))
}

fn secret(file: Option<String>) -> Result<AppSecret, Failure> {
    if let Some(file) = file {
        let text = fs::read_to_string(&file).map_err(|error| format!("{file} cannot be read: {error}"))?;
        return Ok(text.parse().map_err(|error| format!("{file}: {error}"))?);
    }
    match env::var("META_APP_SECRET") {
        Ok(text) => Ok(text.parse().map_err(|error| format!("META_APP_SECRET: {error}"))?),
        Err(VarError::NotPresent) => Err("set META_APP_SECRET, or name a file with --app-secret-file".into()),
        Err(VarError::NotUnicode(_)) => Err("META_APP_SECRET is no text".into()),
    }
}
