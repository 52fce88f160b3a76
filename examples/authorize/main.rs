//! Walks a person through a login at Meta, and keeps the access token that comes of it in a file that only its owner can
//! read:
//!
//! ```text
//! META_APP_SECRET=… authorize 138483919580948 --scope ads_management,business_management
//! META_APP_SECRET=… authorize 138483919580948 --config 1234567890
//! ```
//!
//! With `--mock` everything happens on this machine, without an account:
//!
//! ```text
//! cargo run --example authorize --features testing -- --mock
//! ```
//!
//! `Graph::login` makes the address that the person opens, `Login::code` checks how the browser comes back, and
//! `Graph::exchange_code` gets the token. The rest is about the listener, files and people.

mod arguments;
mod listener;

use std::env;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use meta_offline_events::auth::{Credential, IssuedToken, TokenExpiry, TokenInfo, TokenKind};
use meta_offline_events::graph::{Graph, Login, LoginCode, LoginError};
use meta_offline_events::testing::MockServer;
use meta_offline_events::value::BusinessId;
use url::Url;

use crate::arguments::{Asks, Command, HELP, Job};
use crate::listener::{Listener, Visit};

/// Why the program cannot go on: one sentence, without secrets.
type Failure = Box<dyn std::error::Error + Send + Sync>;

const DECLINED: u8 = 1;
const FAILED: u8 = 2;

/// How long the program waits for the person.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            let _ = writeln!(io::stderr(), "authorize: {failure}");
            ExitCode::from(FAILED)
        }
    }
}

async fn run() -> Result<u8, Failure> {
    let job = match arguments::read(env::args().skip(1))? {
        Command::Help => {
            say(HELP)?;
            return Ok(0);
        }
        Command::Authorize(job) => job,
    };
    let folder = job.out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() || job.out.is_dir() {
        return Err(
            format!("{} cannot be written: name a file in a folder that exists", job.out.display()).into()
        );
    }
    let server = if job.is_mock {
        Some(MockServer::builder().app(job.app.id().clone(), job.app.secret().clone()).start().await?)
    } else {
        None
    };
    let graph = match &server {
        Some(server) => Graph::builder().loopback_endpoint(server.url()),
        None => Graph::builder(),
    };
    let graph = graph.proxy_from_environment().build()?.app(job.app.clone());
    authorize(&graph, &job).await
}

async fn authorize(graph: &Graph, job: &Job) -> Result<u8, Failure> {
    let mut listener = Listener::start(job.port).await?;
    let redirect: Url = listener.url().parse()?;
    let login = asking(graph.login(redirect)?, &job.asks);
    say(&format!(
        "The app needs {} among its valid OAuth redirects.\n\nOpen this address in a browser:\n\n{}\n",
        listener.url(),
        login.address()
    ))?;
    let (code, visit) = match tokio::time::timeout(PATIENCE, come_back(&mut listener, &login)).await {
        Ok(Ok(back)) => back,
        Ok(Err(error)) => {
            say(&format!("Nothing was stored: {error}."))?;
            return Ok(DECLINED);
        }
        Err(_) => return Err("nobody came back within 15 minutes: start again".into()),
    };
    let stored = get_token(graph, code, job).await;
    visit
        .answer(200, if stored.is_ok() { DONE } else { "The login did not succeed: see the program." })
        .await;
    say(&stored?)?;
    Ok(0)
}

const DONE: &str = "The login is complete. You can close this window.";

fn asking(login: Login, asks: &Asks) -> Login {
    match asks {
        Asks::Scopes(scopes) => login.scopes(scopes.iter().cloned()),
        Asks::Config(id) => login.config(id.clone()),
    }
}

/// Waits for the browser. What does not belong to this login is answered, and the program goes on waiting.
async fn come_back(listener: &mut Listener, login: &Login) -> Result<(LoginCode, Visit), LoginError> {
    loop {
        let visit = listener.next().await;
        match login.code(visit.target()) {
            Ok(code) => return Ok((code, visit)),
            Err(error @ LoginError::WrongState) => visit.answer(400, &format!("{error}.")).await,
            Err(error) => {
                visit.answer(200, &format!("{error}.")).await;
                return Err(error);
            }
        }
    }
}

/// From the code to the file. Returns what to tell the person.
async fn get_token(graph: &Graph, code: LoginCode, job: &Job) -> Result<String, Failure> {
    let short = graph.exchange_code(code).await?;
    let is_business = graph.inspect(short.token()).await?.kind() == Some(&TokenKind::SystemUser);
    let (issued, business) = if is_business {
        let business = graph.client_business(short.token()).await?;
        (short, Some(business))
    } else {
        (graph.exchange_user_token(short.token()).await?, None)
    };
    let info = graph.inspect(issued.token()).await?;
    if !info.is_valid() {
        return Err("Meta calls the new token invalid: start again".into());
    }
    let issued = match info.expiry() {
        TokenExpiry::At(end) => issued.expires(end),
        TokenExpiry::Never | TokenExpiry::Unknown => issued,
    };
    let credential = Credential::new(issued.clone()).app_id(job.app.id().clone());
    let credential = match &business {
        Some(business) => credential.client_business_id(business.clone()),
        None => credential,
    };
    credential.store(&job.out)?;
    Ok(told(&issued, &info, business.as_ref(), job))
}

fn told(issued: &IssuedToken, info: &TokenInfo, business: Option<&BusinessId>, job: &Job) -> String {
    let whose = match business {
        Some(business) => format!("the business {business}"),
        None => "the person who logged in".to_owned(),
    };
    let scopes = info.scopes().collect::<Vec<_>>().join(", ");
    let lasts = match (info.expiry(), issued.expiry()) {
        (TokenExpiry::Never, _) => "It does not expire.".to_owned(),
        (_, Some(end)) => format!("It lasts until {end}. Renew it before, or log in again then."),
        (_, None) => "Meta does not say how long it lasts.".to_owned(),
    };
    format!(
        "The access token of {whose} is in {}, which only you can read.\nIt may: {scopes}.\n{lasts}\n\n\
         Next, assign the dataset to the user of the token in Meta's Business Settings, and send a test event.\n\
         A program reads the file with `TokenSource::from_file`.",
        job.out.display()
    )
}

fn say(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}
