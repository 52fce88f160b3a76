//! Calls about datasets over real sockets: lists with their pages, single ones, access and terms, and hostile answers.

use meta_offline_events::client::Client;
use meta_offline_events::graph::{Dataset, DatasetList, DatasetTask, Graph, GraphError, Incomplete};
use meta_offline_events::report::{ApiError, ErrorClass};
use meta_offline_events::testing::{Answer, FixedJitter, ManualClock, MockServer, MockServerBuilder};
use serde_json::{Value, json};

use crate::support::{now, of, shows_none_of};

const TOKEN: &str = "EAABMARKEDTOKEN0123456789";

async fn start(server: MockServerBuilder) -> (MockServer, Graph) {
    let server = server.clock(ManualClock::at(now())).start().await.unwrap();
    let client = Client::builder(of("123"), of(TOKEN))
        .loopback_endpoint(server.url())
        .clock(ManualClock::at(now()))
        .jitter(FixedJitter(0.0))
        .build()
        .unwrap();
    (server, client.graph())
}

fn seven() -> MockServerBuilder {
    (1..=7).fold(MockServer::builder(), |server, number| {
        let node = json!({
            "id": number.to_string(),
            "name": if number % 2 == 0 { "Stores" } else { "Web shop" },
            "is_consolidated_container": number % 2 == 0,
            "permitted_tasks": ["UPLOAD"],
            "tasks": ["ANALYZE"],
        });
        server.describe_dataset(node)
    })
}

#[tokio::test]
async fn every_list_is_read_over_its_pages_and_no_secret_stands_in_an_address() {
    let (server, graph) = start(seven()).await;
    for (list, path) in [
        (DatasetList::owned_by(&of("9")), "/v26.0/9/owned_pixels"),
        (DatasetList::shared_with(&of("9")), "/v26.0/9/client_pixels"),
        (DatasetList::of_business(&of("9")), "/v26.0/9/adspixels"),
        (DatasetList::of_ad_account(&of("9")), "/v26.0/act_9/adspixels"),
        (DatasetList::assigned_to(&of("9")), "/v26.0/9/assigned_ads_pixels"),
    ] {
        let before = server.request_count();
        let found = graph.datasets(&list).await.unwrap();
        assert!(found.is_complete());
        let ids: Vec<_> = found.items().iter().map(Dataset::id).collect();
        assert_eq!(ids, ["1", "2", "3", "4", "5", "6", "7"]);
        let requests = &server.requests()[before..];
        assert_eq!(requests.len(), 4, "pages of two");
        for request in requests {
            assert_eq!((request.method(), request.path()), ("GET", path));
            assert!(!request.target().contains("access_token") && !request.target().contains("EAAB"));
        }
    }
    let shared = graph.datasets(&DatasetList::shared_with(&of("9"))).await.unwrap();
    assert_eq!(shared.items()[0].permitted_tasks().collect::<Vec<_>>(), ["UPLOAD"]);
    assert_eq!(shared.items()[0].tasks().count(), 0, "not asked for");
}

#[tokio::test]
async fn filters_find_by_id_and_by_name() {
    let (server, graph) = start(seven()).await;
    let all = || DatasetList::of_business(&of("9"));
    let by_id = graph.datasets(&all().id(&of("5"))).await.unwrap();
    assert_eq!(by_id.items().iter().map(Dataset::id).collect::<Vec<_>>(), ["5"]);
    let by_name = graph.datasets(&all().name("other").name("STORES").last_fired_first()).await.unwrap();
    assert!(by_name.items().iter().all(|dataset| dataset.is_consolidated() == Some(true)));
    assert_eq!(by_name.items().len(), 3);
    assert!(server.requests().last().unwrap().target().contains("sort_by=LAST_FIRED_TIME"));
}

