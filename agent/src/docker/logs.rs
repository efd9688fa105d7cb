//! The last lines of a container's output.

use bollard::query_parameters::LogsOptionsBuilder;
use futures_util::StreamExt;

use super::{Doing, Engine, Result};

/// No answer is longer, bytes.
const LIMIT: usize = 64 * 1024;

impl Engine {
    /// The last lines of several containers in the order in which they were written, each with the name of the
    /// container before it where there is one.
    pub async fn log_tails(&self, containers: &[(Option<String>, String)], lines: u32) -> Result<String> {
        if let [(None, id)] = containers {
            return self.log_tail(id, lines).await;
        }
        let mut all = Vec::new();
        for (name, id) in containers {
            let text = self.tail(id, lines, true).await?;
            all.extend(text.lines().map(|line| {
                let (time, line) = line.split_once(' ').unwrap_or(("", line));
                let name = name.as_deref().unwrap_or_default();
                (time.to_owned(), format!("{name} | {line}"))
            }));
        }
        // Times of one length and zone: their order is that of their letters.
        all.sort_by(|(one, _), (other, _)| one.cmp(other));
        let surplus = all.len().saturating_sub(lines as usize);
        let last: Vec<String> = all.drain(surplus..).map(|(_, line)| line).collect();
        Ok(last.join("\n"))
    }

    /// The last `lines` lines of stdout and stderr together, cut to the last 64 KiB.
    pub async fn log_tail(&self, id: &str, lines: u32) -> Result<String> {
        self.tail(id, lines, false).await
    }

    async fn tail(&self, id: &str, lines: u32, with_times: bool) -> Result<String> {
        let options = LogsOptionsBuilder::default()
            .stdout(true)
            .stderr(true)
            .timestamps(with_times)
            .tail(&lines.to_string())
            .build();
        let mut pieces = std::pin::pin!(self.api.logs(id, Some(options)));
        let mut bytes: Vec<u8> = Vec::new();
        while let Some(piece) = pieces.next().await {
            bytes.extend_from_slice(piece.doing("reading the container's output")?.as_ref());
            if bytes.len() > 2 * LIMIT {
                bytes.drain(..bytes.len() - LIMIT);
            }
        }
        let start = bytes.len().saturating_sub(LIMIT);
        Ok(String::from_utf8_lossy(&bytes[start..]).trim_end().to_owned())
    }
}
