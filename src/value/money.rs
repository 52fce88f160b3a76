//! Amounts with a currency.

use std::fmt;
use std::str::FromStr;

use super::{Amount, Currency, InvalidValue, Rule, ValueKind};

/// An amount in a currency.
///
/// ```
/// use meta_offline_events::value::{Currency, Money};
///
/// let total = Money::new("31.50".parse()?, Currency::USD);
/// assert_eq!(total.to_string(), "31.5 USD");
/// assert_eq!("31.50 USD".parse(), Ok(total));
/// # Ok::<(), meta_offline_events::value::InvalidValue>(())
/// ```
///
/// From JSON, read the amount and the currency as two plain fields, an [`Amount`] and a [`Currency`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    amount: Amount,
    currency: Currency,
}

impl FromStr for Money {
    type Err = InvalidValue;

    /// Reads an amount and a currency code with blanks between them, such as `31.50 USD`.
    ///
    /// # Errors
    ///
    /// Those of [`Amount`] and [`Currency`]; [`Rule::NoCurrency`] for an amount alone.
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let text = text.trim();
        let Some((amount, currency)) = text.split_once(char::is_whitespace) else {
            let no_currency = InvalidValue::new(ValueKind::Amount, Rule::NoCurrency);
            return Err(text.parse::<Amount>().err().unwrap_or(no_currency));
        };
        Ok(Self::new(amount.parse()?, currency.parse()?))
    }
}

impl Money {
    /// Creates an amount in a currency.
    pub fn new(amount: Amount, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// The amount.
    pub fn amount(self) -> Amount {
        self.amount
    }

    /// The currency.
    pub fn currency(self) -> Currency {
        self.currency
    }

    /// The amount rounded to the minor units of the currency, half to even.
    ///
    /// ```
    /// use meta_offline_events::value::{Currency, Money};
    ///
    /// let yen = Money::new("100.5".parse()?, Currency::JPY);
    /// assert_eq!(yen.rounded().to_string(), "100 JPY");
    /// # Ok::<(), meta_offline_events::value::InvalidValue>(())
    /// ```
    pub fn rounded(self) -> Self {
        Self { amount: self.amount.rounded(self.currency.minor_units()), ..self }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.currency)
    }
}
