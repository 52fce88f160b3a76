//! SHA-256 of short texts.
//!
//! A processor with instructions for SHA-256 spends most of a block waiting, because every step needs the one
//! before. Two blocks that are compressed side by side take little longer than one. Everything else, and every
//! other processor, is left to `sha2`.

use std::slice;

use sha2::block_api::compress256;
use sha2::{Digest, Sha256};

use super::Hashed;
use crate::value::copy;

/// One block of SHA-256. A text stands at its start, and zeros behind it.
pub(super) type Block = [u8; 64];

/// The length of the longest text in a block, in bytes: a block also holds an end mark and eight bytes for the length.
pub(super) const MAX_TEXT: usize = 55;

/// Appends the padding of SHA-256 to a text of this length (FIPS 180-4, 5.1.1).
#[inline]
pub(super) fn pad(block: &mut Block, length: usize) {
    block[length.min(MAX_TEXT)] = 0x80;
    [.., block[62], block[63]] = (8 * length as u64).to_be_bytes();
}

/// Writes the digest of each padded block.
pub(super) fn digest_each(blocks: &[Block], digests: &mut [Hashed]) {
    #[cfg(target_arch = "x86_64")]
    if side_by_side::digest_each(blocks, digests) {
        return;
    }
    one_by_one(blocks, digests);
}

fn one_by_one(blocks: &[Block], digests: &mut [Hashed]) {
    for (block, place) in blocks.iter().zip(digests) {
        *place = digest(slice::from_ref(block));
    }
}

/// The digest of the parts, one after the other.
pub(crate) fn digest_of_parts(parts: &[&[u8]]) -> Hashed {
    let len: usize = parts.iter().map(|part| part.len()).sum();
    let mut blocks = [[0; 64]; 3];
    let used = (len + 1 + 8).div_ceil(64);
    if used > blocks.len() {
        let all = parts.iter().fold(Sha256::new(), Sha256::chain_update);
        return Hashed::from_bytes(all.finalize().into());
    }
    let text = blocks.as_flattened_mut();
    let mut end = 0;
    for part in parts {
        copy(part, &mut text[end..end + part.len()]);
        end += part.len();
    }
    text[len] = 0x80;
    text[used * 64 - 8..used * 64].copy_from_slice(&(len as u64 * 8).to_be_bytes());
    digest(&blocks[..used])
}

/// The digest of a padded text.
#[inline]
fn digest(blocks: &[Block]) -> Hashed {
    let mut state = INITIAL;
    compress256(&mut state, blocks);
    let mut digest = [0; 32];
    // Two words at a time, as the digest is read soon.
    for (place, [one, other]) in digest.as_chunks_mut().0.iter_mut().zip(state.as_chunks().0) {
        *place = (u64::from(*one) << 32 | u64::from(*other)).to_be_bytes();
    }
    Hashed::from_bytes(digest)
}

/// The initial hash value (FIPS 180-4, 5.3.3).
const INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

#[cfg(target_arch = "x86_64")]
mod side_by_side {
    //! Two blocks at once, by the SHA extensions of x86-64.

    use std::arch::x86_64::{
        __m128i, _mm_add_epi32, _mm_alignr_epi8, _mm_extract_epi64, _mm_set_epi32, _mm_set_epi64x,
        _mm_sha256msg1_epu32, _mm_sha256msg2_epu32, _mm_sha256rnds2_epu32, _mm_shuffle_epi8,
        _mm_shuffle_epi32,
    };
    use std::sync::LazyLock;

    use super::{Block, Hashed, INITIAL, one_by_one, pad};

    /// Writes the digests, and returns whether the processor has the instructions.
    #[inline]
    pub(super) fn digest_each(blocks: &[Block], digests: &mut [Hashed]) -> bool {
        static IS_RIGHT: LazyLock<bool> = LazyLock::new(gives_what_sha2_gives);
        *IS_RIGHT && by_instructions(blocks, digests)
    }

