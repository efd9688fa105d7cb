//! Follows the routes file: puts it in force at start and whenever it is replaced.
//!
//! Watches the folder, since a rename replaces the file, and looks once a second besides, since
//! notifications can be lost or unavailable. A file that cannot be read or parsed changes nothing:
//! the last good routes stay in force and the error is logged once and shown in the metrics.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use beanpole_protocol::routes::Routes;
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;

use super::registry::Registry;
use crate::clock;

const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A routes file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RoutesError {
    #[error("read the routes file {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("parse the routes file {}", path.display())]
    Parse {
        path: PathBuf,
        source: serde_json::Error,
    },
}

/// What tells one content of the file from the next, as far as `stat` knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    changed: (i64, i64),
    size: u64,
}

impl From<&Metadata> for Stamp {
    fn from(metadata: &Metadata) -> Self {
        Self {
            inode: metadata.ino(),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            size: metadata.size(),
        }
    }
}

/// Follows one routes file.
pub struct RoutesFile {
    path: PathBuf,
    registry: Arc<Registry>,
    /// How many contents were refused since the start.
    refused: Arc<AtomicU64>,
    seen: Option<Stamp>,
    /// What was last complained of, so that it is not said each second.
    complaint: String,
}

impl RoutesFile {
    pub fn new(path: PathBuf, registry: Arc<Registry>, refused: Arc<AtomicU64>) -> Self {
        Self {
            path,
            registry,
            refused,
            seen: None,
            complaint: String::new(),
        }
    }

    /// Looks whether the file is another one than last time and puts it in force if so. A file
    /// that is not there leaves everything as it is.
    pub fn look(&mut self) {
        let stamp = match std::fs::metadata(&self.path) {
            Ok(metadata) => Stamp::from(&metadata),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if self.seen.take().is_some() {
                    tracing::warn!(path = %self.path.display(), "the routes file is gone; its last routes stay");
                }
                return;
            }
            Err(source) => {
                self.refuse(&RoutesError::Read {
                    path: self.path.clone(),
                    source,
                });
                return;
            }
        };
        if self.seen == Some(stamp) {
            return;
        }
        // Taken before reading: a replacement in between is seen at the next look.
        self.seen = Some(stamp);
        match read(&self.path) {
            Ok(routes) => self.put_in_force(&routes),
            Err(error) => self.refuse(&error),
        }
    }

    fn put_in_force(&mut self, routes: &Routes) {
        self.complaint.clear();
        let change = self.registry.apply(routes, clock::millis());
        tracing::info!(
            generation = change.generation,
            environments = routes.environments.len(),
            hosts = change.hosts,
            in_service = change.in_service,
            joined = change.joined,
            left = change.left,
            "routes are in force"
        );
        for conflict in change.conflicts {
            tracing::warn!(
                host = conflict.host,
                environment.id = conflict.environment,
                "two environments claim one host name; the first one keeps it"
            );
        }
    }

    fn refuse(&mut self, error: &RoutesError) {
        let source = std::error::Error::source(error)
            .map(ToString::to_string)
            .unwrap_or_default();
        let complaint = format!("{error}: {source}");
        if complaint != self.complaint {
            self.refused.fetch_add(1, Ordering::Relaxed);
            tracing::error!(%error, source, "the last good routes stay in force");
            self.complaint = complaint;
        }
    }

    /// Follows the file for ever.
    pub async fn follow(mut self) {
        let changed = Arc::new(Notify::new());
        let mut watcher = None;
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = changed.notified() => {}
                _ = look.tick() => {}
            }
            if watcher.is_none() {
                watcher = watch(&self.path, &changed);
            }
            self.look();
        }
    }
}

fn read(path: &Path) -> Result<Routes, RoutesError> {
    let text = std::fs::read(path).map_err(|source| RoutesError::Read {
        path: path.to_owned(),
        source,
    })?;
    serde_json::from_slice(&text).map_err(|source| RoutesError::Parse {
        path: path.to_owned(),
        source,
    })
}

/// A watcher of the file's folder, if the folder is there and the system allows one more.
fn watch(path: &Path, changed: &Arc<Notify>) -> Option<RecommendedWatcher> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let name = path.file_name()?.to_owned();
    let wake = Arc::clone(changed);
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let concerns = |event: &notify::Event| {
            !event.kind.is_access() && event.paths.iter().any(|path| path.file_name() == Some(&name))
        };
        if event.map_or(true, |event| concerns(&event)) {
            wake.notify_one();
        }
    })
    .ok()?;
    watcher.watch(folder, RecursiveMode::NonRecursive).ok()?;
    Some(watcher)
}
