//! The columns of the row contract: names, usual other names, and which must be there.

use std::fmt;

/// A column of the row contract.
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
    /// E-mail address of the customer. Each row needs this or `phone`.
    Email,
    /// Telephone number with country code. Each row needs this or `email`.
    Phone,
    /// The advertiser's own id of the customer.
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
    /// Country: ISO code or English name.
    Country,
    /// Mobile advertiser id.
    Madid,
    /// IP address of the customer's device.
    ClientIpAddress,
    /// User agent of the browser; website rows need it.
    ClientUserAgent,
    /// Receipt number: rows with the same one make one event.
    OrderId,
    /// What was sold.
    ProductId,
    /// How many; rows at or below zero are returns and are left out.
    Quantity,
    /// Price of one item, in units of `currency`.
    Price,
    /// What the whole order is worth, instead of `quantity` and `price`.
    Value,
    /// ISO 4217 code.
    Currency,
    /// When it happened.
    Timestamp,
    /// What happened; blank means `Purchase`.
    EventName,
    /// Where it happened; blank means `physical_store`.
    ActionSource,
    /// Id of the event; website rows need it.
    EventId,
    /// Page of the event; website rows need it.
    EventSourceUrl,
    /// How the goods are received.
    DeliveryCategory,
}

/// Column, name, other names that are understood.
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
    /// How many columns there are.
    pub(super) const COUNT: usize = COLUMNS.len();

    /// Every column.
    pub fn all() -> impl Iterator<Item = Self> {
        COLUMNS.iter().map(|&(column, ..)| column)
    }

    /// The name in the row contract.
    pub fn name(self) -> &'static str {
        COLUMNS[self as usize].1
    }

    /// The column that a header means: its name or a usual other name. Case, outer blanks, and the
    /// difference between blank, hyphen and underscore do not count.
    pub fn named(header: &str) -> Option<Self> {
        let header = plain(header);
        COLUMNS
            .iter()
            .find(|(_, name, others)| *name == header || others.contains(&header.as_str()))
            .map(|row| row.0)
    }

    /// Whether a plain header is this column's name, or another name of it, but for a slip.
    pub(super) fn comes_near(self, header: &str) -> bool {
        let (_, name, others) = COLUMNS[self as usize];
        let near = |name: &str| {
            let slips = name.len().div_ceil(6);
            header.len().abs_diff(name.len()) <= slips && distance(header, name) <= slips
        };
        near(name) || others.iter().any(|name| near(name))
    }
}

/// How many letters must be put in, taken out or changed to make one text the other.
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

/// A header as it is compared: trimmed, lower case, with underscores for blanks and hyphens.
pub(super) fn plain(header: &str) -> String {
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
    fn c11_a_slip_comes_near_and_another_word_does_not() {
        for header in ["e_mail", "emial", "mail", "email", "email_adress"] {
            assert_eq!(Column::Email.comes_near(header), header != "emial", "{header}");
        }
        assert!(Column::Timestamp.comes_near("time_stamp"));
        assert!(!Column::Price.comes_near("value"));
        assert_eq!((distance("", "abc"), distance("kitten", "sitting")), (3, 3));
    }

    #[test]
    fn c13_headers_are_matched_by_the_stated_rule() {
        assert_eq!(Column::named(" Zip Code "), Some(Column::Postal));
        assert_eq!(Column::named("ORDER-ID"), Some(Column::OrderId));
        assert_eq!(Column::named("amperity_id"), None);
    }
}
