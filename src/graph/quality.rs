//! What Meta says about the quality of the offline events of a dataset, beside what an export has.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::Graph;
use super::call::Call;
use super::error::GraphError;
use crate::customer::{Coverage, MatchKey};
use crate::value::DatasetId;
use crate::wire::TextFilter;
use crate::wire::lenient::{decimal, text};

/// The quality of the offline events of a dataset, as Meta rates it. [`Graph::offline_quality`] returns it.
///
/// Meta rates offline events by a composite score. *Event match quality* exists for web events only.
///
/// ```
/// use meta_offline_events::Client;
/// use meta_offline_events::customer::{Coverage, UserData};
/// use meta_offline_events::testing::MockServer;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let server = MockServer::start().await?;
/// # let client = Client::builder("123456789012345".parse()?, "EAAB-not-a-real-token".parse()?)
/// #     .loopback_endpoint(server.url())
/// #     .build()?;
/// let quality = client.graph().offline_quality(client.dataset(), None).await?;
/// let purchases = &quality.events()[0];
/// assert_eq!(purchases.composite().value(), Some(6.6));
///
/// let customers = [UserData::builder().email("mary@example.com").build()?];
/// let table = quality.beside(&customers.iter().collect());
/// println!("{table}");
/// assert_eq!(table.keys()[0].in_export(), 1.0, "every customer of this export has an e-mail address");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OfflineQuality {
    events: Vec<EventQuality>,
}

/// The quality of the events with one name. Whatever Meta does not say is missing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EventQuality {
    event_name: Option<Box<str>>,
    composite: Score,
    match_key: Score,
    frequency: Score,
    freshness: Score,
    /// The share of events that have a match key, in percent.
    coverage: BTreeMap<Box<str>, f64>,
}

/// A score out of 10, and what Meta recommends.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Score {
    value: Option<f64>,
    recommendation: Option<Box<str>>,
}

impl OfflineQuality {
    fn read(json: &Value, filter: &TextFilter<'_>) -> Option<Self> {
        let events = json.get("offline")?.as_array()?;
        Some(Self { events: events.iter().filter_map(|event| EventQuality::read(event, filter)).collect() })
    }

    /// One entry for each event name.
    pub fn events(&self) -> &[EventQuality] {
        &self.events
    }

    /// Puts these ratings beside the match keys that an export has before it is sent.
    pub fn beside(&self, coverage: &Coverage) -> QualityTable<'_> {
        let at_meta = |key: MatchKey| {
            let shares = self.events.iter().filter_map(|event| event.share(key));
            // Several event names may be rated: the worst counts.
            shares.reduce(f64::min)
        };
        let has_key = |key: &MatchKey| coverage.count_with(*key) > 0 || at_meta(*key).is_some();
        let keys = MatchKey::ALL.into_iter().filter(has_key).map(|key| KeyQuality {
            key: key.wire_name(),
            at_meta: at_meta(key),
            in_export: coverage.share(key),
        });
        QualityTable { quality: self, customers: coverage.customers(), keys: keys.collect() }
    }
}

impl EventQuality {
    /// Reads an entry; `None` if it is not an object.
    fn read(json: &Value, filter: &TextFilter<'_>) -> Option<Self> {
        json.as_object()?;
        let score = |name: &str| json.get(name).map(|score| Score::read(score, filter)).unwrap_or_default();
        // Meta's samples have it inside `match_key`, and one beside it.
        let coverage = [json.pointer("/match_key/coverage"), json.get("coverage")];
        let shares = coverage.into_iter().flatten().filter_map(Value::as_object).flatten();
        Some(Self {
            event_name: json.get("event_name").and_then(|name| text(name, filter)),
            composite: score("composite"),
            match_key: score("match_key"),
            frequency: score("frequency"),
            freshness: score("freshness"),
            coverage: shares
                .filter_map(|(name, share)| Some((filter.clean(name), share_of(share)?)))
                .take(MatchKey::ALL.len())
                .collect(),
        })
    }

    /// The name of the events, such as `Purchase`.
    pub fn event_name(&self) -> Option<&str> {
        self.event_name.as_deref()
    }

    /// All in all: Meta weighs freshness, frequency and attribution over 28 days.
    pub fn composite(&self) -> &Score {
        &self.composite
    }

    /// How well customers can be matched.
    pub fn match_key(&self) -> &Score {
        &self.match_key
    }

    /// How regularly events come.
    pub fn frequency(&self) -> &Score {
        &self.frequency
    }

