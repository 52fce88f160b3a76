//! The calls of a check, and what their answers mean.

use super::Check;
use super::error::{Tried, finding_of, finding_of_api};
use super::finding::{CheckReport, CheckSubject, Finding, Severity};
use crate::auth::{TokenExpiry, TokenInfo, TokenKind};
use crate::client::CLOCKS_DIFFER;
use crate::event::Event;
use crate::graph::{Dataset, DatasetList, Graph, GraphError, Terms};
use crate::report::Outcome;
use crate::value::{AccessToken, AdAccountId, EventTime};
use crate::wire::RequestFields;

/// From how many days before its end on a token is worth a warning.
const ENDS_SOON: i64 = 14;

const DAY: i64 = 86_400;

impl Check {
    pub(super) async fn run(mut self) -> CheckReport {
        let mut report = CheckReport::default();
        if self.client.gets_token() {
            self.ask(&mut report).await;
        } else {
            let message = "what receives the events gets no token of Meta's, so nothing can be asked there";
            report.add(Finding::unknown(CheckSubject::Endpoint, message));
        }
        if self.client.has_test_event_code() {
            let message =
                "a test event code is set: events show under Test events, and Meta counts them all the same";
            report.add(
                Finding::warning(CheckSubject::TestEventCode, message)
                    .advice_is("remove the code before you send real events"),
            );
        }
        if let Some((fields, event)) = self.test_event.take() {
            self.send(fields, event, &mut report).await;
        }
        report
    }

    /// Asks Meta about all but the test event.
    async fn ask(&self, report: &mut CheckReport) {
        let graph = self.client.graph().call_style(self.style);
        let graph = match &self.app {
            Some(app) => graph.app(app.clone()),
            None => graph,
        };
        let token = match graph.token().await {
            Ok(token) => token,
            Err(error) => return report.add(self.finding_of(&error, CheckSubject::Token)),
        };
        let now = self.client.connection().clock.now();
        let user = self.ask_about_token(&graph, &token, now, report).await;
        if report.finding(CheckSubject::Endpoint).is_some() {
            // Nothing else would be answered either.
            return;
        }
        let (dataset, date) = graph.dataset_with_date(self.client.dataset()).await;
        let is_metas = match &dataset {
            Ok(_) => true,
            Err(error) => error.api_error().is_some_and(|error| error.code().is_some()),
        };
        match dataset {
            Ok(dataset) => {
                report.add(Finding::passed(CheckSubject::Endpoint, "Meta answers"));
                if report
                    .finding(CheckSubject::Token)
                    .is_none_or(|token| token.severity() == Severity::Unknown)
                {
                    report
                        .replace(Finding::passed(CheckSubject::Token, "Meta answers calls with this token"));
                }
                add_dataset(&dataset, report);
            }
            Err(error) => report.add(self.finding_of(&error, CheckSubject::Dataset)),
        }
        // The clock of whatever else answers is nobody's business.
        if let Some(date) = date.filter(|_| is_metas) {
            let now = self.client.connection().clock.now();
            report.add(clock(now.unix() - date, self.client.max_clock_difference()));
        }
        if let Some(user) = user {
            self.ask_about_tasks(&graph, user, report).await;
        }
        if let Some(account) = &self.ad_account {
            match graph.terms(account).await {
                Ok(terms) => add_terms(&terms, account, report),
                Err(error) => report.add(self.finding_of(&error, CheckSubject::BusinessToolsTerms)),
            }
        }
    }

    /// Returns the list of what is assigned to the system user of the token, if it is one.
    async fn ask_about_token(
        &self,
        graph: &Graph,
        token: &AccessToken,
        now: EventTime,
        report: &mut CheckReport,
    ) -> Option<DatasetList> {
        match graph.inspect(token).await {
            Ok(info) => {
                report.add(token_finding(&info, now));
                let id = info.user_id().filter(|_| info.kind() == Some(&TokenKind::SystemUser))?;
                Some(DatasetList::assigned_to(&id.parse().ok()?))
            }
            Err(error) => {
                report.add(if is_about_app(&error) {
                    let message = format!("Meta does not take this app with this secret: {error}");
                    Finding::failed(CheckSubject::AppSecret, message)
                        .advice_is("copy id and secret of the app that made the token: App settings, Basic")
                } else {
                    self.finding_of(&error, CheckSubject::Token)
                });
                None
            }
        }
    }

