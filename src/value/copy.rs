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

/// The words of a short text, with zeros behind it. They are put together of pieces that may overlap, and do not wait for
/// memory.
#[inline]
pub(crate) fn words(text: &[u8]) -> [u64; 4] {
    let length = text.len();
    let bits = |bytes: usize| 8 * u32::try_from(bytes).unwrap_or(u32::MAX);
    if let (Some(first), Some(last)) = (text.first_chunk::<16>(), text.last_chunk::<16>()) {
        let behind =
            u128::from_le_bytes(*last).checked_shr(bits(WORDS.saturating_sub(length))).unwrap_or_default();
        let [first, behind] = [u128::from_le_bytes(*first), behind].map(|pair| [pair, pair >> 64]);
        return [first[0], first[1], behind[0], behind[1]].map(low_half);
    }
    if let (Some(first), Some(last)) = (text.first_chunk::<8>(), text.last_chunk::<8>()) {
        let behind = u64::from_le_bytes(*last).checked_shr(bits(16 - length)).unwrap_or_default();
        return [u64::from_le_bytes(*first), behind, 0, 0];
    }
    if let (Some(first), Some(last)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        let [first, last] = [first, last].map(|bytes| u64::from(u32::from_le_bytes(*bytes)));
        return [first | last << bits(length - 4), 0, 0, 0];
    }
    [text.iter().rfold(0, |word, byte| word << 8 | u64::from(*byte)), 0, 0, 0]
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the other half stands in another word")]
fn low_half(pair: u128) -> u64 {
    pair as u64
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
    let word = |place: usize| u64::from_le_bytes(text.as_chunks().0[place]);
    [word(0), word(1), word(2), word(3)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_text_alone_whatever_stands_behind_it() {
        let bytes: Vec<u8> = (1..=2 * 32).collect();
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
