//! Identifiers, which are sent as they are, without outer blanks.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::{InvalidValue, Rule, ValueKind};

/// The longest identifier we send, in bytes. Meta publishes no limit; real ones are far shorter.
const MAX_ID: usize = 1024;

/// Trims outer blanks, and checks that 1 to `longest` bytes without control characters are left.
pub(super) fn identifier(kind: ValueKind, text: &str, longest: usize) -> Result<&str, InvalidValue> {
    let text = text.trim_matches(|letter: char| letter.is_whitespace() || is_invisible(letter));
    let rule = if text.is_empty() {
        Rule::Empty
    } else if text.len() > longest {
        Rule::TooLong(longest)
    } else if text.chars().any(char::is_control) {
        Rule::ControlCharacter
    } else {
        return Ok(text);
    };
    Err(InvalidValue::new(kind, rule))
}

/// Whether a character is invisible, such as the zero-width blanks and byte-order marks that exports leave behind.
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// The text of an identifier, and how it is sent.
///
/// A text that is no longer than a UUID is kept in place: there are millions, and to allocate each would cost more
/// than everything else that is done with them. The form stands beside the text, where it takes no room of its own.
#[derive(Eq)]
pub(crate) enum Identifier {
    /// The text with zeros behind it, and its length.
    Here([u8; Identifier::ROOM], u8, Form),
    OnHeap(Box<str>, Form),
}

/// How an identifier is sent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Form {
    /// A text of which nothing has to be escaped in JSON.
    PlainText,
    Text,
    Number,
}

impl Identifier {
    /// The longest text that is kept in place, in bytes.
    pub(crate) const ROOM: usize = 36;

    pub(crate) fn as_str(&self) -> &str {
        str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    #[inline]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Here(text, length, _) => &text[..usize::from(*length).min(Self::ROOM)],
            Self::OnHeap(text, _) => text.as_bytes(),
        }
    }

    /// The text with what is behind it, and its length, if it is kept in place.
    #[inline]
    pub(crate) fn in_place(&self) -> Option<(&[u8; Self::ROOM], usize)> {
        match self {
            Self::Here(text, length, _) => Some((text, usize::from(*length))),
            Self::OnHeap(..) => None,
        }
    }

    #[inline]
    fn form(&self) -> Form {
        match self {
            Self::Here(.., form) | Self::OnHeap(_, form) => *form,
        }
    }

    /// Whether nothing in it has to be escaped in JSON.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        self.form() != Form::Text
    }
}

impl PartialEq for Identifier {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Here(one, length, form), Self::Here(other, other_length, other_form)) => {
                let words = one.as_chunks::<4>().0.iter().zip(other.as_chunks::<4>().0);
                let differs = |(one, other): (&[u8; 4], &[u8; 4])| {
                    u32::from_ne_bytes(*one) ^ u32::from_ne_bytes(*other)
                };
                // Without a call, and without a look at each word by itself.
                let differences = words.map(differs).fold(0, |all, word| all | word);
                (length, form) == (other_length, other_form) && differences == 0
            }
            _ => self.form() == other.form() && self.as_bytes() == other.as_bytes(),
        }
    }
}

impl Clone for Identifier {
    #[inline]
    fn clone(&self) -> Self {
        match self {
            Self::Here(text, length, form) => Self::Here(*text, *length, *form),
            Self::OnHeap(text, form) => Self::OnHeap(text.clone(), *form),
        }
    }

    /// Copies a short text to its place; a clone would be built elsewhere and moved.
    #[inline]
    fn clone_from(&mut self, source: &Self) {
        if let (Self::Here(to, to_length, to_form), Self::Here(from, length, form)) = (&mut *self, source) {
            *to = *from;
            *to_length = *length;
            *to_form = *form;
        } else {
            *self = source.clone();
        }
    }
}

impl Identifier {
    /// Reads an identifier of at most [`MAX_ID`] bytes.
    #[inline]
    fn read(kind: ValueKind, text: &str) -> Result<Self, InvalidValue> {
        match Self::short(text.as_bytes()) {
            Some(identifier) => Ok(identifier),
            None => identifier(kind, text, MAX_ID).map(Self::from),
        }
    }

    fn new(text: &str, form: Form) -> Self {
        let mut place = [0; Self::ROOM];
        match (place.get_mut(..text.len()), u8::try_from(text.len())) {
            (Some(room), Ok(length)) => {
                room.copy_from_slice(text.as_bytes());
                Self::Here(place, length, form)
            }
            _ => Self::OnHeap(text.into(), form),
        }
    }

