//! Decimal numbers as text: how they are read, and how they are written.

use super::Rule;
use super::wide_sum::{MAX_DIGITS, Number, TOO_LARGE};

/// Reads the usual numbers: at most 18 digits that begin with a digit, without sign and blanks, and with this sign
/// before the decimals.
#[inline]
pub(super) fn read_short(text: &[u8], decimal_sign: u8) -> Option<(i64, u8)> {
    const MAX_DIGITS: usize = 18;
    let mut units = 0;
    let mut point = None;
    if text.is_empty() || text.len() > MAX_DIGITS {
        return None;
    }
    for (place, &byte) in text.iter().enumerate() {
        match byte {
            b'0'..=b'9' => units = units * 10 + i64::from(byte - b'0'),
            _ if byte == decimal_sign && point.is_none() && place > 0 => point = Some(place),
            _ => return None,
        }
    }
    let decimals = match point {
        Some(point) if point + 1 == text.len() => return None,
        Some(point) => text.len() - point - 1,
        None => 0,
    };
    Some((units, u8::try_from(decimals).ok()?))
}

/// Reads the number of these eight digits, all at once.
#[inline]
pub(crate) fn read_eight_digits(text: [u8; 8]) -> Option<u32> {
    const fn of_each(byte: u8) -> u64 {
        u64::from_le_bytes([byte; 8])
    }
    let digits = u64::from_le_bytes(text) ^ of_each(b'0');
    if (digits.wrapping_add(of_each(0x80 - 10)) | digits) & of_each(0x80) != 0 {
        return None;
    }
    // The first digit is in the lowest byte. Neighbours are joined: to numbers of two, of four and of eight digits.
    let pairs = (digits * 10 + (digits >> 8)) & 0x00FF_00FF_00FF_00FF;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_FFFF_0000_FFFF;
    u32::try_from((fours * 10_000 + (fours >> 32)) & 0xFFFF_FFFF).ok()
}

/// Reads a number of any length. It has no zeros at its end.
pub(super) fn read(text: &str) -> Result<Number, Rule> {
    let text = text.trim();
    let digits = text.strip_prefix('-').unwrap_or(text);
    if text.is_empty() {
        return Err(Rule::Empty);
    }
    let points = digits.bytes().filter(|&byte| byte == b'.').count();
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let some = digits.bytes().any(|byte| byte.is_ascii_digit());
    if !plain || !some || points > 1 || digits.ends_with('.') {
        return Err(unreadable(digits));
    }
    let (units, decimals) = many_digits(digits).ok_or(Rule::TooManyDigits)?;
    Ok((if digits.len() < text.len() { -units } else { units }, decimals))
}

/// Reads digits with a point among them, unless they are too many.
fn many_digits(digits: &str) -> Option<Number> {
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let decimals = decimals.trim_end_matches('0');
    let append =
        |units: i128, byte: u8| (units < TOO_LARGE / 10).then(|| units * 10 + i128::from(byte - b'0'));
    let units = whole.bytes().chain(decimals.bytes()).try_fold(0, append)?;
    let decimals = u8::try_from(decimals.len()).ok().filter(|&decimals| decimals <= MAX_DIGITS)?;
    Some((units, decimals))
}

/// Names what is wrong with a text that is no plain number.
fn unreadable(text: &str) -> Rule {
    let bytes = text.as_bytes();
    let numeric = |extra: &[u8]| {
        bytes.iter().any(u8::is_ascii_digit)
            && bytes.iter().all(|byte| byte.is_ascii_digit() || extra.contains(byte))
    };
    if text.matches('.').count() == 1 && text.ends_with('.') && numeric(b".") {
        Rule::NotANumber
    } else if numeric(b".,' ") {
        Rule::NumberStyle
    } else if bytes.first().is_some_and(u8::is_ascii_digit) && numeric(b".eE+-") && text.contains(['e', 'E'])
    {
        Rule::Exponent
    } else {
        Rule::NotANumber
    }
}

/// The digits of a number, on the stack.
pub(crate) struct Digits {
    text: [u8; Self::ROOM],
    /// The text ends where the room does.
    start: usize,
}

impl Digits {
    /// A sign, 38 digits, a point and a zero before it.
    const ROOM: usize = 41;

    /// The digits of this number, the last ones of which are decimals.
    pub(super) fn of(number: i128, decimals: u32) -> Self {
        let mut digits = Self { text: [0; Self::ROOM], start: Self::ROOM };
        let mut units = number.unsigned_abs();
        let mut written = 0;
        while units > 0 || written <= decimals {
            digits.put(b'0' + (units % 10) as u8);
            units /= 10;
            written += 1;
            if written == decimals {
                digits.put(b'.');
            }
        }
        if number < 0 {
            digits.put(b'-');
        }
        digits
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.text[self.start..]
    }

    fn put(&mut self, byte: u8) {
        self.start -= 1;
        self.text[self.start] = byte;
    }
}
