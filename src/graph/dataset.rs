//! One dataset, as Meta describes it.

use serde::Serialize;
use serde_json::Value;

use super::Graph;
use super::call::Call;
use super::error::GraphError;
use crate::value::DatasetId;
use crate::wire::TextFilter;
use crate::wire::lenient::{flag, number, text};

/// A dataset (formerly: pixel) as Meta describes it.
///
/// Everything but the id may be missing: Meta answers only what the token may see. [`Graph::dataset`] and
/// [`Graph::datasets`] return it.
///
/// ```
/// use meta_offline_events::Client;
/// use meta_offline_events::testing::MockServer;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let server = MockServer::start().await?;
/// let client = Client::builder("123456789012345".parse()?, "EAAB-not-a-real-token".parse()?)
/// #     .loopback_endpoint(server.url())
///     .build()?;
/// let dataset = client.graph().dataset(client.dataset()).await?;
/// assert_eq!(dataset.is_consolidated(), Some(true), "it takes offline events");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Dataset {
    id: Box<str>,
    name: Option<Box<str>>,
    description: Option<Box<str>>,
    is_consolidated: Option<bool>,
    is_unavailable: Option<bool>,
    is_restricted_use: Option<bool>,
    is_crm: Option<bool>,
    owner: Option<Owner>,
    created: Option<Box<str>>,
    last_fired: Option<Box<str>>,
    first_event: Option<i64>,
    last_event: Option<i64>,
    valid_entries: Option<i64>,
    matched_entries: Option<i64>,
    duplicate_entries: Option<i64>,
    match_rate_percent: Option<i64>,
    permitted_tasks: Vec<Box<str>>,
    tasks: Vec<Box<str>>,
}

/// The business that owns a dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Owner {
    id: Box<str>,
    name: Option<Box<str>>,
}

impl Dataset {
    /// What is asked for: without a list Meta answers only the id.
    pub(super) const FIELDS: &'static str = "id,name,description,is_consolidated_container,is_unavailable,\
        is_restricted_use,is_crm,owner_business,creation_time,last_fired_time,event_time_min,event_time_max,\
        valid_entries,matched_entries,duplicate_entries,match_rate_approx";

    /// Reads the JSON of a dataset; `None` if it has no id.
    pub(super) fn read(json: &Value, filter: &TextFilter<'_>) -> Option<Self> {
        let words = |name: &str| text(json.get(name)?, filter);
        let whole = |name: &str| number(json.get(name)?);
        let is = |name: &str| flag(json.get(name)?);
        let list = |name: &str| {
            let items = json.get(name).and_then(Value::as_array).into_iter().flatten();
            items.filter_map(|item| text(item, filter)).collect()
        };
        let owner = json.get("owner_business").and_then(|owner| {
            let id = text(owner.get("id")?, filter)?;
            Some(Owner { id, name: owner.get("name").and_then(|name| text(name, filter)) })
        });
        Some(Self {
            id: words("id")?,
            name: words("name"),
            description: words("description"),
            is_consolidated: is("is_consolidated_container"),
            is_unavailable: is("is_unavailable"),
            is_restricted_use: is("is_restricted_use"),
            is_crm: is("is_crm"),
            owner,
            created: words("creation_time"),
            last_fired: words("last_fired_time"),
            first_event: whole("event_time_min"),
            last_event: whole("event_time_max"),
            valid_entries: whole("valid_entries"),
            matched_entries: whole("matched_entries"),
            duplicate_entries: whole("duplicate_entries"),
            match_rate_percent: whole("match_rate_approx"),
            permitted_tasks: list("permitted_tasks"),
            tasks: list("tasks"),
        })
    }

    /// The id, as Meta writes it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The name.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The description.
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// Whether the dataset is consolidated (`is_consolidated_container`): only then it takes offline and app events.
    pub fn is_consolidated(&self) -> Option<bool> {
        self.is_consolidated
    }

    /// Whether the dataset can no longer be used.
    pub fn is_unavailable(&self) -> Option<bool> {
        self.is_unavailable
    }

    /// Whether the dataset is for lift studies only.
    pub fn is_restricted_use(&self) -> Option<bool> {
        self.is_restricted_use
    }

    /// Whether the dataset is for events of a CRM.
    pub fn is_crm(&self) -> Option<bool> {
        self.is_crm
    }

    /// The id of the business that owns the dataset.
    pub fn owner_id(&self) -> Option<&str> {
        self.owner.as_ref().map(|owner| &*owner.id)
    }

    /// The name of the business that owns the dataset.
    pub fn owner_name(&self) -> Option<&str> {
        self.owner.as_ref()?.name.as_deref()
    }

