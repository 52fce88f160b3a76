//! SHA-256 digests: all that is kept of a text that is hashed.

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::de::{Deserialize, Deserializer};
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::value::{Found, read_unquoted};

/// A SHA-256 digest: 32 bytes, written as 64 lower-case hexadecimal digits.
///
/// ```
/// use meta_offline_events::customer::Hashed;
///
/// let digest = Hashed::of("mary@example.com");
/// let hex = "f1904cf1a9d73a55fa5de0ac823c4403ded71afd4c3248d00bdcd0866552bb79";
/// assert_eq!(digest.to_string(), hex);
/// assert_eq!(Hashed::from_hex(hex), Ok(digest));
/// assert_eq!(format!("{digest:?}"), "Hashed(…)");
/// ```
///
/// A digest serializes as its 64 digits, and deserializes from them.
///
/// `Debug` shows a placeholder, because the digest of an e-mail address identifies a person as well as
/// the address does; `Display` and [`to_hex`](Hashed::to_hex) write the digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hashed([u8; 32]);

impl Hash for Hashed {
    /// Digests are as good as random, so eight of the bytes are enough to tell them apart in a table.
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.beginning());
    }
}

impl Hashed {
    pub(super) const HEX_DIGITS: usize = 64;

    /// Hashes exactly this text, without cleaning it.
    ///
    /// ```
    /// use meta_offline_events::customer::{CleaningOptions, Hashed, MatchKey};
    ///
    /// let cleaned = MatchKey::Email.normalize(" Mary@Example.com ", &CleaningOptions::default())?;
    /// assert_eq!(cleaned.digest(), Some(Hashed::of("mary@example.com")));
    /// assert_ne!(cleaned.digest(), Some(Hashed::of(" Mary@Example.com ")));
    /// # Ok::<(), meta_offline_events::customer::UnusableReason>(())
    /// ```
    ///
    /// Meta compares digests of cleaned text: bring the text into its normal form first, with
    /// [`MatchKey::normalize`](super::MatchKey::normalize).
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    /// Takes the 32 bytes of a digest.
    ///
    /// ```
    /// use meta_offline_events::customer::Hashed;
    ///
    /// let digest = Hashed::of("mary@example.com");
    /// assert_eq!(Hashed::from_bytes(*digest.as_bytes()), digest);
    /// ```
    #[inline]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Parses 64 hexadecimal digits, in upper or lower case.
    ///
    /// ```
    /// use meta_offline_events::customer::{Hashed, NotSha256};
    ///
    /// let hex = Hashed::of("mary@example.com").to_string();
    /// assert_eq!(Hashed::from_hex(&hex.to_uppercase()), Ok(Hashed::of("mary@example.com")));
    /// assert_eq!(Hashed::from_hex(&hex[1..]), Err(NotSha256));
    /// ```
    ///
    /// # Errors
    ///
    /// [`NotSha256`] for anything else: MD5, SHA-1, base64, blanks around the digits.
    pub fn from_hex(text: &str) -> Result<Self, NotSha256> {
        let digits: &[u8; 64] = text.as_bytes().try_into().map_err(|_| NotSha256)?;
        let (pairs, _) = digits.as_chunks::<2>();
        let mut bytes = [0; 32];
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = nibble(*high)? << 4 | nibble(*low)?;
        }
        Ok(Self(bytes))
    }

    /// The first eight bytes.
    pub(super) fn beginning(self) -> u64 {
        self.0.first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Writes the 64 lower-case hexadecimal digits without allocating.
    ///
    /// ```
    /// use meta_offline_events::customer::Hashed;
    ///
    /// let digest = Hashed::of("mary@example.com");
    /// assert_eq!(digest.to_hex().as_str(), digest.to_string());
    /// ```
    #[inline]
    pub fn to_hex(self) -> HexText {
        let mut text = HexText([0; 64]);
        self.write_hex(&mut text.0);
        text
    }

    /// Writes the digits to their place.
    #[inline]
    pub(crate) fn write_hex(&self, text: &mut [u8; 64]) {
        // Arithmetic instead of a table: the compiler makes it work on many digits at once. Each half of `pair` holds
        // a value below 16; adding 6 carries into the next bit where it stands for a letter.
        const LETTER: u16 = (b'a' - b'9' - 1) as u16;
        for (place, byte) in text.as_chunks_mut::<2>().0.iter_mut().zip(self.0) {
            let pair = u16::from(byte >> 4) | u16::from(byte & 15) << 8;
            let letters = ((pair + 0x0606) >> 4) & 0x0101;
            *place = (pair + u16::from_le_bytes(*b"00") + letters * LETTER).to_le_bytes();
        }
    }
}

