//! Scripted answers and broken connections.

use std::io;
use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, timeout};
use url::Url;

use super::caller::{Caller, Heard, answered, kind};
use super::{A_WHILE, Tested, batch, eventually, head, post, started};
use crate::testing::Answer;

/// The answer to a sound batch of one event, which no scripted answer may store.
async fn scripted(answer: Answer) -> Result<Heard, Box<dyn std::error::Error>> {
    let meta = started().await?;
    meta.script(answer);
    let heard = answered(&meta, &post(&batch(&["a"]))).await?;
    assert!(meta.accepted().is_empty());
    Ok(heard)
}

#[tokio::test]
async fn the_script_comes_first_then_always_then_the_rules() -> Tested {
    let meta = started().await?;
    meta.always(Answer::empty(503));
    meta.script_all([Answer::empty(500), Answer::judge()]);
    meta.script(Answer::empty(502));
    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(answered(&meta, &post(&batch(&["a"]))).await?.status);
    }
    assert_eq!(statuses, [500, 200, 502, 503, 503]);

    meta.script(Answer::empty(500));
    meta.reset();
    assert_eq!(answered(&meta, &post(&batch(&["a"]))).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn scripted_answers_arrive_as_they_were_scripted() -> Tested {
    let json = scripted(Answer::json(202, json!({ "id": 1 }))).await?;
    assert_eq!((json.status, json.json()), (202, json!({ "id": 1 })));

    let empty = scripted(Answer::empty(200)).await?;
    assert_eq!((empty.status, empty.header("content-length")), (200, Some("0")));
    assert_eq!(scripted(Answer::empty(204)).await?.header("content-length"), None);

    let page = scripted(Answer::html(200)).await?;
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(page.body.starts_with(b"<!doctype html>"));

    let redirect = scripted(Answer::redirect(&Url::parse("http://127.0.0.1:1/x?y")?)).await?;
    assert_eq!((redirect.status, redirect.header("location")), (307, Some("http://127.0.0.1:1/x?y")));

    assert_eq!(scripted(Answer::received(7)).await?.json()["events_received"], 7);

    let cut_off = scripted(Answer::body(200, "application/json", "{\"events")).await?;
    assert_eq!(cut_off.body, b"{\"events");
    Ok(())
}

#[tokio::test]
async fn scripted_errors_have_graphs_shape() -> Tested {
    let error = scripted(Answer::graph_error(403, 200, Some(1_870_034))).await?;
    assert_eq!((error.status, &error.json()["error"]["code"]), (403, &json!(200)));
    assert_eq!(error.json()["error"]["error_subcode"], 1_870_034);
    assert_eq!(error.json()["error"]["is_transient"], false);
    assert_eq!(error.json()["error"]["fbtrace_id"].as_str(), error.header("x-fb-trace-id"));

    let transient = scripted(Answer::transient()).await?;
    assert_eq!((transient.status, &transient.json()["error"]["is_transient"]), (400, &json!(true)));

    let throttled = scripted(Answer::throttled([("retry-after", "120"), ("retry-after", "x")])).await?;
    assert_eq!(throttled.json()["error"]["code"], 80_004);
    assert_eq!(throttled.headers.iter().filter(|(name, _)| name == "retry-after").count(), 2);
    Ok(())
}

#[tokio::test]
async fn r41_echo_quotes_body_and_token() -> Tested {
    let echo = scripted(Answer::echo()).await?;
    let message = echo.json()["error"]["message"].as_str().unwrap_or_default().to_owned();
    assert_eq!(echo.status, 400);
    assert!(message.contains("Bearer good") && message.contains(&batch(&["a"])), "{message}");
    Ok(())
}

#[tokio::test]
async fn scripted_headers_replace_ours() -> Tested {
    let meta = started().await?;
    let date = "Wed, 31 Dec 2025 23:00:00 GMT";
    meta.script(Answer::judge().header("Date", date).header("x-app-usage", "{}"));
    let heard = answered(&meta, &post(&batch(&["a"]))).await?;

    let dates: Vec<_> = heard.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("date")).collect();
    assert_eq!(dates, [&("Date".to_owned(), date.to_owned())]);
    assert_eq!(heard.header("x-app-usage"), Some("{}"));
    assert_eq!(meta.accepted().len(), 1);
    Ok(())
}

#[tokio::test]
async fn raw_bytes_are_sent_as_they_are() -> Tested {
    let meta = started().await?;
    let bytes = "HTTP/1.1 103 \r\n\r\nHTTP/1.1 204 \r\n\r\n";
    meta.script(Answer::raw(bytes));
    let mut caller = Caller::to(&meta).await?;
    caller.say(&post(&batch(&["a"]))).await?;
    assert_eq!(caller.hear_out().await?, bytes.as_bytes());
    Ok(())
}

#[tokio::test]
async fn n9_reset_while_the_body_is_read() -> Tested {
    let meta = started().await?;
    meta.script(Answer::reset_before_body());
    let body = batch(&["a"]);
    assert_eq!(kind(answered(&meta, &post(&body)).await), Some(io::ErrorKind::ConnectionReset));
    let request = &meta.requests()[0];
    assert_eq!((request.body().len(), request.is_whole()), (body.len() / 2, false));
    assert!(meta.accepted().is_empty());
    Ok(())
}