    /// When the dataset was made, as Meta writes it.
    pub fn created(&self) -> Option<&str> {
        self.created.as_deref()
    }

    /// When the last event came, as Meta writes it.
    pub fn last_fired(&self) -> Option<&str> {
        self.last_fired.as_deref()
    }

    /// The times of the first and the last event, in Unix seconds.
    pub fn event_times(&self) -> (Option<i64>, Option<i64>) {
        (self.first_event, self.last_event)
    }

    /// How many events were valid, in all.
    pub fn valid_entries(&self) -> Option<i64> {
        self.valid_entries
    }

    /// How many events Meta matched with a person, in all.
    pub fn matched_entries(&self) -> Option<i64> {
        self.matched_entries
    }

    /// How many events Meta deduplicated, in all.
    pub fn duplicate_entries(&self) -> Option<i64> {
        self.duplicate_entries
    }

    /// The share of events that Meta matched, in percent.
    pub fn match_rate_percent(&self) -> Option<i64> {
        self.match_rate_percent
    }

    /// What the business may do with the dataset, such as `UPLOAD`. Only some lists say so.
    pub fn permitted_tasks(&self) -> impl Iterator<Item = &str> {
        self.permitted_tasks.iter().map(AsRef::as_ref)
    }

    /// What the user may do with the dataset, such as `UPLOAD`, which sending needs. Only some lists say so.
    pub fn tasks(&self) -> impl Iterator<Item = &str> {
        self.tasks.iter().map(AsRef::as_ref)
    }
}

impl Graph {
    /// Reads one dataset.
    ///
    /// A token that may send does not always see its dataset. So an error here says nothing about sending.
    ///
    /// # Errors
    ///
    /// [`GraphError`]. Code 100 with subcode 33 has two causes that Meta does not tell apart: there is no such dataset, or
    /// the token may not see it.
    pub async fn dataset(&self, id: &DatasetId) -> Result<Dataset, GraphError> {
        self.dataset_with_date(id).await.0
    }

    /// The same with the time at Meta, in Unix seconds.
    pub(crate) async fn dataset_with_date(
        &self,
        id: &DatasetId,
    ) -> (Result<Dataset, GraphError>, Option<i64>) {
        let call = Call::get(id.as_str()).parameter("fields", Dataset::FIELDS);
        let (answered, date) = self.call_with_date(&call).await;
        let dataset = answered.and_then(|answered| {
            let error = || GraphError::Unreadable("it has no dataset".into());
            Dataset::read(&answered.json, &answered.filter()).ok_or_else(error)
        });
        (dataset, date)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(json: &Value) -> Option<Dataset> {
        Dataset::read(json, &TextFilter::masking(["MARKEDTOKEN"]))
    }

    #[test]
    fn a_dataset_is_read_whole() {
        let dataset = read(&json!({
            "id": 123, "name": "Stores MARKEDTOKEN", "is_consolidated_container": "true", "is_unavailable": 0,
            "owner_business": { "id": "9", "name": "Shop" }, "valid_entries": "100", "match_rate_approx": 73,
            "permitted_tasks": ["UPLOAD", 1, null], "event_time_min": 1, "event_time_max": "2",
        }))
        .unwrap();
        assert_eq!((dataset.id(), dataset.name()), ("123", Some("Stores […]")));
        assert_eq!((dataset.is_consolidated(), dataset.is_unavailable()), (Some(true), Some(false)));
        assert_eq!((dataset.owner_id(), dataset.owner_name()), (Some("9"), Some("Shop")));
        assert_eq!((dataset.valid_entries(), dataset.match_rate_percent()), (Some(100), Some(73)));
        assert_eq!(dataset.permitted_tasks().collect::<Vec<_>>(), ["UPLOAD", "1"]);
        assert_eq!(dataset.event_times(), (Some(1), Some(2)));
        assert!(read(&json!({ "name": "without an id" })).is_none());
    }

    fn anything() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(json!(null)),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,20}".prop_map(Value::from),
            Just(json!([{ "id": 1 }])),
            Just(json!({ "id": [], "name": {} })),
        ]
    }

    proptest! {
        #[test]
        fn members_of_any_form_leave_the_others_readable(
            values in prop::collection::vec(anything(), Dataset::FIELDS.split(',').count()),
        ) {
            let mut node = serde_json::Map::new();
            for (name, value) in Dataset::FIELDS.split(',').zip(values) {
                node.insert(name.to_owned(), value);
            }
            node.insert("id".to_owned(), json!("123"));
            node.insert("name".to_owned(), json!("Stores"));
            let dataset = read(&Value::Object(node)).unwrap();
            prop_assert_eq!((dataset.id(), dataset.name()), ("123", Some("Stores")));
        }
    }
}
