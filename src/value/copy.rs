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