#[tokio::test]
async fn n9_the_reset_comes_before_the_body_is_sent_to_its_end() -> Tested {
    let meta = started().await?;
    meta.script_all([Answer::reset_before_body(), Answer::reset_before_body()]);
    let half = head("content-length: 100\r\n") + &" ".repeat(50);
    assert_eq!(kind(answered(&meta, &half).await), Some(io::ErrorKind::ConnectionReset));
    let half = head("transfer-encoding: chunked\r\n") + "64\r\n" + &" ".repeat(50);
    assert_eq!(kind(answered(&meta, &half).await), Some(io::ErrorKind::ConnectionReset));
    Ok(())
}

#[tokio::test]
async fn n10_resets_after_the_body_differ_in_what_is_stored() -> Tested {
    for (answer, stored) in [(Answer::reset_after_body(), 0), (Answer::accept_then_reset(), 1)] {
        let meta = started().await?;
        meta.script(answer);
        let reset = kind(answered(&meta, &post(&batch(&["a"]))).await);
        assert_eq!(reset, Some(io::ErrorKind::ConnectionReset));
        assert!(meta.requests()[0].is_whole());
        assert_eq!(meta.accepted().len(), stored);
    }
    Ok(())
}

#[tokio::test]
async fn n10_half_an_answer() -> Tested {
    let meta = started().await?;
    meta.script(Answer::judge().half());
    let mut caller = Caller::to(&meta).await?;
    caller.say(&post(&batch(&["a"]))).await?;
    let length: usize = caller.hear_head().await?.header("content-length").unwrap_or_default().parse()?;
    assert_eq!(caller.hear_out().await?.len(), length / 2);
    assert_eq!(meta.accepted().len(), 1, "the client cannot know");
    Ok(())
}

#[tokio::test]
async fn n11_no_answer_at_all() -> Tested {
    let meta = started().await?;
    meta.script(Answer::hang());
    let mut caller = Caller::to(&meta).await?;
    caller.say(&post(&batch(&["a"]))).await?;
    assert!(caller.hears_nothing().await);
    assert!(meta.requests()[0].is_whole());
    Ok(())
}

#[tokio::test]
async fn n12_a_dripping_answer_comes_whole_but_late() -> Tested {
    let meta = started().await?;
    meta.script(Answer::received(1).drip(Duration::from_millis(2)));
    let mut caller = Caller::to(&meta).await?;
    caller.say(&post(&batch(&["a"]))).await?;
    let length = caller.hear_head().await?.header("content-length").unwrap_or_default().parse::<u32>()?;
    let begin = Instant::now();
    while caller.unread.len() < length as usize {
        assert_ne!(caller.more().await?, 0);
    }
    assert!(begin.elapsed() >= Duration::from_millis(2) * (length / 2), "{:?}", begin.elapsed());
    Ok(())
}

#[tokio::test]
async fn n13_a_body_that_is_not_read_stops_the_sender() -> Tested {
    let meta = started().await?;
    meta.script(Answer::never_read());
    let mut caller = Caller::to(&meta).await?;
    caller.say(&head("content-length: 16000000\r\n")).await?;
    let piece = " ".repeat(16_000_000);
    assert!(timeout(A_WHILE, caller.say(&piece)).await.is_err(), "all of it was taken");
    assert_eq!((meta.request_count(), meta.max_in_flight()), (1, 0));
    Ok(())
}

#[tokio::test]
async fn n19_a_late_answer_was_judged_in_time() -> Tested {
    let meta = started().await?;
    meta.script(Answer::judge().after(A_WHILE).after(A_WHILE));
    let begin = Instant::now();
    let mut caller = Caller::to(&meta).await?;
    caller.say(&post(&batch(&["a"]))).await?;
    assert!(eventually(|| meta.accepted().len() == 1).await);
    assert!(begin.elapsed() < A_WHILE * 2, "stored only after the wait");
    assert_eq!(caller.hear().await?.status, 200);
    assert!(begin.elapsed() >= A_WHILE * 2);
    Ok(())
}

#[tokio::test]
async fn n8_an_unannounced_end_of_the_connection() -> Tested {
    let meta = started().await?;
    meta.script(Answer::judge().close());
    let mut caller = Caller::to(&meta).await?;
    let heard = caller.ask(&post(&batch(&["a"]))).await?;
    assert_eq!((heard.status, heard.header("connection")), (200, None));
    assert!(caller.hear_out().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn s8_an_endless_answer_goes_on_until_the_client_leaves() -> Tested {
    let meta = started().await?;
    meta.script(Answer::endless());
    let mut caller = Caller::to(&meta).await?;
    caller.say(&post(&batch(&["a"]))).await?;
    assert_eq!(caller.hear_head().await?.header("transfer-encoding"), Some("chunked"));
    let mut heard = 0;
    while heard < 4_000_000 {
        let more = caller.more().await?;
        assert_ne!(more, 0);
        heard += more;
        caller.unread.clear();
    }
    drop(caller);
    assert!(eventually(|| meta.in_flight() == 0).await);
    Ok(())
}
