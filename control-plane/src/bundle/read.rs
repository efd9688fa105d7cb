//! Reads a zip from its central directory, and unpacks every entry into nothing.
//!
//! Headers may lie, so sizes are counted while unpacking, and the counting stops at the first byte
//! over a limit. Blocking and CPU-bound: callers run it off the async threads.

use std::{
    fs::File,
    io::{BufReader, Read},
    path::Path,
};

use zip::{
    ExtraField,
    ZipReadOptions,
    read::{Config, ZipFile, ZipFileEntry},
    result::ZipError,
    // Shows every entry, also those that share a name; the workspace pins the crate for it.
    unstable::read::ZipIterable,
};

use super::{
    BundleError, CONFIGURATION_FILE_LIMIT, ENTRIES_LIMIT, Layout, RATIO_LIMIT, RATIO_MATTERS_FROM,
    UNPACKED_LIMIT,
    entry::{Entry, is_hard_link, kind},
    layout::{Gathering, is_configuration_file},
};

/// Bytes taken and given so far.
struct Count {
    /// Of the zip itself.
    size: u64,
    packed: u64,
    unpacked: u64,
}

/// Checks the zip at `path` and says what it holds.
pub fn inspect(path: &Path) -> Result<Layout, BundleError> {
    let directory = File::open(path)?;
    let mut count = Count {
        size: directory.metadata()?.len(),
        packed: 0,
        unpacked: 0,
    };
    let mut bodies = BufReader::new(File::open(path)?);
    let not_a_zip = |error: ZipError| BundleError::NotAZip(error.to_string());
    let archive = ZipIterable::try_new(BufReader::new(directory), Config::default()).map_err(not_a_zip)?;
    if archive.len() > ENTRIES_LIMIT {
        return Err(BundleError::TooManyEntries(archive.len()));
    }
    let mut archive = archive.enforce_header_consistency(true);
    let mut gathering = Gathering::default();
    let mut before = String::new();
    for found in archive.files().map_err(not_a_zip)? {
        let damaged = |error: ZipError| BundleError::Damaged {
            entry: before.clone(),
            reason: format!("the one after it is damaged ({error})"),
        };
        let found = found.map_err(damaged)?;
        let entry = describe(&found, &before)?;
        gathering.add(&entry)?;
        before.clone_from(&entry.name);
        count.packed = count.packed.saturating_add(found.compressed_size());
        if count.packed > count.size {
            return Err(BundleError::Overlap { entry: entry.name });
        }
        let damaged = |error: ZipError| BundleError::Damaged {
            entry: before.clone(),
            reason: error.to_string(),
        };
        let mut file = found
            .with_reader(&mut bodies, ZipReadOptions::new())
            .map_err(damaged)?;
        if has_link_field(&file) {
            return Err(BundleError::HardLink(entry.name));
        }
        let mut kept = Kept::of(&entry);
        count.unpack(&entry.name, &mut file, &mut kept)?;
        if let Kept::Upto(content) = kept {
            gathering.keep(&entry, content);
        }
    }
    gathering.finish()
}

fn describe(found: &ZipFileEntry<'_>, before: &str) -> Result<Entry, BundleError> {
    let name = found
        .name()
        .map_err(|_| BundleError::NameNotUtf8(before.to_owned()))?
        .into_owned();
    Ok(Entry {
        kind: kind(found.unix_mode(), found.is_dir()),
        encrypted: found.encrypted(),
        name,
    })
}

fn has_link_field<R: Read>(file: &ZipFile<'_, R>) -> bool {
    file.extra_data_fields().any(|field| match field {
        ExtraField::Custom(custom) => is_hard_link(custom.header_id, &custom.data),
        _ => false,
    })
}

/// What of an entry's content is wanted.
enum Kept {
    Nothing,
    /// A configuration file: so much of it that one can see when it is too large.
    Upto(Vec<u8>),
}

impl Kept {
    fn of(entry: &Entry) -> Self {
        match entry.path() {
            Ok(path) if is_configuration_file(&path) => Kept::Upto(Vec::new()),
            _ => Kept::Nothing,
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        if let Kept::Upto(content) = self {
            let room = (CONFIGURATION_FILE_LIMIT + 1).saturating_sub(content.len());
            content.extend(&bytes[..bytes.len().min(room)]);
        }
    }
}

impl Count {
    /// Unpacks one entry into nothing, or into `kept`; its checksum is compared on the way.
    fn unpack<R: Read>(
        &mut self,
        name: &str,
        file: &mut ZipFile<'_, R>,
        kept: &mut Kept,
    ) -> Result<(), BundleError> {
        let entry = || name.to_owned();
        let declared = file.size();
        let mut own = 0;
        let mut buffer = [0; 64 * 1024];
        loop {
            let read = file.read(&mut buffer).map_err(|error| BundleError::Damaged {
                entry: entry(),
                reason: error.to_string(),
            })?;
            if read == 0 {
                break;
            }
            kept.take(&buffer[..read]);
            own += read as u64;
            self.unpacked += read as u64;
            if own > declared {
                return Err(BundleError::Lies {
                    entry: entry(),
                    declared,
                });
            }
            if self.unpacked > UNPACKED_LIMIT {
                return Err(BundleError::TooLargeUnpacked { entry: entry() });
            }
            if self.unpacked > RATIO_MATTERS_FROM && self.unpacked / RATIO_LIMIT > self.size {
                return Err(BundleError::Bomb { entry: entry() });
            }
        }
        if own < declared {
            let reason = format!("it says it has {declared} bytes and has {own}");
            return Err(BundleError::Damaged {
                entry: entry(),
                reason,
            });
        }
        Ok(())
    }
}