    /// Compares both ways once: a digest that is wrong on one machine would lose matches without an error.
    fn gives_what_sha2_gives() -> bool {
        let blocks = [b"mary@example.com".as_slice(), b"16505551212"].map(|text| {
            let mut block = [0; 64];
            block[..text.len()].copy_from_slice(text);
            pad(&mut block, text.len());
            block
        });
        let [mut quick, mut right] = [[Hashed::from_bytes([0; 32]); 2]; 2];
        one_by_one(&blocks, &mut right);
        by_instructions(&blocks, &mut quick) && quick == right
    }

    #[inline]
    fn by_instructions(blocks: &[Block], digests: &mut [Hashed]) -> bool {
        let has_instructions = is_x86_feature_detected!("sha") && is_x86_feature_detected!("sse4.1");
        if has_instructions {
            #[expect(unsafe_code, reason = "instructions are safe to use where the processor has them")]
            // SAFETY: the features that the function enables were detected.
            unsafe {
                digest_pairs(blocks, digests);
            }
        }
        has_instructions
    }

    #[target_feature(enable = "sha,sse4.1")]
    fn digest_pairs(blocks: &[Block], digests: &mut [Hashed]) {
        let (pairs, rest) = blocks.as_chunks::<2>();
        let (places, rest_places) = digests.as_chunks_mut::<2>();
        for (pair, place) in pairs.iter().zip(places) {
            *place = digest_two(pair);
        }
        one_by_one(rest, rest_places);
    }

    #[inline]
    #[target_feature(enable = "sha,sse4.1")]
    fn digest_two([first, second]: &[Block; 2]) -> [Hashed; 2] {
        let (mut first, mut second) = (Lane::new(first), Lane::new(second));
        for (round, constants) in ROUNDS.iter().enumerate() {
            for (quarter, constants) in constants.iter().enumerate() {
                first.mix(constants, quarter);
                second.mix(constants, quarter);
                if round < 3 {
                    first.schedule(quarter);
                    second.schedule(quarter);
                }
            }
        }
        [first.digest(), second.digest()]
    }

    /// The state of one block: the eight words as the instructions take them, and sixteen words of its message.
    struct Lane {
        abef: __m128i,
        cdgh: __m128i,
        message: [__m128i; 4],
    }

    impl Lane {
        #[inline]
        #[target_feature(enable = "sha,sse4.1")]
        fn new(block: &Block) -> Self {
            let [abef, cdgh] = initial();
            let (halves, _) = block.as_chunks::<8>();
            let half = |place: usize| i64::from_le_bytes(halves[place]);
            let big_endian = _mm_set_epi64x(0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203);
            let words = |place| _mm_shuffle_epi8(_mm_set_epi64x(half(place + 1), half(place)), big_endian);
            Self { abef, cdgh, message: [words(0), words(2), words(4), words(6)] }
        }

        /// Four rounds.
        #[inline]
        #[target_feature(enable = "sha,sse4.1")]
        fn mix(&mut self, constants: &[u32; 4], quarter: usize) {
            let sum = _mm_add_epi32(self.message[quarter], vector(constants));
            self.cdgh = _mm_sha256rnds2_epu32(self.cdgh, self.abef, sum);
            self.abef = _mm_sha256rnds2_epu32(self.abef, self.cdgh, _mm_shuffle_epi32::<0x0e>(sum));
        }

        /// Replaces four words of the message by those that come sixteen later.
        #[inline]
        #[target_feature(enable = "sha,sse4.1")]
        fn schedule(&mut self, quarter: usize) {
            let after = |steps: usize| self.message[(quarter + steps) % 4];
            let sum = _mm_sha256msg1_epu32(after(0), after(1));
            let sum = _mm_add_epi32(sum, _mm_alignr_epi8::<4>(after(3), after(2)));
            self.message[quarter] = _mm_sha256msg2_epu32(sum, after(3));
        }

