//! Writes the zip. The same files give the same bytes: sorted, with one fixed time, modes kept.

use std::{
    fs::File,
    io::{self, Seek, SeekFrom, Write},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tempfile::NamedTempFile;
use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

use super::{MOST_BYTES, folder::Entry};
use crate::output::size::bytes;

#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    #[error(
        "the bundle is larger than {}, the most the server takes: name what the application does not need in .ebignore",
        bytes(*limit)
    )]
    TooBig { limit: u64 },
    #[error("there is no file to deploy here")]
    Empty,
    #[error("{} cannot be read ({source})", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("the bundle cannot be written to {} ({source})", std::env::temp_dir().display())]
    Write { source: io::Error },
}

/// Refuses a bundle that the server would refuse after the whole upload.
pub fn check_size(size: u64) -> Result<(), BundleError> {
    if size > MOST_BYTES {
        return Err(BundleError::TooBig { limit: MOST_BYTES });
    }
    Ok(())
}

/// Packs the entries in the order given; the file and its size.
pub fn write(entries: &[Entry]) -> Result<(NamedTempFile, u64), BundleError> {
    if entries.is_empty() {
        return Err(BundleError::Empty);
    }
    let file = tempfile::Builder::new()
        .prefix("beanpole-bundle-")
        .suffix(".zip")
        .tempfile()
        .map_err(|source| BundleError::Write { source })?;
    let writer = file
        .as_file()
        .try_clone()
        .map_err(|source| BundleError::Write { source })?;
    let size = write_to(entries, writer, MOST_BYTES)?;
    Ok((file, size))
}

fn write_to(entries: &[Entry], file: File, limit: u64) -> Result<u64, BundleError> {
    let (capped, exceeded) = Capped::new(file, limit);
    let failed = |source: io::Error| {
        if exceeded.load(Ordering::Relaxed) {
            BundleError::TooBig { limit }
        } else {
            BundleError::Write { source }
        }
    };
    let mut zip = ZipWriter::new(capped);
    for entry in entries {
        let unreadable = |source| BundleError::Read {
            path: entry.path.clone(),
            source,
        };
        let mut content = File::open(&entry.path).map_err(unreadable)?;
        let length = content.metadata().map_err(unreadable)?.len();
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(DateTime::default())
            .unix_permissions(entry.mode)
            .large_file(length >= u64::from(u32::MAX));
        zip.start_file(&entry.name, options)
            .map_err(|error| failed(error.into()))?;
        io::copy(&mut content, &mut zip).map_err(failed)?;
    }
    let mut file = zip.finish().map_err(|error| failed(error.into()))?;
    file.flush().map_err(failed)?;
    Ok(file.end)
}

/// A file that will not grow over a limit.
///
/// After an error it takes all and keeps nothing: the zip writer writes its end even then, and would
/// print its own complaint about it.
struct Capped {
    broken: bool,
    file: File,
    at: u64,
    end: u64,
    limit: u64,
    exceeded: Arc<AtomicBool>,
}

impl Capped {
    fn new(file: File, limit: u64) -> (Self, Arc<AtomicBool>) {
        let exceeded = Arc::new(AtomicBool::new(false));
        let capped = Self {
            broken: false,
            file,
            at: 0,
            end: 0,
            limit,
            exceeded: exceeded.clone(),
        };
        (capped, exceeded)
    }
}

impl Write for Capped {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if self.broken {
            return Ok(data.len());
        }
        if self.at + data.len() as u64 > self.limit {
            self.broken = true;
            self.exceeded.store(true, Ordering::Relaxed);
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        let written = self.file.write(data).inspect_err(|error| {
            self.broken = error.kind() != io::ErrorKind::Interrupted;
        })?;
        self.at += written as u64;
        self.end = self.end.max(self.at);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for Capped {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = self.file.seek(to)?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;

    fn entries(folder: &tempfile::TempDir) -> Vec<Entry> {
        [("a.txt", 0o644, "hello"), ("bin/run", 0o755, "#!/bin/sh\n")]
            .map(|(name, mode, text)| {
                let path = folder.path().join(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, text).unwrap();
                fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
                Entry {
                    name: name.to_owned(),
                    path,
                    mode,
                }
            })
            .into()
    }

    #[test]
    fn the_same_files_give_the_same_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let entries = entries(&folder);
        let (first, size) = write(&entries).unwrap();
        let file = File::open(&entries[0].path).unwrap();
        file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
        let (second, _) = write(&entries).unwrap();
        let first = fs::read(first.path()).unwrap();
        assert_eq!(first, fs::read(second.path()).unwrap());
        assert_eq!(first.len() as u64, size);
    }

    #[test]
    fn names_modes_and_content_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let (file, _) = write(&entries(&folder)).unwrap();
        let mut zip = zip::ZipArchive::new(file.reopen().unwrap()).unwrap();
        let mut run = zip.by_name("bin/run").unwrap();
        assert_eq!(run.unix_mode().unwrap() & 0o777, 0o755);
        assert_eq!(io::read_to_string(&mut run).unwrap(), "#!/bin/sh\n");
    }

    #[test]
    fn a_bundle_over_the_limit_stops_while_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let error = write_to(&entries(&folder), tempfile::tempfile().unwrap(), 60).unwrap_err();
        assert!(matches!(error, BundleError::TooBig { limit: 60 }), "{error}");
        assert!(matches!(write(&[]), Err(BundleError::Empty)));
    }
}
