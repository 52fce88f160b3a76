//! What can be set about a journal when it is opened.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::Journal;
use super::disk::Folder;
use super::error::JournalError;
use super::identity::Identity;
use super::store::{Limits, Store};
use super::writer::Writer;
use crate::value::{DatasetId, Text};

/// Options of a journal.
///
/// ```
/// use std::time::Duration;
/// use meta_offline_events::journal::{JournalErrorKind, JournalOptions};
///
/// # let folder = std::env::temp_dir().join(format!("journal-options-{}", std::process::id()));
/// # let _ = std::fs::remove_dir_all(&folder);
/// let options = JournalOptions::new()
///     .kept(Duration::from_secs(90 * 86_400))
///     .key_policy("store,till,day".parse()?);
/// drop(options.clone().open(&folder, &"1234567890".parse()?)?);
///
/// let other = options.open(&folder, &"9876543210".parse()?).unwrap_err();
/// assert_eq!(other.kind(), JournalErrorKind::OtherDataset);
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct JournalOptions {
    limits: Limits,
    endpoint: Option<Text>,
    key_policy: Option<Text>,
}

impl Default for JournalOptions {
    fn default() -> Self {
        Self {
            limits: Limits { segment_bytes: 64 << 20, kept: Duration::from_secs(70 * 86_400) },
            endpoint: None,
            key_policy: None,
        }
    }
}

impl JournalOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// How long events are remembered after they were handed over: 70 days unless set.
    ///
    /// Meta takes sales up to 62 days old, so an export can hold orders of 62 days. What is remembered for a shorter
    /// time than an export goes back can be sent twice.
    pub fn kept(mut self, kept: Duration) -> Self {
        self.limits.kept = kept;
        self
    }

    /// The size in bytes from which the journal begins another segment file: 64 MiB unless set, between 4 KiB and
    /// 1 GiB.
    ///
    /// A file is deleted as a whole: smaller files give space back sooner.
    pub fn segment_bytes(mut self, bytes: u64) -> Self {
        self.limits.segment_bytes = bytes.clamp(4 << 10, 1 << 30);
        self
    }

    /// The endpoint that the events are for: its host and its path before the version, such as `relay.example/meta`.
    /// It is `graph.facebook.com` unless set.
    ///
    /// A journal that was written for another one is refused: its events were not meant to go there.
    #[cfg_attr(
        feature = "client",
        doc = "[`Client::endpoint`](crate::Client::endpoint) names the one of a client."
    )]
    ///
    /// ```
    /// use meta_offline_events::journal::{Journal, JournalErrorKind, JournalOptions};
    ///
    /// # let folder = std::env::temp_dir().join(format!("journal-endpoint-{}", std::process::id()));
    /// # let _ = std::fs::remove_dir_all(&folder);
    /// let options = JournalOptions::new().endpoint("relay.example/meta".parse()?);
    /// drop(options.open(&folder, &"1234567890".parse()?)?);
    ///
    /// let error = Journal::open(&folder, &"1234567890".parse()?).unwrap_err();
    /// assert_eq!(error.kind(), JournalErrorKind::OtherEndpoint);
    /// assert!(error.to_string().contains("relay.example/meta, and not graph.facebook.com"));
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn endpoint(mut self, endpoint: Text) -> Self {
        self.endpoint = Some(endpoint);
        self
    }

    /// A name for the way in which your program makes order ids and event ids, such as the columns of its order key.
    ///
    /// A journal that was written under another name is refused: its orders would not be recognized, and would be
    /// sent again. At most 8,192 bytes.
    pub fn key_policy(mut self, policy: Text) -> Self {
        self.key_policy = Some(policy);
        self
    }

    /// Opens the journal of a dataset.
    ///
    /// # Errors
    ///
    /// As for [`Journal::open`].
    pub fn open(self, folder: impl AsRef<Path>, dataset: &DatasetId) -> Result<Journal, JournalError> {
        let folder = folder.as_ref();
        let identity = Identity::new(dataset.clone(), self.endpoint, self.key_policy);
        let store = Store::open(Folder::open(folder)?, folder, identity.clone(), self.limits)?;
        let damage = store.damage().into();
        Ok(Journal {
            writer: Arc::new(Writer::start(store, folder)?),
            folder: folder.to_owned(),
            damage,
            #[cfg(feature = "client")]
            identity,
            #[cfg(feature = "client")]
            is_leased: Arc::default(),
        })
    }
}

impl Journal {
    /// Opens the journal of a dataset, with the default options. A folder that is missing is created, for its owner
    /// alone.
    ///
    /// Look at [`damage`](Self::damage) afterwards.
    ///
    /// # Errors
    ///
    /// [`JournalError`]: another process has it open, it cannot be written, it belongs to another dataset or
    /// endpoint, was written by another version of the crate, or holds a file that is no journal. The files are untouched then.
    pub fn open(folder: impl AsRef<Path>, dataset: &DatasetId) -> Result<Self, JournalError> {
        JournalOptions::new().open(folder, dataset)
    }
}
