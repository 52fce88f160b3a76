//! Where the events go. It is read from the environment, so that no token shows on a command line.

use std::env::{self, VarError};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use meta_offline_events::auth::TokenSource;
use meta_offline_events::client::{Client, Clock, Delivery, InvalidClient, SystemClock, Waiting};
use meta_offline_events::journal::{Journal, JournalOptions};
use meta_offline_events::report::DeliveryReport;
use meta_offline_events::value::{EventTime, Text};
use meta_offline_events::wire::{BatchLimits, RequestFields};
use url::Url;

use crate::Failure;
use crate::arguments::Flow;
use crate::print::counted;
use crate::progress::say;
use crate::read::with_causes;

const DATASET: &str = "META_DATASET_ID";
const TOKEN: &str = "META_ACCESS_TOKEN";
const TEST_CODE: &str = "META_TEST_EVENT_CODE";
const ADDRESS: &str = "META_GRAPH_URL";

/// The environment variables that are set. A blank one counts as not set.
pub(crate) struct Environment {
    dataset: Option<String>,
    token: Option<String>,
    test_code: Option<String>,
    address: Option<String>,
}

/// A client, and a name for the place that it sends to.
pub(crate) struct Destination {
    pub(crate) client: Client,
    pub(crate) journal: Option<Journal>,
    place: String,
    pub(crate) is_test: bool,
}

impl Destination {
    /// A client of which nothing is to be said.
    pub(crate) fn of(client: Client) -> Self {
        Self { client, journal: None, place: String::new(), is_test: false }
    }

    /// Sends through the journal in this folder from now on.
    pub(crate) fn keep_journal(&mut self, folder: &Path, key_policy: Option<Text>) -> Result<(), Failure> {
        let options = JournalOptions::new().endpoint(self.client.endpoint().clone());
        let options = key_policy.into_iter().fold(options, JournalOptions::key_policy);
        let journal = options.open(folder, self.client.dataset()).map_err(|error| with_causes(&error))?;
        for damage in journal.damage() {
            let advice = if damage.is_loss() { ": compare with Events Manager" } else { "" };
            say(&format!("note: the journal is damaged: {damage}{advice}"));
        }
        self.journal = Some(journal);
        Ok(())
    }

    /// Lets a delivery go through the journal, if there is one.
    pub(crate) fn through_journal<'d>(&self, delivery: Delivery<'d>) -> Delivery<'d> {
        match &self.journal {
            Some(journal) => delivery.journal(journal),
            None => delivery,
        }
    }

    /// Says what was sent.
    pub(crate) fn sent(&self, report: &DeliveryReport) -> String {
        format!("Sent to {} in {}.", self.place, counted(report.requests().made, "request"))
    }
}

impl Environment {
    pub(crate) fn read() -> Result<Self, Failure> {
        Ok(Self {
            dataset: variable(DATASET)?,
            token: variable(TOKEN)?,
            test_code: variable(TEST_CODE)?,
            address: variable(ADDRESS)?,
        })
    }

    /// Refuses to try the sample if variables are set, so that nobody takes it for a run with Meta.
    pub(crate) fn require_none(&self) -> Result<(), Failure> {
        match (&self.dataset, &self.token, &self.address, &self.test_code) {
            (None, None, None, None) => Ok(()),
            (Some(_), Some(_), ..) => {
                Err(format!("name the files to send, or unset {DATASET} and {TOKEN} to try the sample")
                    .into())
            }
            (None, None, ..) => Err(format!(
                "{ADDRESS} or {TEST_CODE} is set, but neither {DATASET} nor {TOKEN}: set both and name the \
                 files to send, or set none to try the sample"
            )
            .into()),
            _ => Err(self.missing()),
        }
    }