    /// Whether the system user of the token may send to the dataset. A dataset that is not in the list says nothing.
    async fn ask_about_tasks(&self, graph: &Graph, list: DatasetList, report: &mut CheckReport) {
        let id = self.client.dataset().as_str();
        match graph.datasets(&list).await {
            Ok(datasets) => {
                let Some(dataset) = datasets.items().iter().find(|dataset| dataset.id() == id) else {
                    return;
                };
                let tasks: Vec<_> = dataset.tasks().collect();
                if tasks.contains(&"UPLOAD") {
                    let message =
                        "the dataset is assigned to the system user of the token, with the task UPLOAD";
                    report.add(Finding::passed(CheckSubject::Permission, message));
                } else if !tasks.is_empty() {
                    let message = format!(
                        "the system user of the token may not send to the dataset: it has the tasks {}, and not UPLOAD",
                        tasks.join(", ")
                    );
                    report.add(Finding::failed(CheckSubject::Permission, message).advice_is(
                        "in Business settings, give the system user the task UPLOAD on the dataset",
                    ));
                }
            }
            Err(error) => {
                let finding = self.finding_of(&error, CheckSubject::Permission);
                if finding.subject() == CheckSubject::AccessLevel {
                    report.add(finding);
                }
            }
        }
    }

    /// Sends the test event.
    async fn send(&self, fields: RequestFields, event: Event, report: &mut CheckReport) {
        if self.client.is_for_gateway() {
            let message =
                "not sent: a gateway knows no test event code, and would take the event for a real one";
            return report.add(Finding::unknown(CheckSubject::TestEvent, message));
        }
        let sent = self.client.with_request_fields(fields).send(event).await;
        let outcome = sent.outcomes().first();
        if outcome == Some(&Outcome::Accepted) {
            let message = "Meta accepted a test event: Events Manager shows it under Test events";
            report.replace(Finding::passed(CheckSubject::TestEvent, message));
            // It proves what could not be read.
            for subject in [CheckSubject::Token, CheckSubject::Permission, CheckSubject::AppSecret] {
                if subject == CheckSubject::Permission
                    || report.finding(subject).is_some_and(|finding| finding.severity() == Severity::Unknown)
                {
                    report.replace(Finding::passed(subject, "Meta accepted a test event with it"));
                }
            }
            if report
                .finding(CheckSubject::Dataset)
                .is_some_and(|finding| finding.severity() == Severity::Warning)
            {
                let message =
                    "the token may not read the dataset, which is no fault: Meta accepted a test event";
                report.replace(Finding::unknown(CheckSubject::Dataset, message));
            }
            return;
        }
        let cause = sent.stopped();
        if let Some(error) = cause.and_then(|cause| cause.api_error()) {
            let version = self.client.connection().api_version();
            report.add(finding_of_api(error, CheckSubject::TestEvent, version, Tried::Sending));
        }
        let why = match (cause, outcome) {
            (Some(cause), _) => cause.to_string(),
            (None, Some(outcome)) => outcome.to_string(),
            (None, None) => "it was not sent".to_owned(),
        };
        report.add(
            Finding::failed(CheckSubject::TestEvent, format!("Meta did not accept a test event: {why}"))
                .advice_is("resolve what failed above, then check again"),
        );
    }

    fn finding_of(&self, error: &GraphError, about: CheckSubject) -> Finding {
        let tried = Tried::Reading { has_secret: self.client.proof_secret().is_some() || self.app.is_some() };
        finding_of(error, about, self.client.connection().api_version(), tried)
    }
}

/// Whether an error is about the app that asks, and not about a token: code 101, or 1 about its secret.
fn is_about_app(error: &GraphError) -> bool {
    error.api_error().is_some_and(|error| {
        matches!(error.code(), Some(101))
            || error.code() == Some(1)
                && error.message().is_some_and(|message| message.contains("client secret"))
    })
}