    /// How soon after the sale events come.
    pub fn freshness(&self) -> &Score {
        &self.freshness
    }

    /// The match keys that Meta names, such as `email`, each with the share of events that have it, in percent.
    pub fn coverage(&self) -> impl Iterator<Item = (&str, f64)> {
        self.coverage.iter().map(|(name, share)| (&**name, *share))
    }

    /// The share of events that have a key, from 0 to 1.
    fn share(&self, key: MatchKey) -> Option<f64> {
        let named = self.coverage().find(|(name, _)| key_of(name) == Some(key));
        named.map(|(_, percent)| percent / 100.0)
    }
}

impl Score {
    /// A number, or an object that has one.
    fn read(json: &Value, filter: &TextFilter<'_>) -> Self {
        let value = decimal(json).or_else(|| decimal(json.get("score")?));
        let recommendation = json.get("recommendation").and_then(|words| text(words, filter));
        Self { value, recommendation }
    }

    /// The score, out of 10. From 8 on it is high, from 4 on medium.
    pub fn value(&self) -> Option<f64> {
        self.value
    }

    /// What Meta recommends.
    pub fn recommendation(&self) -> Option<&str> {
        self.recommendation.as_deref()
    }
}

/// A share in percent: a number, or an object that has one.
fn share_of(json: &Value) -> Option<f64> {
    decimal(json).or_else(|| decimal(json.get("percentage")?))
}

/// The match key that Meta means.
fn key_of(name: &str) -> Option<MatchKey> {
    match name {
        "email" => Some(MatchKey::Email),
        "phone" => Some(MatchKey::Phone),
        other => MatchKey::from_wire_name(other),
    }
}

/// Meta's ratings beside the match keys of an export. [`OfflineQuality::beside`] returns it.
///
/// `Display` is a table for people. It serializes to JSON.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QualityTable<'q> {
    quality: &'q OfflineQuality,
    customers: u64,
    keys: Vec<KeyQuality>,
}

/// A match key at Meta and in an export.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KeyQuality {
    key: &'static str,
    at_meta: Option<f64>,
    in_export: f64,
}

impl QualityTable<'_> {
    /// Every match key that Meta names or the export has.
    pub fn keys(&self) -> &[KeyQuality] {
        &self.keys
    }
}

impl KeyQuality {
    /// The match key as it is sent, such as `em`.
    pub fn key(&self) -> &'static str {
        self.key
    }

    /// The share of events at Meta that have the key, from 0 to 1, if Meta says so: of several event names the lowest.
    pub fn at_meta(&self) -> Option<f64> {
        self.at_meta
    }

    /// The share of customers in the export who have the key, from 0 to 1.
    pub fn in_export(&self) -> f64 {
        self.in_export
    }
}

impl fmt::Display for QualityTable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<24} {:>6}  recommended by Meta", "score out of 10", "score")?;
        for event in &self.quality.events {
            let name = event.event_name().unwrap_or("without a name");
            for (what, score) in [
                ("all in all", &event.composite),
                ("match keys", &event.match_key),
                ("frequency", &event.frequency),
                ("freshness", &event.freshness),
            ] {
                let value = score.value.map_or_else(|| "-".to_owned(), |value| format!("{value:.1}"));
                let line = format!(
                    "{:<24} {value:>6}  {}",
                    format!("{name}, {what}"),
                    score.recommendation().unwrap_or_default()
                );
                writeln!(f, "{}", line.trim_end())?;
            }
        }
        writeln!(f, "{:<24} {:>7}  in this export ({} customers)", "match key", "at Meta", self.customers)?;
        for key in &self.keys {
            let percent = |share: f64| format!("{:.1} %", share * 100.0);
            let at_meta = key.at_meta.map_or_else(|| "-".to_owned(), percent);
            writeln!(f, "{:<24} {at_meta:>7}  {}", key.key, percent(key.in_export))?;
        }
        Ok(())
    }
}

