//! Whose journal a file belongs to, and the header that says so.
//!
//! ```text
//! magic 8 | version 4 | length of the header 4 | checksum of these 4
//! number of the segment 4 | length 2, dataset id | length 2, endpoint | length 2, key policy | checksum of the header 4
//! ```
//!
//! The first line never changes, so that every version can tell what it cannot read.

use crate::value::{DatasetId, Text};

pub(super) const MAGIC: [u8; 8] = *b"MOEVENTS";

/// The length of the first line.
pub(super) const START: usize = 20;

/// The version of the format.
pub(super) const VERSION: u32 = 1;

/// The endpoint of Meta.
const META: &str = "graph.facebook.com";

/// Whose journal this is: records of another one are never read as its own.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    pub(super) dataset: DatasetId,
    endpoint: Option<Text>,
    key_policy: Option<Text>,
    seal: u32,
}

impl Identity {
    pub(super) fn new(dataset: DatasetId, endpoint: Option<Text>, key_policy: Option<Text>) -> Self {
        let identity = Self { dataset, endpoint, key_policy, seal: 0 };
        let seal = crc32fast::hash(identity.texts().join("\n").as_bytes());
        Self { seal, ..identity }
    }

    /// The host and the path before the version.
    pub(super) fn endpoint(&self) -> &str {
        self.endpoint.as_ref().map_or(META, Text::as_str)
    }

    /// Empty if there is none.
    pub(super) fn key_policy(&self) -> &str {
        self.key_policy.as_ref().map_or("", Text::as_str)
    }

    /// The texts in a header.
    fn texts(&self) -> [&str; 3] {
        [self.dataset.as_str(), self.endpoint(), self.key_policy()]
    }

    /// What the texts in a header say. None if they are none that this crate writes.
    pub(super) fn of_texts([dataset, endpoint, policy]: [&str; 3]) -> Option<Self> {
        let policy = if policy.is_empty() { None } else { Some(policy.parse().ok()?) };
        Some(Self::new(dataset.parse().ok()?, Some(endpoint.parse().ok()?), policy))
    }

    pub(super) fn seal(&self) -> u32 {
        self.seal
    }

    /// The header of a segment.
    pub(super) fn header(&self, segment: u32) -> Vec<u8> {
        let texts = self.texts();
        let len = START + 4 + texts.map(|text| 2 + text.len()).iter().sum::<usize>() + 4;
        let mut header = MAGIC.to_vec();
        header.extend_from_slice(&VERSION.to_le_bytes());
        header.extend_from_slice(&u32::try_from(len).unwrap_or(u32::MAX).to_le_bytes());
        header.extend_from_slice(&crc32fast::hash(&header).to_le_bytes());
        header.extend_from_slice(&segment.to_le_bytes());
        for text in texts {
            header.extend_from_slice(&u16::try_from(text.len()).unwrap_or(u16::MAX).to_le_bytes());
            header.extend_from_slice(text.as_bytes());
        }
        header.extend_from_slice(&crc32fast::hash(&header).to_le_bytes());
        header
    }
}
