//! The one filter for text from outside: it cuts, removes control characters, and masks secrets and customer
//! values in case an answer quotes what was sent, however it disguises them.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

/// Filters texts from outside.
#[derive(Default)]
pub(crate) struct TextFilter<'t> {
    tokens: Vec<&'t str>,
    sent: Vec<Cow<'t, str>>,
}

/// The most characters of a text that are kept.
const LONGEST: usize = 1000;

/// The most characters of a text that are read.
const MAX_READ: usize = 16_000;

/// This many hexadecimal digits in a row are masked as a digest.
const DIGEST: usize = 32;

/// This many characters of the token in a row are masked: an answer may spread it over several texts.
const PIECE: usize = 6;

const MASK: &str = "[…]";

impl<'t> TextFilter<'t> {
    /// Also masks tokens, whole or in pieces, besides e-mail addresses and digests.
    pub(crate) fn masking(tokens: impl IntoIterator<Item = &'t str>) -> Self {
        Self { tokens: tokens.into_iter().collect(), sent: Vec::new() }
    }

    /// Also masks these texts that were sent.
    pub(crate) fn and(mut self, sent: impl IntoIterator<Item = Cow<'t, str>>) -> Self {
        self.sent.extend(sent.into_iter().filter(|text| !text.is_empty()));
        self
    }

