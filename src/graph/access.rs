//! Who may use a dataset, and which terms are accepted. Nothing of the crate makes these calls by itself: whether somebody
//! gets access is for people to decide.

use std::fmt;

use serde_json::Value;

use super::Graph;
use super::call::Call;
use super::error::GraphError;
use super::list::Listed;
use crate::value::{AdAccountId, BusinessId, DatasetId, UserId};
use crate::wire::TextFilter;
use crate::wire::lenient::{flag, text};

/// What somebody may do with a dataset.
///
/// ```
/// use meta_offline_events::graph::DatasetTask;
///
/// assert_eq!(DatasetTask::Upload.to_string(), "UPLOAD");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DatasetTask {
    /// Send events.
    Upload,
    /// Look at statistics.
    Analyze,
    /// Use it in ads.
    Advertise,
    /// Change its settings. For partners only with apps that Meta has allowed to.
    Edit,
    /// Look at statistics of the advertiser. For users only.
    AaAnalyze,
}

impl fmt::Display for DatasetTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Upload => "UPLOAD",
            Self::Analyze => "ANALYZE",
            Self::Advertise => "ADVERTISE",
            Self::Edit => "EDIT",
            Self::AaAnalyze => "AA_ANALYZE",
        })
    }
}

/// A user who may use a dataset. [`Graph::dataset_users`] returns it.
///
/// ```
/// use meta_offline_events::graph::DatasetUser;
///
/// fn may_send(user: &DatasetUser) -> bool {
///     user.tasks().any(|task| task == "UPLOAD")
/// }
/// # let _ = may_send;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetUser {
    id: Box<str>,
    name: Option<Box<str>>,
    tasks: Vec<Box<str>>,
}

impl DatasetUser {
    fn read(json: &Value, filter: &TextFilter<'_>) -> Option<Self> {
        let tasks = json.get("tasks").and_then(Value::as_array).into_iter().flatten();
        Some(Self {
            id: text(json.get("id")?, filter)?,
            name: json.get("name").and_then(|name| text(name, filter)),
            tasks: tasks.filter_map(|task| text(task, filter)).collect(),
        })
    }

    /// The id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The name.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// What the user may do, such as `UPLOAD`.
    pub fn tasks(&self) -> impl Iterator<Item = &str> {
        self.tasks.iter().map(AsRef::as_ref)
    }
}

/// The terms that were accepted for an ad account. [`Graph::terms`] returns it.
///
/// ```
/// use meta_offline_events::Client;
/// use meta_offline_events::testing::MockServer;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let server = MockServer::start().await?;
/// # let client = Client::builder("123456789012345".parse()?, "EAAB-not-a-real-token".parse()?)
/// #     .loopback_endpoint(server.url())
/// #     .build()?;
/// let terms = client.graph().terms(&"1234567890".parse()?).await?;
/// assert_eq!(terms.business_tools(), Some(true));
/// assert!(terms.accepted().any(|name| name == "custom_audience_tos"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    business_tools: Option<bool>,
    /// Whether Meta answered with a list of the others.
    has_others: bool,
    others: Vec<Box<str>>,
}

impl Terms {
    /// Whether the Business Tools terms are accepted, if Meta says so.
    pub fn business_tools(&self) -> Option<bool> {
        self.business_tools
    }

    /// Whether the Custom Audience terms are accepted, if Meta says so.
    pub fn custom_audiences(&self) -> Option<bool> {
        self.has_others.then(|| self.accepted().any(|name| name == "custom_audience_tos"))
    }

    /// The names of the other terms that are accepted, such as `custom_audience_tos`.
    pub fn accepted(&self) -> impl Iterator<Item = &str> {
        self.others.iter().map(AsRef::as_ref)
    }
}

/// Access to datasets.
impl Graph {
    /// Lists the users of a business who may use a dataset.
    ///
    /// ```
    /// use meta_offline_events::Client;
    /// use meta_offline_events::testing::MockServer;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let server = MockServer::start().await?;
    /// # let client = Client::builder("123456789012345".parse()?, "EAAB-not-a-real-token".parse()?)
    /// #     .loopback_endpoint(server.url())
    /// #     .build()?;
    /// let users = client.graph().dataset_users(client.dataset(), &"1234567890".parse()?).await?;
    /// assert!(users.items()[0].tasks().any(|task| task == "UPLOAD"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`GraphError`] when a page cannot be read.
    pub async fn dataset_users(
        &self,
        dataset: &DatasetId,
        business: &BusinessId,
    ) -> Result<Listed<DatasetUser>, GraphError> {
        let call = || {
            Call::get(format!("{dataset}/assigned_users"))
                .parameter("business", business.as_str())
                .parameter("fields", "id,name,tasks")
        };
        self.list(call, DatasetUser::read).await
    }

