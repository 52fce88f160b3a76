//! The check of a client over real sockets: what is wrong is found, what cannot be read is no fault, and no secret shows.

use meta_offline_events::check::{CheckReport, CheckSubject as Subject, Severity};
use meta_offline_events::client::{Client, ClientBuilder, Gateway};
use meta_offline_events::event::Event;
use meta_offline_events::graph::App;
use meta_offline_events::report::DeliveryReport;
use meta_offline_events::testing::{Answer, FixedJitter, ManualClock, MockServer, MockServerBuilder};
use meta_offline_events::value::EventTime;
use meta_offline_events::wire::RequestFields;
use serde_json::json;

use crate::support::{NOW, event, now, of, shows_none_of};

const TOKEN: &str = "EAABMARKEDTOKEN0123456789";
const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn at(unix: i64) -> ManualClock {
    ManualClock::at(EventTime::from_unix(unix).unwrap())
}

async fn start(server: MockServerBuilder) -> (MockServer, ClientBuilder) {
    let server = server.clock(at(NOW)).start().await.unwrap();
    let builder = Client::builder(of("123"), of(TOKEN))
        .loopback_endpoint(server.url())
        .clock(ManualClock::at(now()))
        .jitter(FixedJitter(0.0));
    (server, builder)
}

async fn check(builder: ClientBuilder) -> CheckReport {
    builder.build().unwrap().check().ad_account(of("77")).await
}

#[track_caller]
fn found(report: &CheckReport, subject: Subject, severity: Severity, words: &str) {
    let finding = report.finding(subject).unwrap_or_else(|| panic!("nothing about {subject}: {report}"));
    assert_eq!(finding.severity(), severity, "{finding}");
    assert!(finding.to_string().contains(words), "{finding}");
}

#[tokio::test]
async fn a_sound_set_up_passes_and_nothing_is_changed_at_meta() {
    let (server, builder) = start(MockServer::builder()).await;
    let report = check(builder).await;
    assert_eq!(report.worst(), Severity::Passed, "{report}");
    assert!(report.is_ready() && report.to_string().ends_with("as it should be."));
    assert!(server.accepted().is_empty());
    let reads = |request: &meta_offline_events::testing::RecordedRequest| {
        request.method() == "GET" || request.path().ends_with("/debug_token")
    };
    assert!(server.requests().iter().all(reads));
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!((&json["ready"], &json["worst"]), (&json!(true), &json!("passed")));
    assert_eq!(json["findings"][0]["subject"], "endpoint");
}

#[tokio::test]
async fn each_error_of_meta_is_found_as_what_it_is() {
    for (code, subcode, subject, severity, words) in [
        (190, Some(463), Subject::Token, Severity::Failed, "the access token has expired: replace it"),
        (190, Some(458), Subject::Token, Severity::Failed, "authorise the app again"),
        (104, None, Subject::AppSecret, Severity::Failed, "copy the secret of the app that made the token"),
        (100, Some(33), Subject::Dataset, Severity::Warning, "compare the dataset id with Events Manager"),
        (803, None, Subject::Dataset, Severity::Failed, "copy the dataset id from Events Manager"),
        (200, None, Subject::Dataset, Severity::Unknown, "A test event tells"),
        (10, None, Subject::Dataset, Severity::Unknown, "the token may not read this"),
        (270, None, Subject::AccessLevel, Severity::Warning, "ask Meta for a higher access level"),
        (2635, None, Subject::ApiVersion, Severity::Warning, "no longer answers version v27.0"),
        (368, None, Subject::Policy, Severity::Failed, "a person has to look"),
        (1_870_090, None, Subject::CustomAudienceTerms, Severity::Failed, "has to accept them"),
        (1_870_092, None, Subject::BusinessToolsTerms, Severity::Failed, "has to accept them"),
        (80_004, None, Subject::Dataset, Severity::Unknown, "check again later"),
        (2, None, Subject::Dataset, Severity::Unknown, "check again later"),
        (2500, None, Subject::Endpoint, Severity::Failed, "does not know this address"),
        (777, None, Subject::Dataset, Severity::Unknown, "Meta does not say"),
    ] {
        let (server, builder) = start(MockServer::builder()).await;
        server.always_at("123", Answer::graph_error(400, code, subcode));
        let report = check(builder.api_version("v27.0")).await;
        found(&report, subject, severity, words);
        if severity != Severity::Passed && code != 1_870_090 && code != 1_870_092 {
            found(&report, subject, severity, &format!("Meta error {code}"));
        }
    }
}

