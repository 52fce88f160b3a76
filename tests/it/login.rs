//! Logins, and tokens that are made, exchanged and taken back, over real sockets.

use std::time::Duration;

use meta_offline_events::auth::{IssuedToken, TokenExpiry, TokenKind, TokenSource};
use meta_offline_events::graph::{
    CallStyle, GraphError, Login, LoginCode, LoginError, Permission, SystemUserToken,
};
use meta_offline_events::report::{ApiError, OperatorErrorKind, TokenProblem};
use meta_offline_events::testing::{Answer, ManualClock, MockServer};
use meta_offline_events::value::{AccessToken, EventTime};
use reqwest::redirect::Policy;
use serde_json::json;
use url::Url;

use crate::support::app::{APP_ID, SECRET, app, graph, server};
use crate::support::{NOW, now, of, shows_none_of};

const REDIRECT: &str = "http://localhost:1/back";

fn at(seconds: i64) -> EventTime {
    EventTime::from_unix(NOW + seconds).unwrap()
}

fn end(issued: &IssuedToken) -> Option<i64> {
    issued.expiry().map(|end| end.unix() - NOW)
}

/// What a browser does: opens the dialog, presses a button, and is sent back.
async fn press(login: &Login, button: &str) -> String {
    let browser = reqwest::Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
    let page = browser.get(login.address()).send().await.unwrap();
    assert_eq!(page.status(), 200);
    let page = page.text().await.unwrap();
    let form = page.split("<form ").find(|form| form.contains(&format!("id=\"{button}\""))).unwrap();
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    for field in form.split("<input type=\"hidden\" ").skip(1) {
        let mut quoted = field.split('"').skip(1).step_by(2);
        let (name, value) = (quoted.next().unwrap(), quoted.next().unwrap());
        body.append_pair(name, &value.replace("&amp;", "&"));
    }
    let action = login.address().join(&format!("oauth/{button}")).unwrap();
    let sent = browser.post(action).body(body.finish());
    let sent = sent.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap();
    assert_eq!(sent.status(), 302);
    let back = sent.headers()["location"].to_str().unwrap().to_owned();
    assert!(back.starts_with(REDIRECT) && back.ends_with("#_=_"), "{back}");
    back
}

fn redirect() -> Url {
    of(REDIRECT)
}

/// Calls of programs, past those of the browser.
fn calls(server: &MockServer) -> Vec<String> {
    let requests = server.requests();
    let calls = requests.iter().filter(|request| !request.path().contains("/dialog/"));
    calls.map(|request| format!("{} {}", request.method(), request.target())).collect()
}

#[tokio::test]
async fn a_person_logs_in_and_gets_a_long_lived_token() {
    let clock = ManualClock::at(now());
    for style in [CallStyle::SecretsInBody, CallStyle::AsDocumented] {
        let server = server(&clock).start().await.unwrap();
        let graph = graph(&server, &clock).call_style(style);
        let login = graph.login(redirect()).unwrap().scopes(["ads_management", "ads_read"]).rerequest();
        let code = login.code(&press(&login, "continue").await).unwrap();
        let short = graph.exchange_code(code).await.unwrap();
        let long = graph.exchange_user_token(short.token()).await.unwrap();
        assert_eq!(end(&long), Some(5_183_944));
        let info = graph.inspect(long.token()).await.unwrap();
        assert_eq!(info.kind(), Some(&TokenKind::User));
        assert_eq!(info.scopes().collect::<Vec<_>>(), ["ads_management", "ads_read"]);
        let permissions = graph.permissions(long.token()).await.unwrap();
        assert!(permissions.len() == 2 && permissions.iter().all(Permission::is_granted));
        let error = graph.client_business(long.token()).await.unwrap_err();
        assert_eq!(error.api_error().and_then(ApiError::code), Some(190), "which is no sign of expiry");

        graph.undo_login(&of("100000000000007")).await.unwrap();
        let info = graph.inspect(long.token()).await.unwrap();
        assert_eq!(info.error().and_then(ApiError::token_problem), Some(TokenProblem::AppNotInstalled));
        let calls = calls(&server);
        assert_eq!(
            calls.last().map(|call| &call[..4]),
            Some(if style == CallStyle::AsDocumented { "GET " } else { "POST" })
        );
        let shown = calls.concat();
        assert!(shown.contains("DELETE /v26.0/100000000000007/permissions"), "{shown}");
        let is_shown = ["MARKED", "MOCK"].iter().any(|secret| shown.contains(secret));
        assert_eq!(is_shown, style == CallStyle::AsDocumented, "{shown}");
    }
}

