//! The last lines of a container's output.

use bollard::query_parameters::LogsOptionsBuilder;
use futures_util::StreamExt;

use super::{Doing, Engine, Result};

/// No answer is longer, bytes.
const LIMIT: usize = 64 * 1024;

impl Engine {
    /// The last `lines` lines of stdout and stderr together, cut to the last 64 KiB.
    pub async fn log_tail(&self, id: &str, lines: u32) -> Result<String> {
        let options = LogsOptionsBuilder::default()
            .stdout(true)
            .stderr(true)
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
