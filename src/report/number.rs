//! Numbers as people write them.

/// A number with commas between its thousands.
pub(super) fn grouped(number: u64) -> String {
    grouped_digits(&number.to_string())
}

/// Digits with commas between the thousands.
pub(super) fn grouped_digits(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
