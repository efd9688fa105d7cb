//! Source bundles on local disk, named by their SHA-256.
//!
//! A blob is written to `incoming/`, flushed, and renamed into place; it is therefore whole whenever
//! its name exists. Which blobs are wanted is the database's to say, not this module's.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use sha2::{Digest, Sha256};
use tokio::{fs, io::AsyncWriteExt};

/// SHA-256 of a bundle.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobHash(pub [u8; 32]);

impl std::fmt::Display for BlobHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl std::fmt::Debug for BlobHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

/// Bytes that are not a SHA-256.
#[derive(Debug, thiserror::Error)]
#[error("{0} bytes are not a SHA-256 (it has 32)")]
pub struct BadHash(usize);

impl TryFrom<Vec<u8>> for BlobHash {
    type Error = BadHash;
    fn try_from(bytes: Vec<u8>) -> Result<Self, BadHash> {
        <[u8; 32]>::try_from(bytes.as_slice())
            .map(Self)
            .map_err(|_| BadHash(bytes.len()))
    }
}

/// The folder of blobs.
#[derive(Clone, Debug)]
pub struct Blobs {
    root: Arc<Path>,
}

/// A blob that is still being written. Dropped without [`Incoming::keep`], its file goes away.
pub struct Incoming {
    file: fs::File,
    path: tempfile::TempPath,
    hasher: Sha256,
    size: u64,
}

/// A whole blob that has no name yet.
pub struct Received {
    path: tempfile::TempPath,
    pub hash: BlobHash,
    pub size: u64,
}

impl Blobs {
    /// Makes `<data>/blobs` where it is missing.
    pub async fn open(data: &Path) -> io::Result<Self> {
        let root = data.join("blobs");
        let incoming = root.join("incoming");
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&incoming)
            .await?;
        Ok(Self { root: root.into() })
    }

    /// Where the blob is, whether it exists or not.
    pub fn path(&self, hash: &BlobHash) -> PathBuf {
        let name = hash.to_string();
        self.root.join(&name[..2]).join(name)
    }

    /// Opens a blob for reading, with its size in bytes.
    pub async fn read(&self, hash: &BlobHash) -> io::Result<(fs::File, u64)> {
        let file = fs::File::open(self.path(hash)).await?;
        let size = file.metadata().await?.len();
        Ok((file, size))
    }

    /// Blobs that were written at or before `moment`, a bounded number of them, after `after`.
    pub async fn list_older(&self, moment: SystemTime, after: Option<BlobHash>) -> io::Result<Vec<BlobHash>> {
        let root = Arc::clone(&self.root);
        tokio::task::spawn_blocking(move || list_older(&root, moment, after))
            .await
            .map_err(io::Error::other)?
    }

    /// Removes a blob written at or before `moment`; false when there is none, or a newer one.
    pub async fn remove_older(&self, hash: &BlobHash, moment: SystemTime) -> io::Result<bool> {
        let path = self.path(hash);
        match fs::metadata(&path).await {
            Ok(metadata) if metadata.modified()? <= moment => fs::remove_file(&path).await.map(|()| true),
            Ok(_) => Ok(false),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Removes what uploads left that were interrupted at or before `moment`; says how many.
    pub async fn remove_interrupted(&self, moment: SystemTime) -> io::Result<u64> {
        let folder = self.root.join("incoming");
        tokio::task::spawn_blocking(move || {
            let mut removed = 0;
            for entry in std::fs::read_dir(folder)? {
                let entry = entry?;
                if entry.metadata()?.modified()? <= moment {
                    std::fs::remove_file(entry.path())?;
                    removed += 1;
                }
            }
            Ok(removed)
        })
        .await
        .map_err(io::Error::other)?
    }

    /// Begins a new blob.
    pub async fn begin(&self) -> io::Result<Incoming> {
        let folder = self.root.join("incoming");
        let (file, path) = tokio::task::spawn_blocking(move || {
            tempfile::Builder::new().prefix("upload-").tempfile_in(folder)
        })
        .await
        .map_err(io::Error::other)??
        .into_parts();
        Ok(Incoming {
            file: fs::File::from_std(file),
            path,
            hasher: Sha256::new(),
            size: 0,
        })
    }

    /// Gives a received blob its name; durable when this returns. The same bytes twice are one blob.
    pub async fn keep(&self, received: Received) -> io::Result<()> {
        let target = self.path(&received.hash);
        tokio::task::spawn_blocking(move || {
            let folder = target.parent().map(Path::to_path_buf).unwrap_or_default();
            std::fs::create_dir_all(&folder)?;
            received.path.persist(&target).map_err(|error| error.error)?;
            std::fs::File::open(&folder)?.sync_all()
        })
        .await
        .map_err(io::Error::other)?
    }
}

/// Most blobs listed at once.
const LISTED: usize = 1000;

fn list_older(root: &Path, moment: SystemTime, after: Option<BlobHash>) -> io::Result<Vec<BlobHash>> {
    let mut folders: Vec<PathBuf> = std::fs::read_dir(root)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<_>>()?;
    folders.retain(|path| path.file_name().is_some_and(|name| name.len() == 2));
    folders.sort();
    let mut found = Vec::new();
    for folder in folders {
        if found.len() >= LISTED {
            break;
        }
        let mut here = Vec::new();
        for entry in std::fs::read_dir(&folder)? {
            let entry = entry?;
            let mut hash = [0; 32];
            let name = entry.file_name();
            if hex::decode_to_slice(name.as_encoded_bytes(), &mut hash).is_ok()
                && after.is_none_or(|after| BlobHash(hash) > after)
                && entry.metadata()?.modified()? <= moment
            {
                here.push(BlobHash(hash));
            }
        }
        here.sort();
        found.extend(here);
    }
    // Folders and names are sorted alike, so that the last one is where to go on.
    Ok(found)
}

impl Incoming {
    /// Appends `bytes`.
    pub async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.size += bytes.len() as u64;
        self.file.write_all(bytes).await
    }

    /// Bytes written so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Flushes to disk and computes the hash.
    pub async fn finish(mut self) -> io::Result<Received> {
        self.file.flush().await?;
        self.file.sync_all().await?;
        Ok(Received {
            path: self.path,
            hash: BlobHash(self.hasher.finalize().into()),
            size: self.size,
        })
    }
}

impl Received {
    /// The file as it lies in `incoming/`.
    pub fn path(&self) -> &Path {
        &self.path
    }
}
