//! Values from JSON, with the rules of their text form.

use std::str::FromStr;

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::unquoted::{Found, read_unquoted, unfit};
use super::{Amount, Currency, EventId, EventTime, InvalidValue, OrderId, ProductId, RawJson};

/// Reads a text as a value.
fn from_text<'de, D: Deserializer<'de>, T: FromStr<Err = InvalidValue>>(
    deserializer: D,
) -> Result<T, D::Error> {
    let make = |found: Found<'_>| match found {
        Found::Text(text) => Some(text.parse()),
        Found::Number(_) => None,
    };
    read_unquoted("a text", make, |visitor| deserializer.deserialize_str(visitor))
}

macro_rules! from_text {
    ($($value:ident),+) => {$(
        impl<'de> Deserialize<'de> for $value {
            /// Reads a text, by the rules of `FromStr`.
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                from_text(deserializer)
            }
        }
    )+};
}

from_text!(Currency, EventId, OrderId);

impl<'de> Deserialize<'de> for Amount {
    /// Reads a number or a text, digit by digit: no digit is lost to a float.
    ///
    /// ```
    /// use meta_offline_events::value::Amount;
    ///
    /// let price: Amount = serde_json::from_str("1234567890123456.05")?;
    /// assert_eq!(price.to_string(), "1234567890123456.05");
    /// assert_eq!(serde_json::from_str::<Amount>(r#""10.50""#)?.to_string(), "10.5");
    /// assert!(serde_json::from_str::<Amount>("1e3").is_err());
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// Under `#[serde(flatten)]`, `#[serde(tag = "…")]` and `#[serde(untagged)]`, and in formats other than JSON, serde
    /// hands over a number with decimals as a float. Such a number is an error, because the float may have lost
    /// digits: make the amount a plain field of a plain struct, or send it as text. Whole numbers and texts are read
    /// everywhere.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = RawJson::deserialize(deserializer)?;
        let amount = match json.get().as_bytes() {
            [b'"', ..] => serde_json::from_str::<String>(json.get()).map_err(D::Error::custom)?.parse(),
            [b'-' | b'0'..=b'9', ..] => json.get().parse(),
            b"null" => return Err(D::Error::custom("is null: give a number or a text, such as \"10.50\"")),
            _ => return Err(unfit("an amount: a number or a text, such as \"10.50\"")),
        };
        amount.map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for EventTime {
    /// Reads Unix seconds, as a whole number.
    ///
    /// ```
    /// use meta_offline_events::value::EventTime;
    ///
    /// assert_eq!(serde_json::from_str::<EventTime>("1767225600")?.unix(), 1_767_225_600);
    /// assert!(serde_json::from_str::<EventTime>("1767225600000").is_err(), "milliseconds");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let make = |found: Found<'_>| match found {
            // What is beyond 64 bits is as wrong as the largest number.
            Found::Number(seconds) => Some(Self::from_unix(i64::try_from(seconds).unwrap_or(i64::MAX))),
            Found::Text(_) => None,
        };
        read_unquoted("Unix seconds, a whole number", make, |visitor| deserializer.deserialize_i64(visitor))
    }
}

impl<'de> Deserialize<'de> for ProductId {
    /// Reads a text or a whole number, which stays a number.
    ///
    /// ```
    /// use meta_offline_events::value::ProductId;
    ///
    /// let ids: Vec<ProductId> = serde_json::from_str(r#"["007", 7]"#)?;
    /// assert_eq!(serde_json::to_string(&ids)?, r#"["007",7]"#);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let make = |found: Found<'_>| match found {
            Found::Text(text) => Some(text.parse()),
            Found::Number(number) => u64::try_from(number).ok().map(|number| Ok(number.into())),
        };
        read_unquoted("a product id: a text or a whole number", make, |visitor| {
            deserializer.deserialize_any(visitor)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_by_the_rules_of_their_text() {
        assert_eq!(serde_json::from_str::<Currency>(r#""usd""#).ok(), Some(Currency::USD));
        assert!(serde_json::from_str::<Currency>(r#""XXX""#).is_err());
        assert_eq!(serde_json::from_str::<OrderId>(r#"" A1 ""#).unwrap().as_str(), "A1");
        assert!(serde_json::from_str::<OrderId>("7").is_err(), "an order id is a text");
        assert!(serde_json::from_str::<ProductId>("-7").is_err());
        assert!(serde_json::from_str::<EventTime>("0").is_err());
    }

    #[test]
    fn no_digit_of_an_amount_is_lost() {
        for digits in
            ["0.1", "19.999", "-5", "9999999999999999999999999999", "0.0000000000000000000000000001"]
        {
            let amount: Amount = serde_json::from_str(digits).unwrap();
            assert_eq!(amount.to_string(), digits);
            assert_eq!(serde_json::to_string(&amount).unwrap(), digits);
        }
        assert!(serde_json::from_str::<Amount>(&"9".repeat(39)).is_err());
        assert!(serde_json::from_str::<Amount>("null").is_err());
        let value = serde_json::json!({"price": "31.50"});
        assert_eq!(serde_json::from_value::<Amount>(value["price"].clone()).unwrap().to_string(), "31.5");
    }
}
