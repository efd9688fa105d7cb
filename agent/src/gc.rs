//! Removes what nobody needs any more: images of versions that left the desired list, nameless images
//! that stand on ours, and build cache when the disk is short.
//!
//! Only images that this agent built or used are considered, so agents that share an Engine leave each
//! other's alone. Docker itself refuses to remove what a container stands on, and is never forced.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use beanpole_protocol::{Timestamp, VersionId};

use crate::docker::{Engine, Result, images::Dangling};

/// Nameless images stay this long: they are the cache of the next build.
const DANGLING_FOR: Duration = Duration::from_secs(3600);
/// Build cache is dropped below this part of the disk, percent.
const SHORT_OF_DISK: u64 = 10;
/// Without a change, a sweep is made this often.
const EVERY: Duration = Duration::from_secs(600);

/// What a sweep is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sweep {
    /// Image names by version.
    pub remove: BTreeMap<VersionId, String>,
    /// The free part of Docker's disk, when known.
    pub free_percent: Option<u64>,
}

/// A sweep, if one is due: `known` images that are not `wanted` can go.
pub fn due(
    known: &BTreeMap<VersionId, String>,
    wanted: &BTreeSet<VersionId>,
    last: Option<Timestamp>,
    now: Timestamp,
) -> Option<BTreeMap<VersionId, String>> {
    let remove: BTreeMap<_, _> = known
        .iter()
        .filter(|(version, _)| !wanted.contains(version))
        .map(|(version, name)| (version.clone(), name.clone()))
        .collect();
    // What Docker would not let go of is tried again now and then, not at every look.
    let pause = if remove.is_empty() {
        EVERY
    } else {
        Duration::from_secs(30)
    };
    last.is_none_or(|last| now.since(last) >= pause).then_some(remove)
}

/// Removes what can go; answers the versions whose images are gone.
pub async fn sweep(engine: Engine, work: Sweep) -> Vec<VersionId> {
    let mut gone = Vec::new();
    if let Err(error) = try_sweep(&engine, &work, &mut gone).await {
        tracing::debug!(error = %error, "old images were not removed this time");
    }
    gone
}

async fn try_sweep(engine: &Engine, work: &Sweep, gone: &mut Vec<VersionId>) -> Result<()> {
    for (version, image) in &work.remove {
        if engine.remove_image(image).await? {
            tracing::info!(image, "removed an image that nobody needs");
            gone.push(version.clone());
        }
    }
    for id in stale(&engine.dangling_images().await?, Timestamp::now()) {
        engine.remove_image(id).await?;
    }
    if work.free_percent.is_some_and(|free| free < SHORT_OF_DISK) {
        tracing::info!(
            free_percent = work.free_percent,
            "the disk is short: dropping old build cache"
        );
        engine.prune_build_cache(24).await?;
    }
    Ok(())
}

fn stale(images: &[Dangling], now: Timestamp) -> Vec<&str> {
    let is_stale = |image: &&Dangling| {
        now.since(Timestamp::from_millis(image.created.saturating_mul(1000))) > DANGLING_FOR
    };
    images
        .iter()
        .filter(is_stale)
        .map(|image| image.id.as_str())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn a_sweep_is_due_at_first_when_something_can_go_and_now_and_then() {
        let (one, two): (VersionId, VersionId) = ("v-1".parse().unwrap(), "v-2".parse().unwrap());
        let known = BTreeMap::from([
            (one.clone(), "app:1".to_owned()),
            (two.clone(), "app:2".to_owned()),
        ]);
        let both = BTreeSet::from([one.clone(), two.clone()]);
        let first = BTreeSet::from([one]);
        assert_eq!(due(&known, &both, None, at(0)), Some(BTreeMap::new()));
        assert_eq!(due(&known, &both, Some(at(0)), at(60)), None);
        assert_eq!(due(&known, &both, Some(at(0)), at(600)), Some(BTreeMap::new()));
        let second = BTreeMap::from([(two, "app:2".to_owned())]);
        assert_eq!(due(&known, &first, Some(at(0)), at(60)), Some(second));
    }

    #[test]
    fn nameless_images_go_after_an_hour() {
        let image = |id: &str, created| Dangling {
            id: id.to_owned(),
            created,
        };
        let images = [image("old", 0), image("new", 5_000)];
        assert_eq!(stale(&images, at(6_000)), ["old"]);
    }
}
