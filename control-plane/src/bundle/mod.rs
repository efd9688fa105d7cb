//! What a source bundle may look like, and what it holds.
//!
//! [`read`] turns a zip into entries and unpacks each into nothing, to see that it is as large as it
//! says; [`layout`] judges names and kinds and is pure. Invariant: a bundle accepted here unpacks to
//! plain files under its own root, no larger than the limits.

pub mod configuration;
pub mod entry;
pub mod error;
pub mod layout;
pub mod manifests;
pub mod read;
#[cfg(test)]
pub mod tests;

use std::{path::Path, sync::Arc};

use tokio::sync::Semaphore;

pub use error::BundleError;
pub use layout::Layout;

/// Bytes of a bundle as uploaded, at most.
pub const UPLOAD_LIMIT: u64 = 512 * 1024 * 1024;
/// Entries at most.
pub const ENTRIES_LIMIT: usize = 100_000;
/// Bytes at most once unpacked.
pub const UNPACKED_LIMIT: u64 = 4 * 1024 * 1024 * 1024;
/// Bytes of one configuration file (`.ebextensions/*.config`) that are read.
pub const CONFIGURATION_FILE_LIMIT: usize = 1024 * 1024;
/// How many times its own size a bundle may unpack to ...
pub const RATIO_LIMIT: u64 = 100;
/// ... once it is larger than this, bytes. Small files of text do compress well.
pub const RATIO_MATTERS_FROM: u64 = 64 * 1024 * 1024;

/// Inspects bundles off the async threads, a few at a time: each takes a whole core.
#[derive(Clone)]
pub struct Inspector(Arc<Semaphore>);

impl Default for Inspector {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(2)))
    }
}

impl Inspector {
    /// What the zip at `path` holds, or why it is refused. The file must stay until this returns.
    pub async fn inspect(&self, path: &Path) -> Result<Layout, BundleError> {
        let place = Arc::clone(&self.0)
            .acquire_owned()
            .await
            .map_err(std::io::Error::other)?;
        let path = path.to_owned();
        tokio::task::spawn_blocking(move || {
            // Held until the work is done, also when the upload that wanted it was given up.
            let _place = place;
            read::inspect(&path)
        })
        .await
        .map_err(std::io::Error::other)?
    }
}
