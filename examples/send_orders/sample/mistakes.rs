//! Every kind of row that the report mentions.

use meta_offline_events::order::Column;

use super::REFUSED_PRODUCT;
use super::orders::{DAY, Fate, Maker, Order, Width};

pub(super) fn all(maker: &mut Maker) -> Vec<Order> {
    let mut orders = wrong_values(maker);
    orders.extend(customers(maker));
    orders.extend(returns(maker));
    orders.extend(times(maker));
    orders.extend(sources(maker));
    orders.extend(contradictions(maker));
    orders.extend(broken_records(maker));
    orders.extend(oddities(maker));
    orders.extend(only_the_server_knows(maker));
    orders
}

/// Invalid values: column, text, reason code.
const WRONG_VALUES: [(Column, &str, &str); 11] = [
    (Column::Price, "NaN", "not_a_number"),
    (Column::Price, "1e400", "exponent"),
    (Column::Price, "-5", "negative"),
    (Column::Price, "1,234.50", "number_style"),
    (Column::Quantity, "1.5", "not_whole"),
    (Column::Quantity, "1e3", "exponent"),
    (Column::Currency, "XEU", "unknown_code"),
    (Column::EventName, "StoreVisit", "not_one_of"),
    (Column::EventName, "purchase", "wrong_case"),
    (Column::ActionSource, "till", "not_one_of"),
    (Column::Timestamp, "04/05/26", "two_digit_year"),
];

fn wrong_values(maker: &mut Maker) -> Vec<Order> {
    WRONG_VALUES
        .iter()
        .map(|&(column, text, reason)| maker.order(1).with(column, text).invalid(1, reason, column))
        .collect()
}

fn customers(maker: &mut Maker) -> Vec<Order> {
    let wrong_email = || "ada at example.com";
    vec![
        maker.order(1).with(Column::Email, wrong_email()).note(1, "not_an_email", Column::Email),
        maker.order(1).with(Column::Birthdate, "31 May 90").note(1, "not_a_date", Column::Birthdate),
        maker
            .order(1)
            .with(Column::Email, wrong_email())
            .with(Column::Phone, "ask again")
            .invalid(1, "not_an_email", Column::Email)
            .diagnostic(1, "no_digits", Column::Phone),
        maker.order(1).with(Column::Email, "").with(Column::Phone, "").invalid(
            1,
            "no_identity",
            Column::Email,
        ),
    ]
}

/// Returned items. The rest of the order is sent without them.
fn returns(maker: &mut Maker) -> Vec<Order> {
    const RETURN: &str = "return_or_cancellation";
    let mut in_part =
        maker.order(3).with_in_row(1, Column::Quantity, "-1").diagnostic(1, RETURN, Column::Quantity);
    in_part.rows[1].fate = Fate::Filtered;
    let whole = |order: Order, rows, quantity| {
        order.with(Column::Quantity, quantity).all(Fate::Filtered).diagnostic(rows, RETURN, Column::Quantity)
    };
    vec![in_part, whole(maker.order(1), 1, "0"), whole(maker.order(2), 2, "-1")]
}

fn times(maker: &mut Maker) -> Vec<Order> {
    let time = Column::Timestamp;
    let milliseconds = format!("{}000", maker.ago(DAY));
    let today = maker.moment(DAY).to_utc().format("%Y-%m-%d").to_string();
    let (tomorrow, eight_days, nine_weeks) = (maker.ago(-DAY), maker.ago(8 * DAY), maker.ago(63 * DAY));
    vec![
        maker.order(1).with(time, milliseconds).invalid(1, "looks_like_milliseconds", time),
        maker.order(2).with(time, tomorrow).invalid(2, "in_future", time),
        maker
            .order(1)
            .with(Column::ActionSource, "phone_call")
            .with(time, eight_days)
            .invalid(1, "too_old", time),
        maker.order(2).with(time, nine_weeks).invalid(2, "too_old", time),
        maker.order(1).with(time, today).invalid(1, "no_time_of_day", time),
    ]
}

/// Rows without a value that their action source needs.
fn sources(maker: &mut Maker) -> Vec<Order> {
    vec![
        maker.order(1).with(Column::ActionSource, "app").invalid(
            1,
            "unsupported_source",
            Column::ActionSource,
        ),
        maker.website_order().with(Column::ClientUserAgent, "").invalid(
            1,
            "missing",
            Column::ClientUserAgent,
        ),
    ]
}

/// Rows that contradict each other: none of the order's rows is sent.
fn contradictions(maker: &mut Maker) -> Vec<Order> {
    let two_days = maker.ago(2 * DAY);
    let mut damaged = maker.order(1);
    damaged.rows.extend(maker.order(1).rows);
    vec![
        maker.order(2).with_in_row(1, Column::Currency, "USD").invalid(2, "two_currencies", Column::Currency),
        maker.order(2).with_in_row(1, Column::ExternalId, "C-99999").invalid(
            2,
            "two_external_ids",
            Column::ExternalId,
        ),
        maker.order(2).with(Column::Value, "1000.00").invalid(2, "value_differs", Column::Value),
        maker.order(1).with(Column::Price, "0.00").invalid(1, "zero_total", Column::Price),
        // A spreadsheet has shortened the long numbers of two receipts to the same text.
        damaged.with(Column::OrderId, "2.40E+12").with(Column::Timestamp, two_days).invalid(
            2,
            "damaged_order_id",
            Column::OrderId,
        ),
        // Half an order is never sent.
        maker
            .order(3)
            .with_in_row(2, Column::Price, "free")
            .invalid(1, "not_a_number", Column::Price)
            .diagnostic(2, "order_incomplete", None),
    ]
}

fn broken_records(maker: &mut Maker) -> Vec<Order> {
    let mut short = maker.order(2).invalid(1, "wrong_width", None).diagnostic(1, "order_incomplete", None);
    short.rows[0].width = Width::OneShort;
    let mut long = maker.order(1).invalid(1, "wrong_width", None);
    long.rows[0].width = Width::OneLong;
    vec![short, long]
}

/// Rows that are sent, with a note in the report.
fn oddities(maker: &mut Maker) -> Vec<Order> {
    let mut repeated = maker.order(2).note(1, "exact_repeat", None);
    repeated.rows.push(repeated.rows[1].clone());
    vec![maker.order(1).with(Column::OrderId, "").note(1, "no_order_id", Column::OrderId), repeated]
}

fn only_the_server_knows(maker: &mut Maker) -> Vec<Order> {
    let refused = |order: Order, rows| {
        order.with_in_row(0, Column::ProductId, REFUSED_PRODUCT).all(Fate::Refused).diagnostic(
            rows,
            "refused_by_meta",
            None,
        )
    };
    vec![refused(maker.order(1), 1), refused(maker.order(2), 2)]
}
