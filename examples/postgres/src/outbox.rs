//! Single sales of an outbox: at least once, and with the same event ids whenever a sale is sent again.

use std::env;
use std::time::Duration;

use meta_offline_events::client::{Clock, SystemClock};
use meta_offline_events::report::{NotSentCause, Outcome};
use meta_offline_events::value::Money;
use meta_offline_events::{Client, Error, Event, EventTime, UserData};

use crate::Failure;

/// The rows of a batch stay locked until it is done, and other workers skip them. A worker that dies unlocks its rows.
const TAKE: &str = "
    SELECT id, order_id, email, extract(epoch FROM sold_at)::bigint AS sold_at, total::text || ' ' || currency AS total
    FROM outbox
    WHERE problem IS NULL
    ORDER BY id
    LIMIT 1000
    FOR UPDATE SKIP LOCKED
";

/// Sends batch after batch until no row is free. Returns whether every sale was accepted.
pub(crate) async fn send(mut database: tokio_postgres::Client, client: &Client) -> Result<bool, Failure> {
    let mut has_problems = false;
    loop {
        let batch = database.transaction().await?;
        let rows = batch.query(TAKE, &[]).await?;
        if rows.is_empty() {
            return Ok(!has_problems);
        }
        let (mut ids, mut events) = (Vec::new(), Vec::new());
        let mut done: Vec<i64> = Vec::new();
        let mut problems: Vec<(i64, String)> = Vec::new();
        for row in &rows {
            match to_event(row) {
                Ok(event) => {
                    ids.push(row.get::<_, i64>("id"));
                    events.push(event);
                }
                Err(error) => problems.push((row.get("id"), error.to_string())),
            }
        }

        let report = client.send(events).await;
        pause_before_delete().await;
        let mut stays = false;
        for (id, outcome) in ids.into_iter().zip(report.outcomes()) {
            match outcome {
                Outcome::Accepted => done.push(id),
                // Nothing is wrong with these: a later run sends them again.
                Outcome::NotSent(
                    NotSentCause::Unreachable(_)
                    | NotSentCause::Exhausted(_)
                    | NotSentCause::NotIsolated(_)
                    | NotSentCause::Stopped(_),
                ) => stays = true,
                _ => problems.push((id, outcome.to_string())),
            }
        }
        has_problems |= !problems.is_empty();
        batch.execute("DELETE FROM outbox WHERE id = ANY($1)", &[&done]).await?;
        for (id, problem) in problems {
            batch.execute("UPDATE outbox SET problem = $2 WHERE id = $1", &[&id, &problem]).await?;
        }
        batch.commit().await?;
        println!("{report}");
        if let Some(cause) = report.stopped() {
            return Err(cause.to_string().into());
        }
        if stays {
            return Ok(false);
        }
    }
}

/// The event id comes from the order id, and the time from the row: a sale that is sent again is the same event.
fn to_event(row: &tokio_postgres::Row) -> Result<Event, Error> {
    let customer = UserData::builder().email(row.get("email")).build()?;
    let total: Money = row.get::<_, &str>("total").parse()?;
    let event = Event::builder(EventTime::from_unix(row.get("sold_at"))?, customer);
    Ok(event.order_id(row.get::<_, &str>("order_id").parse()?).value(total).build()?)
}

/// Waits if it is told to, so that `run.sh` can kill the worker when Meta has the sales and the outbox has them, too.
async fn pause_before_delete() {
    if let Some(seconds) = env::var("PAUSE_BEFORE_DELETE").ok().and_then(|text| text.parse().ok()) {
        println!("sent, and not deleted");
        SystemClock.sleep(Duration::from_secs(seconds)).await;
    }
}