    /// Lets a user use a dataset for these tasks.
    ///
    /// Only Meta's SDK has this call; the page of the edge denies it. So it may be refused: the usual way is *Business
    /// settings → System users → Assign assets*.
    ///
    /// # Errors
    ///
    /// [`GraphError`], also when Meta answers anything but success.
    pub async fn assign_dataset(
        &self,
        dataset: &DatasetId,
        user: &UserId,
        tasks: &[DatasetTask],
    ) -> Result<(), GraphError> {
        let call = Call::post(format!("{dataset}/assigned_users"))
            .parameter("user", user.as_str())
            .parameter("tasks", json_list(tasks));
        self.done(&call).await
    }

    /// Lets a partner's business use a dataset for these tasks.
    ///
    /// ```
    /// use meta_offline_events::Client;
    /// use meta_offline_events::graph::DatasetTask;
    /// use meta_offline_events::testing::MockServer;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let server = MockServer::start().await?;
    /// # let client = Client::builder("123456789012345".parse()?, "EAAB-not-a-real-token".parse()?)
    /// #     .loopback_endpoint(server.url())
    /// #     .build()?;
    /// let (graph, partner) = (client.graph(), "1234567890".parse()?);
    /// graph.share_dataset(client.dataset(), &partner, &[DatasetTask::Upload]).await?;
    /// graph.unshare_dataset(client.dataset(), &partner).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`GraphError`], also when Meta answers anything but success.
    pub async fn share_dataset(
        &self,
        dataset: &DatasetId,
        partner: &BusinessId,
        tasks: &[DatasetTask],
    ) -> Result<(), GraphError> {
        let call = Call::post(format!("{dataset}/agencies"))
            .parameter("business", partner.as_str())
            .parameter("permitted_tasks", json_list(tasks));
        self.done(&call).await
    }

    /// Takes a dataset back from a partner's business. There is an example at [`share_dataset`](Self::share_dataset).
    ///
    /// # Errors
    ///
    /// [`GraphError`], also when Meta answers anything but success.
    pub async fn unshare_dataset(&self, dataset: &DatasetId, partner: &BusinessId) -> Result<(), GraphError> {
        let call = Call::delete(format!("{dataset}/agencies")).parameter("business", partner.as_str());
        self.done(&call).await
    }

    /// Links a dataset with an ad account, whose ads can then use it. Sending does not need it. `business` must reach both.
    ///
    /// # Errors
    ///
    /// [`GraphError`], also when Meta answers anything but success.
    pub async fn link_ad_account(
        &self,
        dataset: &DatasetId,
        account: &AdAccountId,
        business: &BusinessId,
    ) -> Result<(), GraphError> {
        let call = Call::post(format!("{dataset}/shared_accounts"))
            .parameter("account_id", account.as_str())
            .parameter("business", business.as_str());
        self.done(&call).await
    }

    /// Asks which terms are accepted for an ad account.
    ///
    /// # Errors
    ///
    /// [`GraphError`], also when the token may not see the ad account.
    pub async fn terms(&self, account: &AdAccountId) -> Result<Terms, GraphError> {
        let call = Call::get(format!("act_{account}"))
            .parameter("fields", "offsite_pixels_tos_accepted,tos_accepted");
        let answered = self.call(&call).await?;
        let others = answered.json.get("tos_accepted").and_then(Value::as_object);
        let accepted = others.into_iter().flatten().filter(|(_, accepted)| flag(accepted) == Some(true));
        let filter = answered.filter();
        Ok(Terms {
            business_tools: answered.json.get("offsite_pixels_tos_accepted").and_then(flag),
            has_others: others.is_some(),
            others: accepted.map(|(name, _)| filter.clean(name)).collect(),
        })
    }

    /// Makes a call that answers with nothing but success.
    async fn done(&self, call: &Call) -> Result<(), GraphError> {
        let answered = self.call(call).await?;
        match answered.json.get("success").and_then(flag).or_else(|| flag(&answered.json)) {
            Some(true) => Ok(()),
            _ => Err(GraphError::Unreadable("it does not say that the change was made".into())),
        }
    }
}

/// `["UPLOAD","ANALYZE"]`.
fn json_list(tasks: &[DatasetTask]) -> String {
    tasks.iter().map(ToString::to_string).collect::<Value>().to_string()
}
