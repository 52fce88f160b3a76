//! The report of a run as a document: one stable JSON schema for people, programs and the page.

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use super::{DeliveryReport, SCHEMA_VERSION, StopCause};
use crate::customer::Coverage;
use crate::value::EventTime;

/// The report of a whole run: a delivery report, and what the application knows beside it.
///
/// ```
/// use meta_offline_events::customer::Coverage;
/// use meta_offline_events::report::{DeliveryReport, RunReport};
///
/// let (report, coverage) = (DeliveryReport::default(), Coverage::default());
/// let run = RunReport::new(&report).coverage(&coverage).source(0, "sales.csv");
/// let json = serde_json::to_value(&run)?;
/// assert_eq!((&json["rows"]["read"], &json["sources"][0]["name"]), (&0.into(), &"sales.csv".into()));
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// It serializes by the [schema](super::SCHEMA), without a copy of the report in memory. `SavedReport` (feature `html`)
/// reads it back, and `html::page` makes a page of that.
#[derive(Debug, Clone)]
pub struct RunReport<'r> {
    delivery: &'r DeliveryReport,
    created: Option<EventTime>,
    coverage: Option<&'r Coverage>,
    sources: Vec<Source>,
    failed: Option<&'r str>,
    quality: Vec<QualityScore>,
}

#[derive(Debug, Clone, Serialize)]
struct Source {
    number: u16,
    name: String,
}

impl<'r> RunReport<'r> {
    /// Creates the report of a run from that of its delivery.
    pub fn new(delivery: &'r DeliveryReport) -> Self {
        Self {
            delivery,
            created: None,
            coverage: None,
            sources: Vec::new(),
            failed: None,
            quality: Vec::new(),
        }
    }

    /// States the time by which the age of events was checked.
    pub fn created(mut self, now: EventTime) -> Self {
        self.created = Some(now);
        self
    }

    /// Adds the match keys that the customers have.
    pub fn coverage(mut self, coverage: &'r Coverage) -> Self {
        self.coverage = Some(coverage);
        self
    }

    /// Names the source with this number, as in [`Line::source`](crate::value::Line::source): 0 is the only one.
    pub fn source(mut self, number: u16, name: impl Into<String>) -> Self {
        self.sources.push(Source { number, name: name.into() });
        self
    }

    /// States why the run failed before or beside its delivery, such as a file that could not be read.
    pub fn failed(mut self, why: &'r str) -> Self {
        self.failed = Some(why);
        self
    }

    /// Adds a score that Meta gives the dataset, if the application asked for it.
    pub fn quality(mut self, score: QualityScore) -> Self {
        self.quality.push(score);
        self
    }
}

impl Serialize for RunReport<'_> {
    /// A document of the [schema](super::SCHEMA). Diagnostics come last, so that a reader has the counts before it.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let report = self.delivery;
        let mut fields = serializer.serialize_map(None)?;
        fields.serialize_entry("version", &SCHEMA_VERSION)?;
        fields.serialize_entry("created", &self.created.map(EventTime::unix))?;
        fields.serialize_entry("all_accepted", &report.all_accepted())?;
        fields.serialize_entry("rows", &report.rows())?;
        fields.serialize_entry("events", &report.events())?;
        fields.serialize_entry("resumed", &report.resumed())?;
        fields.serialize_entry("gateway", &report.gateway())?;
        fields.serialize_entry("stopped", &report.stopped().map(Stopped))?;
        fields.serialize_entry("retry_after_seconds", &report.retry_after().map(|wait| wait.as_secs()))?;
        fields.serialize_entry("failed", &self.failed)?;
        fields.serialize_entry("test_event_code", &report.test_event_code())?;
        fields.serialize_entry("requests", &report.requests())?;
        fields.serialize_entry("usage_percent", &report.usage())?;
        fields.serialize_entry("timeline", report.timeline())?;
        fields.serialize_entry("sales", &report.sales())?;
        fields.serialize_entry("coverage", &self.coverage)?;
        fields.serialize_entry("quality", &self.quality)?;
        fields.serialize_entry("sources", &self.sources)?;
        fields.serialize_entry("messages", &report.messages)?;
        fields.serialize_entry("trace_ids", &report.trace_ids)?;
        fields.serialize_entry("notes", report.notes())?;
        fields.serialize_entry("diagnostics", report.diagnostics())?;
        fields.end()
    }
}

impl Serialize for DeliveryReport {
    /// A document of the [schema](super::SCHEMA), without what only the application knows.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RunReport::new(self).serialize(serializer)
    }
}

struct Stopped<'s>(&'s StopCause);

impl Serialize for Stopped<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_map(Some(2))?;
        fields.serialize_entry("code", self.0.code())?;
        fields.serialize_entry("message", &self.0.to_string())?;
        fields.end()
    }
}

/// A score that Meta gives a dataset, from 0 to 10, such as `composite`, `match_key`, `frequency` or `freshness`.
///
/// ```
/// use meta_offline_events::report::{DeliveryReport, QualityScore, RunReport};
///
/// let report = DeliveryReport::default();
/// let score = QualityScore::new("match_key", 5.6).recommendation("Send more phone numbers.");
/// let json = serde_json::to_value(RunReport::new(&report).quality(score))?;
/// assert_eq!(json["quality"][0]["score"], 5.6);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QualityScore {
    name: String,
    score: f64,
    recommendation: Option<String>,
}

impl QualityScore {
    /// Creates a score by Meta's name for it.
    pub fn new(name: impl Into<String>, score: f64) -> Self {
        Self { name: name.into(), score, recommendation: None }
    }

    /// Adds what Meta recommends.
    pub fn recommendation(mut self, text: impl Into<String>) -> Self {
        self.recommendation = Some(text.into());
        self
    }
}