#[tokio::test]
async fn pages_that_lead_elsewhere_in_circles_or_on_for_ever_end_the_list_and_say_so() {
    let page = |next: Value, after: Value| json!({ "data": [{ "id": "1" }], "paging": { "next": next, "cursors": { "after": after } } });
    let (server, graph) = start(MockServer::builder()).await;
    let here = server.url().join("v26.0/9/owned_pixels?after=x").unwrap().to_string();
    for (next, after, why, requests) in [
        (
            json!("https://elsewhere.example/v26.0/9/owned_pixels?after=x"),
            json!("x"),
            Incomplete::Elsewhere,
            1,
        ),
        (json!(here.replace("owned_pixels", "other")), json!("x"), Incomplete::Elsewhere, 1),
        (json!("not an address"), json!("x"), Incomplete::Elsewhere, 1),
        (json!(7), json!("x"), Incomplete::Elsewhere, 1),
        (json!(here), json!("x"), Incomplete::Loop, 2),
        (json!(here), json!(null), Incomplete::Loop, 2),
        (json!(here), json!("x".repeat(3000)), Incomplete::Elsewhere, 1),
    ] {
        let before = server.request_count();
        server.always_at("9/owned_pixels", Answer::json(200, page(next.clone(), after)));
        let found = graph.datasets(&DatasetList::owned_by(&of("9"))).await.unwrap();
        assert_eq!(found.incomplete(), Some(why), "{next}");
        assert_eq!((found.items().len(), server.request_count() - before), (requests, requests), "{next}");
    }
    let (server, graph) = start(MockServer::builder()).await;
    let here_too = server.url().join("v26.0/9/owned_pixels").unwrap().to_string();
    for number in 0..200 {
        server.script(Answer::json(200, page(json!(here_too), json!(format!("at-{number}")))));
    }
    let found = graph.datasets(&DatasetList::owned_by(&of("9"))).await.unwrap();
    assert_eq!((found.incomplete(), server.request_count()), (Some(Incomplete::Limit), 100));
}

#[tokio::test]
async fn a_huge_page_is_cut_at_the_limit_and_says_so() {
    let (server, graph) = start(MockServer::builder()).await;
    let data: Vec<Value> = (0..10_001).map(|number| json!({ "id": number })).collect();
    server.script(Answer::json(200, json!({ "data": data })));
    let found = graph.datasets(&DatasetList::owned_by(&of("9"))).await.unwrap();
    assert_eq!((found.items().len(), found.incomplete()), (10_000, Some(Incomplete::Limit)));
    server.script(Answer::json(200, json!({ "data": data[..10_000] })));
    assert!(graph.datasets(&DatasetList::owned_by(&of("9"))).await.unwrap().is_complete());
}

#[tokio::test]
async fn items_that_cannot_be_read_cost_nothing_but_themselves() {
    let (server, graph) = start(MockServer::builder()).await;
    server.script(Answer::json(200, json!({ "data": [null, 7, { "id": [] }, { "id": "5", "name": 1 }] })));
    let found = graph.datasets(&DatasetList::owned_by(&of("9"))).await.unwrap();
    assert_eq!(found.into_items()[0].id(), "5");
    for body in [json!({}), json!({ "data": {} }), json!([]), json!(null)] {
        server.script(Answer::json(200, body));
        let error = graph.datasets(&DatasetList::owned_by(&of("9"))).await.unwrap_err();
        assert!(matches!(error, GraphError::Unreadable(_)), "{error}");
    }
}

#[tokio::test]
async fn one_dataset_is_read_and_what_may_not_be_read_says_why() {
    let node =
        json!({ "id": "123", "name": "Stores", "is_unavailable": true, "is_consolidated_container": false });
    let (server, graph) = start(MockServer::builder().dataset(of("123")).describe_dataset(node)).await;
    let dataset = graph.dataset(&of("123")).await.unwrap();
    assert_eq!((dataset.is_unavailable(), dataset.is_consolidated()), (Some(true), Some(false)));
    assert!(server.requests()[0].target().contains("fields=id%2Cname"), "fields are asked for by name");
    let unknown = graph.dataset(&of("124")).await.unwrap_err();
    assert!(unknown.to_string().contains("check the dataset id"), "{unknown}");
    server.always_at("123", Answer::graph_error(403, 200, None));
    let forbidden = graph.dataset(&of("123")).await.unwrap_err();
    assert_eq!(forbidden.api_error().map(ApiError::class), Some(ErrorClass::FixPermission));
}

