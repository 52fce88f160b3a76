//! Values from JSON, with the rules of their text form.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::{Amount, Currency, EventId, EventTime, InvalidValue, OrderId, ProductId};

/// Reads a text as a value.
fn from_text<'de, D: Deserializer<'de>, T: FromStr<Err = InvalidValue>>(
    deserializer: D,
) -> Result<T, D::Error> {
    // The error of the deserializer would quote the input.
    let text = Cow::<str>::deserialize(deserializer).map_err(|_| D::Error::custom("expected a text"))?;
    text.parse().map_err(D::Error::custom)
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
    /// Reads a JSON number or a text, digit by digit: no digit is lost to a float. It takes JSON only.
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
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let text = raw.get();
        let text = match text.strip_prefix('"') {
            Some(_) => serde_json::from_str(text).map_err(D::Error::custom)?,
            None => text.to_owned(),
        };
        text.parse().map_err(D::Error::custom)
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
        let seconds = i64::deserialize(deserializer);
        let seconds = seconds.map_err(|_| D::Error::custom("expected Unix seconds, a whole number"))?;
        Self::from_unix(seconds).map_err(D::Error::custom)
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
        struct Id;

        impl Visitor<'_> for Id {
            type Value = ProductId;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a product id: a text or a whole number")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<ProductId, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<ProductId, E> {
                Ok(number.into())
            }
        }

        deserializer.deserialize_any(Id)
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
