//! One entry of a zip, as its header tells: a name and a kind.

use super::BundleError;

/// What an entry claims to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    File,
    Folder,
    Symlink,
    Special,
}

/// What a zip says of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub name: String,
    pub kind: Kind,
    pub encrypted: bool,
}

/// Longest name, bytes.
const LONGEST_NAME: usize = 1024;
/// Longest name of one file or folder in it, bytes: what Linux file systems take.
const LONGEST_PART: usize = 255;

impl Entry {
    /// The entry's clean path, without a slash at its end; empty for the root itself.
    ///
    /// Refuses every name that could lead out of the folder it is unpacked to, on any system.
    pub fn path(&self) -> Result<String, BundleError> {
        let name = || self.name.clone();
        let long =
            self.name.len() > LONGEST_NAME || self.name.split('/').any(|part| part.len() > LONGEST_PART);
        if long || self.name.chars().any(char::is_control) {
            return Err(BundleError::BadName(self.name.chars().take(100).collect()));
        }
        let drive =
            self.name.as_bytes().get(1) == Some(&b':') && self.name.as_bytes()[0].is_ascii_alphabetic();
        if self.name.contains('\\') || drive {
            return Err(BundleError::WindowsPath(name()));
        }
        if self.name.starts_with('/') {
            return Err(BundleError::AbsolutePath(name()));
        }
        let mut parts = Vec::new();
        for part in self.name.split('/') {
            match part {
                ".." => return Err(BundleError::Traversal(name())),
                "" | "." => {}
                part => parts.push(part),
            }
        }
        Ok(parts.join("/"))
    }

    /// Refuses what is neither file nor folder, and what cannot be opened.
    pub fn check_kind(&self) -> Result<(), BundleError> {
        let name = || self.name.clone();
        match self.kind {
            Kind::Symlink => Err(BundleError::Symlink(name())),
            Kind::Special => Err(BundleError::SpecialFile(name())),
            Kind::File | Kind::Folder if self.encrypted => Err(BundleError::Encrypted(name())),
            Kind::File | Kind::Folder => Ok(()),
        }
    }
}

/// The kind by Unix mode (absent: made elsewhere) and the slash at the end of a folder's name.
pub fn kind(mode: Option<u32>, is_folder: bool) -> Kind {
    match mode.unwrap_or(0) & 0o170_000 {
        0o120_000 => Kind::Symlink,
        0o040_000 => Kind::Folder,
        0 | 0o100_000 if is_folder => Kind::Folder,
        0 | 0o100_000 => Kind::File,
        _ => Kind::Special,
    }
}

/// Whether an extra field names the file that this entry is only another name of.
pub fn is_hard_link(id: u16, data: &[u8]) -> bool {
    match id {
        // PKWARE's Unix field: times, user and group, then the name.
        0x000d => data.len() > 12,
        // ASi's: checksum, mode, size, user and group, then the name.
        0x756e => data.len() > 14,
        _ => false,
    }
}
