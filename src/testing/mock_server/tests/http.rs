//! HTTP on one connection: framing, limits, and how connections end.

use std::time::Duration;

use tokio::net::TcpStream;

use super::caller::{Caller, answered};
use super::{Tested, batch, eventually, head, post, started};
use crate::testing::Answer;

#[tokio::test]
async fn a_connection_serves_several_requests() -> Tested {
    let meta = started().await?;
    let mut caller = Caller::to(&meta).await?;
    for _ in 0..3 {
        assert_eq!(caller.ask(&post(&batch(&["a"]))).await?.status, 200);
    }
    assert_eq!((meta.connection_count(), meta.request_count()), (1, 3));

    let last = post(&batch(&["a"])).replace("host:", "connection: close\r\nhost:");
    assert_eq!(caller.ask(&last).await?.header("connection"), Some("close"));
    assert!(caller.hear_out().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn http_1_0_ends_the_connection() -> Tested {
    let meta = started().await?;
    let mut caller = Caller::to(&meta).await?;
    caller.say(&post(&batch(&["a"])).replace("HTTP/1.1", "HTTP/1.0")).await?;
    let all = caller.hear_out().await?;
    assert!(all.starts_with(b"HTTP/1.1 200 "));
    Ok(())
}

#[tokio::test]
async fn chunked_bodies_are_put_together() -> Tested {
    let meta = started().await?;
    let body = batch(&["a"]);
    let (one, two) = body.split_at(40);
    let mut caller = Caller::to(&meta).await?;
    caller.say(&head("transfer-encoding: chunked\r\n")).await?;
    for piece in
        [&format!("{:x};note=x\r\n{one}", one.len()), "\r", "\n", &format!("{:X}\r\n{two}\r\n", two.len())]
    {
        caller.say(piece).await?;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(caller.ask("0\r\nx-trailer: 1\r\n\r\n").await?.status, 200);
    assert_eq!(meta.requests()[0].body(), body.as_bytes());
    assert_eq!(caller.ask(&post(&body)).await?.status, 200, "nothing is left over");
    Ok(())
}

#[tokio::test]
async fn a_client_that_asks_first_gets_continue() -> Tested {
    let meta = started().await?;
    let body = batch(&["a"]);
    let mut caller = Caller::to(&meta).await?;
    caller.say(&head(&format!("expect: 100-continue\r\ncontent-length: {}\r\n", body.len()))).await?;
    assert_eq!(caller.hear_head().await?.status, 100);
    assert_eq!(caller.ask(&body).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn what_is_not_http_is_turned_away() -> Tested {
    let meta = started().await?;
    for (request, status) in [
        ("not http\r\n\r\n".to_owned(), 400),
        (head("content-length: many\r\n"), 400),
        (head("content-length: 16777217\r\n"), 413),
        (head("transfer-encoding: gzip\r\n"), 501),
        (head("transfer-encoding: chunked\r\ncontent-length: 1\r\n"), 400),
        (head("transfer-encoding: chunked\r\n") + "zz\r\n", 400),
        (head("transfer-encoding: chunked\r\n") + "1000001\r\n", 413),
        (head(&format!("x: {}\r\n", "y".repeat(80_000))), 431),
        (head(&"x: y\r\n".repeat(130)), 431),
    ] {
        let heard = answered(&meta, &request).await?;
        let tail = &request[request.len().saturating_sub(40)..];
        assert_eq!(heard.status, status, "{tail:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_megabyte_in_pieces_is_taken() -> Tested {
    let meta = started().await?;
    let body = batch(&["a"; 1000]) + &" ".repeat(1_000_000);
    assert_eq!(answered(&meta, &post(&body)).await?.json()["events_received"], 1000);
    Ok(())
}

#[tokio::test]
async fn r33_a_client_still_sending_can_read_why_it_is_turned_away() -> Tested {
    let meta = started().await?;
    let too_much = head("content-length: 20000000\r\n") + &" ".repeat(20_000_000);
    assert_eq!(answered(&meta, &too_much).await?.status, 413);
    Ok(())
}

#[tokio::test]
async fn n19_a_client_that_leaves_during_a_wait_is_noticed() -> Tested {
    let meta = started().await?;
    meta.script(Answer::judge().after(Duration::from_secs(3600)));
    let mut caller = Caller::to(&meta).await?;
    caller.say(&post(&batch(&["a"]))).await?;
    assert!(eventually(|| meta.accepted().len() == 1).await);
    drop(caller);
    assert!(eventually(|| meta.in_flight() == 0).await);
    Ok(())
}

#[tokio::test]
async fn dropping_it_frees_the_port_and_ends_connections() -> Tested {
    let meta = started().await?;
    let mut caller = Caller::to(&meta).await?;
    caller.ask(&post(&batch(&["a"]))).await?;
    let port = meta.url().port().unwrap_or_default();
    drop(meta);

    assert!(caller.hear_out().await?.is_empty());
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err());
    Ok(())
}
