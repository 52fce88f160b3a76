//! From an error of Meta's to a finding: which subject it is about, how bad it is, and what to do.

use super::finding::{CheckSubject, Finding, Severity};
use crate::graph::GraphError;
use crate::report::{ApiError, ErrorClass, OperatorErrorKind};

/// What was tried when the error came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tried {
    /// A call that reads. A token that sends well may not read, and a read carries a proof only if it may stand in the
    /// address.
    Reading {
        has_secret: bool,
    },
    Sending,
}

/// What an error of a call says. `about` is what the call was for, and `version` that of the API.
pub(super) fn finding_of(error: &GraphError, about: CheckSubject, version: &str, tried: Tried) -> Finding {
    match error {
        GraphError::Api(error) => finding_of_api(error, about, version, tried),
        GraphError::NoToken(why) => {
            Finding::failed(CheckSubject::Token, format!("there is no access token: {why}"))
                .advice_is("make a token in Events Manager, or correct the place that it is read from")
        }
        GraphError::Transport(error) => {
            Finding::failed(CheckSubject::Endpoint, format!("Meta cannot be reached: {error}"))
                .advice_is("check network, firewall and proxy of this machine")
        }
        GraphError::Redirected(host) => Finding::failed(
            CheckSubject::Endpoint,
            format!("the address redirects to {host}, which is never followed"),
        )
        .advice_is("check the address, and whether a network in between wants a login"),
        GraphError::Unreadable(why) => {
            Finding::failed(CheckSubject::Endpoint, format!("the answer cannot be used: {why}")).advice_is(
                "check the address, and whether a proxy or the login page of a network answers instead",
            )
        }
        other => Finding::unknown(about, other.to_string()),
    }
}

/// What Meta's own error says.
pub(super) fn finding_of_api(error: &ApiError, about: CheckSubject, version: &str, tried: Tried) -> Finding {
    use CheckSubject as Subject;
    use OperatorErrorKind as Kind;
    let is_reading = tried != Tried::Sending;
    let worst = if is_reading { Severity::Warning } else { Severity::Failed };
    match error.operator_error().map(|error| error.kind()) {
        Some(Kind::TermsNotAccepted) => {
            let subject = match error.code() {
                Some(1_870_092) => Subject::BusinessToolsTerms,
                _ => Subject::CustomAudienceTerms,
            };
            let place = error.terms_link().map(|link| format!(" at {link}")).unwrap_or_default();
            Finding::failed(subject, format!("nobody has accepted these terms: {error}"))
                .advice_is(format!("a person of the business has to accept them{place}"))
        }
        Some(Kind::Reauthorise) => {
            Finding::failed(Subject::Token, format!("Meta refuses the token: {error}")).advice_is(error.advice())
        }
        Some(Kind::AppSecretNeeded) => app_secret(error, tried),
        Some(Kind::MissingPermission) if is_reading => {
            let finding = Finding::unknown(about, format!("the token may not read this: {error}"));
            match about {
                Subject::Dataset => finding.advice_is(
                    "nothing, if the token is one of Events Manager: those often send and may not read. A test event \
                     tells",
                ),
                _ => finding,
            }
        }
        Some(Kind::MissingPermission) => {
            Finding::failed(Subject::Permission, format!("the token may not send to this dataset: {error}")).advice_is(
                "in Business settings, assign the dataset to the system user of the token (task UPLOAD), or make a new \
                 token in Events Manager",
            )
        }
        Some(Kind::DevelopmentAccess) => {
            Finding::warning(Subject::AccessLevel, format!("the app has only development access: {error}")).advice_is(
                "ask Meta for a higher access level of the app, or use a token of an admin of both the app and the ad \
                 account",
            )
        }
        Some(Kind::DatasetUnknown) if error.code() == Some(100) => {
            Finding::new(Subject::Dataset, worst, format!("Meta shows this token no such dataset: {error}")).advice_is(
                "compare the dataset id with Events Manager. If it is right, assign the dataset to the system user of the \
                 token in Business settings; or the token may only send, and a test event tells",
            )
        }
        Some(Kind::DatasetUnknown) => Finding::failed(Subject::Dataset, format!("there is no such dataset: {error}"))
            .advice_is("copy the dataset id from Events Manager"),
        Some(Kind::DatasetNotLinked) => {
            Finding::failed(Subject::Dataset, error.to_string()).advice_is(error.advice())
        }
        Some(Kind::BlockedByPolicy) => {
            Finding::failed(Subject::Policy, format!("Meta blocks this for policy reasons: {error}"))
                .advice_is("a person has to look into it at Meta, or ask Meta's support")
        }
        Some(Kind::VersionRetired) => Finding::new(
            Subject::ApiVersion,
            worst,
            format!("Meta no longer answers version {version} of its API: {error}"),
        )
        .advice_is("set a newer version, such as v26.0"),
        None => match error.class() {
            ErrorClass::Retry | ErrorClass::Throttle => {
                Finding::unknown(about, format!("Meta does not answer this now: {error}")).advice_is("check again later")
            }
            ErrorClass::FixEndpoint => {
                Finding::failed(Subject::Endpoint, format!("Meta does not know this address: {error}"))
                    .advice_is("check the address and the version of the API")
            }
            _ if is_reading => Finding::unknown(about, format!("Meta does not say: {error}")),
            _ => Finding::failed(about, error.to_string()).advice_is(error.advice()),
        },
    }
}

fn app_secret(error: &ApiError, tried: Tried) -> Finding {
    let is_wrong = error.code() == Some(104);
    match tried {
        Tried::Reading { has_secret: true } if !is_wrong => Finding::unknown(
            CheckSubject::AppSecret,
            "the app wants a proof of its secret with every call, and a call that reads carries none, so that no proof \
             stands in an address",
        )
        .advice_is("nothing: events carry the proof. A test event tells whether the secret is right"),
        _ if is_wrong => {
            Finding::failed(CheckSubject::AppSecret, format!("the app secret does not belong to the app of the token: {error}"))
                .advice_is("copy the secret of the app that made the token: App settings, Basic")
        }
        _ => Finding::failed(CheckSubject::AppSecret, format!("the app wants a proof of its secret: {error}"))
            .advice_is("set the app secret, or switch the app's setting \"Require App Secret\" off"),
    }
}
