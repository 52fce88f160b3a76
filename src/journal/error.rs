//! Why a journal cannot be opened, or did not do what it was asked to.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The error of a journal: what went wrong, in which file or folder.
///
/// ```
/// use meta_offline_events::journal::{Journal, JournalErrorKind};
///
/// let error = Journal::open("/dev/null/journal", &"1".parse()?).unwrap_err();
/// assert_eq!(error.kind(), JournalErrorKind::Io);
/// assert!(error.to_string().starts_with("the journal /dev/null/journal "));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct JournalError {
    kind: JournalErrorKind,
    path: PathBuf,
    detail: String,
    cause: Option<Arc<io::Error>>,
}

impl JournalError {
    pub(super) fn new(kind: JournalErrorKind, path: &Path) -> Self {
        Self { kind, path: path.to_owned(), detail: String::new(), cause: None }
    }

    pub(super) fn with_detail(self, detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..self }
    }

    pub(super) fn with_cause(self, cause: io::Error) -> Self {
        Self { cause: Some(Arc::new(cause)), ..self }
    }

    /// An operation on the disk failed, for which `what` says what was not done.
    pub(super) fn of_disk(path: &Path, what: &str, cause: io::Error) -> Self {
        let kind = match cause.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                JournalErrorKind::DiskFull
            }
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => JournalErrorKind::ReadOnly,
            _ => JournalErrorKind::Io,
        };
        Self::new(kind, path).with_detail(what).with_cause(cause)
    }

    /// Whether there is no such file.
    pub(super) fn is_missing_file(&self) -> bool {
        self.cause.as_ref().is_some_and(|cause| cause.kind() == io::ErrorKind::NotFound)
    }

    /// What went wrong, for a program to match on.
    pub fn kind(&self) -> JournalErrorKind {
        self.kind
    }

    /// The file or folder with the problem.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use JournalErrorKind as Kind;
        let (path, detail) = (self.path.display(), &self.detail);
        match self.kind {
            Kind::Locked => write!(
                f,
                "the journal {path} is open in another process: wait for its end, or use another folder"
            ),
            Kind::InUse => write!(
                f,
                "another delivery of this program sends from the journal {path}: wait for its end, or use another \
                 folder"
            ),
            Kind::ReadOnly => write!(
                f,
                "the journal {path} {detail}, because the disk or the folder is read-only: let this user write \
                 there, or use another folder"
            ),
            Kind::UnknownVersion => write!(
                f,
                "{path} has a format that this version does not know ({detail}), and was left untouched: open it \
                 with the version of the crate that wrote it"
            ),
            Kind::OtherDataset => write!(
                f,
                "{path} belongs to another dataset ({detail}), and was left untouched: use one folder for each \
                 dataset"
            ),
            Kind::OtherEndpoint => write!(
                f,
                "{path} belongs to another endpoint ({detail}), and was left untouched: events never move to \
                 another one; use one folder for each endpoint"
            ),
            Kind::OtherKeyPolicy => write!(
                f,
                "{path} was written under another key policy ({detail}), and was left untouched: orders would not \
                 be recognized; use the old policy, or a new folder"
            ),
            Kind::NotAJournal => write!(
                f,
                "{path} holds nothing that can be read ({detail}), and was left untouched: restore it from a \
                 copy, or move it out of the folder"
            ),
            Kind::DiskFull => write!(
                f,
                "the journal {path} {detail}, because the disk is full: nothing was recorded; make room, then try again"
            ),
            Kind::SyncFailed => write!(
                f,
                "the journal {path} is closed, because the disk failed to sync: check the disk, then start the \
                 program again"
            ),
            Kind::Closed => {
                write!(f, "the journal {path} is closed after an earlier error: start the program again")
            }
            Kind::NotPending => write!(
                f,
                "the journal {path} has no pending event {detail}: record attempts and outcomes once, for events \
                 that were handed over"
            ),
            Kind::Unreadable => {
                write!(
                    f,
                    "{path} cannot be read any more {detail}: check the disk, then `verify` the journal"
                )
            }
            Kind::TooLarge => write!(
                f,
                "the journal {path} does not take an event of {detail}: the limit is {} bytes",
                super::record::MAX_BODY
            ),
            Kind::InvalidEvent => {
                write!(f, "an event in {path} breaks a rule of this version of the crate: {detail}")
            }
            Kind::Io => write!(f, "the journal {path} {detail}"),
        }
    }
}

impl std::error::Error for JournalError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self.cause.as_deref()?)
    }
}

/// What went wrong with a journal.
///
/// ```
/// use meta_offline_events::journal::JournalErrorKind;
///
/// assert_eq!(JournalErrorKind::DiskFull.code(), "disk_full");
/// assert!(JournalErrorKind::DiskFull.is_temporary());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JournalErrorKind {
    /// Another process has the journal open.
    Locked,
    /// Another delivery of this process sends from the journal.
    InUse,
    /// The disk or the folder cannot be written.
    ReadOnly,
    /// A file has a format of another version of the crate.
    UnknownVersion,
    /// The journal belongs to another dataset.
    OtherDataset,
    /// The journal belongs to another endpoint.
    OtherEndpoint,
    /// The journal was written under another key policy.
    OtherKeyPolicy,
    /// A file holds only zeros, or nothing that is a journal.
    NotAJournal,
    /// The disk is full. Nothing was recorded, and the journal stays open.
    DiskFull,
    /// The disk could not be synced, so nobody knows what it holds. The journal is closed.
    SyncFailed,
    /// The journal closed itself after an earlier error.
    Closed,
    /// An attempt or an outcome is for an event that is not pending.
    NotPending,
    /// A record that was read before cannot be read any more.
    Unreadable,
    /// An event is larger than a record may be.
    TooLarge,
    /// An event in the journal breaks a rule of this version of the crate.
    InvalidEvent,
    /// Another operation of the disk failed; `source()` says how.
    Io,
}

impl JournalErrorKind {
    /// A stable name for machines, in snake case.
    pub fn code(self) -> &'static str {
        match self {
            Self::Locked => "locked",
            Self::InUse => "in_use",
            Self::ReadOnly => "read_only",
            Self::UnknownVersion => "unknown_version",
            Self::OtherDataset => "other_dataset",
            Self::OtherEndpoint => "other_endpoint",
            Self::OtherKeyPolicy => "other_key_policy",
            Self::NotAJournal => "not_a_journal",
            Self::DiskFull => "disk_full",
            Self::SyncFailed => "sync_failed",
            Self::Closed => "closed",
            Self::NotPending => "not_pending",
            Self::Unreadable => "unreadable",
            Self::TooLarge => "too_large",
            Self::InvalidEvent => "invalid_event",
            Self::Io => "io",
        }
    }

    /// Whether the same call may succeed later, without another open. Wait, or make room on the disk, then call again.
    pub fn is_temporary(self) -> bool {
        matches!(self, Self::Locked | Self::InUse | Self::DiskFull | Self::Io)
    }
}
