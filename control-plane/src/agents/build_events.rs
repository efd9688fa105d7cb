//! Events out of a build's log: what each key of a configuration file did, and how long it took.
//!
//! The scripts that carry out `.ebextensions` print a line when a key begins and one when it has ended.

use beanpole_protocol::{Timestamp, VersionId, api::Severity};
use sqlx::PgConnection;

use crate::{
    ApiError,
    ops::record::{self, About},
    store::{deployments, environments},
};

const MARK: &str = "beanpole:event end ";
/// Of one piece of log.
const MOST: usize = 100;

/// A key of a file that was carried out.
#[derive(Debug, PartialEq, Eq)]
struct Done<'a> {
    key: &'a str,
    file: &'a str,
    millis: u64,
}

fn done(line: &str) -> Option<Done<'_>> {
    let (key, rest) = line.trim().strip_prefix(MARK)?.split_once(' ')?;
    let (file, millis) = rest.rsplit_once(' ')?;
    Some(Done {
        key,
        file,
        millis: millis.parse().ok()?,
    })
}

/// Writes an event for each key that the piece of log tells of, to every environment that the version is on
/// its way to.
pub async fn record(
    conn: &mut PgConnection,
    version: &VersionId,
    text: &str,
    now: Timestamp,
) -> Result<(), ApiError> {
    let all: Vec<_> = text.lines().filter_map(done).take(MOST).collect();
    if all.is_empty() {
        return Ok(());
    }
    for (id, release) in deployments::active_targets(conn).await? {
        if release.version != *version {
            continue;
        }
        environments::lock(conn, &id).await?;
        let (Some(environment), Some(deployment)) = (
            environments::by_id(conn, &id).await?,
            deployments::active(conn, &id).await?,
        ) else {
            continue;
        };
        let about = About {
            deployment: Some(&deployment.id),
            version_label: Some(&deployment.label),
        };
        for Done { key, file, millis } in &all {
            let seconds = *millis as f64 / 1000.0;
            let message = format!("{file}: {key} took {seconds:.1} s.");
            let event = (Severity::Info, "configuration_key", message.as_str());
            record::event(conn, &environment, about, event, now).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_marks_count() {
        let line = "beanpole:event end packages .ebextensions/01 my.config 1234\r";
        let expected = Done {
            key: "packages",
            file: ".ebextensions/01 my.config",
            millis: 1234,
        };
        assert_eq!(done(line), Some(expected));
        for line in [
            "beanpole:event begin files x",
            "beanpole:event end files",
            "echo beanpole:event end a b 1",
        ] {
            assert_eq!(done(line), None, "{line}");
        }
    }
}
