//! How a mock server serves its connections: reads a request, decides on an answer, and delivers or breaks it.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::graph;
use super::state::{Accepted, State};
use crate::testing::answer::{Act, Answer, Delivery};
use crate::testing::connection::{Broken, Connection, Head};
use crate::testing::reply::{Body, Reply};

/// Accepts connections until aborted, which ends all of them.
pub(super) async fn listen(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    loop {
        // A failed accept concerns one client, or passes: out of handles, for example.
        match listener.accept().await {
            Ok((stream, _)) => {
                state.connected();
                connections.spawn(serve(stream, Arc::clone(&state)));
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
        while connections.try_join_next().is_some() {}
    }
}

/// What happens to the connection after an exchange.
enum Then {
    Keep,
    Close,
    Reset,
}

async fn serve(stream: TcpStream, state: Arc<State>) {
    // Small answers leave at once. If the option fails, they leave a little later.
    let _ = stream.set_nodelay(true);
    let mut connection = Connection::new(stream);
    loop {
        match exchange(&mut connection, &state).await {
            Ok(Then::Keep) => {}
            Ok(Then::Reset) => return connection.reset(),
            Ok(Then::Close) | Err(Broken::Lost) => return,
            Err(Broken::NotHttp(status)) => return connection.turn_away(status).await,
        }
    }
}

/// Reads one request and answers it.
async fn exchange(connection: &mut Connection, state: &State) -> Result<Then, Broken> {
    let Some(head) = connection.head().await? else { return Ok(Then::Close) };
    let (index, answer) = state.record_head(&head);
    if matches!(answer.act, Act::NeverRead) {
        return std::future::pending().await;
    }

    let _in_flight = state.in_flight();
    let body = read_body(connection, state, &head, index, &answer.act).await?;
    if answer.stores {
        // The answer is the scripted one whether the events break rules or not.
        let _ = state.accept(&head, &body);
    }
    let step = decide(state, &answer.act, &head, &body);
    connection.wait(answer.wait.saturating_add(state.settings().latency)).await?;
    carry_out(step, connection, state, &head, &answer).await
}

/// Reads as much of the body as the answer asks for, and records it even if it breaks off.
async fn read_body(
    connection: &mut Connection,
    state: &State,
    head: &Head,
    index: usize,
    act: &Act,
) -> Result<Vec<u8>, Broken> {
    let mut body = Vec::new();
    let only_half = matches!(act, Act::ResetBeforeBody);
    let read = if only_half {
        connection.half_body(head, &mut body).await
    } else {
        connection.body(head, &mut body).await
    };
    state.record_body(index, &body, read.is_ok() && !only_half);
    read.map(|()| body)
}

/// What to do once the request is read and checked.
enum Step {
    Send(Reply),
    SendRaw(Vec<u8>),
    SendForEver(Reply),
    Hang,
    Reset,
}

fn decide(state: &State, act: &Act, head: &Head, body: &[u8]) -> Step {
    match act {
        Act::Judge => Step::Send(judge(state, head, body)),
        Act::Reply { status, content_type, body } => {
            Step::Send(Reply::new(*status, content_type.clone(), body.clone()))
        }
        Act::GraphError(error) => Step::Send(Reply::error(error)),
        Act::Received(events) => Step::Send(Reply::receipt(*events)),
        Act::Echo => Step::Send(Reply::echo(head, body)),
        Act::Raw(bytes) => Step::SendRaw(bytes.clone()),
        Act::Endless => Step::SendForEver(Reply::new(200, Some("application/json".to_owned()), Vec::new())),
        Act::Hang | Act::NeverRead => Step::Hang,
        Act::ResetBeforeBody | Act::ResetAfterBody => Step::Reset,
    }
}

/// The answer that Meta's rules ask for.
fn judge(state: &State, head: &Head, body: &[u8]) -> Reply {
    if let Some(reply) = graph::answer(state, head, body) {
        return reply;
    }
    match state.accept(head, body) {
        Ok(Accepted { as_gateway: true, .. }) => Reply::new(202, None, Vec::new()),
        Ok(Accepted { received, .. }) => Reply::receipt(received),
        Err(error) => Reply::error(&error),
    }
}

async fn carry_out(
    step: Step,
    connection: &mut Connection,
    state: &State,
    head: &Head,
    answer: &Answer,
) -> Result<Then, Broken> {
    let keep = head.keeps_alive();
    let now = state.settings().clock.now().unix();
    let head_of = |reply: &Reply, body: Body| reply.head(&answer.headers, now, body, keep);
    match step {
        Step::Send(reply) => {
            deliver(connection, &head_of(&reply, Body::Whole), &reply.body, answer.delivery).await?;
            let last = !keep || matches!(answer.delivery, Delivery::Half | Delivery::Closing);
            Ok(if last { Then::Close } else { Then::Keep })
        }
        Step::SendRaw(bytes) => {
            deliver(connection, &[], &bytes, answer.delivery).await?;
            Ok(Then::Close)
        }
        Step::SendForEver(reply) => {
            connection.write(&head_of(&reply, Body::Endless)).await?;
            send_blanks(connection).await
        }
        Step::Hang => {
            connection.client_gone().await;
            Ok(Then::Close)
        }
        Step::Reset => Ok(Then::Reset),
    }
}

async fn deliver(
    connection: &mut Connection,
    head: &[u8],
    body: &[u8],
    delivery: Delivery,
) -> Result<(), Broken> {
    match delivery {
        Delivery::Whole | Delivery::Closing => connection.write(&[head, body].concat()).await,
        Delivery::Half => connection.write(&[head, &body[..body.len() / 2]].concat()).await,
        Delivery::Drip(pause) => {
            connection.write(head).await?;
            for byte in body {
                connection.wait(pause).await?;
                connection.write(&[*byte]).await?;
            }
            Ok(())
        }
    }
}

/// Sends chunks without end, until the client is gone.
async fn send_blanks(connection: &mut Connection) -> Result<Then, Broken> {
    let chunk = format!("1000\r\n{:4096}\r\n", "");
    loop {
        connection.write(chunk.as_bytes()).await?;
    }
}
