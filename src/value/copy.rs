//! Copies of short texts.

/// Copies a text to a place of the same length. Most are short, and are copied in two pieces that may overlap, without
/// a call.
#[inline]
pub(crate) fn copy(text: &[u8], place: &mut [u8]) {
    match text.len() {
        ..4 => place.iter_mut().zip(text).for_each(|(to, from)| *to = *from),
        4..8 => copy_ends::<4>(text, place),
        8..16 => copy_ends::<8>(text, place),
        16..=32 => copy_ends::<16>(text, place),
        _ => place.copy_from_slice(text),
    }
}

#[inline]
fn copy_ends<const LENGTH: usize>(text: &[u8], place: &mut [u8]) {
    if let (Some(from), Some(to)) = (text.first_chunk::<LENGTH>(), place.first_chunk_mut()) {
        *to = *from;
    }
    if let (Some(from), Some(to)) = (text.last_chunk::<LENGTH>(), place.last_chunk_mut()) {
        *to = *from;
    }
}

/// How many bytes there are in the words of a text.
pub(crate) const WORDS: usize = 32;

/// The words of a text of at most [`WORDS`] bytes, with zeros behind it. They are put together of pieces that may overlap,
/// and do not wait for memory.
#[inline]
pub(crate) fn words(text: &[u8]) -> [u64; 4] {
    debug_assert!(text.len() <= WORDS, "the text has more words");
    let length = text.len();
    let bits = |bytes: usize| 8 * u32::try_from(bytes).unwrap_or(u32::MAX);
    if let (Some(first), Some(last)) = (text.first_chunk::<16>(), text.last_chunk::<16>()) {
        let behind = u128::from_le_bytes(*last).checked_shr(bits(WORDS - length)).unwrap_or_default();
        let behind = behind.to_le_bytes();
        [word(first, 0), word(first, 1), word(&behind, 0), word(&behind, 1)]
    } else if let (Some(first), Some(last)) = (text.first_chunk::<8>(), text.last_chunk::<8>()) {
        let behind = u64::from_le_bytes(*last).checked_shr(bits(16 - length)).unwrap_or_default();
        [u64::from_le_bytes(*first), behind, 0, 0]
    } else if let (Some(first), Some(last)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        let [first, last] = [first, last].map(|bytes| u64::from(u32::from_le_bytes(*bytes)));
        [first | last << bits(length - 4), 0, 0, 0]
    } else {
        [text.iter().rfold(0, |word, byte| word << 8 | u64::from(*byte)), 0, 0, 0]
    }
}

/// The words of the first `length` bytes of a text. With enough bytes behind these, that takes no branch.
#[inline]
pub(crate) fn first_words(text: &[u8], length: usize) -> [u64; 4] {
    /// From its byte `WORDS - length` on, it keeps as many bytes.
    static MASKS: [u8; 2 * WORDS] = {
        let mut masks = [0; 2 * WORDS];
        let mut place = 0;
        while place < WORDS {
            masks[place] = 0xFF;
            place += 1;
        }
        masks
    };
    match (text.first_chunk(), MASKS[WORDS - length..].first_chunk()) {
        (Some(text), Some(mask)) => {
            let (text, mask) = (split(text), split(mask));
            [text[0] & mask[0], text[1] & mask[1], text[2] & mask[2], text[3] & mask[3]]
        }
        _ => words_at_end(&text[..length]),
    }
}

#[inline(never)]
fn words_at_end(text: &[u8]) -> [u64; 4] {
    words(text)
}

#[inline]
fn split(text: &[u8; WORDS]) -> [u64; 4] {
    [word(text, 0), word(text, 1), word(text, 2), word(text, 3)]
}

#[inline]
fn word(text: &[u8], place: usize) -> u64 {
    u64::from_le_bytes(text.as_chunks().0[place])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_text_alone_whatever_stands_behind_it() {
        let bytes: Vec<u8> = (1..).take(2 * WORDS).collect();
        for length in 0..=WORDS {
            let mut padded = [0; WORDS];
            padded[..length].copy_from_slice(&bytes[..length]);
            let expected: Vec<u64> =
                padded.as_chunks().0.iter().map(|word| u64::from_le_bytes(*word)).collect();
            assert_eq!(words(&bytes[..length]).as_slice(), expected);
            for behind in 0..=WORDS {
                let from_here = &bytes[..length + behind];
                assert_eq!(first_words(from_here, length).as_slice(), expected, "{length} and {behind}");
            }
        }
    }
}