    /// Returns the text in a form that is safe to show: at most 1,000 characters.
    pub(crate) fn clean(&self, text: &str) -> Box<str> {
        let text = self.masked(beginning(text));
        let mut clean = String::with_capacity(text.len().min(LONGEST));
        for word in text.split(is_gap) {
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

    /// The text with a mask in place of what is secret.
    fn masked(&self, text: &str) -> String {
        let plain = Plain::of(text);
        let mut is_secret = vec![false; plain.letters.len()];
        let tokens: Vec<_> = self.tokens.iter().map(|token| Plain::of(token).letters).collect();
        let pieces: HashSet<&[char]> =
            tokens.iter().flat_map(|token| token.windows(PIECE.min(token.len()).max(1))).collect();
        let lengths: HashSet<usize> = pieces.iter().map(|piece| piece.len()).collect();
        let whole: String = plain.letters.iter().collect();
        let may_fit = |sent: &&Cow<'_, str>| fewest_letters(sent) <= plain.letters.len();
        let mut sent: Vec<_> = self.sent.iter().filter(may_fit).map(|sent| Plain::of(sent).letters).collect();
        sent.retain(|secret| !secret.is_empty() && whole.contains(&secret.iter().collect::<String>()));
        for at in 0..is_secret.len() {
            let rest = &plain.letters[at..];
            let is_piece = |length: &usize| rest.get(..*length).is_some_and(|piece| pieces.contains(piece));
            let quoted = sent.iter().filter(|secret| rest.starts_with(secret)).map(Vec::len);
            let masked = lengths.iter().copied().filter(is_piece).chain(quoted).max();
            is_secret[at..at + masked.unwrap_or(0)].fill(true);
        }
        let mut masked = String::with_capacity(text.len());
        let mut shown_to = 0;
        for run in
            plain.places.iter().zip(&is_secret).collect::<Vec<_>>().chunk_by(|one, next| one.1 == next.1)
        {
            if let ([(first, true), ..], [.., (last, _)]) = (run, run) {
                masked.push_str(&text[shown_to..first.start]);
                masked.push_str(MASK);
                shown_to = last.end;
            }
        }
        masked.push_str(&text[shown_to..]);
        masked
    }
}

/// The letters of a text without disguise: in lower case, percent-encoding undone, and without whatever has no
/// shape; each with its place in the text.
struct Plain {
    letters: Vec<char>,
    places: Vec<Range<usize>>,
}

impl Plain {
    fn of(text: &str) -> Self {
        let mut plain = Self { letters: Vec::new(), places: Vec::new() };
        let mut at = 0;
        while let Some(letter) = text[at..].chars().next() {
            let (letter, length) = percent_encoded(&text[at..]).unwrap_or((letter, letter.len_utf8()));
            let letter = match u32::from(letter) {
                // Full width.
                wide @ 0xff01..=0xff5e => char::from_u32(wide - 0xfee0).unwrap_or(letter),
                _ => letter,
            };
            if !is_gap(letter) {
                for lower in letter.to_lowercase() {
                    plain.letters.push(lower);
                    plain.places.push(at..at + length);
                }
            }
            at += length;
        }
        plain
    }
}

/// At least how many letters a text has without disguise, found quickly: most texts that were sent are longer than
/// a trace id, and each answer has one.
fn fewest_letters(text: &str) -> usize {
    if text.is_ascii() && !text.contains('%') { text.bytes().filter(u8::is_ascii_graphic).count() } else { 0 }
}

/// The ASCII character that is percent-encoded at the start of a text, any number of times, and the length of that.
fn percent_encoded(text: &str) -> Option<(char, usize)> {
    let digits = text.strip_prefix('%')?;
    let code = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    let mut at = 0;
    while code(at) == Some(b'%') && code(at + 2).is_some() {
        at += 2;
    }
    code(at).filter(u8::is_ascii).map(|byte| (char::from(byte), at + 3))
}

/// Whether a character stands between words, or has no shape.
fn is_gap(letter: char) -> bool {
    letter.is_whitespace() || letter.is_control() || is_invisible(letter)
}

/// As much of a text as can matter, cut between words so that no secret is cut.
fn beginning(text: &str) -> &str {
    let Some((end, _)) = text.char_indices().nth(MAX_READ) else { return text };
    let cut = &text[..end];
    cut.rfind(char::is_whitespace).map_or(MASK, |space| &cut[..space])
}

/// Marks that change the direction of text, and others without a shape.
fn is_invisible(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Masks the part of a word that is an address or a digest.
fn mask_word(word: &str) -> Cow<'_, str> {
    let is_digest = word.split(|letter: char| !letter.is_ascii_hexdigit()).any(|run| run.len() >= DIGEST);
    let is_address = word.contains(['@', '＠']) || word.contains("%40");
    if is_digest || is_address { MASK.into() } else { word.into() }
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
        let sent = ["Mozilla/5.0 (X11)", "Mozilla"].map(Cow::from);
        let filter = TextFilter::masking(["EAABsecret"]).and(sent);
        let digest = "f1904cf1a9d73a55fa5de0ac823c4403ded71afd4c3248d00bdcd0866552bb79";
        let quoted = format!("token EAABsecret em [\"{digest}\"] ua Mozilla/5.0 (X11) mary@example.com end");
        assert_eq!(&*filter.clean(&quoted), "token […] em […] ua […] […] end");
    }

    #[test]
    fn r41_the_token_is_masked_in_every_disguise() {
        let token = "EAABsEcReT0123456789xyz";
        let filter = TextFilter::masking([token]);
        let each = |write: &dyn Fn(char) -> String| token.chars().map(write).collect::<Vec<_>>().concat();
        let split = |by: &str| each(&|letter| format!("{letter}{by}"));
        let encoded = |percent: &str| each(&|letter| format!("{percent}{:02x}", u32::from(letter)));
        let wide = token.chars().map(|letter| char::from_u32(u32::from(letter) + 0xfee0).unwrap()).collect();
        for disguised in [
            token.to_owned(),
            token.to_lowercase(),
            token.to_uppercase(),
            split("\u{200b}"),
            split("\u{ad}\u{e0041}"),
            split("\r\n"),
            split("\u{1b}"),
            encoded("%"),
            encoded("%25"),
            encoded("%2525"),
            wide,
            format!("https://a.example/?a={token}#b"),
        ] {
            let clean = filter.clean(&format!("before {disguised} after"));
            assert!(clean.starts_with("before ") && clean.ends_with(" after"), "{clean}");
            let shown: String = clean.chars().filter(char::is_ascii_alphanumeric).collect();
            assert!(shown.len() < 35, "{disguised:?} shows as {clean}");
        }
        let pieces = [&token[..9], &token[9..16], &token[16..]].map(|piece| filter.clean(piece));
        assert!(pieces.iter().all(|piece| &**piece == MASK), "{pieces:?}");
        assert_eq!(&*filter.clean("100 %, 5%2 and %zz"), "100 %, 5%2 and %zz", "what is no disguise stays");
        assert_eq!(&*TextFilter::masking(["token"]).clean("the Token"), "the […]", "a token that is short");
        assert_eq!(&*filter.clean("mary%40example.com"), MASK);
    }
}
