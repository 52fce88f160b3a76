//! The columns of an export: their names, other common names, and the match keys that they fill.

use std::borrow::Cow;
use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::customer::{MatchKey, is_blank};

/// A column that an export may have.
///
/// ```
/// use meta_offline_events::order::Column;
///
/// assert_eq!(Column::named("First Name"), Some(Column::GivenName));
/// assert_eq!(Column::GivenName.name(), "given_name");
/// ```
///
/// A header stands for a column by its name or one of these other names. Upper case, blanks, `_`, `-`, `.`, `:`, `*`,
/// quotes and invisible characters make no difference: `OrderID`, `Order ID` and `order_id` are one name.
///
/// | column | other names |
/// | --- | --- |
/// | `email` | `email_address`, `mail` |
/// | `phone` | `phone_number`, `phone_no`, `telephone`, `telephone_number`, `mobile_phone`, `cell_phone` |
/// | `given_name` | `first_name`, `forename` |
/// | `surname` | `last_name`, `family_name` |
/// | `birthdate` | `date_of_birth`, `dob`, `birthday` |
/// | `gender` | `sex` |
/// | `city` | `town` |
/// | `state` | `province` |
/// | `postal` | `zip`, `zip_code`, `postal_code`, `post_code` |
/// | `country` | `country_code` |
/// | `madid` | `mobile_advertiser_id` |
/// | `client_ip_address` | `ip_address`, `client_ip` |
/// | `client_user_agent` | `user_agent` |
/// | `order_id` | `order_number`, `order_no`, `order_nr`, `receipt_id`, `receipt_number`, `receipt_no`, `transaction_id`, `transaction_number` |
/// | `product_id` | `sku`, `product_sku`, `product_number`, `item_id` |
/// | `quantity` | `qty`, `item_quantity` |
/// | `price` | `unit_price`, `item_price`, `price_per_item` |
/// | `value` | `order_value`, `order_total` |
/// | `currency` | `currency_code` |
/// | `timestamp` | `event_time` |
/// | `event_source_url` | `source_url` |
/// | `time_zone` | `tz` |
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Column {
    /// The customer's e-mail address. Each row needs an e-mail or a phone number.
    Email,
    /// The customer's phone number, with its country code.
    Phone,
    /// Your own id of the customer.
    ExternalId,
    /// First name.
    GivenName,
    /// Last name.
    Surname,
    /// Date of birth.
    Birthdate,
    /// Gender: `f` or `m`, or a usual word for either.
    Gender,
    /// City.
    City,
    /// State, province or county.
    State,
    /// Postcode.
    Postal,
    /// Country: an ISO code or a name.
    Country,
    /// Mobile advertiser id.
    Madid,
    /// IP address of the customer's device.
    ClientIpAddress,
    /// User agent of the customer's browser. Website rows need it.
    ClientUserAgent,
    /// Receipt number. Rows with the same one become one event.
    OrderId,
    /// Id of the product sold.
    ProductId,
    /// How many items were sold: a whole number, unless the layout [allows
    /// fractions](super::RowLayout::fractional_quantities). Rows at or below zero are returns and are left out.
    Quantity,
    /// Price of one item, in `currency`.
    Price,
    /// Value of the whole order, instead of `quantity` and `price`.
    Value,
    /// Currency of the price or value: an ISO 4217 code.
    Currency,
    /// Time of the sale.
    Timestamp,
    /// Event name. Blank means `Purchase`.
    EventName,
    /// Action source. Blank means `physical_store`.
    ActionSource,
    /// Id of the event, for deduplication. Website rows need it.
    EventId,
    /// URL of the page on which the event happened. Website rows need it.
    EventSourceUrl,
    /// How the customer receives the goods.
    DeliveryCategory,
    /// Time zone of `timestamp`: an offset such as `+02:00` or a name such as `Europe/Berlin`. Blank means the zone of
    /// the layout. Times that name their own offset do not need it.
    TimeZone,
}

