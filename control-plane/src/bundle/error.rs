//! Why a bundle is refused. Each text names the entry and says what to do.

use beanpole_platforms::DetectError;

use super::{ENTRIES_LIMIT, RATIO_LIMIT, UNPACKED_LIMIT};

#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    #[error("the upload is not a zip file ({0}); send the source bundle as a zip")]
    NotAZip(String),
    #[error("the bundle has no files")]
    Empty,
    #[error("the bundle has {0} entries; at most {ENTRIES_LIMIT} are taken")]
    TooManyEntries(usize),
    #[error("the entry {0:?} has an absolute path; paths in a bundle begin at its own root")]
    AbsolutePath(String),
    #[error("the entry {0:?} leads out of the bundle with \"..\"")]
    Traversal(String),
    #[error(
        "the entry {0:?} has a backslash or a drive letter in its path; zip with / between folders (Windows' \
         own \"Compressed folder\" and `bp deploy` do)"
    )]
    WindowsPath(String),
    #[error("the entry {0:?} has a control character or too many bytes in its name")]
    BadName(String),
    #[error("the name of an entry near {0:?} is not UTF-8")]
    NameNotUtf8(String),
    #[error("the entry {0:?} is a symbolic link; put the file itself into the bundle")]
    Symlink(String),
    #[error("the entry {0:?} is a hard link; put the file itself into the bundle")]
    HardLink(String),
    #[error("the entry {0:?} is a device, socket or pipe; only files and folders are taken")]
    SpecialFile(String),
    #[error("the entry {0:?} is there twice")]
    Duplicate(String),
    #[error("the entry {0:?} is a file and a folder at once")]
    FileAndFolder(String),
    #[error("the entry {0:?} is encrypted; zip without a password")]
    Encrypted(String),
    #[error("the entry {entry:?} cannot be unpacked: {reason}")]
    Damaged { entry: String, reason: String },
    #[error(
        "the entry {entry:?} says it has {declared} bytes and unpacks to more: this looks like a zip bomb"
    )]
    Lies { entry: String, declared: u64 },
    #[error(
        "the bundle unpacks to more than {} GiB (reached at the entry {entry:?})",
        UNPACKED_LIMIT >> 30
    )]
    TooLargeUnpacked { entry: String },
    #[error(
        "the bundle unpacks to more than {RATIO_LIMIT} times its size (reached at the entry {entry:?}): this \
         looks like a zip bomb"
    )]
    Bomb { entry: String },
    #[error("entries of the bundle overlap (seen at {entry:?}): this looks like a zip bomb")]
    Overlap { entry: String },
    #[error(transparent)]
    Platform(#[from] DetectError),
    #[error("the bundle cannot be read back")]
    Io(#[from] std::io::Error),
}

impl BundleError {
    /// Stable name of the refusal.
    pub fn kind(&self) -> &'static str {
        match self {
            BundleError::NotAZip(_) => "bundle_not_a_zip",
            BundleError::Empty => "bundle_empty",
            BundleError::TooManyEntries(_) => "bundle_too_many_entries",
            BundleError::AbsolutePath(_) => "bundle_absolute_path",
            BundleError::Traversal(_) => "bundle_path_traversal",
            BundleError::WindowsPath(_) => "bundle_windows_path",
            BundleError::BadName(_) | BundleError::NameNotUtf8(_) => "bundle_bad_name",
            BundleError::Symlink(_) => "bundle_symlink",
            BundleError::HardLink(_) => "bundle_hard_link",
            BundleError::SpecialFile(_) => "bundle_special_file",
            BundleError::Duplicate(_) | BundleError::FileAndFolder(_) => "bundle_duplicate_entry",
            BundleError::Encrypted(_) => "bundle_encrypted",
            BundleError::Damaged { .. } => "bundle_damaged",
            BundleError::Lies { .. } | BundleError::Bomb { .. } | BundleError::Overlap { .. } => {
                "bundle_zip_bomb"
            }
            BundleError::TooLargeUnpacked { .. } => "bundle_too_large_unpacked",
            BundleError::Platform(DetectError::Empty) => "bundle_empty",
            BundleError::Platform(DetectError::NotSupported { .. }) => "platform_not_supported",
            BundleError::Platform(DetectError::Unknown { .. }) => "platform_unknown",
            BundleError::Io(_) => "internal",
        }
    }

    /// The entry it is about.
    pub fn entry(&self) -> Option<&str> {
        match self {
            BundleError::AbsolutePath(entry)
            | BundleError::Traversal(entry)
            | BundleError::WindowsPath(entry)
            | BundleError::BadName(entry)
            | BundleError::NameNotUtf8(entry)
            | BundleError::Symlink(entry)
            | BundleError::HardLink(entry)
            | BundleError::SpecialFile(entry)
            | BundleError::Duplicate(entry)
            | BundleError::FileAndFolder(entry)
            | BundleError::Encrypted(entry)
            | BundleError::Damaged { entry, .. }
            | BundleError::Lies { entry, .. }
            | BundleError::TooLargeUnpacked { entry }
            | BundleError::Bomb { entry }
            | BundleError::Overlap { entry } => Some(entry),
            BundleError::Platform(DetectError::NotSupported { file, .. }) => Some(file),
            _ => None,
        }
    }
}
