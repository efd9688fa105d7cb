//! Files in the root of a bundle that are about its environment: `env.yaml`, from which one is created, and
//! `cron.yaml`, the tasks of a worker.

mod cron;
mod environment;
mod schedule;

pub use self::{
    cron::{CronTask, cron_tasks},
    environment::{Manifest, environment_manifest},
};
use crate::{
    finding::{Finding, Position},
    read::Reader,
    yaml::{self, Node},
};

/// Where an environment's manifest is.
pub const ENV_YAML: &str = "env.yaml";
/// Where a worker's periodic tasks are.
pub const CRON_YAML: &str = "cron.yaml";

/// Reads a file whole, and takes it apart by `take`.
fn whole<T: Default>(
    file: &str,
    bytes: &[u8],
    take: impl FnOnce(&mut Reader<'_>, &Node) -> T,
) -> (T, Vec<Finding>) {
    let mut reader = Reader {
        file,
        findings: Vec::new(),
    };
    let mut notices = Vec::new();
    let taken = match yaml::read(bytes, &mut notices) {
        Ok(Some(node)) => take(&mut reader, &node),
        Ok(None) => {
            reader.warn(Position::START, "", format!("{file} is empty and has no effect"));
            T::default()
        }
        Err(error) => {
            reader.error(
                error.at,
                "",
                format!("{file} is not valid YAML: {}", error.message),
            );
            T::default()
        }
    };
    for notice in notices {
        reader.warn(notice.at, &notice.key, notice.message);
    }
    reader
        .findings
        .sort_by_key(|finding| (finding.line, finding.column));
    (taken, reader.findings)
}
