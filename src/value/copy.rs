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

/// The words of a short text, with zeros behind it.
#[inline]
pub(crate) fn words(text: &[u8]) -> [u64; 4] {
    let mut padded = [0; WORDS];
    copy(text, &mut padded[..text.len()]);
    split(&padded)
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
