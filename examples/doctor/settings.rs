//! What is checked: from the environment, so that no secret shows on a command line, or a set-up that is played.

use std::env::{self, VarError};
use std::error::Error;

use meta_offline_events::auth::{Credential, TokenSource};
use meta_offline_events::check::Check;
use meta_offline_events::client::{Client, InvalidClient};
use meta_offline_events::graph::{App, CallStyle};
use meta_offline_events::value::{AdAccountId, AppId, AppSecret, DatasetId};
use meta_offline_events::wire::RequestFields;
use meta_offline_events::{Event, EventTime, UserData};
use url::Url;

use crate::Failure;
use crate::arguments::Wish;

/// The settings of a check.
pub(crate) struct Settings {
    pub(crate) dataset: DatasetId,
    pub(crate) tokens: TokenSource,
    pub(crate) app_id: Option<AppId>,
    pub(crate) app_secret: Option<AppSecret>,
    pub(crate) ad_account: Option<AdAccountId>,
    pub(crate) api_version: Option<String>,
    pub(crate) test_event_code: Option<String>,
    pub(crate) address: Option<Url>,
}

impl Settings {
    pub(crate) fn from_environment(wish: &Wish) -> Result<Self, Failure> {
        let credential = wish.credential_file.as_ref().map(Credential::load).transpose()?;
        let tokens = match &wish.credential_file {
            Some(path) => TokenSource::from_file(path)?,
            None => TokenSource::fixed(parsed("META_ACCESS_TOKEN")?.ok_or(
                "META_ACCESS_TOKEN is not set: set it, or name a file that has the token with --credential-file",
            )?),
        };
        let app_of_credential = credential.and_then(|credential| credential.app().cloned());
        Ok(Self {
            dataset: parsed("META_DATASET_ID")?.ok_or(
                "META_DATASET_ID is not set: set it to the id of the dataset, which Events Manager shows",
            )?,
            tokens,
            app_id: parsed("META_APP_ID")?.or(app_of_credential),
            app_secret: parsed("META_APP_SECRET")?,
            ad_account: parsed("META_AD_ACCOUNT_ID")?,
            api_version: variable("META_API_VERSION")?,
            test_event_code: variable("META_TEST_EVENT_CODE")?,
            address: parsed("META_GRAPH_URL")?,
        })
    }

    pub(crate) fn check(self, wish: &Wish) -> Result<Check, Failure> {
        let mut builder = Client::builder_with_source(self.dataset, self.tokens);
        if let Some(version) = &self.api_version {
            builder = builder.api_version(version);
        }
        if let Some(secret) = &self.app_secret {
            builder = builder.app_secret(secret.clone());
        }
        if let Some(code) = &self.test_event_code {
            let fields = RequestFields::new().test_event_code(code);
            builder = builder.request_fields(fields.map_err(|error| named("META_TEST_EVENT_CODE", &error))?);
        }
        builder = match self.address {
            Some(address) if address.scheme() == "http" => builder.loopback_endpoint(address),
            Some(address) => builder.endpoint_with_token(address),
            None => builder,
        };
        let client = builder.build().map_err(|error| match error {
            InvalidClient::Endpoint(_) => named("META_GRAPH_URL", &error),
            InvalidClient::ApiVersion => named("META_API_VERSION", &error),
            other => other.into(),
        })?;
        let mut check = client.check();
        if let (Some(id), Some(secret)) = (self.app_id, self.app_secret) {
            check = check.app(App::new(id, secret));
        }
        if let Some(account) = self.ad_account {
            check = check.ad_account(account);
        }
        if wish.proof_in_address {
            check = check.call_style(CallStyle::AsDocumented);
        }
        if let (Some(code), Some(email)) = (&wish.test_event_code, &wish.email) {
            check = check
                .test_event(code, test_event(email)?)
                .map_err(|error| named("--send-test-event", &error))?;
        }
        Ok(check)
    }
}

/// An event that is no sale.
fn test_event(email: &str) -> Result<Event, Failure> {
    let customer = UserData::builder().email(email).build().map_err(|error| named("--email", &error))?;
    Ok(Event::builder(EventTime::now(), customer).name("SetupTest".parse()?).build()?)
}

fn parsed<T: std::str::FromStr<Err: Error>>(name: &str) -> Result<Option<T>, Failure> {
    variable(name)?.map(|text| text.parse().map_err(|error| named(name, &error))).transpose()
}

/// A variable that is set. A blank one counts as not set.
fn variable(name: &str) -> Result<Option<String>, Failure> {
    match env::var(name) {
        Ok(text) => Ok(Some(text).filter(|text| !text.trim().is_empty())),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(format!("{name} is not UTF-8 text").into()),
    }
}

/// Names what an error is about. The errors of the crate never show the value.
fn named(name: &str, error: &dyn Error) -> Failure {
    format!("{name}: {error}").into()
}