/// Each column with its name and the other names for it.
const COLUMNS: [(Column, &str, &[&str]); 27] = [
    (Column::Email, "email", &["email_address", "mail"]),
    (
        Column::Phone,
        "phone",
        &["phone_number", "phone_no", "telephone", "telephone_number", "mobile_phone", "cell_phone"],
    ),
    (Column::ExternalId, "external_id", &[]),
    (Column::GivenName, "given_name", &["first_name", "forename"]),
    (Column::Surname, "surname", &["last_name", "family_name"]),
    (Column::Birthdate, "birthdate", &["date_of_birth", "dob", "birthday"]),
    (Column::Gender, "gender", &["sex"]),
    (Column::City, "city", &["town"]),
    (Column::State, "state", &["province"]),
    (Column::Postal, "postal", &["zip", "zip_code", "postal_code", "post_code"]),
    (Column::Country, "country", &["country_code"]),
    (Column::Madid, "madid", &["mobile_advertiser_id"]),
    (Column::ClientIpAddress, "client_ip_address", &["ip_address", "client_ip"]),
    (Column::ClientUserAgent, "client_user_agent", &["user_agent"]),
    (
        Column::OrderId,
        "order_id",
        &[
            "order_number",
            "order_no",
            "order_nr",
            "receipt_id",
            "receipt_number",
            "receipt_no",
            "transaction_id",
            "transaction_number",
        ],
    ),
    (Column::ProductId, "product_id", &["sku", "product_sku", "product_number", "item_id"]),
    (Column::Quantity, "quantity", &["qty", "item_quantity"]),
    (Column::Price, "price", &["unit_price", "item_price", "price_per_item"]),
    (Column::Value, "value", &["order_value", "order_total"]),
    (Column::Currency, "currency", &["currency_code"]),
    (Column::Timestamp, "timestamp", &["event_time"]),
    (Column::EventName, "event_name", &[]),
    (Column::ActionSource, "action_source", &[]),
    (Column::EventId, "event_id", &[]),
    (Column::EventSourceUrl, "event_source_url", &["source_url"]),
    (Column::DeliveryCategory, "delivery_category", &[]),
    (Column::TimeZone, "time_zone", &["tz"]),
];

impl Column {
    pub(super) const COUNT: usize = COLUMNS.len();

    /// Returns every column.
    ///
    /// ```
    /// use meta_offline_events::order::Column;
    ///
    /// assert!(Column::all().any(|column| column.name() == "order_id"));
    /// ```
    pub fn all() -> impl Iterator<Item = Self> {
        COLUMNS.iter().map(|&(column, ..)| column)
    }

    /// Returns the name of the column, as a header has it.
    pub fn name(self) -> &'static str {
        COLUMNS[self as usize].1
    }

    /// Returns the column that a header stands for, by its name or by another common name.
    ///
    /// The table of [`Column`] lists them.
    ///
    /// ```
    /// use meta_offline_events::order::Column;
    ///
    /// assert_eq!(Column::named("OrderID"), Some(Column::OrderId));
    /// assert_eq!(Column::named(" Zip Code "), Some(Column::Postal));
    /// assert_eq!(Column::named("E-Mail"), Some(Column::Email));
    /// assert_eq!(Column::named("receipt"), None);
    /// ```
    pub fn named(header: &str) -> Option<Self> {
        let header = canonical(header);
        COLUMNS
            .iter()
            .find(|(column, ..)| column.names().any(|name| canonical(name) == header))
            .map(|row| row.0)
    }

    fn names(self) -> impl Iterator<Item = &'static str> {
        let (_, name, others) = COLUMNS[self as usize];
        std::iter::once(name).chain(others.iter().copied())
    }

    /// Returns whether a canonical header is a name of this column with a typing error, or for the order id a word
    /// for an order with a word for a number.
    pub(super) fn resembles(self, header: &str) -> bool {
        let is_within = |name: &str, slips: usize| {
            let name = canonical(name);
            header.len().abs_diff(name.len()) <= slips && distance(header, &name) <= slips
        };
        let (_, name, others) = COLUMNS[self as usize];
        is_within(name, name.len().div_ceil(6))
            || others.iter().any(|other| other.len() >= LONG_NAME && is_within(other, 1))
            || self == Self::OrderId && is_number_of_order(header)
    }
}

/// Another name of so many letters may have a slip. A shorter one would become another word.
const LONG_NAME: usize = 10;

/// Words for an order, its receipt or its payment.
const ORDERS: [&str; 14] = [
    "order",
    "sale",
    "receipt",
    "invoice",
    "transaction",
    "bestell",
    "bestellungs",
    "auftrags",
    "beleg",
    "bon",
    "commande",
    "pedido",
    "ordine",
    "zamowienia",
];

/// Words for a number or an id.
const NUMBERS: [&str; 11] =
    ["", "id", "no", "nr", "num", "number", "nummer", "ref", "reference", "numero", "numerode"];

/// Whether a header consists of a word for an order and a word for a number, in either sequence.
fn is_number_of_order(header: &str) -> bool {
    ORDERS.iter().any(|order| {
        let rests = [header.strip_prefix(order), header.strip_suffix(order)];
        rests.into_iter().flatten().any(|rest| NUMBERS.contains(&rest))
    })
}

/// Returns how many letters to insert, remove or change to turn one text into the other.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (above, left) in one.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], above + 1);
        for (index, right) in other.bytes().enumerate() {
            let changed = diagonal + usize::from(left != right);
            diagonal = row[index + 1];
            row[index + 1] = changed.min(diagonal + 1).min(row[index] + 1);
        }
    }
    row[other.len()]
}

