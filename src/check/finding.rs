//! What a check found: a subject, how it stands, and what to do.

use std::fmt;

use serde::{Serialize, Serializer};

/// What was checked.
///
/// ```
/// use meta_offline_events::check::CheckSubject;
///
/// assert_eq!(CheckSubject::AppSecret.code(), "app_secret");
/// assert_eq!(CheckSubject::AppSecret.to_string(), "app secret");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum CheckSubject {
    /// Whether Meta answers at the endpoint.
    Endpoint,
    /// Whether the access token is valid, and for how long.
    Token,
    /// Whether Meta wants a proof of the app secret, and takes it.
    AppSecret,
    /// Whether Meta still answers the version of the API.
    ApiVersion,
    /// Whether the app has more than development access.
    AccessLevel,
    /// Whether Meta blocks the sender for policy reasons.
    Policy,
    /// Whether there is the dataset, and it can be used.
    Dataset,
    /// Whether the dataset is consolidated, so that it takes offline events.
    Consolidation,
    /// Whether the token may send to the dataset.
    Permission,
    /// Whether the Business Tools terms are accepted.
    BusinessToolsTerms,
    /// Whether the Custom Audience terms are accepted.
    CustomAudienceTerms,
    /// Whether the clock of this machine is right.
    Clock,
    /// Whether a test event code was left on.
    TestEventCode,
    /// Whether Meta accepts a test event.
    TestEvent,
}

impl CheckSubject {
    /// A stable name for machines, in snake case.
    pub fn code(self) -> &'static str {
        match self {
            Self::Endpoint => "endpoint",
            Self::Token => "access_token",
            Self::AppSecret => "app_secret",
            Self::ApiVersion => "api_version",
            Self::AccessLevel => "access_level",
            Self::Policy => "policy",
            Self::Dataset => "dataset",
            Self::Consolidation => "consolidation",
            Self::Permission => "permission",
            Self::BusinessToolsTerms => "business_tools_terms",
            Self::CustomAudienceTerms => "custom_audience_terms",
            Self::Clock => "clock",
            Self::TestEventCode => "test_event_code",
            Self::TestEvent => "test_event",
        }
    }
}

impl fmt::Display for CheckSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ApiVersion => "API version",
            Self::BusinessToolsTerms => "Business Tools terms",
            Self::CustomAudienceTerms => "Custom Audience terms",
            Self::Token => "access token",
            Self::AppSecret => "app secret",
            Self::AccessLevel => "access level",
            Self::TestEventCode => "test event code",
            Self::TestEvent => "test event",
            other => other.code(),
        })
    }
}

impl Serialize for CheckSubject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// How a subject stands, from good to bad.
///
/// ```
/// use meta_offline_events::check::Severity;
///
/// assert!(Severity::Failed > Severity::Warning && Severity::Warning > Severity::Unknown);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// It is as it should be.
    Passed,
    /// It could not be found out: that is no fault.
    Unknown,
    /// Events may be accepted, but somebody should look at it.
    Warning,
    /// Events will not be accepted before somebody resolves it.
    Failed,
}

impl Severity {
    /// A stable name for machines, in snake case.
    ///
    /// ```
    /// use meta_offline_events::check::Severity;
    ///
    /// assert_eq!(Severity::Failed.code(), "failed");
    /// ```
    pub fn code(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Unknown => "unknown",
            Self::Warning => "warning",
            Self::Failed => "failed",
        }
    }
}

impl Serialize for Severity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// What a check found about one subject.
///
/// `Display` is a line on what was found and, where there is something to do, a second one. It serializes to JSON. There
/// is an example at [`Check`](super::Check).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    subject: CheckSubject,
    severity: Severity,
    message: Box<str>,
    advice: Option<Box<str>>,
}

impl Finding {
    pub(super) fn new(subject: CheckSubject, severity: Severity, message: impl Into<Box<str>>) -> Self {
        Self { subject, severity, message: message.into(), advice: None }
    }

    pub(super) fn passed(subject: CheckSubject, message: impl Into<Box<str>>) -> Self {
        Self::new(subject, Severity::Passed, message)
    }

    pub(super) fn unknown(subject: CheckSubject, message: impl Into<Box<str>>) -> Self {
        Self::new(subject, Severity::Unknown, message)
    }

    pub(super) fn warning(subject: CheckSubject, message: impl Into<Box<str>>) -> Self {
        Self::new(subject, Severity::Warning, message)
    }

    pub(super) fn failed(subject: CheckSubject, message: impl Into<Box<str>>) -> Self {
        Self::new(subject, Severity::Failed, message)
    }

    pub(super) fn advice_is(mut self, advice: impl Into<Box<str>>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// What was checked.
    pub fn subject(&self) -> CheckSubject {
        self.subject
    }

    /// How it stands.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// What was found, with Meta's own words where Meta said something.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do, where there is something to do.
    pub fn advice(&self) -> Option<&str> {
        self.advice.as_deref()
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.severity {
            Severity::Passed => "ok     ",
            Severity::Unknown => "unknown",
            Severity::Warning => "WARNING",
            Severity::Failed => "FAILED ",
        };
        write!(f, "{sign}  {}: {}", self.subject, self.message)?;
        match &self.advice {
            Some(advice) => write!(f, "\n         What to do: {advice}"),
            None => Ok(()),
        }
    }
}

/// What a check found. [`Check`](super::Check) returns it.
///
/// `Display` lists the findings for people, and says in its last line whether there is something to do. It serializes to
/// JSON: `{"ready":…,"worst":"…","findings":[{"subject":"…","severity":"…","message":"…","advice":…},…]}`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use = "only the report says what was found"]
pub struct CheckReport {
    findings: Vec<Finding>,
}

impl CheckReport {
    /// The findings, one for each subject, in a fixed order.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What was found about this subject, if it was checked.
    pub fn finding(&self, subject: CheckSubject) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.subject == subject)
    }

    /// Whether nothing failed. What is unknown is no failure: only a test event proves that Meta accepts events.
    pub fn is_ready(&self) -> bool {
        self.worst() < Severity::Failed
    }

    /// The worst of all findings.
    pub fn worst(&self) -> Severity {
        self.findings.iter().map(Finding::severity).max().unwrap_or(Severity::Unknown)
    }

    /// Adds a finding. Of two about one subject the worse stays, and of two that are as bad the first.
    pub(super) fn add(&mut self, finding: Finding) {
        match self.findings.binary_search_by_key(&finding.subject, |finding| finding.subject) {
            Ok(at) if self.findings[at].severity < finding.severity => self.findings[at] = finding,
            Ok(_) => {}
            Err(at) => self.findings.insert(at, finding),
        }
    }

    /// Puts a finding in the place of what was found about its subject before.
    pub(super) fn replace(&mut self, finding: Finding) {
        self.findings.retain(|other| other.subject != finding.subject);
        self.add(finding);
    }
}

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            writeln!(f, "{finding}")?;
        }
        f.write_str(match self.worst() {
            Severity::Failed => "Events will not be accepted before what FAILED is resolved.",
            Severity::Warning => "Events may be accepted. Look at each WARNING.",
            Severity::Unknown => {
                "Nothing is known to be wrong. What is unknown needs no action; a test event proves the rest."
            }
            Severity::Passed => "Everything that was checked is as it should be.",
        })
    }
}

impl Serialize for CheckReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Shown<'r> {
            ready: bool,
            worst: Severity,
            findings: &'r [Finding],
        }
        Shown { ready: self.is_ready(), worst: self.worst(), findings: &self.findings }.serialize(serializer)
    }
}
