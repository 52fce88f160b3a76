//! The dialog that a person meets in a browser, and the codes that come of it.

use std::fmt::Write as _;

use url::Url;

use super::call::{Answered, GraphCall, check_app};
use super::tokens::issue;
use crate::testing::graph::GraphError;
use crate::testing::mock_server::code::Code;
use crate::testing::mock_server::state::State;
use crate::testing::reply::Reply;
use crate::testing::rules::KnownToken;

/// How long a code is valid, in seconds. Meta does not say.
const CODE_LASTS: i64 = 600;

/// The user who logs in.
const USER: &str = "100000000000007";

/// The pages of the dialog.
pub(super) fn page(state: &State, call: &GraphCall) -> Option<Reply> {
    let (method, path) = call.place();
    match (method, &path[..]) {
        ("GET", ["dialog", "oauth"]) => Some(dialog(state, call)),
        ("POST", ["dialog", "oauth", answer @ ("continue" | "cancel")]) => {
            Some(redirect(state, call, *answer == "continue"))
        }
        _ => None,
    }
}

pub(super) fn route(state: &State, call: &GraphCall) -> Option<Answered> {
    let (method, path) = call.place();
    let is_exchange = matches!((method, &path[..]), ("GET" | "POST", ["oauth", "access_token"]));
    (is_exchange && call.parameter("grant_type").is_none()).then(|| exchange(state, call))
}

/// The parameters of the dialog that its buttons send on.
const SENT_ON: [&str; 5] = ["client_id", "redirect_uri", "state", "scope", "config_id"];

fn dialog(state: &State, call: &GraphCall) -> Reply {
    let app = call.parameter("client_id").filter(|id| is_app(state, id));
    let (Some(_), Some(_)) = (app, redirect_of(call)) else {
        return Reply::page(400, "<h1>This app or its redirect is not known</h1>");
    };
    let mut fields = String::new();
    for name in SENT_ON {
        if let Some(value) = call.parameter(name) {
            // Writing to a text cannot fail.
            let _ = write!(fields, "<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escaped(value));
        }
    }
    let button = |action: &str, word: &str| {
        format!(
            "<form method=\"post\" action=\"oauth/{action}\">{fields}<button id=\"{action}\">{word}</button></form>"
        )
    };
    let asked = call.parameter("scope").or(call.parameter("config_id")).unwrap_or("nothing");
    let (yes, no) = (button("continue", "Continue"), button("cancel", "Cancel"));
    Reply::page(200, &format!("<h1>Mock app asks for: {}</h1>{yes}{no}", escaped(asked)))
}

/// Sends the browser back.
fn redirect(state: &State, call: &GraphCall, agrees: bool) -> Reply {
    let Some(mut target) = redirect_of(call) else {
        return Reply::page(400, "<h1>There is no redirect</h1>");
    };
    let scopes: Vec<String> =
        call.parameter("scope").unwrap_or_default().split([',', ' ']).map(str::to_owned).collect();
    let mut query = target.query_pairs_mut();
    if agrees {
        let redirect = call.parameter("redirect_uri");
        let code = state.new_code(redirect, scopes, call.parameter("config_id").is_some());
        query.append_pair("code", &code);
    } else {
        query.append_pair("error", "access_denied");
        query.append_pair("error_reason", "user_denied");
        query.append_pair("error_description", "Permissions error");
    }
    query.extend_pairs(call.parameter("state").map(|state| ("state", state)));
    drop(query);
    target.set_fragment(Some("_=_"));
    Reply::redirect(target.as_str())
}

fn exchange(state: &State, call: &GraphCall) -> Answered {
    let refused =
        |message: &str, subcode: Option<i64>| Err(GraphError::new(400, 100, message).subcode(subcode));
    check_app(state, call.required("client_id")?, call.required("client_secret")?)?;
    let text = call.required("code")?;
    let now = state.settings().clock.now().unix();
    let code = {
        let mut record = state.record();
        let Some(code) = record.codes.iter_mut().find(|code| code.text == text) else {
            return refused("Invalid verification code format.", None);
        };
        if code.is_used {
            return refused("This authorization code has been used.", Some(36_009));
        }
        if code.until <= now {
            return refused("This authorization code has expired.", Some(36_007));
        }
        if code.redirect.as_deref() != call.parameter("redirect_uri") {
            return refused(
                "Error validating verification code: the redirect_uri is not the one of the dialog",
                None,
            );
        }
        code.is_used = true;
        code.clone()
    };
    let user = USER.to_owned();
    let usual = "unused".parse().map_err(|_| GraphError::new(500, 1, "An unknown error occurred"))?;
    let usual = KnownToken::new(usual, None);
    if code.is_business {
        issue(state, &usual, false)
    } else {
        issue(state, &KnownToken { kind: "USER", user, scopes: code.scopes, ..usual }, true)
    }
}

impl State {
    /// Makes a code.
    pub(in crate::testing::mock_server) fn new_code(
        &self,
        redirect: Option<&str>,
        scopes: Vec<String>,
        is_business: bool,
    ) -> String {
        let until = self.settings().clock.now().unix() + CODE_LASTS;
        let codes = &mut self.record().codes;
        let text = format!("AQDMOCKCODE{:04}", codes.len());
        let redirect = redirect.map(str::to_owned);
        codes.push(Code { text: text.clone(), redirect, until, is_used: false, is_business, scopes });
        text
    }
}

fn is_app(state: &State, id: &str) -> bool {
    state.settings().app.as_ref().is_none_or(|(app, _)| app.as_str() == id)
}

fn redirect_of(call: &GraphCall) -> Option<Url> {
    call.parameter("redirect_uri")?.parse().ok()
}

/// A text in an attribute or between tags.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