/// Returns a header in the form in which headers are compared: in lower case, without blanks and invisible
/// characters, and without `_`, `-`, `.`, `:`, `*` and quotes.
pub(super) fn canonical(header: &str) -> String {
    let is_dropped = |letter: char| is_blank(letter) || "_-.:*'\"".contains(letter);
    let kept: String = header.chars().filter(|letter| !is_dropped(*letter)).collect();
    if kept.is_empty() { header.trim().to_owned() } else { kept.to_lowercase() }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Column {
    /// Writes the name.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Column {
    /// Reads a name, as [`named`](Self::named) does.
    ///
    /// ```
    /// use meta_offline_events::order::Column;
    ///
    /// assert_eq!(serde_json::from_str::<Column>(r#""order_id""#)?, Column::OrderId);
    /// assert!(serde_json::from_str::<Column>(r#""till""#).is_err());
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = Cow::<str>::deserialize(deserializer)?;
        Self::named(&name).ok_or_else(|| {
            let names: Vec<_> = Self::all().map(Self::name).collect();
            D::Error::custom(format!("no such column: write one of {}", names.join(", ")))
        })
    }
}

/// The columns about the customer and the match keys that they fill, in the order of the keys.
pub(super) const MATCH_KEYS: [(Column, MatchKey); 14] = [
    (Column::Email, MatchKey::Email),
    (Column::Phone, MatchKey::Phone),
    (Column::GivenName, MatchKey::FirstName),
    (Column::Surname, MatchKey::LastName),
    (Column::Birthdate, MatchKey::BirthDate),
    (Column::Gender, MatchKey::Gender),
    (Column::City, MatchKey::City),
    (Column::State, MatchKey::State),
    (Column::Postal, MatchKey::PostalCode),
    (Column::Country, MatchKey::Country),
    (Column::ExternalId, MatchKey::ExternalId),
    (Column::Madid, MatchKey::MobileAdvertiserId),
    (Column::ClientIpAddress, MatchKey::ClientIpAddress),
    (Column::ClientUserAgent, MatchKey::ClientUserAgent),
];

/// Returns the column that fills this match key.
pub(in crate::order) fn column_of(key: MatchKey) -> Option<Column> {
    MATCH_KEYS.iter().find(|(_, filled)| *filled == key).map(|(column, _)| *column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_columns() {
        for (index, column) in Column::all().enumerate() {
            assert_eq!(column as usize, index);
            assert_eq!(Column::named(column.name()), Some(column));
        }
    }

    #[test]
    fn c11_a_typing_error_is_recognized_and_another_word_is_not() {
        for (header, is_near) in
            [("emial", false), ("emai", true), ("emaill", true), ("emailadress", true), ("mails", false)]
        {
            assert_eq!(Column::Email.resembles(header), is_near, "{header}");
        }
        assert!(Column::Timestamp.resembles("timestmp"));
        assert!(!Column::Price.resembles("value"));
        for header in
            ["bestellnummer", "bonnr", "belegnummer", "numerodecommande", "order", "invoiceno", "oder_id"]
        {
            assert!(Column::OrderId.resembles(header), "{header}");
        }
        for header in ["ordernote", "orderdate", "bonus", "amount", "customer"] {
            assert!(!Column::OrderId.resembles(header), "{header}");
        }
        assert_eq!((distance("", "abc"), distance("kitten", "sitting")), (3, 3));
    }

    #[test]
    fn c13_headers_are_matched_by_the_stated_rule() {
        for (header, column) in [
            ("OrderID", Column::OrderId),
            ("ORDER-ID", Column::OrderId),
            ("Order No.", Column::OrderId),
            ("E-Mail", Column::Email),
            ("E-Mail:", Column::Email),
            ("email *", Column::Email),
            ("Post-Code", Column::Postal),
            (" Zip Code ", Column::Postal),
            ("FirstName", Column::GivenName),
            ("DOB", Column::Birthdate),
            ("sku", Column::ProductId),
            ("Qty.", Column::Quantity),
            ("unit price", Column::Price),
            ("unitPrice", Column::Price),
            ("\u{feff}\u{feff}order_id", Column::OrderId),
            ("\u{200b}order_id", Column::OrderId),
            ("order\u{a0}id", Column::OrderId),
            ("\u{feff}\"order_id\"", Column::OrderId),
        ] {
            assert_eq!(Column::named(header), Some(column), "{header:?}");
        }
        for header in ["amperity_id", "price %", "price (net)", "receipt", "", " ", "#", "-"] {
            assert_eq!(Column::named(header), None, "{header:?}");
        }
    }

    #[test]
    fn no_name_stands_for_two_columns_and_the_documentation_lists_them_all() {
        let mut names: Vec<String> = Column::all().flat_map(Column::names).map(canonical).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
        for (_, name, others) in COLUMNS.iter().filter(|(_, _, others)| !others.is_empty()) {
            let others: Vec<_> = others.iter().map(|other| format!("`{other}`")).collect();
            let row = format!("/// | `{name}` | {} |", others.join(", "));
            assert!(include_str!("column.rs").contains(&row), "{row}");
        }
    }
}
