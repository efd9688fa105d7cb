//! A bundle's zip as a Docker build context.
//!
//! The zip is checked and copied entry by entry into a tar file; nothing is unpacked to paths on the
//! host, so no name in it can reach one. Modes and times are made equal, so that equal sources hit the
//! build cache. Invariant: the tar holds plain files and folders below the root, within the limits.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{self, BufReader, BufWriter, Read, Write},
    path::{Component, Path},
};

use beanpole_platforms::{Source, images::ContextFile, source::TEXT_LIMIT};
use zip::ZipArchive;

use super::dockerignore::Ignore;

/// What a bundle may hold at most.
const MAX_ENTRIES: usize = 100_000;
const MAX_BYTES: u64 = 4 << 30;
const BUFFER: usize = 128 * 1024;

/// Why a bundle was refused.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    #[error("the bundle is not a readable zip: {0}")]
    NotAZip(#[from] zip::result::ZipError),
    #[error("the bundle cannot be read or its build context not be written: {0}")]
    Io(#[from] io::Error),
    #[error("the bundle has {0} entries; at most {MAX_ENTRIES} are allowed")]
    TooMany(usize),
    #[error("the bundle unpacks to more than {} GiB", MAX_BYTES >> 30)]
    TooLarge,
    #[error("the bundle's entry {0:?} leads out of its folder")]
    Escapes(String),
    #[error("the bundle's entry {0:?} is a link or a device; only files and folders are allowed")]
    NotAFile(String),
    #[error("the bundle's entry {0:?} is encrypted")]
    Encrypted(String),
    #[error("the bundle has the entry {0:?} twice")]
    Twice(String),
    #[error("the bundle has no files")]
    Empty,
}

/// One file of the bundle.
struct Entry {
    index: usize,
    /// Relative to the bundle's root.
    path: String,
    executable: bool,
}

/// An opened, checked bundle.
pub struct Bundle {
    archive: ZipArchive<BufReader<File>>,
    entries: Vec<Entry>,
    /// Names and texts for the plan.
    pub source: Source,
    /// The folder that all files were in, when it was taken for the root.
    pub stripped: Option<String>,
}

impl Bundle {
    /// Opens a zip and checks every entry's name and kind.
    pub fn open(path: &Path) -> Result<Self, BundleError> {
        let mut archive = ZipArchive::new(BufReader::with_capacity(BUFFER, File::open(path)?))?;
        if archive.len() > MAX_ENTRIES {
            return Err(BundleError::TooMany(archive.len()));
        }
        let mut entries = Vec::with_capacity(archive.len());
        let mut seen = BTreeSet::new();
        for index in 0..archive.len() {
            let entry = archive.by_index_raw(index)?;
            let name = entry.name()?.into_owned();
            let mode = entry.unix_mode();
            let path = relative(&name).ok_or_else(|| BundleError::Escapes(shown(&name)))?;
            let kind = mode.unwrap_or(0) & 0o170_000;
            let is_plain = matches!(kind, 0 | 0o100_000 | 0o040_000);
            if entry.is_symlink() || !is_plain {
                return Err(BundleError::NotAFile(shown(&name)));
            }
            if entry.encrypted() {
                return Err(BundleError::Encrypted(shown(&name)));
            }
            if entry.is_dir() || name.ends_with('/') || path.is_empty() || is_litter(&path) {
                continue;
            }
            if !seen.insert(path.clone()) {
                return Err(BundleError::Twice(shown(&name)));
            }
            entries.push(Entry {
                index,
                path,
                executable: mode.is_some_and(|mode| mode & 0o111 != 0),
            });
        }
        if entries.is_empty() {
            return Err(BundleError::Empty);
        }
        let stripped = strip_single_folder(&mut entries);
        let mut bundle = Self {
            archive,
            entries,
            source: Source::default(),
            stripped,
        };
        bundle.read_source()?;
        Ok(bundle)
    }

    fn read_source(&mut self) -> Result<(), BundleError> {
        for entry in &self.entries {
            if !Source::wants_text(&entry.path) {
                self.source.add(&entry.path);
                continue;
            }
            let mut bytes = Vec::new();
            self.archive
                .by_index(entry.index)?
                .take(TEXT_LIMIT + 1)
                .read_to_end(&mut bytes)?;
            match String::from_utf8(bytes) {
                Ok(text) if text.len() as u64 <= TEXT_LIMIT => self.source.add_text(&entry.path, text),
                _ => self.source.add(&entry.path),
            }
        }
        Ok(())
    }

    /// Writes the context: `extra` first, then the files of the bundle's folder `within` (empty: its root) that
    /// `ignore` does not name, their paths in that folder with `prefix` before them.
    pub fn write_tar(
        &mut self,
        extra: &[ContextFile],
        ignore: &Ignore,
        within: &str,
        prefix: &str,
        out: impl Write,
    ) -> Result<(), BundleError> {
        let mut tar = tar::Builder::new(BufWriter::with_capacity(BUFFER, out));
        append_files(&mut tar, extra)?;
        let mut total = 0u64;
        for entry in &self.entries {
            let inner = match within {
                "" => Some(entry.path.as_str()),
                within => entry
                    .path
                    .strip_prefix(within)
                    .and_then(|path| path.strip_prefix('/')),
            };
            let Some(inner) = inner else { continue };
            let path = format!("{prefix}{inner}");
            let is_replaced = extra.iter().any(|file| file.path == path);
            if is_replaced || ignore.matches(inner) {
                continue;
            }
            let file = self.archive.by_index(entry.index)?;
            let size = file.size();
            total = total.saturating_add(size);
            if total > MAX_BYTES {
                return Err(BundleError::TooLarge);
            }
            let mode = if entry.executable { 0o755 } else { 0o644 };
            append(
                &mut tar,
                &path,
                mode,
                size,
                Exactly {
                    inner: file,
                    left: size,
                },
            )?;
        }
        tar.into_inner()?.flush()?;
        Ok(())
    }
}

/// Writes a context of generated files only.
pub fn write_files(files: &[ContextFile], out: impl Write) -> io::Result<()> {
    let mut tar = tar::Builder::new(BufWriter::with_capacity(BUFFER, out));
    append_files(&mut tar, files)?;
    tar.into_inner()?.flush()
}

fn append_files(tar: &mut tar::Builder<impl Write>, files: &[ContextFile]) -> io::Result<()> {
    for file in files {
        append(
            tar,
            &file.path,
            file.mode,
            file.content.len() as u64,
            file.content.as_slice(),
        )?;
    }
    Ok(())
}

fn append(
    tar: &mut tar::Builder<impl Write>,
    path: &str,
    mode: u32,
    size: u64,
    data: impl Read,
) -> io::Result<()> {
    // GNU headers: the Engine takes a context that begins with a PAX header for a Dockerfile.
    let mut header = tar::Header::new_gnu();
    header.set_size(size);
    header.set_mode(mode);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header.set_entry_type(tar::EntryType::Regular);
    tar.append_data(&mut header, path, data)
}

/// Fails unless an entry unpacks to just the size it claims, which the tar's header repeats.
struct Exactly<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Exactly<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let wrong = || {
            io::Error::new(
                io::ErrorKind::InvalidData,
                "an entry is not as large as it claims",
            )
        };
        self.left = self.left.checked_sub(count as u64).ok_or_else(wrong)?;
        if count == 0 && self.left > 0 && !buffer.is_empty() {
            return Err(wrong());
        }
        Ok(count)
    }
}