        #[inline]
        #[target_feature(enable = "sha,sse4.1")]
        fn digest(&self) -> Hashed {
            let [abef, cdgh] = initial();
            let abef = _mm_add_epi32(self.abef, abef);
            let cdgh = _mm_add_epi32(self.cdgh, cdgh);
            let mut digest = [0; 32];
            let (places, _) = digest.as_chunks_mut::<8>();
            places[0] = _mm_extract_epi64::<1>(abef).to_be_bytes();
            places[1] = _mm_extract_epi64::<1>(cdgh).to_be_bytes();
            places[2] = _mm_extract_epi64::<0>(abef).to_be_bytes();
            places[3] = _mm_extract_epi64::<0>(cdgh).to_be_bytes();
            Hashed::from_bytes(digest)
        }
    }

    /// Words one, two, five and six of the initial state, and the others.
    #[inline]
    #[target_feature(enable = "sha,sse4.1")]
    fn initial() -> [__m128i; 2] {
        [
            vector(&[INITIAL[5], INITIAL[4], INITIAL[1], INITIAL[0]]),
            vector(&[INITIAL[7], INITIAL[6], INITIAL[3], INITIAL[2]]),
        ]
    }

    #[inline]
    #[target_feature(enable = "sse4.1")]
    fn vector(words: &[u32; 4]) -> __m128i {
        let word = |place: usize| words[place].cast_signed();
        _mm_set_epi32(word(3), word(2), word(1), word(0))
    }

    /// The constants of the rounds (FIPS 180-4, 4.2.2).
    #[rustfmt::skip]
    static ROUNDS: [[[u32; 4]; 4]; 4] = [
        [
            [0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5], [0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5],
            [0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3], [0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174],
        ],
        [
            [0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc], [0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da],
            [0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7], [0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967],
        ],
        [
            [0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13], [0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85],
            [0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3], [0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070],
        ],
        [
            [0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5], [0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3],
            [0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208], [0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2],
        ],
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    fn padded(text: &str) -> Block {
        let mut block = [0; 64];
        block[..text.len()].copy_from_slice(text.as_bytes());
        pad(&mut block, text.len());
        block
    }

    /// Compares the digests with those of `sha2`, one by one and side by side where the processor can.
    fn check(texts: &[String]) {
        let blocks: Vec<Block> = texts.iter().map(|text| padded(text)).collect();
        let expected: Vec<Hashed> = texts.iter().map(|text| Hashed::of(text)).collect();
        let mut digests = vec![Hashed::from_bytes([0; 32]); texts.len()];
        digest_each(&blocks, &mut digests);
        assert_eq!(digests, expected);
        digests.fill(Hashed::from_bytes([0; 32]));
        one_by_one(&blocks, &mut digests);
        assert_eq!(digests, expected);
    }

    #[test]
    fn texts_of_every_length_at_every_place() {
        for count in 0..=17 {
            for start in 0..=MAX_TEXT {
                let length = |place: usize| (start + 3 * place) % (MAX_TEXT + 1);
                let texts =
                    ('a'..='z').enumerate().map(|(place, letter)| letter.to_string().repeat(length(place)));
                check(&texts.take(count).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn texts_at_random() {
        let mut rng = fastrand::Rng::with_seed(11);
        for _ in 0..20_000 {
            let mut text = || (0..rng.usize(..=MAX_TEXT / 4)).map(|_| rng.char(..)).collect::<String>();
            check(&[text(), text(), text()]);
        }
    }

    #[test]
    fn digests_of_parts_are_those_of_their_text() {
        for length in (0..=200).chain([1000]) {
            let text = "y".repeat(length);
            let (start, end) = text.split_at(length / 3);
            let parts = [start.as_bytes(), b"", end.as_bytes()];
            assert_eq!(digest_of_parts(&parts), Hashed::of(&text), "{length}");
        }
    }
}
