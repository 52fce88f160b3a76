//! Whether a client is set up right, before the first event: token, dataset, terms, clock and what else stops people.
//!
//! [`Client::check`] asks Meta and changes nothing there. It returns a [`Finding`] for each subject, with what to do.

mod error;
mod finding;
mod run;

use std::fmt;
use std::pin::Pin;

pub use finding::{CheckReport, CheckSubject, Finding, Severity};

use crate::client::Client;
use crate::event::Event;
use crate::graph::{App, CallStyle};
use crate::value::AdAccountId;
use crate::wire::{InvalidRequestField, RequestFields};

/// A check of a client: await it.
///
/// [`Client::check`] creates it. It only reads, unless you ask for a [test event](Self::test_event).
///
/// ```
/// use meta_offline_events::Client;
/// use meta_offline_events::check::{CheckSubject, Severity};
/// use meta_offline_events::testing::MockServer;
/// use serde_json::json;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let dataset = json!({ "id": "123", "name": "Web shop", "is_consolidated_container": false });
/// let server = MockServer::builder().describe_dataset(dataset).start().await?;
/// let client = Client::builder("123".parse()?, "EAAB-not-a-real-token".parse()?)
///     .loopback_endpoint(server.url())
///     .build()?;
/// let report = client.check().await;
/// println!("{report}");
/// assert!(!report.is_ready());
/// let finding = report.finding(CheckSubject::Consolidation).ok_or("not checked")?;
/// assert_eq!(finding.severity(), Severity::Failed);
/// assert_eq!(finding.message(), "the dataset is not consolidated, so it takes no offline events");
/// # Ok(())
/// # }
/// ```
#[must_use = "a check asks nothing until it is awaited"]
#[derive(Clone)]
pub struct Check {
    client: Client,
    app: Option<App>,
    ad_account: Option<AdAccountId>,
    style: CallStyle,
    test_event: Option<(RequestFields, Event)>,
}

impl Client {
    /// Checks the settings of this client against what Meta answers. Await the [`Check`] that it returns.
    pub fn check(&self) -> Check {
        Check {
            client: self.clone(),
            app: None,
            ad_account: None,
            style: CallStyle::default(),
            test_event: None,
        }
    }
}

impl Check {
    /// Inspects the token in the name of its app, which Meta always answers. Without it the token asks about itself, and
    /// Meta may not answer.
    pub fn app(mut self, app: App) -> Self {
        self.app = Some(app);
        self
    }

    /// Checks the terms for this ad account, too. Without it no terms are checked.
    pub fn ad_account(mut self, account: AdAccountId) -> Self {
        self.ad_account = Some(account);
        self
    }

    /// Sets where secrets travel. Where the app's setting "Require App Secret" is on, Meta answers calls that read only as
    /// [`CallStyle::AsDocumented`].
    pub fn call_style(mut self, style: CallStyle) -> Self {
        self.style = style;
        self
    }

    /// Sends this event with a test event code, which Events Manager shows: the only proof that Meta accepts events.
    ///
    /// Meta counts the event all the same. So use data of your own, and no sale. The code stands in Events Manager under
    /// *Test events*.
    ///
    /// ```
    /// use meta_offline_events::{Client, Event, EventTime, UserData};
    /// use meta_offline_events::check::{CheckSubject, Severity};
    /// use meta_offline_events::testing::MockServer;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let server = MockServer::start().await?;
    /// let client = Client::builder("123".parse()?, "EAAB-not-a-real-token".parse()?)
    /// #     .loopback_endpoint(server.url())
    ///     .build()?;
    /// let me = UserData::builder().email("me@example.com").build()?;
    /// let event = Event::builder(EventTime::now(), me).name("SetupTest".parse()?).build()?;
    /// let report = client.check().test_event("TEST12345", event)?.await;
    /// let finding = report.finding(CheckSubject::TestEvent).ok_or("not sent")?;
    /// assert_eq!(finding.severity(), Severity::Passed);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidRequestField`] unless the code is 1 to 64 letters, digits, hyphens and underscores.
    pub fn test_event(mut self, code: &str, event: Event) -> Result<Self, InvalidRequestField> {
        self.test_event = Some((RequestFields::new().test_event_code(code)?, event));
        Ok(self)
    }
}

impl IntoFuture for Check {
    type Output = CheckReport;
    type IntoFuture = Pin<Box<dyn Future<Output = CheckReport> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Check")
            .field("client", &self.client)
            .field("ad_account", &self.ad_account)
            .field("sends_test_event", &self.test_event.is_some())
            .finish_non_exhaustive()
    }
}