    /// Reads the usual identifiers: at most 16 bytes with nothing to trim, nothing to refuse and nothing to escape.
    /// They are read as two numbers.
    #[inline]
    fn short(text: &[u8]) -> Option<Self> {
        let length = u8::try_from(text.len()).ok().filter(|length| (1..=16).contains(length))?;
        let words = match (text.first_chunk(), text.last_chunk()) {
            (Some(first), Some(last)) => {
                let behind = u64::from_le_bytes(*last).checked_shr(8 * (16 - u32::from(length)));
                [u64::from_le_bytes(*first), behind.unwrap_or_default()]
            }
            _ => [text.iter().rfold(0, |word, byte| word << 8 | u64::from(*byte)), 0],
        };
        let filled = [length, length.saturating_sub(8)].map(|length| filler_behind(length.into()));
        if !is_usual(words[0] | filled[0]) || !is_usual(words[1] | filled[1]) {
            return None;
        }
        let mut text = [0; Self::ROOM];
        text[..8].copy_from_slice(&words[0].to_le_bytes());
        text[8..16].copy_from_slice(&words[1].to_le_bytes());
        Some(Self::Here(text, length, Form::PlainText))
    }
}

/// Eight bytes, as many of them zero as there are bytes of a text, and fillers behind them.
fn filler_behind(length: u32) -> u64 {
    u64::from_le_bytes([b'0'; 8]).checked_shl(8 * length).unwrap_or_default()
}

/// Whether eight bytes are printable ASCII without blanks, quotes and backslashes.
fn is_usual(word: u64) -> bool {
    const HIGHEST: u64 = of_each(0x80);
    const fn of_each(byte: u8) -> u64 {
        u64::from_le_bytes([byte; 8])
    }
    // In bytes below 0x80, no sum carries into the next byte. Its highest bit is set from the wanted number on.
    let from = |lowest: u8| word.wrapping_add(of_each(0x80 - lowest));
    let is_other = |byte: u8| (word ^ of_each(byte)).wrapping_add(of_each(0x7F));
    let is_usual = from(b'!') & !from(0x7F) & is_other(b'"') & is_other(b'\\');
    word & HIGHEST == 0 && is_usual & HIGHEST == HIGHEST
}

impl From<&str> for Identifier {
    fn from(text: &str) -> Self {
        let is_plain = text.bytes().all(|byte| !matches!(byte, ..b' ' | b'"' | b'\\'));
        Self::new(text, if is_plain { Form::PlainText } else { Form::Text })
    }
}

impl PartialOrd for Identifier {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Identifier {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_bytes().cmp(other.as_bytes()).then_with(|| self.form().cmp(&other.form()))
    }
}

