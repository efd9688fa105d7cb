//! Processor time of what is measured: programs with all their children, those that have ended too.

use std::fs;

use anyhow::Context;

/// `USER_HZ`, which Linux fixes at this for what `/proc` shows.
const TICKS_PER_SECOND: f64 = 100.0;

/// Process ids whose time counts, with their children's.
#[derive(Clone, Debug)]
pub struct Watched(pub Vec<u32>);

impl Watched {
    /// User and system time so far.
    pub fn cpu_seconds(&self) -> anyhow::Result<f64> {
        let mut ticks = 0;
        for entry in fs::read_dir("/proc")? {
            let Some(id) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else {
                continue;
            };
            let Ok(stat) = fs::read_to_string(format!("/proc/{id}/stat")) else {
                continue;
            };
            ticks += self.ticks(id, &stat).context("odd /proc/stat")?;
        }
        Ok(ticks as f64 / TICKS_PER_SECOND)
    }

    fn ticks(&self, id: u32, stat: &str) -> Option<u64> {
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let parent: u32 = fields.get(1)?.parse().ok()?;
        // utime, stime; for the parents themselves also the time of children that have ended.
        let last = match (self.0.contains(&id), self.0.contains(&parent)) {
            (true, _) => 15,
            (false, true) => 13,
            (false, false) => return Some(0),
        };
        fields
            .get(11..last)?
            .iter()
            .map(|field| field.parse::<u64>().ok())
            .sum()
    }
}