#[tokio::test]
async fn terms_in_the_text_of_an_error_are_found_with_their_link() {
    let (server, builder) = start(MockServer::builder()).await;
    let link = "https://business.facebook.com/ads/manage/customaudiences/tos/?act=77";
    let words = format!("Permissions error: agree to the terms first: {link}");
    server.always_at("123", Answer::json(400, json!({ "error": { "code": 200, "message": words } })));
    found(
        &check(builder).await,
        Subject::CustomAudienceTerms,
        Severity::Failed,
        &format!("accept them at {link}"),
    );
}

#[tokio::test]
async fn a_token_that_may_send_but_not_read_is_no_failure_and_a_test_event_proves_it() {
    let (server, builder) = start(MockServer::builder()).await;
    for path in ["123", "act_77", "debug_token"] {
        server.always_at(path, Answer::graph_error(403, 200, None));
    }
    let client = builder.build().unwrap();
    let report = client.check().await;
    assert!(report.is_ready() && report.worst() == Severity::Unknown, "{report}");
    assert!(server.accepted().is_empty(), "no event without the wish for one");

    server.always_at("123", Answer::graph_error(400, 100, Some(33)));
    assert_eq!(client.check().await.worst(), Severity::Warning, "it may be a wrong id, too");
    let report = client.check().test_event("TEST1", event(1)).unwrap().await;
    assert_eq!(report.worst(), Severity::Unknown, "{report}");
    for subject in [Subject::Token, Subject::Permission, Subject::TestEvent] {
        found(&report, subject, Severity::Passed, "test event");
    }
    let sent = server.requests().last().unwrap().json().unwrap();
    assert_eq!((sent["test_event_code"].as_str(), server.accepted().len()), (Some("TEST1"), 1));
    assert!(client.check().test_event("no code!", event(1)).is_err());
}

#[tokio::test]
async fn a_test_event_that_is_refused_says_what_to_do() {
    for (answer, subject, words) in [
        (Answer::graph_error(403, 200, None), Subject::Permission, "task UPLOAD"),
        (Answer::graph_error(400, 104, None), Subject::AppSecret, "copy the secret"),
        (Answer::graph_error(400, 100, Some(33)), Subject::Dataset, "compare the dataset id"),
        (Answer::graph_error(400, 100, Some(2_804_050)), Subject::TestEvent, "Meta error 100/2804050"),
    ] {
        let (server, builder) = start(MockServer::builder()).await;
        server.always_at("123/events", answer);
        let report = builder.build().unwrap().check().test_event("TEST1", event(1)).unwrap().await;
        found(&report, subject, Severity::Failed, words);
        found(&report, Subject::TestEvent, Severity::Failed, "Meta did not accept a test event");
        assert!(!report.is_ready());
    }
}

#[tokio::test]
async fn a_token_is_inspected_with_its_end_and_its_app() {
    let day = 86_400;
    for (until, severity, words) in [
        (NOW + 13 * day, Severity::Warning, "ends in 13 days"),
        (NOW + 15 * day, Severity::Passed, "valid until"),
        (NOW, Severity::Failed, "has expired"),
    ] {
        let known = MockServer::builder().token_until(of(TOKEN), EventTime::from_unix(until).unwrap());
        let (_server, builder) = start(known).await;
        found(&check(builder).await, Subject::Token, severity, words);
    }
    let (_server, builder) = start(MockServer::builder().app(of("1"), of(SECRET))).await;
    let client = builder.build().unwrap();
    let right = client.check().app(App::new(of("1"), of(SECRET))).await;
    found(&right, Subject::Token, Severity::Passed, "a token of a system user, valid, without an end");
    for app in [App::new(of("2"), of(SECRET)), App::new(of("1"), of("another"))] {
        let report = client.check().app(app).await;
        found(&report, Subject::AppSecret, Severity::Failed, "copy id and secret of the app");
    }
}

#[tokio::test]
async fn an_app_that_requires_its_secret_is_told_from_a_wrong_secret() {
    let server = || MockServer::builder().app_secret(of(SECRET));
    let (_one, builder) = start(server()).await;
    found(&check(builder).await, Subject::AppSecret, Severity::Failed, "set the app secret");
    let (_two, builder) = start(server()).await;
    let client = builder.app_secret(of("fedcba98")).build().unwrap();
    let report = client.check().test_event("TEST1", event(1)).unwrap().await;
    found(&report, Subject::AppSecret, Severity::Failed, "does not belong to the app of the token");
    let (server, builder) = start(server()).await;
    let client = builder.app_secret(of(SECRET)).build().unwrap();
    let report = client.check().await;
    assert!(report.is_ready(), "{report}");
    assert!(
        server.requests().iter().all(|request| !request.target().contains("proof")),
        "none in an address"
    );
    let report = client.check().test_event("TEST1", event(1)).unwrap().await;
    found(&report, Subject::AppSecret, Severity::Passed, "Meta accepted a test event");
}