impl Graph {
    /// Asks how Meta rates the offline events of a dataset. `partner_agent` is the name that the events were sent with,
    /// without its version, if only those are meant.
    ///
    /// The token needs `ads_read`, and `ads_management` or `business_management`. There is an example at
    /// [`OfflineQuality`].
    ///
    /// # Errors
    ///
    /// [`GraphError`] when Meta refuses the call, or the answer has no list of ratings.
    pub async fn offline_quality(
        &self,
        dataset: &DatasetId,
        partner_agent: Option<&str>,
    ) -> Result<OfflineQuality, GraphError> {
        let call = Call::get("dataset_quality")
            .parameter("dataset_id", dataset.as_str())
            .parameter("fields", "offline{event_name,composite,match_key,frequency,freshness}");
        let call = match partner_agent {
            Some(agent) => call.parameter("agent_name", agent),
            None => call,
        };
        let answered = self.call(&call).await?;
        OfflineQuality::read(&answered.json, &answered.filter())
            .ok_or_else(|| GraphError::Unreadable("it has no list `offline`".into()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::customer::UserData;

    fn read(json: &Value) -> Option<OfflineQuality> {
        OfflineQuality::read(json, &TextFilter::masking(["MARKEDTOKEN"]))
    }

    #[test]
    fn scores_and_coverage_are_read_wherever_and_however_they_stand() {
        for event in [
            json!({ "composite": 6.6, "match_key": { "score": 5, "coverage": { "email": 90 } } }),
            json!({ "composite": { "score": "6.6" }, "match_key": 5, "coverage": { "email": "90.0" } }),
            json!({ "composite": { "score": 6.6 }, "match_key": "5", "coverage": { "email": { "percentage": 90 } } }),
        ] {
            let quality = read(&json!({ "offline": [event] })).unwrap();
            let read = &quality.events()[0];
            assert_eq!(
                (read.composite().value(), read.match_key().value()),
                (Some(6.6), Some(5.0)),
                "{event}"
            );
            assert_eq!(read.coverage().collect::<Vec<_>>(), [("email", 90.0)], "{event}");
            assert_eq!((read.frequency().value(), read.event_name()), (None, None));
        }
        for other in [json!({}), json!({ "offline": {} }), json!([]), json!(null)] {
            assert!(read(&other).is_none(), "{other}");
        }
        assert!(read(&json!({ "offline": [null, 7, "x"] })).unwrap().events().is_empty());
    }

    #[test]
    fn the_table_has_both_sides() {
        let quality = read(&json!({ "offline": [
            {
                "event_name": "Purchase MARKEDTOKEN",
                "composite": { "score": 6.6, "recommendation": "Send more often." },
                "match_key": { "score": 5.6, "coverage": { "email": 100.0, "phone": 90.0 } },
            },
            { "event_name": "Lead", "match_key": { "coverage": { "email": 40.0, "zip": 1 } } },
        ] }))
        .unwrap();
        let user = |email: bool| {
            let user = UserData::builder().phone("+1 650 555 1212");
            if email { user.email("mary@example.com") } else { user.country("us") }.build().unwrap()
        };
        let coverage: Coverage = [user(true), user(false)].iter().collect();
        let table = quality.beside(&coverage);
        let expected = "score out of 10           score  recommended by Meta\n\
            Purchase […], all in all    6.6  Send more often.\n\
            Purchase […], match keys    5.6\n\
            Purchase […], frequency       -\n\
            Purchase […], freshness       -\n\
            Lead, all in all              -\n\
            Lead, match keys              -\n\
            Lead, frequency               -\n\
            Lead, freshness               -\n\
            match key                at Meta  in this export (2 customers)\n\
            em                        40.0 %  50.0 %\n\
            ph                        90.0 %  100.0 %\n\
            country                        -  50.0 %\n";
        assert_eq!(table.to_string(), expected);
        let json = serde_json::to_value(&table).unwrap();
        assert_eq!(json["keys"][0], json!({ "key": "em", "at_meta": 0.4, "in_export": 0.5 }));
        assert_eq!(json["quality"]["events"][0]["composite"]["value"], json!(6.6));
        assert_eq!(json["customers"], json!(2));
    }

    fn anything() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(json!(null)),
            any::<bool>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 12, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("score|coverage|email|recommendation", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn members_of_any_form_leave_the_others_readable(match_key in anything(), coverage in anything(), frequency in anything()) {
            let quality = read(&json!({ "offline": [{
                "event_name": "Purchase", "composite": 6.6, "match_key": match_key, "coverage": coverage,
                "frequency": frequency,
            }] })).unwrap();
            let event = &quality.events()[0];
            prop_assert_eq!((event.event_name(), event.composite().value()), (Some("Purchase"), Some(6.6)));
            prop_assert!(event.coverage().all(|(_, share)| share.is_finite()));
            prop_assert!(serde_json::to_string(&quality.beside(&Coverage::default())).is_ok());
        }
    }
}
