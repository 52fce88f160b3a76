//! The one filter for text from outside: it cuts, removes control characters, and masks secrets and customer
//! values in case an answer quotes what was sent.

use std::borrow::Cow;
use std::cmp::Reverse;

/// Filters texts from outside.
#[derive(Default)]
pub(crate) struct TextFilter<'t> {
    secrets: Vec<Cow<'t, str>>,
}

/// The most characters of a text that are kept.
const LONGEST: usize = 1000;

/// The most characters of a text that are read.
const MAX_READ: usize = 16_000;

/// This many hexadecimal digits in a row are masked as a digest.
const DIGEST: usize = 32;

const MASK: &str = "[…]";

impl<'t> TextFilter<'t> {
    /// Also masks these texts, besides e-mail addresses and digests.
    pub(crate) fn masking(secrets: impl IntoIterator<Item = impl Into<Cow<'t, str>>>) -> Self {
        let secrets = secrets.into_iter().map(Into::into).filter(|secret| !secret.is_empty());
        Self { secrets: secrets.collect() }
    }

    /// Returns the text in a form that is safe to show.
    pub(crate) fn clean(&self, text: &str) -> Box<str> {
        let mut text = beginning(text).to_owned();
        let mut quoted: Vec<&str> = self.secrets.iter().map(AsRef::as_ref).collect();
        quoted.retain(|secret| text.contains(secret));
        // A secret may hold another: the longer one has to go first.
        quoted.sort_unstable_by_key(|secret| Reverse(secret.len()));
        for secret in quoted {
            text = text.replace(secret, MASK);
        }
        let mut clean = String::with_capacity(text.len().min(LONGEST));
        for word in
            text.split(|letter: char| letter.is_whitespace() || letter.is_control() || is_invisible(letter))
        {
            if word.is_empty() {
                continue;
            }
            if !clean.is_empty() {
                clean.push(' ');
            }
            clean.push_str(&mask_word(word));
        }
        match clean.char_indices().nth(LONGEST) {
            None => clean.into(),
            Some((end, _)) => format!("{}…", &clean[..end]).into(),
        }
    }
}

/// As much of a text as can matter, cut between words so that no secret is cut.
fn beginning(text: &str) -> &str {
    let Some((end, _)) = text.char_indices().nth(MAX_READ) else { return text };
    let cut = &text[..end];
    cut.rfind(char::is_whitespace).map_or(MASK, |space| &cut[..space])
}

/// Marks that change the direction of text, and others without a shape.
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Masks the part of a word that is an address or a digest.
fn mask_word(word: &str) -> Cow<'_, str> {
    let is_digest = word.split(|letter: char| !letter.is_ascii_hexdigit()).any(|run| run.len() >= DIGEST);
    if is_digest || word.contains('@') { MASK.into() } else { word.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r38_s14_text_is_cut_and_has_no_escapes() {
        let filter = TextFilter::default();
        assert_eq!(&*filter.clean("a\u{1b}[31mb\r\n\tc\u{202e}d"), "a [31mb c d");
        assert_eq!(&*filter.clean(&"x".repeat(1_000_000)), MASK, "no words, nothing to read");
        assert_eq!(filter.clean(&"ж".repeat(10_000)).chars().count(), LONGEST + 1);
        assert_eq!(filter.clean(&"x ".repeat(1_000_000)).chars().count(), LONGEST + 1);
    }

    #[test]
    fn r41_what_was_sent_is_masked() {
        let filter = TextFilter::masking(["EAABsecret", "Mozilla/5.0 (X11)", "Mozilla"]);
        let digest = "f1904cf1a9d73a55fa5de0ac823c4403ded71afd4c3248d00bdcd0866552bb79";
        let quoted = format!("token EAABsecret em [\"{digest}\"] ua Mozilla/5.0 (X11) mary@example.com end");
        assert_eq!(&*filter.clean(&quoted), "token […] em […] ua […] […] end");
    }
}