#[tokio::test]
async fn the_clock_is_compared_with_metas() {
    for (ahead, severity, words) in [
        (60, Severity::Passed, "agrees"),
        (61, Severity::Warning, "61 seconds ahead of"),
        (-3600, Severity::Warning, "3600 seconds behind"),
        (3601, Severity::Failed, "set the clock of this machine"),
    ] {
        let (_server, builder) = start(MockServer::builder()).await;
        found(&check(builder.clock(at(NOW + ahead))).await, Subject::Clock, severity, words);
    }
}

#[tokio::test]
async fn whatever_answers_instead_of_meta_is_found() {
    for (answer, words) in [
        (Answer::html(200), "the login page of a network"),
        (Answer::html(502), "answer"),
        (Answer::empty(302).header("location", "https://login.example/"), "redirects to login.example"),
        (Answer::reset_before_body(), "check network, firewall and proxy"),
    ] {
        let (server, builder) = start(MockServer::builder()).await;
        server.always(answer);
        let report = check(builder).await;
        assert!(report.worst() >= Severity::Unknown && report.to_string().contains(words), "{report}");
        assert!(report.finding(Subject::Clock).is_none_or(|clock| clock.severity() == Severity::Passed));
    }
}

#[tokio::test]
async fn what_gets_no_token_is_not_asked() {
    let server = MockServer::start().await.unwrap();
    let builder = Client::builder_for_gateway(of("123"), Gateway::loopback(server.url()));
    let report = builder.build().unwrap().check().test_event("TEST1", event(1)).unwrap().await;
    found(&report, Subject::Endpoint, Severity::Unknown, "gets no token");
    found(&report, Subject::TestEvent, Severity::Unknown, "not sent");
    assert_eq!(server.request_count(), 0);
}

#[tokio::test]
async fn a_test_event_code_that_was_left_on_is_found() {
    let (_server, builder) = start(MockServer::builder()).await;
    let fields = RequestFields::new().test_event_code("TEST1").unwrap();
    found(
        &check(builder.request_fields(fields)).await,
        Subject::TestEventCode,
        Severity::Warning,
        "remove the code",
    );
}

#[tokio::test]
async fn no_secret_shows_in_any_finding() {
    const MARKED_SECRET: &str = "MARKEDSECRET0123456789abcdef";
    let quoted = format!("who is {TOKEN} with {MARKED_SECRET}?");
    let error = json!({ "error": { "code": 100, "message": quoted, "error_user_msg": quoted, "fbtrace_id": quoted } });
    for answer in [
        Answer::judge(),
        Answer::echo(),
        Answer::json(400, error),
        Answer::json(200, json!({ "id": "123", "name": quoted, "owner_business": { "id": quoted } })),
        Answer::json(200, json!({ "data": { "is_valid": false, "error": { "message": quoted } } })),
        Answer::body(200, "text/plain", quoted.clone()),
        Answer::empty(302).header("location", &format!("https://{MARKED_SECRET}.example/{TOKEN}")),
    ] {
        let (server, builder) = start(MockServer::builder()).await;
        server.always(answer);
        let client = builder.app_secret(of(MARKED_SECRET)).build().unwrap();
        let check =
            client.check().app(App::new(of("1"), of(MARKED_SECRET))).test_event("TEST1", sale()).unwrap();
        let asked = format!("{check:?}");
        let report = check.await;
        let shown = format!("{asked} {report} {report:?} {}", serde_json::to_string(&report).unwrap());
        shows_none_of(&["MARKEDTOKEN", "MARKEDSECRET", "markedmail"], "a finding", &shown);
    }
}

fn sale() -> Event {
    let customer = meta_offline_events::UserData::builder().email("MarkedMail@example.com").build().unwrap();
    Event::builder(now(), customer).name(of("SetupTest")).build().unwrap()
}

#[test]
fn a_report_of_nothing_is_ready_and_unknown() {
    let report = CheckReport::default();
    assert!(report.is_ready());
    assert_eq!(report.worst(), Severity::Unknown);
    assert!(DeliveryReport::default().gateway().is_none());
}
