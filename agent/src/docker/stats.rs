//! Held statistics streams: one sample a second for each container, pushed by the Engine.
//!
//! Asking once takes the Engine one to two seconds, so nothing here polls.

use bollard::{models::ContainerStatsResponse, query_parameters::StatsOptionsBuilder};
use futures_util::{Stream, StreamExt};

use super::Engine;

/// What a container uses now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Without the page cache that the kernel can take back.
    pub memory_bytes: u64,
    /// Hundredths of one CPU since the sample before; none in the first sample.
    pub cpu_percent: Option<f64>,
}

impl Sample {
    /// What several containers use together, as far as it is known.
    pub fn sum(samples: &[Option<Sample>]) -> Sample {
        let known = || samples.iter().flatten();
        Sample {
            memory_bytes: known().map(|sample| sample.memory_bytes).sum(),
            cpu_percent: known().map(|sample| sample.cpu_percent).sum::<Option<f64>>(),
        }
    }
}

impl Engine {
    /// Samples of a container until it stops.
    pub fn samples(&self, id: &str) -> impl Stream<Item = Sample> + Send + 'static {
        let options = StatsOptionsBuilder::default().stream(true).build();
        self.api
            .stats(id, Some(options))
            .filter_map(|stats| async move { sample(stats.ok()?) })
    }
}

fn sample(stats: ContainerStatsResponse) -> Option<Sample> {
    let memory = stats.memory_stats?;
    let usage = memory.usage?;
    let details = memory.stats.unwrap_or_default();
    // cgroup v1 has the total of the hierarchy under its own name, v2 only the plain one.
    let cache = details
        .get("total_inactive_file")
        .or_else(|| details.get("inactive_file"));
    let (now, before) = (stats.cpu_stats?, stats.precpu_stats.unwrap_or_default());
    let cpu_percent = (|| {
        let used = now
            .cpu_usage
            .as_ref()?
            .total_usage?
            .checked_sub(before.cpu_usage.as_ref()?.total_usage?)?;
        let passed = now
            .system_cpu_usage?
            .checked_sub(before.system_cpu_usage?)
            .filter(|passed| *passed > 0)?;
        let cpus = f64::from(now.online_cpus.unwrap_or(1).max(1));
        Some((used as f64 / passed as f64 * cpus * 100.0 * 100.0).round() / 100.0)
    })();
    Some(Sample {
        memory_bytes: usage.saturating_sub(cache.copied().unwrap_or(0)),
        cpu_percent,
    })
}