/// A name as a clean relative path; none when it leads anywhere else.
fn relative(name: &str) -> Option<String> {
    if name.contains('\0') || name.contains('\\') || name.starts_with('/') {
        return None;
    }
    let mut parts = Vec::new();
    for component in Path::new(name).components() {
        match component {
            Component::Normal(part) => parts.push(part.to_str()?),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(parts.join("/"))
}

/// What archivers add on their own.
fn is_litter(path: &str) -> bool {
    path.starts_with("__MACOSX/") || path.rsplit('/').next() == Some(".DS_Store")
}

fn strip_single_folder(entries: &mut [Entry]) -> Option<String> {
    let folder = entries.first()?.path.split_once('/')?.0.to_owned();
    let prefix = format!("{folder}/");
    if !entries.iter().all(|entry| entry.path.starts_with(&prefix)) {
        return None;
    }
    for entry in entries {
        entry.path.drain(..prefix.len());
    }
    Some(folder)
}

fn shown(name: &str) -> String {
    name.chars().take(120).collect()
}

#[cfg(test)]
mod tests {
    use zip::{ZipWriter, write::SimpleFileOptions};

    use super::*;

    fn bundle(files: &[(&str, &str, u32)]) -> Result<Bundle, BundleError> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let mut zip = ZipWriter::new(file.as_file_mut());
        for (name, text, mode) in files {
            zip.start_file(*name, SimpleFileOptions::default().unix_permissions(*mode))
                .unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        }
        zip.finish().unwrap();
        Bundle::open(file.path())
    }

    fn tar_names(bundle: &mut Bundle, ignore: &Ignore) -> Vec<(String, u32)> {
        let mut bytes = Vec::new();
        bundle.write_tar(&[], ignore, "", "", &mut bytes).unwrap();
        let mut archive = tar::Archive::new(bytes.as_slice());
        archive
            .entries()
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                (
                    entry.path().unwrap().display().to_string(),
                    entry.header().mode().unwrap(),
                )
            })
            .collect()
    }

    #[test]
    fn a_single_top_level_folder_is_taken_for_the_root() {
        let mut bundle = bundle(&[
            ("app/run.sh", "x", 0o700),
            ("app/a/b.py", "y", 0o600),
            ("__MACOSX/app/._run.sh", "z", 0o644),
        ])
        .unwrap();
        assert_eq!(bundle.stripped.as_deref(), Some("app"));
        assert_eq!(
            tar_names(&mut bundle, &Ignore::default()),
            [("run.sh".to_owned(), 0o755), ("a/b.py".to_owned(), 0o644)]
        );
    }

    #[test]
    fn texts_are_read_for_the_plan() {
        let bundle = bundle(&[("requirements.txt", "flask", 0o644), ("app.py", "", 0o644)]).unwrap();
        assert_eq!(bundle.source.text("requirements.txt"), Some("flask"));
        assert!(bundle.source.has("app.py"));
    }

    #[test]
    fn names_that_lead_out_are_refused() {
        for name in ["../x", "/etc/passwd", "a/../../x", "a\\..\\x", "a/.."] {
            assert_eq!(relative(name), None, "{name}");
        }
        assert_eq!(relative("./a//b").as_deref(), Some("a/b"));
        let error = bundle(&[("../x", "", 0o644)]).err().unwrap();
        assert!(matches!(error, BundleError::Escapes(_)), "{error}");
    }

    #[test]
    fn links_are_refused() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let mut zip = ZipWriter::new(file.as_file_mut());
        zip.add_symlink("passwd", "/etc/passwd", SimpleFileOptions::default())
            .unwrap();
        zip.finish().unwrap();
        let error = Bundle::open(file.path()).err().unwrap();
        assert!(matches!(error, BundleError::NotAFile(_)), "{error}");
    }

    #[test]
    fn what_is_no_zip_is_said() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "hello").unwrap();
        let error = Bundle::open(file.path()).err().unwrap().to_string();
        assert!(error.contains("not a readable zip"), "{error}");
    }

    #[test]
    fn a_long_name_survives() {
        let long = format!("{}/x.py", "d".repeat(150));
        let mut bundle = bundle(&[("a.py", "", 0o644), (long.as_str(), "", 0o644)]).unwrap();
        assert_eq!(tar_names(&mut bundle, &Ignore::default())[1].0, long);
    }
}
