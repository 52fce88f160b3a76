//! The operations on the disk that a journal is made of, and the real folder.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use fs4::TryLockError;

use super::error::{JournalError, JournalErrorKind};

/// A folder of files that are read.
pub(super) trait ReadDisk {
    /// The names of the files.
    fn list(&mut self) -> io::Result<Vec<String>>;
    /// A whole file.
    fn read(&mut self, name: &str) -> io::Result<Vec<u8>>;
    /// A part of a file.
    fn read_at(&mut self, name: &str, offset: u64, part: &mut [u8]) -> io::Result<()>;
}

/// A folder of files: every operation that a journal does.
///
/// Each can fail, and what was not synced may be lost, torn or reordered. Tests use a model that does so.
pub(super) trait Disk: ReadDisk {
    /// An empty file, also where there was one.
    fn create(&mut self, name: &str) -> io::Result<()>;
    /// Writes a part of a file.
    fn write_at(&mut self, name: &str, offset: u64, bytes: &[u8]) -> io::Result<()>;
    /// Cuts a file.
    fn set_len(&mut self, name: &str, len: u64) -> io::Result<()>;
    /// Returns once the file's content and length are on the disk.
    fn sync(&mut self, name: &str) -> io::Result<()>;
    /// Returns once the names of the files are on the disk.
    fn sync_folder(&mut self) -> io::Result<()>;
    /// Removes a file.
    fn remove(&mut self, name: &str) -> io::Result<()>;
}

/// A folder that is read without a lock.
impl ReadDisk for PathBuf {
    fn list(&mut self) -> io::Result<Vec<String>> {
        let names = fs::read_dir(self)?.map(|entry| Ok(entry?.file_name().into_string().ok()));
        names.filter_map(Result::transpose).collect()
    }

    fn read(&mut self, name: &str) -> io::Result<Vec<u8>> {
        fs::read(self.join(name))
    }

    fn read_at(&mut self, name: &str, offset: u64, part: &mut [u8]) -> io::Result<()> {
        let mut file = File::open(self.join(name))?;
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(part)
    }
}

/// A folder for the owner alone, locked for this process.
pub(super) struct Folder {
    path: PathBuf,
    /// The file that was written last: almost always the next one, too.
    written: Option<(String, File)>,
    /// The system frees the lock when the process ends, however it ends.
    lock: File,
}

impl Folder {
    /// Creates the folder if it is missing, and locks it.
    pub(super) fn open(path: &Path) -> Result<Self, JournalError> {
        let failed = |what: &str, cause| JournalError::of_disk(path, what, cause);
        if !path.is_dir() {
            create_folder(path).map_err(|cause| failed("cannot be created", cause))?;
        }
        let lock = owner_only()
            .create(true)
            .truncate(false)
            .open(path.join("lock"))
            .map_err(|cause| failed("cannot be opened for writing", cause))?;
        match fs4::FileExt::try_lock(&lock) {
            Ok(()) => Ok(Self { path: path.to_owned(), written: None, lock }),
            Err(TryLockError::WouldBlock) => Err(JournalError::new(JournalErrorKind::Locked, path)),
            Err(TryLockError::Error(cause)) => Err(failed("cannot be locked", cause)),
        }
    }

    fn writable(&mut self, name: &str) -> io::Result<&mut File> {
        if self.written.as_ref().is_none_or(|(open, _)| open != name) {
            let file = owner_only().open(self.path.join(name))?;
            self.written = Some((name.to_owned(), file));
        }
        self.written.as_mut().map(|(_, file)| file).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Drop for Folder {
    /// Frees the lock here: a program that is just being started has the file open for a moment, too, and closing it
    /// would not free the lock until then.
    fn drop(&mut self) {
        // If it fails, the system frees the lock.
        let _ = fs4::FileExt::unlock(&self.lock);
    }
}

impl ReadDisk for Folder {
    fn list(&mut self) -> io::Result<Vec<String>> {
        self.path.list()
    }

    fn read(&mut self, name: &str) -> io::Result<Vec<u8>> {
        self.path.read(name)
    }

    fn read_at(&mut self, name: &str, offset: u64, part: &mut [u8]) -> io::Result<()> {
        self.path.read_at(name, offset, part)
    }
}

impl Disk for Folder {
    fn create(&mut self, name: &str) -> io::Result<()> {
        let file = owner_only().create(true).truncate(true).open(self.path.join(name))?;
        self.written = Some((name.to_owned(), file));
        Ok(())
    }

    fn write_at(&mut self, name: &str, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let file = self.writable(name)?;
        file.seek(SeekFrom::Start(offset))?;
        file.write_all(bytes)
    }

    fn set_len(&mut self, name: &str, len: u64) -> io::Result<()> {
        self.writable(name)?.set_len(len)
    }

    fn sync(&mut self, name: &str) -> io::Result<()> {
        self.writable(name)?.sync_data()
    }

    fn sync_folder(&mut self) -> io::Result<()> {
        sync_folder(&self.path)
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        self.written.take_if(|(open, _)| open == name);
        fs::remove_file(self.path.join(name))
    }
}

fn create_folder(path: &Path) -> io::Result<()> {
    let mut folder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.recursive(true).create(path)?;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    sync_folder(parent.unwrap_or(Path::new(".")))
}

/// Windows keeps the names of files by itself, and cannot open a folder.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

fn owner_only() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
