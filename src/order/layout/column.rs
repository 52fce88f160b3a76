//! The columns of an export: their names, other common names, and the match keys that they fill.

use std::fmt;

use crate::customer::MatchKey;

/// A column that an export may have.
///
/// ```
/// use meta_offline_events::order::Column;
///
/// assert_eq!(Column::named("First Name"), Some(Column::GivenName));
/// assert_eq!(Column::GivenName.name(), "given_name");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
    /// Gender: `f` or `m`, or an English word for either.
    Gender,
    /// City.
    City,
    /// State, province or county.
    State,
    /// Postcode.
    Postal,
    /// Country: an ISO code or an English name.
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
    /// How many items were sold. Rows at or below zero are returns and are left out.
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
}

/// Each column with its name and the other names for it.
const COLUMNS: [(Column, &str, &[&str]); 26] = [
    (Column::Email, "email", &["email_address"]),
    (Column::Phone, "phone", &["phone_number"]),
    (Column::ExternalId, "external_id", &[]),
    (Column::GivenName, "given_name", &["first_name"]),
    (Column::Surname, "surname", &["last_name"]),
    (Column::Birthdate, "birthdate", &["birth_date", "date_of_birth"]),
    (Column::Gender, "gender", &[]),
    (Column::City, "city", &[]),
    (Column::State, "state", &[]),
    (Column::Postal, "postal", &["zip", "zip_code", "postal_code", "postcode"]),
    (Column::Country, "country", &["country_code"]),
    (Column::Madid, "madid", &[]),
    (Column::ClientIpAddress, "client_ip_address", &[]),
    (Column::ClientUserAgent, "client_user_agent", &[]),
    (Column::OrderId, "order_id", &[]),
    (Column::ProductId, "product_id", &[]),
    (Column::Quantity, "quantity", &[]),
    (Column::Price, "price", &[]),
    (Column::Value, "value", &[]),
    (Column::Currency, "currency", &[]),
    (Column::Timestamp, "timestamp", &[]),
    (Column::EventName, "event_name", &[]),
    (Column::ActionSource, "action_source", &[]),
    (Column::EventId, "event_id", &[]),
    (Column::EventSourceUrl, "event_source_url", &[]),
    (Column::DeliveryCategory, "delivery_category", &[]),
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
    /// Upper case and outer blanks make no difference, nor do blanks or hyphens instead of underscores.
    ///
    /// ```
    /// use meta_offline_events::order::Column;
    ///
    /// assert_eq!(Column::named("ORDER-ID"), Some(Column::OrderId));
    /// assert_eq!(Column::named(" Zip Code "), Some(Column::Postal));
    /// assert_eq!(Column::named("receipt"), None);
    /// ```
    pub fn named(header: &str) -> Option<Self> {
        let header = canonical(header);
        COLUMNS
            .iter()
            .find(|(_, name, others)| *name == header || others.contains(&header.as_str()))
            .map(|row| row.0)
    }

    /// Returns whether a canonical header is a name of this column with a typing error.
    pub(super) fn resembles(self, header: &str) -> bool {
        let (_, name, others) = COLUMNS[self as usize];
        let near = |name: &str| {
            let slips = name.len().div_ceil(6);
            header.len().abs_diff(name.len()) <= slips && distance(header, name) <= slips
        };
        near(name) || others.iter().any(|name| near(name))
    }
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

/// Returns a header in the form in which headers are compared: trimmed, in lower case, with underscores for blanks
/// and hyphens.
pub(super) fn canonical(header: &str) -> String {
    header
        .trim()
        .chars()
        .map(|letter| if letter == ' ' || letter == '-' { '_' } else { letter.to_ascii_lowercase() })
        .collect()
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
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
        for header in ["e_mail", "emial", "mail", "email", "email_adress"] {
            assert_eq!(Column::Email.resembles(header), header != "emial", "{header}");
        }
        assert!(Column::Timestamp.resembles("time_stamp"));
        assert!(!Column::Price.resembles("value"));
        assert_eq!((distance("", "abc"), distance("kitten", "sitting")), (3, 3));
    }

    #[test]
    fn c13_headers_are_matched_by_the_stated_rule() {
        assert_eq!(Column::named(" Zip Code "), Some(Column::Postal));
        assert_eq!(Column::named("ORDER-ID"), Some(Column::OrderId));
        assert_eq!(Column::named("amperity_id"), None);
    }
}