#[tokio::test]
async fn access_is_read_given_and_taken_back() {
    let (server, graph) = start(MockServer::builder()).await;
    let (dataset, business) = (of("123"), of("9"));
    let users = graph.dataset_users(&dataset, &business).await.unwrap();
    assert_eq!(users.items()[0].tasks().collect::<Vec<_>>(), ["UPLOAD", "ANALYZE"]);
    let tasks = [DatasetTask::Upload, DatasetTask::Analyze];
    graph.assign_dataset(&dataset, &of("100"), &tasks).await.unwrap();
    graph.share_dataset(&dataset, &business, &tasks).await.unwrap();
    graph.link_ad_account(&dataset, &of("77"), &business).await.unwrap();
    graph.unshare_dataset(&dataset, &business).await.unwrap();
    let made: Vec<_> =
        server.requests().iter().map(|request| format!("{} {}", request.method(), request.path())).collect();
    assert_eq!(
        made,
        [
            "GET /v26.0/123/assigned_users",
            "POST /v26.0/123/assigned_users",
            "POST /v26.0/123/agencies",
            "POST /v26.0/123/shared_accounts",
            "DELETE /v26.0/123/agencies",
        ]
    );
    let body = String::from_utf8_lossy(server.requests()[2].body()).into_owned();
    assert_eq!(body, "business=9&permitted_tasks=%5B%22UPLOAD%22%2C%22ANALYZE%22%5D");
    for answer in [json!({ "success": false }), json!({}), json!(false)] {
        server.script(Answer::json(200, answer));
        assert!(graph.unshare_dataset(&dataset, &business).await.is_err());
    }
    server.script(Answer::json(200, json!(true)));
    assert!(graph.unshare_dataset(&dataset, &business).await.is_ok());
    let before = server.request_count();
    server.script(Answer::empty(500));
    assert!(graph.share_dataset(&dataset, &business, &tasks).await.is_err());
    assert_eq!(server.request_count() - before, 1, "a change is not repeated");
}

#[tokio::test]
async fn terms_are_read_as_far_as_meta_says_them() {
    let (server, graph) = start(MockServer::builder()).await;
    let terms = graph.terms(&of("77")).await.unwrap();
    assert_eq!((terms.business_tools(), terms.custom_audiences()), (Some(true), Some(true)));
    for (body, business_tools, custom_audiences) in [
        (json!({}), None, None),
        (json!({ "offsite_pixels_tos_accepted": "false", "tos_accepted": {} }), Some(false), Some(false)),
        (json!({ "tos_accepted": { "custom_audience_tos": 0 } }), None, Some(false)),
        (json!({ "tos_accepted": [] }), None, None),
    ] {
        server.script(Answer::json(200, body.clone()));
        let terms = graph.terms(&of("77")).await.unwrap();
        assert_eq!(
            (terms.business_tools(), terms.custom_audiences()),
            (business_tools, custom_audiences),
            "{body}"
        );
    }
}

#[tokio::test]
async fn hostile_answers_are_errors_and_the_token_shows_in_none() {
    let quoted = format!("who is {TOKEN}?");
    for answer in [
        Answer::html(200),
        Answer::html(502),
        Answer::empty(200),
        Answer::body(200, "application/json", "{\"data\":[".to_owned()),
        Answer::json(400, json!({ "error": { "code": 100, "message": quoted, "error_user_msg": quoted } })),
        Answer::json(200, json!({ "error": quoted })),
        Answer::empty(302).header("location", &format!("https://elsewhere.example/?access_token={TOKEN}")),
        Answer::endless(),
        Answer::reset_after_body(),
    ] {
        let (server, graph) = start(MockServer::builder()).await;
        server.always(answer);
        let one = graph.dataset(&of("123")).await.unwrap_err();
        let list = graph.datasets(&DatasetList::owned_by(&of("9"))).await.unwrap_err();
        for error in [one, list] {
            shows_none_of(&["MARKEDTOKEN"], "an error", &format!("{error} {error:?}"));
        }
    }
    let (server, graph) = start(MockServer::builder()).await;
    server.script(Answer::json(200, json!({ "id": "123", "name": quoted, "description": quoted })));
    let dataset = graph.dataset(&of("123")).await.unwrap();
    shows_none_of(
        &["MARKEDTOKEN"],
        "a dataset",
        &format!("{dataset:?} {}", serde_json::to_string(&dataset).unwrap()),
    );
}
