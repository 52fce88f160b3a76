//! The address of a web page.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use url::Url;

use super::{InvalidValue, Rule, ValueKind};

/// The longest address we send, in bytes.
const MAX_URL: usize = 8192;

/// The address of a web page, which is sent as it is.
///
/// Invariants: absolute, `http` or `https`, with a host, at most 8,192 bytes. `Debug` shows only the host, because the
/// rest may name a customer.
///
/// ```
/// use meta_offline_events::value::PageUrl;
///
/// let page: PageUrl = "https://shop.example/thanks?order=10001".parse()?;
/// assert_eq!(page.as_str(), "https://shop.example/thanks?order=10001");
/// assert_eq!(format!("{page:?}"), "PageUrl(shop.example/…)");
/// assert!("shop.example/thanks".parse::<PageUrl>().is_err());
/// # Ok::<(), meta_offline_events::value::InvalidValue>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PageUrl(Box<str>);

impl PageUrl {
    /// The address as it is sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PageUrl {
    type Err = InvalidValue;

    /// Trims outer blanks, and changes nothing else.
    ///
    /// # Errors
    ///
    /// [`Rule::Empty`], [`Rule::TooLong`], [`Rule::ControlCharacter`], [`Rule::NotAWebAddress`].
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let text = text.trim();
        let rule = if text.is_empty() {
            Rule::Empty
        } else if text.len() > MAX_URL {
            Rule::TooLong(MAX_URL)
        } else if text.chars().any(char::is_control) {
            Rule::ControlCharacter
        } else if Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        {
            return Ok(Self(text.into()));
        } else {
            Rule::NotAWebAddress
        };
        Err(InvalidValue::new(ValueKind::PageUrl, rule))
    }
}

impl TryFrom<&Url> for PageUrl {
    type Error = InvalidValue;

    fn try_from(url: &Url) -> Result<Self, InvalidValue> {
        url.as_str().parse()
    }
}

impl fmt::Debug for PageUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = Url::parse(&self.0).ok();
        write!(f, "PageUrl({}/…)", url.as_ref().and_then(Url::host_str).unwrap_or_default())
    }
}

impl Serialize for PageUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}
