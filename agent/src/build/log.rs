//! A build's output as plain text on its way to the server, and its most telling line for the reason
//! of a failure.
//!
//! Lines wait in a bounded queue; when the server is too slow or away, lines are dropped and the log
//! says how many. A build never waits for its log.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use beanpole_platforms::words;
use beanpole_protocol::{VersionId, output};
use tokio::{
    sync::mpsc,
    time::{Instant, timeout_at},
};

use super::registries;
use crate::link::Link;

const LAST_LINES: usize = 30;
const LONGEST_LINE: usize = 4 * 1024;
const QUEUE: usize = 2_000;
const CHUNK_BYTES: usize = 48 * 1024;
const CHUNK_EVERY: Duration = Duration::from_millis(250);

/// Where a build writes.
pub struct BuildLog {
    lines: Option<mpsc::Sender<String>>,
    last: VecDeque<String>,
    dropped: Arc<AtomicUsize>,
    pump: Option<tokio::task::JoinHandle<()>>,
}

impl BuildLog {
    /// A log that goes to the server.
    pub fn to_server(link: Link, version: VersionId, attempt: u32) -> Self {
        let (lines, queue) = mpsc::channel(QUEUE);
        let dropped = Arc::new(AtomicUsize::new(0));
        let pump = tokio::spawn(pump(link, version, attempt, queue, Arc::clone(&dropped)));
        Self {
            lines: Some(lines),
            last: VecDeque::new(),
            dropped,
            pump: Some(pump),
        }
    }

    pub fn line(&mut self, line: String) {
        let mut line = output::plain(&line);
        if line.len() > LONGEST_LINE {
            let end = (0..=LONGEST_LINE)
                .rev()
                .find(|at| line.is_char_boundary(*at))
                .unwrap_or(0);
            line.truncate(end);
            line.push('…');
        }
        if self.last.len() == LAST_LINES {
            self.last.pop_front();
        }
        self.last.push_back(line.clone());
        if let Some(lines) = &self.lines
            && lines.try_send(line).is_err()
        {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The line that says most of why it failed.
    pub fn telling(&self) -> Option<String> {
        telling(self.last.iter().map(String::as_str))
    }

    /// Sends what is left, for at most this long.
    pub async fn finish(mut self, limit: Duration) {
        self.lines = None;
        if let Some(mut pump) = self.pump.take()
            && tokio::time::timeout(limit, &mut pump).await.is_err()
        {
            pump.abort();
        }
    }
}

impl Drop for BuildLog {
    fn drop(&mut self) {
        if let Some(pump) = self.pump.take() {
            pump.abort();
        }
    }
}

async fn pump(
    link: Link,
    version: VersionId,
    attempt: u32,
    mut queue: mpsc::Receiver<String>,
    dropped: Arc<AtomicUsize>,
) {
    while let Some(first) = queue.recv().await {
        let mut chunk = first;
        chunk.push('\n');
        let deadline = Instant::now() + CHUNK_EVERY;
        while chunk.len() < CHUNK_BYTES {
            match timeout_at(deadline, queue.recv()).await {
                Ok(Some(line)) => {
                    chunk.push_str(&line);
                    chunk.push('\n');
                }
                Ok(None) | Err(_) => break,
            }
        }
        let lost = dropped.swap(0, Ordering::Relaxed);
        if lost > 0 {
            chunk.push_str(&format!(
                "[{lost} lines were lost here: the server took them too slowly]\n"
            ));
        }
        for pause in [0u64, 200, 1_000, 3_000] {
            tokio::time::sleep(Duration::from_millis(pause)).await;
            match link.append_build_log(&version, attempt, chunk.clone()).await {
                Ok(()) => break,
                // The version is not wanted here any more.
                Err(error) if !error.is_passing() => break,
                Err(error) => {
                    tracing::debug!(version.id = %version, error = %error, "a piece of a build log was not taken")
                }
            }
        }
    }
}

/// What our own scripts say, which names file, key and exit code; else that a registry cannot be reached, else
/// the last line that speaks of an error, else the last line that says anything.
fn telling<'a>(lines: impl DoubleEndedIterator<Item = &'a str> + Clone) -> Option<String> {
    if let Some(reason) = words::failure(lines.clone()) {
        return Some(reason);
    }
    let said = || lines.clone().rev().map(str::trim).filter(|line| !line.is_empty());
    let speaks_of_error = |line: &&str| {
        let line = line.to_ascii_lowercase();
        ["error", "fatal", "not found", "cannot ", "failed"]
            .iter()
            .any(|word| line.contains(word))
    };
    if let Some(reason) = registries::unreachable(lines.clone()) {
        return Some(reason.to_owned());
    }
    said()
        .find(speaks_of_error)
        .or_else(|| said().next())
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_telling_line_is_the_last_that_speaks_of_an_error() {
        let pip = [
            "Collecting flask==99",
            "ERROR: Could not find a version that satisfies the requirement flask==99",
            "ERROR: No matching distribution found for flask==99",
            "",
            "[notice] A new release of pip is available",
        ];
        assert_eq!(
            telling(pip.into_iter()).as_deref(),
            Some("ERROR: No matching distribution found for flask==99")
        );
        let ours = [
            "E: Unable to locate package gti",
            "beanpole: the package gti in a.config failed with exit code 100",
        ];
        assert_eq!(
            telling(ours.into_iter()).unwrap(),
            "the package gti in a.config failed with exit code 100: E: Unable to locate package gti"
        );
        let nuget = [
            "NuGet.targets(123,5): error : Unable to load the service index for source x. [/a.csproj]",
            "NuGet.targets(123,5): error :   Name or service not known [/a.csproj]",
        ];
        let reason = telling(nuget.into_iter()).unwrap();
        assert!(reason.contains("NuGet feed cannot be reached"), "{reason}");
        assert_eq!(
            telling(["Step 1/2", "  exit 3 ", ""].into_iter()).as_deref(),
            Some("exit 3")
        );
        assert_eq!(telling(["", " "].into_iter()), None);
    }
}
