//! The datasets that a token can see.

use super::Graph;
use super::call::Call;
use super::dataset::Dataset;
use super::error::GraphError;
use super::list::Listed;
use crate::value::{AdAccountId, BusinessId, DatasetId, UserId};

/// Which datasets are listed.
///
/// ```
/// use meta_offline_events::graph::DatasetList;
///
/// let stores = DatasetList::of_business(&"1234567890".parse()?).name("stores");
/// assert_ne!(stores, DatasetList::owned_by(&"1234567890".parse()?));
/// # Ok::<(), meta_offline_events::value::InvalidValue>(())
/// ```
///
/// Each list needs permissions of its own: one of `business_management`, `ads_management` and `ads_read` beside those for
/// pages is safe for all, which Meta does not confirm. An app with development access alone gets code 270.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetList {
    path: String,
    /// A field beside those of the dataset itself.
    field: Option<&'static str>,
    filters: Vec<(&'static str, String)>,
}

impl DatasetList {
    /// The datasets that a business owns.
    pub fn owned_by(business: &BusinessId) -> Self {
        Self::at(format!("{business}/owned_pixels"), None)
    }

    /// The datasets that others share with a business, with the tasks that they permit
    /// ([`Dataset::permitted_tasks`]).
    pub fn shared_with(business: &BusinessId) -> Self {
        Self::at(format!("{business}/client_pixels"), Some("permitted_tasks"))
    }

    /// The datasets of a business, owned and shared. Only this list has filters.
    pub fn of_business(business: &BusinessId) -> Self {
        Self::at(format!("{business}/adspixels"), None)
    }

    /// The datasets of an ad account.
    pub fn of_ad_account(account: &AdAccountId) -> Self {
        Self::at(format!("act_{account}/adspixels"), None)
    }

    /// The datasets that are assigned to a system user, with its tasks ([`Dataset::tasks`]). Sending needs `UPLOAD`.
    pub fn assigned_to(system_user: &UserId) -> Self {
        Self::at(format!("{system_user}/assigned_ads_pixels"), Some("tasks,permitted_tasks"))
    }

    fn at(path: String, field: Option<&'static str>) -> Self {
        Self { path, field, filters: Vec::new() }
    }

    /// Lists the dataset with this id alone. It holds for [`of_business`](Self::of_business).
    pub fn id(self, id: &DatasetId) -> Self {
        self.filter("id_filter", id.as_str())
    }

    /// Lists the datasets whose name has this text, in any case. It holds for [`of_business`](Self::of_business).
    pub fn name(self, text: &str) -> Self {
        self.filter("name_filter", text)
    }

    /// Lists the datasets with the newest events first. Meta's SDK has it, Meta's page has not. It holds for
    /// [`of_business`](Self::of_business) and [`of_ad_account`](Self::of_ad_account).
    pub fn last_fired_first(self) -> Self {
        self.filter("sort_by", "LAST_FIRED_TIME")
    }

    fn filter(mut self, name: &'static str, value: &str) -> Self {
        self.filters.retain(|(other, _)| *other != name);
        self.filters.push((name, value.to_owned()));
        self
    }

    fn call(&self) -> Call {
        let fields = match self.field {
            Some(field) => format!("{},{field}", Dataset::FIELDS),
            None => Dataset::FIELDS.to_owned(),
        };
        let call = Call::get(self.path.as_str()).parameter("fields", fields).parameter("limit", "100");
        self.filters.iter().fold(call, |call, (name, value)| call.parameter(name, value.as_str()))
    }
}

impl Graph {
    /// Lists datasets, over all pages. There is an example at [`Listed`].
    ///
    /// # Errors
    ///
    /// [`GraphError`] when a page cannot be read.
    pub async fn datasets(&self, list: &DatasetList) -> Result<Listed<Dataset>, GraphError> {
        self.list(|| list.call(), Dataset::read).await
    }
}