    /// Builds the client.
    pub(crate) fn destination(&self, flow: &Flow) -> Result<Destination, Failure> {
        let tokens = self.tokens(flow)?;
        let Some(dataset) = &self.dataset else { return Err(self.missing()) };
        let dataset = dataset.parse().map_err(|error| in_variable(DATASET, &error))?;
        let mut builder = Client::builder_with_source(dataset, tokens).request_fields(self.request_fields()?);
        if let Some(requests) = flow.in_flight {
            builder = builder.in_flight(requests);
        }
        if let Some(events) = flow.batch_size {
            let limits = BatchLimits::new(events, BatchLimits::default().bytes());
            builder = builder.batch_limits(limits.ok_or("--batch-size must be 1 to 1000")?);
        }
        let mut is_loopback = false;
        if let Some(address) = &self.address {
            let address = Url::parse(address).map_err(|error| in_variable(ADDRESS, &error))?;
            is_loopback = address.scheme() == "http";
            builder = if is_loopback {
                builder.loopback_endpoint(address)
            } else {
                builder.endpoint_with_token(address)
            };
        }
        if flow.skip_waits && !is_loopback {
            return Err(format!(
                "--skip-waits only goes with a server on this machine: set {ADDRESS} to its http:// address"
            )
            .into());
        }
        if flow.skip_waits {
            builder = builder.clock(NoWaits::default());
        }
        let client = builder.build().map_err(|error| match error {
            InvalidClient::Endpoint(_) => in_variable(ADDRESS, &error),
            _ => error.into(),
        })?;
        let place =
            if self.address.is_some() { format!("the address in {ADDRESS}") } else { "Meta".to_owned() };
        Ok(Destination { client, journal: None, place, is_test: self.test_code.is_some() })
    }

    /// Returns where the token comes from.
    fn tokens(&self, flow: &Flow) -> Result<TokenSource, Failure> {
        match (&flow.credential_file, &self.token) {
            (Some(_), Some(_)) => {
                Err(format!("--credential-file and {TOKEN} both have a token: give one of them").into())
            }
            (Some(file), None) => Ok(TokenSource::from_file(file)?),
            (None, Some(token)) if self.dataset.is_some() => {
                Ok(TokenSource::fixed(token.parse().map_err(|error| in_variable(TOKEN, &error))?))
            }
            (None, _) => Err(self.missing()),
        }
    }

    /// Returns the fields of every request.
    pub(crate) fn request_fields(&self) -> Result<RequestFields, Failure> {
        match &self.test_code {
            None => Ok(RequestFields::new()),
            Some(code) => {
                RequestFields::new().test_event_code(code).map_err(|error| in_variable(TEST_CODE, &error))
            }
        }
    }

    fn missing(&self) -> Failure {
        let state = |value: &Option<String>| if value.is_some() { "is set" } else { "is not set" };
        let (dataset, token) = (state(&self.dataset), state(&self.token));
        format!(
            "{DATASET} {dataset} and {TOKEN} {token}: set both to send (--dry-run needs neither). \
             --credential-file can have the token instead"
        )
        .into()
    }
}

/// A clock that skips the waits between attempts. Its limits are those of the system's clock.
#[derive(Debug, Default)]
struct NoWaits {
    skipped: Mutex<Duration>,
}

impl NoWaits {
    fn skipped(&self) -> MutexGuard<'_, Duration> {
        self.skipped.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for NoWaits {
    fn now(&self) -> EventTime {
        SystemClock.now()
    }

    fn elapsed(&self) -> Duration {
        SystemClock.elapsed() + *self.skipped()
    }

    fn sleep(&self, duration: Duration) -> Waiting<'_> {
        *self.skipped() += duration;
        Box::pin(std::future::ready(()))
    }

    fn limit(&self, duration: Duration) -> Waiting<'_> {
        SystemClock.limit(duration)
    }
}

fn variable(name: &str) -> Result<Option<String>, Failure> {
    match env::var(name) {
        Ok(text) => Ok(Some(text).filter(|text| !text.trim().is_empty())),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(format!("{name} is not UTF-8 text").into()),
    }
}

/// Names the variable with an error. The error never shows the value.
fn in_variable(name: &str, error: &dyn std::error::Error) -> Failure {
    format!("{name}: {error}").into()
}