#[tokio::test]
async fn a_person_who_declines_and_a_forged_redirect_give_no_code() {
    let clock = ManualClock::at(now());
    let server = server(&clock).start().await.unwrap();
    let graph = graph(&server, &clock);
    let login = graph.login(redirect()).unwrap().scopes(["ads_management"]);
    let declined = login.code(&press(&login, "cancel").await).unwrap_err();
    assert_eq!(declined, LoginError::Declined("Permissions error".into()));
    let other = graph.login(redirect()).unwrap();
    assert_eq!(login.code(&press(&other, "continue").await).unwrap_err(), LoginError::WrongState);
    assert_eq!(calls(&server).len(), 0, "no call was made");
}

#[tokio::test]
async fn a_code_is_exchanged_once_whatever_happens() {
    let clock = ManualClock::at(now());
    for (answer, arrived) in [
        (Answer::transient(), false),
        (Answer::empty(503), false),
        (Answer::reset_after_body(), true),
        (Answer::hang(), true),
        (Answer::html(200), false),
        (Answer::json(200, json!({"token_type": "bearer"})), false),
        (Answer::redirect(&"http://127.0.0.1:1/".parse().unwrap()), false),
    ] {
        let server = server(&clock).start().await.unwrap();
        let graph = graph(&server, &clock);
        server.always(answer);
        let error = graph.exchange_code(LoginCode::from_popup("AQDMARKED")).await.unwrap_err();
        assert_eq!(server.request_count(), 1, "{error}");
        let may_have = matches!(&error, GraphError::Transport(error) if error.may_have_arrived());
        assert_eq!(may_have, arrived, "{error}");
    }
}

#[tokio::test]
async fn a_code_that_was_used_or_has_expired_begins_the_login_again() {
    let clock = ManualClock::at(now());
    let server = server(&clock).start().await.unwrap();
    let graph = graph(&server, &clock);
    let used = server.popup_code(false);
    graph.exchange_code(LoginCode::from_popup(&used)).await.unwrap();
    let old = server.popup_code(false);
    clock.advance(Duration::from_secs(601));
    for (code, subcode) in [(used, 36_009), (old, 36_007)] {
        let error = graph.exchange_code(LoginCode::from_popup(&code)).await.unwrap_err();
        let api = error.api_error().unwrap();
        assert_eq!((api.subcode(), api.token_problem()), (Some(subcode), Some(TokenProblem::LoginCode)));
        assert!(error.to_string().contains("begin the login again"), "{error}");
        let operator = api.operator_error().map(|error| error.kind());
        assert_eq!(operator, Some(OperatorErrorKind::Reauthorise));
    }
}

#[tokio::test]
async fn the_code_of_a_popup_has_no_redirect_and_that_of_a_page_the_same_one() {
    let clock = ManualClock::at(now());
    let server = server(&clock).start().await.unwrap();
    let graph = graph(&server, &clock);
    // Another redirect than that of the dialog.
    let login = graph.login(redirect()).unwrap();
    let back = press(&login, "continue").await;
    let other = graph.resumed_login(of("http://localhost:1/other"), login.expose_state()).unwrap();
    let error = graph.exchange_code(other.code(&back).unwrap()).await.unwrap_err().to_string();
    assert!(error.starts_with("a parameter of the call is wrong: Meta error 100"), "{error}");
    assert!(graph.exchange_code(login.code(&back).unwrap()).await.is_ok(), "the refusal used up no code");
    let code = server.popup_code(false);
    assert!(graph.exchange_code(LoginCode::from_popup(&format!("{code}#_=_"))).await.is_ok());
}

#[tokio::test]
async fn a_business_logs_in_and_its_token_is_narrowed() {
    let clock = ManualClock::at(now());
    let server = server(&clock).start().await.unwrap();
    let graph = graph(&server, &clock);
    let login = graph.login(redirect()).unwrap().config("1234").override_response_type();
    let code = login.code(&press(&login, "continue").await).unwrap();
    let token = graph.exchange_code(code).await.unwrap();
    assert_eq!(end(&token), None, "without `expires_in` the end is not known");
    assert_eq!(graph.inspect(token.token()).await.unwrap().expiry(), TokenExpiry::Never);
    let business = graph.client_business(token.token()).await.unwrap();
    let wish = |wish: SystemUserToken| {
        let (graph, business, token) = (&graph, &business, token.token());
        async move { graph.business_token(business, token, &wish).await }
    };
    let same = wish(SystemUserToken::new().fetch_only()).await.unwrap();
    assert_eq!(same.token().expose(), token.token().expose());
    let narrow = SystemUserToken::new().scopes(["ads_management"]).assets(["123", "456"]);
    let narrow = narrow.system_user(of("5")).expires_in_60_days();
    let ends = wish(narrow).await.unwrap();
    assert_eq!(end(&ends), Some(5_183_944));
    let sent = server.requests().last().map(|request| String::from_utf8_lossy(request.body()).into_owned());
    let sent = sent.unwrap();
    for part in [
        "scope=ads_management",
        "asset=123%2C456",
        "system_user_id=5",
        "set_token_expires_in_60_days=true",
        "appsecret_proof=",
    ] {
        assert!(sent.contains(part), "{sent}");
    }
    assert!(!sent.contains("fetch_only"), "{sent}");
    let error = wish(SystemUserToken::new().scopes(["pages_messaging"])).await.unwrap_err();
    assert_eq!(error.api_error().and_then(ApiError::code), Some(3962));
    for (code, what) in [(200, "a permission is missing"), (452, "replace the access token")] {
        server.script(Answer::graph_error(400, code, None));
        let error = wish(SystemUserToken::new()).await.unwrap_err().to_string();
        assert!(error.contains(what), "{error}");
    }
}

