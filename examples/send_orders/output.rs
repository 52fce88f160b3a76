//! Files that only their owner can read, and that are written as a whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use meta_offline_events::report::{SavedReport, html};

use crate::arguments::{Outputs, shown};
use crate::print::{Summary, counted};
use crate::{Failure, left_out};

/// A file that is being written. It gets its name when it is [finished](Self::finish); until then, an earlier file
/// of that name stays.
pub(crate) struct PrivateFile {
    writer: BufWriter<File>,
    target: PathBuf,
    /// The name of the file until it is finished. A device or pipe has none.
    unfinished: Option<PathBuf>,
}

impl PrivateFile {
    /// Creates the file. The program does this before any work, so that a wrong path is reported at once.
    pub(crate) fn create(target: &Path) -> Result<Self, Failure> {
        let opened = match fs::symlink_metadata(target) {
            Ok(metadata) if metadata.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
            Ok(metadata) if metadata.is_symlink() => {
                Err(io::Error::other("it is a symbolic link: name the file itself"))
            }
            Ok(metadata) if !metadata.is_file() => {
                OpenOptions::new().write(true).open(target).map(|file| (file, None))
            }
            _ => create_beside(target).map(|(file, path)| (file, Some(path))),
        };
        let (file, unfinished) = opened.map_err(|error| unwritable(target, &error))?;
        Ok(Self { writer: BufWriter::new(file), target: target.to_owned(), unfinished })
    }

    /// Returns where to write what comes before the [finish](Self::finish).
    pub(crate) fn writer(&mut self) -> &mut BufWriter<File> {
        &mut self.writer
    }

    /// Writes the file with `write`, waits until it is on the disk, and gives it its name.
    pub(crate) fn finish(
        mut self,
        write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
    ) -> Result<(), Failure> {
        let written =
            write(&mut self.writer).and_then(|()| self.writer.flush()).and_then(|()| self.publish());
        written.map_err(|error| unwritable(&self.target, &error))
    }

    fn publish(&mut self) -> io::Result<()> {
        let Some(unfinished) = &self.unfinished else { return Ok(()) };
        self.writer.get_ref().sync_all()?;
        fs::rename(unfinished, &self.target)?;
        self.unfinished = None;
        Ok(())
    }
}

/// The files that tell what became of a run.
pub(crate) struct ReportFiles {
    report: Option<PrivateFile>,
    html: Option<PrivateFile>,
    diagnostics: Option<PrivateFile>,
}

impl ReportFiles {
    /// Creates the files, before any work.
    pub(crate) fn create(outputs: &Outputs) -> Result<Self, Failure> {
        let create = |file: &Option<PathBuf>| file.as_deref().map(PrivateFile::create).transpose();
        Ok(Self {
            report: create(&outputs.report)?,
            html: create(&outputs.html)?,
            diagnostics: create(&outputs.diagnostics)?,
        })
    }

    /// Writes all of them, also after one could not be written, and returns the first failure.
    pub(crate) fn finish(self, summary: &Summary) -> Result<(), Failure> {
        let run = summary.run_report();
        let write = |file: Option<PrivateFile>, write: &dyn Fn(&mut dyn Write) -> io::Result<()>| {
            file.map_or(Ok(()), |file| file.finish(|out| write(out)))
        };
        let report = write(self.report, &|mut out| {
            serde_json::to_writer(&mut out, &run)?;
            out.write_all(b"\n")
        });
        let diagnostics = write(self.diagnostics, &|out| {
            left_out::write(out, &summary.files, summary.report.diagnostics())
        });
        let html = write(self.html, &|out| {
            let json = serde_json::to_vec(&run)?;
            let saved = SavedReport::read(&*json).map_err(io::Error::other)?;
            out.write_all(html::page(&saved).as_bytes())
        });
        report.and(diagnostics).and(html)
    }
}

impl Drop for PrivateFile {
    fn drop(&mut self) {
        if let Some(unfinished) = &self.unfinished {
            // A file that cannot be removed is left behind.
            let _ = fs::remove_file(unfinished);
        }
    }
}

/// Says what a dry run wrote.
pub(crate) fn written(bodies: &Path, requests: u64) -> String {
    format!("Nothing was sent. {} holds {}.", shown(bodies), counted(requests, "request body"))
}

/// Creates a file in the same folder, so that it can be renamed, and follows no link.
fn create_beside(target: &Path) -> io::Result<(File, PathBuf)> {
    let Some(name) = target.file_name() else { return Err(io::ErrorKind::InvalidFilename.into()) };
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    for attempt in 0..100 {
        let mut unfinished = std::ffi::OsString::from(".");
        unfinished.push(name);
        unfinished.push(format!(".{}-{attempt}.part", std::process::id()));
        let path = target.with_file_name(unfinished);
        match options.open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            opened => return opened.map(|file| (file, path)),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn unwritable(target: &Path, error: &io::Error) -> Failure {
    format!("{} cannot be written: {error}", shown(target)).into()
}