fn token_finding(info: &TokenInfo, now: EventTime) -> Finding {
    let subject = CheckSubject::Token;
    if !info.is_valid() {
        let advice = info.error().map_or("replace the access token", |error| error.advice());
        let why = info.error().map(|error| format!(": {error}")).unwrap_or_default();
        return Finding::failed(subject, format!("the token is not valid{why}")).advice_is(advice);
    }
    let of = match info.kind() {
        Some(TokenKind::User) => "a token of a person",
        Some(TokenKind::SystemUser) => "a token of a system user",
        Some(TokenKind::Other(_)) | None => "a token",
    };
    if let Some(until) = info.data_access_until().filter(|until| until.unix() > 0 && *until <= now) {
        return Finding::warning(
            subject,
            format!("{of}, whose app lost access to the data of its user on {until}"),
        )
        .advice_is("let the person log in again");
    }
    match info.expiry() {
        TokenExpiry::At(end) if end.unix() - now.unix() < ENDS_SOON * DAY => {
            let days = (end.unix() - now.unix()).max(0) / DAY;
            Finding::warning(subject, format!("{of}, valid, that ends in {days} days, on {end}"))
                .advice_is("renew or replace the token before that day")
        }
        TokenExpiry::At(end) => Finding::passed(subject, format!("{of}, valid until {end}")),
        TokenExpiry::Never => Finding::passed(subject, format!("{of}, valid, without an end")),
        TokenExpiry::Unknown => {
            Finding::passed(subject, format!("{of}, valid; Meta does not say until when"))
        }
    }
}

fn add_dataset(dataset: &Dataset, report: &mut CheckReport) {
    let subject = CheckSubject::Dataset;
    let name = dataset.name().map(|name| format!(" \"{name}\"")).unwrap_or_default();
    let owner =
        dataset.owner_name().or(dataset.owner_id()).map(|owner| format!(" of {owner}")).unwrap_or_default();
    report.add(if dataset.is_unavailable() == Some(true) {
        Finding::failed(subject, format!("the dataset{name}{owner} is unavailable: it can no longer be used"))
            .advice_is("use another dataset, or ask the business that owns it")
    } else if dataset.is_restricted_use() == Some(true) {
        Finding::warning(
            subject,
            format!("the dataset{name}{owner} is restricted: Meta uses its events for lift studies only"),
        )
        .advice_is("use another dataset for attribution and audiences")
    } else {
        Finding::passed(subject, format!("Meta shows the dataset{name}{owner}"))
    });
    report.add(match dataset.is_consolidated() {
        Some(true) => Finding::passed(CheckSubject::Consolidation, "the dataset takes offline events"),
        Some(false) => Finding::failed(
            CheckSubject::Consolidation,
            "the dataset is not consolidated, so it takes no offline events",
        )
        .advice_is(
            "use a dataset that is consolidated (is_consolidated_container is true), or ask Meta's support how to \
             consolidate this one",
        ),
        None => Finding::unknown(
            CheckSubject::Consolidation,
            "Meta does not say whether the dataset is consolidated",
        ),
    });
}

fn clock(ahead: i64, max: i64) -> Finding {
    let side = if ahead > 0 { "ahead of" } else { "behind" };
    let message = format!("the clock of this machine is {} seconds {side} Meta's", ahead.abs());
    let advice = "set the clock of this machine";
    match ahead.abs() {
        off if off > max => Finding::failed(CheckSubject::Clock, message).advice_is(advice),
        off if off > CLOCKS_DIFFER => Finding::warning(CheckSubject::Clock, message).advice_is(advice),
        _ => Finding::passed(CheckSubject::Clock, "the clock of this machine agrees with Meta's"),
    }
}

fn add_terms(terms: &Terms, account: &AdAccountId, report: &mut CheckReport) {
    let subject = CheckSubject::BusinessToolsTerms;
    report.add(match terms.business_tools() {
        Some(true) => Finding::passed(subject, format!("accepted for the ad account {account}")),
        Some(false) => {
            Finding::failed(subject, format!("nobody has accepted them for the ad account {account}"))
                .advice_is("an admin of the business has to accept them at Meta")
        }
        None => {
            Finding::unknown(subject, format!("Meta does not say whether they are accepted for {account}"))
        }
    });
    let subject = CheckSubject::CustomAudienceTerms;
    report.add(match terms.custom_audiences() {
        Some(true) => Finding::passed(subject, format!("accepted for the ad account {account}")),
        Some(false) => {
            Finding::warning(subject, format!("nobody has accepted them for the ad account {account}"))
                .advice_is(format!(
                    "a person of the business has to accept them at \
                 https://business.facebook.com/ads/manage/customaudiences/tos/?act={account}"
                ))
        }
        None => {
            Finding::unknown(subject, format!("Meta does not say whether they are accepted for {account}"))
        }
    });
}