fn nibble(digit: u8) -> Result<u8, NotSha256> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        b'A'..=b'F' => Ok(digit - b'A' + 10),
        _ => Err(NotSha256),
    }
}

impl fmt::Display for Hashed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_hex().as_str())
    }
}

impl fmt::Debug for Hashed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hashed(…)")
    }
}

impl Serialize for Hashed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.to_hex().as_str())
    }
}

impl<'de> Deserialize<'de> for Hashed {
    /// Reads 64 hexadecimal digits. The error never shows the value that was there instead.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let make = |found: Found<'_>| match found {
            Found::Text(text) => Some(Self::from_hex(text)),
            Found::Number(_) => None,
        };
        read_unquoted("a SHA-256 digest, 64 hexadecimal digits", make, |visitor| {
            deserializer.deserialize_str(visitor)
        })
    }
}

/// The 64 hexadecimal digits of a digest, on the stack; [`Hashed::to_hex`] writes them.
///
/// ```
/// use meta_offline_events::customer::Hashed;
///
/// assert!(Hashed::of("mary").to_hex().as_str().starts_with("6915771be1c5aa0c"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct HexText([u8; 64]);

impl HexText {
    #[inline]
    pub(crate) fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl AsRef<str> for HexText {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Debug for HexText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HexText(…)")
    }
}

/// The error of a text that is not a SHA-256 digest.
///
/// ```
/// use meta_offline_events::customer::{Hashed, NotSha256};
///
/// assert_eq!(Hashed::from_hex("5f4dcc3b5aa765d61d8327deb882cf99"), Err(NotSha256));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a SHA-256 digest: write 64 hexadecimal digits")]
pub struct NotSha256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v31_digests_come_back_from_json_and_nothing_else_does() {
        let digest = Hashed::of("mary@example.com");
        let json = serde_json::to_string(&digest).unwrap();
        assert_eq!(serde_json::from_str::<Hashed>(&json).unwrap(), digest);
        assert_eq!(serde_json::from_str::<Hashed>(&json.to_uppercase()).unwrap(), digest);
        assert_eq!(serde_json::from_value::<Hashed>(serde_json::json!(digest)).unwrap(), digest);
        for json in
            ["\"mary@example.com\"", "16505551212", "null", "[\"mary\"]", "{\"mary\":1}", "\"\\u0061\""]
        {
            let error = serde_json::from_str::<Hashed>(json).unwrap_err().to_string();
            assert!(error.contains("SHA-256") && error.contains("64 hexadecimal digits"), "{error}");
            assert!(!error.contains("mary") && !error.contains("1650"), "{error}");
        }
    }

    #[test]
    fn v31_only_64_hexadecimal_digits_are_a_digest() {
        let hex = "6915771be1c5aa0c886870b6951b03d7eafc121fea0e80a5ea83beb7c449f4ec";
        assert_eq!(Hashed::from_hex(hex), Ok(Hashed::of("mary")));
        assert_eq!(Hashed::from_hex(&hex.to_uppercase()), Ok(Hashed::of("mary")));
        for text in [
            "",
            &hex[..63],
            &hex[..40],
            &hex[..32],
            &format!("{hex}0"),
            &format!(" {}", &hex[1..]),
            &format!("é{}", &hex[2..]),
            &"g".repeat(64),
            "aRV3G+HFqgyIaHC2lRsD1+r8Eh/qDoCl6oO+t8RJ9Ow=",
        ] {
            assert_eq!(Hashed::from_hex(text), Err(NotSha256));
        }
    }
}