#[tokio::test]
async fn a_system_user_gets_a_token_that_is_renewed_and_the_old_one_taken_back() {
    let clock = ManualClock::at(now());
    let admin: AccessToken = of("EAABMARKEDADMIN");
    let server = server(&clock).token(admin.clone()).start().await.unwrap();
    let graph = graph(&server, &clock).tokens(TokenSource::fixed(admin));
    let user = of("100000000000002");
    graph.install_app(&user).await.unwrap();
    let wish = SystemUserToken::new().scopes(["ads_management"]);
    let lasting = graph.create_system_user_token(&user, &wish).await.unwrap();
    assert_eq!(graph.inspect(lasting.token()).await.unwrap().expiry(), TokenExpiry::Never);
    let first = graph.create_system_user_token(&user, &wish.expires_in_60_days()).await.unwrap();
    clock.advance(Duration::from_secs(50 * 86_400));
    let second = graph.renew_system_user_token(first.token()).await.unwrap();
    let info = graph.inspect(second.token()).await.unwrap();
    assert_eq!((info.kind(), info.user_id()), (Some(&TokenKind::SystemUser), Some("100000000000002")));
    assert!(graph.inspect(first.token()).await.unwrap().is_valid(), "the old one works until its own end");
    graph.revoke(first.token()).await.unwrap();
    assert!(!graph.inspect(first.token()).await.unwrap().is_valid());
    assert!(graph.inspect(second.token()).await.unwrap().is_valid());
    clock.advance(Duration::from_secs(61 * 86_400));
    let error = graph.renew_system_user_token(second.token()).await.unwrap_err();
    assert_eq!(error.api_error().and_then(ApiError::token_problem), Some(TokenProblem::Expired));
}

#[tokio::test]
async fn a_token_is_taken_back_once_and_only_when_meta_says_so() {
    let clock = ManualClock::at(now());
    for answer in [
        Answer::transient(),
        Answer::hang(),
        Answer::json(200, json!({"success": false})),
        Answer::json(200, json!({})),
    ] {
        let server = server(&clock).start().await.unwrap();
        server.always(answer);
        graph(&server, &clock).revoke(&of("EAABMARKED")).await.unwrap_err();
        assert_eq!(server.request_count(), 1);
    }
    for yes in [json!(true), json!({"success": true}), json!({"success": "true"})] {
        let server = server(&clock).start().await.unwrap();
        server.script(Answer::json(200, yes));
        graph(&server, &clock).revoke(&of("EAABMARKED")).await.unwrap();
    }
}

#[tokio::test]
async fn the_end_of_a_token_is_known_only_when_meta_says_it() {
    let clock = ManualClock::at(now());
    let server = server(&clock).start().await.unwrap();
    let graph = graph(&server, &clock);
    for (lasts, expected) in [
        (json!(60), Some(60)),
        (json!("60"), Some(60)),
        (json!(0), None),
        (json!(null), None),
        (json!(-5), None),
        (json!(i64::MAX), None),
    ] {
        server.script(Answer::json(200, json!({"access_token": "EAABMOCK", "expires_in": lasts})));
        let issued = graph.exchange_user_token(&of("EAABMARKED")).await.unwrap();
        assert_eq!(end(&issued), expected, "{lasts}");
    }
    assert_eq!(at(0), now());
}

#[tokio::test]
async fn an_app_that_requires_its_secret_gets_proofs_in_bodies_and_in_addresses_only_when_asked_for() {
    let clock = ManualClock::at(now());
    let server = server(&clock).app_secret(of(SECRET)).start().await.unwrap();
    let graph = graph(&server, &clock);
    let token = of("EAABMARKED");
    let error = graph.permissions(&token).await.unwrap_err();
    assert_eq!(error.api_error().and_then(ApiError::token_problem), Some(TokenProblem::AppSecretProof));
    let documented = graph.clone().call_style(CallStyle::AsDocumented);
    assert!(documented.permissions(&token).await.is_ok());
    let calls = calls(&server);
    assert_eq!(calls[0], "GET /v26.0/me/permissions");
    assert!(
        calls[1].contains("appsecret_proof=") && calls[1].contains(&format!("appsecret_time={NOW}")),
        "{calls:?}"
    );
    assert!(graph.revoke(&token).await.is_ok());
}

