//! The orders of a query, sent while its rows arrive.

use futures_util::TryStreamExt;
use meta_offline_events::order::{Column, OrderRules, RowError, SortedEventStream, ToRow};
use meta_offline_events::value::{Currency, InvalidValue, Line, OrderId};
use meta_offline_events::{Client, EventTime, Row, UserData};
use tokio_postgres::types::BorrowToSql;

use crate::Failure;

/// `numeric` travels as text, so that no digit is lost: the crate reads it into an exact `Amount`. `COLLATE "C"` sorts
/// by bytes, which the crate can check without remembering order ids.
const QUERY: &str = r#"
    SELECT line.id, line.order_id, line.product_id, line.quantity, line.price::text,
        extract(epoch FROM line.sold_at)::bigint AS sold_at, customer.email, customer.phone
    FROM order_line AS line
    LEFT JOIN customer ON customer.id = line.customer_id
    WHERE line.sold_at > now() - interval '7 days'
    ORDER BY line.order_id COLLATE "C", line.id
"#;

/// Sends the orders of the last seven days. Memory does not grow with the rows: the query is a stream.
pub(crate) async fn send(database: &tokio_postgres::Client, client: &Client) -> Result<bool, Failure> {
    let none: [&str; 0] = [];
    let rows = database.query_raw(QUERY, none.iter().map(BorrowToSql::borrow_to_sql)).await?;
    let orders = SortedEventStream::new(rows.map_ok(SoldLine), OrderRules::new(), EventTime::now());
    let report = client.deliver(orders).await;
    println!("{report}");
    for diagnostic in report.diagnostics().iter().take(10) {
        println!("{diagnostic}");
    }
    Ok(report.all_accepted())
}

/// A row of the query.
struct SoldLine(tokio_postgres::Row);

impl ToRow for SoldLine {
    fn to_row(&self) -> Result<Row<'_>, RowError> {
        let Self(row) = self;
        let line = Line::new(row.get::<_, i64>("id").unsigned_abs());
        let invalid = |column: Column, error: InvalidValue| RowError::invalid(line, column, error);
        let order_id: OrderId =
            row.get::<_, &str>("order_id").parse().map_err(|error| invalid(Column::OrderId, error))?;
        // From here on, an error names the order, so that the order is not sent without this row.
        let invalid = |column, error| invalid(column, error).of_order(order_id.clone());
        let time =
            EventTime::from_unix(row.get("sold_at")).map_err(|error| invalid(Column::Timestamp, error))?;
        let price = row.get::<_, &str>("price").parse().map_err(|error| invalid(Column::Price, error))?;
        let product =
            row.get::<_, &str>("product_id").parse().map_err(|error| invalid(Column::ProductId, error))?;
        let mut customer = UserData::builder();
        if let Some(email) = row.get("email") {
            customer = customer.email(email);
        }
        if let Some(phone) = row.get("phone") {
            customer = customer.phone(phone);
        }
        Ok(Row::new(line, time)
            .customer(customer)
            .order_id(order_id)
            .product(product)
            .quantity(row.get::<_, i32>("quantity").into())
            .price(price)
            .currency(Currency::EUR))
    }
}