impl Hash for Identifier {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

macro_rules! identifiers {
    ($($(#[$doc:meta])+ $name:ident),+ $(,)?) => {$(
        $(#[$doc])+
        #[derive(PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Identifier);

        impl Clone for $name {
            #[inline]
            fn clone(&self) -> Self {
                Self(self.0.clone())
            }

            #[inline]
            fn clone_from(&mut self, source: &Self) {
                self.0.clone_from(&source.0);
            }
        }

        impl $name {
            /// The identifier as it is sent.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }

            pub(crate) fn text(&self) -> &Identifier {
                &self.0
            }

            /// Reads the usual identifiers: at most 16 printable bytes, without blanks and nothing to escape.
            #[inline]
            pub(crate) fn short(text: &[u8]) -> Option<Self> {
                Identifier::short(text).map(Self)
            }
        }

        impl FromStr for $name {
            type Err = InvalidValue;

            /// Trims outer blanks, and changes nothing else.
            ///
            /// # Errors
            ///
            /// [`Rule::Empty`], [`Rule::TooLong`] above 1,024 bytes, [`Rule::ControlCharacter`].
            #[inline]
            fn from_str(text: &str) -> Result<Self, InvalidValue> {
                Identifier::read(ValueKind::$name, text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:?})"), self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    )+};
}

identifiers! {
    /// A receipt or transaction number, by which Meta deduplicates offline events.
    ///
    /// It is text, never a number: `007` and `7` differ, and so do `A1` and `a1`.
    ///
    /// ```
    /// use meta_offline_events::value::OrderId;
    ///
    /// let order: OrderId = " A1 ".parse()?;
    /// assert_eq!(order.as_str(), "A1");
    /// # Ok::<(), meta_offline_events::value::InvalidValue>(())
    /// ```
    OrderId,
    /// The id of one event, the same on every attempt to send it.
    ///
    /// ```
    /// use meta_offline_events::value::EventId;
    ///
    /// assert_eq!("order-10001".parse::<EventId>()?.as_str(), "order-10001");
    /// # Ok::<(), meta_offline_events::value::InvalidValue>(())
    /// ```
    EventId,
}

/// The id of a product: a stock-keeping unit, or the id of a catalogue entry.
///
/// It is usually text, so `007` and `7` differ. Meta also takes whole numbers: an id from a `u64` is sent as a number.
///
/// ```
/// use meta_offline_events::value::ProductId;
///
/// let sku: ProductId = " SKU-1 ".parse()?;
/// assert_eq!(sku.as_str(), "SKU-1");
/// assert_eq!(serde_json::to_string(&ProductId::from(1234))?, "1234");
/// assert_eq!(serde_json::to_string(&"1234".parse::<ProductId>()?)?, r#""1234""#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProductId(Identifier);

impl ProductId {
    /// The id as text; the digits of a number.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether it is sent as a number.
    pub(crate) fn is_number(&self) -> bool {
        self.0.form() == Form::Number
    }

    pub(crate) fn text(&self) -> &Identifier {
        &self.0
    }

    /// Reads the usual identifiers: at most 16 printable bytes, without blanks and nothing to escape.
    #[inline]
    pub(crate) fn short(text: &[u8]) -> Option<Self> {
        Identifier::short(text).map(Self)
    }
}

impl FromStr for ProductId {
    type Err = InvalidValue;

    /// Trims outer blanks, and changes nothing else.
    ///
    /// # Errors
    ///
    /// [`Rule::Empty`], [`Rule::TooLong`] above 1,024 bytes, [`Rule::ControlCharacter`].
    #[inline]
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        Identifier::read(ValueKind::ProductId, text).map(Self)
    }
}

impl From<u64> for ProductId {
    fn from(number: u64) -> Self {
        Self(Identifier::new(&number.to_string(), Form::Number))
    }
}

impl fmt::Display for ProductId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for ProductId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProductId({:?})", self.as_str())
    }
}

impl Serialize for ProductId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.as_str().parse() {
            Ok(number) if self.is_number() => serializer.serialize_u64(number),
            _ => serializer.serialize_str(self.as_str()),
        }
    }
}

impl EventId {
    /// The id of these hexadecimal digits.
    #[inline]
    pub(crate) fn of_hex(digits: &[u8; 32]) -> Self {
        let mut text = [0; Identifier::ROOM];
        text[..digits.len()].copy_from_slice(digits);
        Self(Identifier::Here(text, 32, Form::PlainText))
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])+ $name:ident $longest:literal $may_hold:path => $rule:ident),+ $(,)?) => {$(
        $(#[$doc])+
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// The code as it is sent.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidValue;

            /// Trims outer blanks, and changes nothing else.
            ///
            /// # Errors
            ///
            #[doc = concat!("[`Rule::Empty`], [`Rule::TooLong`] above ", $longest, " bytes,")]
            #[doc = concat!("[`Rule::", stringify!($rule), "`].")]
            fn from_str(text: &str) -> Result<Self, InvalidValue> {
                let code = identifier(ValueKind::$name, text, $longest)?;
                if code.bytes().all(|byte| $may_hold(&byte)) {
                    Ok(Self(code.into()))
                } else {
                    Err(InvalidValue::new(ValueKind::$name, Rule::$rule))
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
    )+};
}

codes! {
    /// The id of a dataset (formerly: pixel): digits only, at most 20.
    ///
    /// ```
    /// use meta_offline_events::value::DatasetId;
    ///
    /// assert_eq!("123456789012345".parse::<DatasetId>()?.as_str(), "123456789012345");
    /// assert!("../me".parse::<DatasetId>().is_err());
    /// # Ok::<(), meta_offline_events::value::InvalidValue>(())
    /// ```
    DatasetId 20 u8::is_ascii_digit => NotDigits,
    /// The id of a page on Facebook, such as that of a store: digits only, at most 20.
    ///
    /// ```
    /// use meta_offline_events::value::PageId;
    ///
    /// assert_eq!("1234567890".parse::<PageId>()?.as_str(), "1234567890");
    /// assert!("example-store".parse::<PageId>().is_err());
    /// # Ok::<(), meta_offline_events::value::InvalidValue>(())
    /// ```
    PageId 20 u8::is_ascii_digit => NotDigits,
    /// The id of an app at Meta: digits only, at most 20.
    ///
    /// ```
    /// use meta_offline_events::value::AppId;
    ///
    /// assert_eq!("138483919580948".parse::<AppId>()?.as_str(), "138483919580948");
    /// assert!("../me".parse::<AppId>().is_err());
    /// # Ok::<(), meta_offline_events::value::InvalidValue>(())
    /// ```
    AppId 20 u8::is_ascii_digit => NotDigits,
    /// The id of a business at Meta (its portfolio, formerly: Business Manager): digits only, at most 20.
    ///
    /// ```
    /// use meta_offline_events::value::BusinessId;
    ///
    /// assert_eq!("1234567890".parse::<BusinessId>()?.as_str(), "1234567890");
    /// assert!("../me".parse::<BusinessId>().is_err());
    /// # Ok::<(), meta_offline_events::value::InvalidValue>(())
    /// ```
    BusinessId 20 u8::is_ascii_digit => NotDigits,
    /// The id of a person or a system user at Meta: digits only, at most 20.
    ///
    /// ```
    /// use meta_offline_events::value::UserId;
    ///
    /// assert_eq!("1234567890".parse::<UserId>()?.as_str(), "1234567890");
    /// assert!("../me".parse::<UserId>().is_err());
    /// # Ok::<(), meta_offline_events::value::InvalidValue>(())
    /// ```
    UserId 20 u8::is_ascii_digit => NotDigits,
    /// The id of an ad account at Meta, without the `act_` that Meta's pages put before it: digits only, at most 20.
    ///
    /// ```
    /// use meta_offline_events::value::AdAccountId;
    ///
    /// assert_eq!("1234567890".parse::<AdAccountId>()?.as_str(), "1234567890");
    /// assert!("act_1234567890".parse::<AdAccountId>().is_err());
    /// # Ok::<(), meta_offline_events::value::InvalidValue>(())
    /// ```
    AdAccountId 20 u8::is_ascii_digit => NotDigits,
    /// The advertiser's own code of a store: letters A to Z and digits, at most 64.
    ///
    /// ```
    /// use meta_offline_events::value::StoreCode;
    ///
    /// assert_eq!("BERLIN07".parse::<StoreCode>()?.as_str(), "BERLIN07");
    /// assert!("Berlin 07".parse::<StoreCode>().is_err());
    /// # Ok::<(), meta_offline_events::value::InvalidValue>(())
    /// ```
    StoreCode 64 u8::is_ascii_alphanumeric => NotAlphanumeric,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn short_identifiers_are_read_as_all_others(
            text in prop_oneof!["[ -~]{0,18}", "[!-~]{0,18}", "[!\"#\\[\\\\\\]~\u{7f}\u{0}\u{80}é ]{0,9}"],
        ) {
            let any = identifier(ValueKind::OrderId, &text, MAX_ID).map(Identifier::from);
            let read = Identifier::read(ValueKind::OrderId, &text);
            prop_assert_eq!(read.is_ok(), any.is_ok());
            if let (Ok(read), Ok(any)) = (read, any) {
                prop_assert!(read == any, "{:?}", text);
            }
            let usual = |byte: u8| matches!(byte, b'!'..=b'~') && !matches!(byte, b'"' | b'\\');
            let is_usual = (1..=16).contains(&text.len()) && text.bytes().all(usual);
            prop_assert_eq!(Identifier::short(text.as_bytes()).is_some(), is_usual);
        }
    }

    #[test]
    fn s12_a_dataset_id_cannot_leave_its_place_in_the_path() {
        for text in ["", "  ", "../me", "1?x=", "1 2", "12a", "１２", "1\n", "123456789012345678901"] {
            let parsed = text.parse::<DatasetId>();
            assert_eq!(parsed.is_ok(), text.trim() == "1", "{text:?}");
        }
    }

    #[test]
    fn v15_order_ids_are_text() {
        let id = |text: &str| text.parse::<OrderId>();
        assert_ne!(id("007"), id("7"));
        assert_ne!(id("A1"), id("a1"));
        assert_eq!(id("A1 "), id("A1"));
        assert_eq!(id("\u{feff}A1\u{200b}"), id("A1"));
        assert_eq!(id("\u{200b}").map_err(InvalidValue::rule), Err(Rule::Empty));
        assert_eq!(id("A\u{0}1").map_err(InvalidValue::rule), Err(Rule::ControlCharacter));
        assert_eq!(id(&"x".repeat(1025)).map_err(InvalidValue::rule), Err(Rule::TooLong(1024)));
    }
}