/// Everything that may show of an error, with its causes.
fn shown(error: &GraphError) -> String {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    let causes: Vec<_> = causes.map(|cause| format!("{cause} {cause:?}")).collect();
    format!("{error} {error:?} {error:#?} {causes:?}")
}

#[tokio::test]
async fn s1_neither_token_nor_app_secret_nor_code_nor_state_shows_on_success_or_any_failure() {
    const TOKEN: &str = "EAABMARKEDTOKEN";
    const CODE: &str = "AQDMARKEDCODE";
    const STATE: &str = "57a7eMARKED0123456789abcdef";
    let marked = ["MARKED", "MOCKTOKEN", "MOCKCODE"];
    let search = |place: &str, text: &str| shows_none_of(&marked, place, text);
    let quote = format!("bad {TOKEN} {SECRET} {CODE} {APP_ID}|{SECRET} {STATE}");
    let error = |code: i64| json!({"error": {"code": code, "message": quote, "fbtrace_id": quote, "error_user_msg": quote}});
    let clock = ManualClock::at(now());
    for answer in [
        None,
        Some(Answer::json(400, error(190))),
        Some(Answer::json(400, error(100))),
        Some(Answer::json(400, error(104))),
        Some(Answer::json(500, error(2))),
        Some(Answer::echo()),
        Some(Answer::html(200)),
        Some(Answer::body(500, "text/plain", quote.clone())),
        Some(Answer::body(200, &format!("text/{TOKEN}"), quote.clone())),
        Some(Answer::json(200, json!({"access_token": format!("{TOKEN} {CODE}")}))),
        Some(Answer::json(
            200,
            json!({"data": {"type": TOKEN, "scopes": [CODE, SECRET], "error": {"message": quote}}}),
        )),
        Some(Answer::json(200, json!({"data": [{"permission": TOKEN, "status": SECRET}]}))),
        Some(Answer::empty(302).header("location", &format!("https://{TOKEN}.example/{SECRET}"))),
        Some(Answer::reset_after_body()),
        Some(Answer::hang()),
        Some(Answer::raw(format!("HTTP/1.1 {TOKEN}\r\n{SECRET}\r\n\r\n"))),
    ] {
        let server = server(&clock).token(of(TOKEN)).start().await.unwrap();
        if let Some(answer) = &answer {
            server.always(answer.clone());
        }
        let graph = graph(&server, &clock).tokens(TokenSource::fixed(of(TOKEN)));
        search("the caller", &format!("{graph:?} {graph:#?} {:?}", app()));
        let login = graph.resumed_login(redirect(), STATE).unwrap();
        search("the login", &format!("{login:?}"));
        let code = login.code(&format!("/back?code={CODE}&state={STATE}")).unwrap();
        search("the code", &format!("{code:?}"));
        let token: AccessToken = of(TOKEN);
        let user = of("100000000000001");
        let wish = SystemUserToken::new().scopes(["ads_management"]);
        let issued = |place: &str, outcome: Result<IssuedToken, GraphError>| match outcome {
            Ok(issued) => search(place, &format!("{issued:?}")),
            Err(error) => search(place, &shown(&error)),
        };
        issued("an exchange of a code", graph.exchange_code(code).await);
        issued("an exchange", graph.exchange_user_token(&token).await);
        issued("a renewal", graph.renew_system_user_token(&token).await);
        issued("a token of a system user", graph.create_system_user_token(&user, &wish).await);
        issued("a token of a business", graph.business_token(&of("200000000000001"), &token, &wish).await);
        match graph.inspect(&token).await {
            Ok(info) => search("what is known of a token", &format!("{info:?}")),
            Err(error) => search("an inspection", &shown(&error)),
        }
        match graph.permissions(&token).await {
            Ok(permissions) => search("permissions", &format!("{permissions:?}")),
            Err(error) => search("permissions", &shown(&error)),
        }
        for (place, outcome) in [
            ("a business", graph.client_business(&token).await.map(drop)),
            ("an app", graph.install_app(&user).await),
            ("a login undone", graph.undo_login(&user).await),
            ("a token taken back", graph.revoke(&token).await),
        ] {
            if let Err(error) = outcome {
                search(place, &shown(&error));
            }
        }
        search("the server", &format!("{server:?}"));
        for request in server.requests() {
            search("an address", request.target());
            search("a recorded request", &format!("{request:?}"));
        }
    }
}
