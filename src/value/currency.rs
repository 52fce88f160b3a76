//! ISO 4217 currency codes with their number of decimals.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::{InvalidValue, Rule, ValueKind};

/// A currency in use, by its ISO 4217 code.
///
/// Invariants: three upper-case letters, on the ISO list, with a number of minor units: not `XXX`, no test code and no
/// precious metal.
///
/// ```
/// use meta_offline_events::value::Currency;
///
/// let currency: Currency = "usd".parse()?;
/// assert_eq!(currency, Currency::USD);
/// assert_eq!(currency.code(), "USD");
/// assert_eq!(Currency::JPY.minor_units(), 0);
/// assert!("US$".parse::<Currency>().is_err());
/// # Ok::<(), meta_offline_events::value::InvalidValue>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency {
    code: [u8; 3],
    minor_units: u8,
}

macro_rules! well_known {
    ($($code:ident $minor_units:literal $name:literal),+ $(,)?) => {
        impl Currency {
            $(
                #[doc = $name]
                pub const $code: Self = {
                    let code = stringify!($code).as_bytes();
                    Self { code: [code[0], code[1], code[2]], minor_units: $minor_units }
                };
            )+

            const WELL_KNOWN: &'static [Self] = &[$(Self::$code),+];
        }
    };
}

// The most traded first: codes are looked up in this order.
well_known! {
    USD 2 "United States dollar",
    EUR 2 "Euro",
    JPY 0 "Japanese yen",
    GBP 2 "Pound sterling",
    CHF 2 "Swiss franc",
    AUD 2 "Australian dollar",
    CAD 2 "Canadian dollar",
    SGD 2 "Singapore dollar",
    INR 2 "Indian rupee",
    KRW 0 "South Korean won",
    SEK 2 "Swedish krona",
    MXN 2 "Mexican peso",
    NZD 2 "New Zealand dollar",
    NOK 2 "Norwegian krone",
    TRY 2 "Turkish lira",
    BRL 2 "Brazilian real",
    ZAR 2 "South African rand",
    DKK 2 "Danish krone",
    PLN 2 "Polish złoty",
    HUF 2 "Hungarian forint",
    CZK 2 "Czech koruna",
    KWD 3 "Kuwaiti dinar",
}

impl Currency {
    #[inline]
    pub(crate) fn letters(self) -> [u8; 3] {
        self.code
    }

    /// Reads a code without blanks around it.
    #[inline]
    pub(crate) fn from_letters(text: &[u8]) -> Option<Self> {
        let mut code: [u8; 3] = text.try_into().ok()?;
        code.make_ascii_uppercase();
        let known = Self::WELL_KNOWN.iter().find(|known| known.code == code);
        known.copied().or_else(|| from_list(code))
    }

    /// The three letters, upper case.
    pub fn code(&self) -> &str {
        str::from_utf8(&self.code).unwrap_or_default()
    }

    /// How many decimals amounts in this currency have: 2 for dollars, 0 for yen, 3 for dinars.
    pub fn minor_units(self) -> u32 {
        u32::from(self.minor_units)
    }
}

impl FromStr for Currency {
    type Err = InvalidValue;

    /// Reads a three-letter code in any case. Outer blanks are trimmed.
    ///
    /// # Errors
    ///
    /// [`Rule::Empty`], or [`Rule::UnknownCode`] for anything that is not the code of a currency:
    /// symbols, numeric codes, `XXX`, metals. Codes withdrawn of late may still be on the list.
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        Self::from_letters(text.as_bytes()).or_else(|| Self::from_letters(text.trim().as_bytes())).ok_or_else(
            || {
                let rule = if text.trim().is_empty() { Rule::Empty } else { Rule::UnknownCode };
                InvalidValue::new(ValueKind::Currency, rule)
            },
        )
    }
}

fn from_list(code: [u8; 3]) -> Option<Currency> {
    let listed = iso_currency::Currency::from_code(str::from_utf8(&code).ok()?)?;
    let minor_units = u8::try_from(listed.exponent()?).ok()?;
    Some(Currency { code, minor_units })
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Currency({})", self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn constants_agree_with_the_iso_list() {
        for known in Currency::WELL_KNOWN {
            assert_eq!(from_list(known.code), Some(*known));
        }
    }

    proptest! {
        #[test]
        fn every_code_is_read_as_the_iso_list_has_it(
            text in prop_oneof![
                "[A-Z]{3}",
                "[ -~]{2,4}",
                (any::<prop::sample::Index>(), any::<[bool; 3]>()).prop_map(|(index, lower)| {
                    let code = index.get(Currency::WELL_KNOWN).code();
                    let cased = |(letter, lower): (char, bool)| {
                        if lower { letter.to_ascii_lowercase() } else { letter }
                    };
                    code.chars().zip(lower).map(cased).collect()
                }),
            ]
        ) {
            let code = text.to_ascii_uppercase().into_bytes().try_into().ok();
            prop_assert_eq!(Currency::from_letters(text.as_bytes()), code.and_then(from_list));
        }
    }

    #[test]
    fn v43_only_codes_in_use() {
        for text in ["US$", "840", "XXX", "XTS", "XAU", "XDR", "$", "USDT", "ÜSD", "U D"] {
            assert!(text.parse::<Currency>().is_err(), "{text}");
        }
        assert_eq!(" usd ".parse(), Ok(Currency::USD));
        assert_eq!("BHD".parse::<Currency>().map(Currency::minor_units), Ok(3));
        assert_eq!("CLP".parse::<Currency>().map(Currency::minor_units), Ok(0));
    }
}
