//! Removes what nobody needs any more: images of versions that left the desired list with what the
//! stages of their builds left, Beanpole's own images of earlier configurations, nameless images that
//! stand on ours, and build cache when the disk is short.
//!
//! Only images that this agent built or used are considered, so agents that share an Engine leave each
//! other's alone. Docker itself refuses to remove what a container stands on, and is never forced.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use beanpole_protocol::{Timestamp, VersionId};

use crate::{
    build::version::Workshop,
    docker::{Engine, Result, images::Dangling},
};

/// Nameless images stay this long: they are the cache of the next build.
const DANGLING_FOR: Duration = Duration::from_secs(3600);
/// Build cache is dropped below this part of the disk, percent.
const SHORT_OF_DISK: u64 = 10;
/// Without a change, a sweep is made this often.
const EVERY: Duration = Duration::from_secs(600);

/// What is left of a version that nobody wants on this host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waste {
    /// Name of its image; none when it never had one.
    pub image: Option<String>,
    /// Ids of nameless images that no version which stays has.
    pub stages: BTreeSet<String>,
}

/// What a sweep is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sweep {
    pub remove: BTreeMap<VersionId, Waste>,
    /// The free part of Docker's disk, when known.
    pub free_percent: Option<u64>,
}

/// What of `images` and `stages` belongs to versions that are not `wanted`.
pub fn waste(
    images: &BTreeMap<VersionId, String>,
    stages: &BTreeMap<VersionId, BTreeSet<String>>,
    wanted: &BTreeSet<VersionId>,
) -> BTreeMap<VersionId, Waste> {
    let kept: BTreeSet<&String> = stages
        .iter()
        .filter(|(version, _)| wanted.contains(version))
        .flat_map(|(_, ids)| ids)
        .collect();
    let versions: BTreeSet<&VersionId> = images.keys().chain(stages.keys()).collect();
    versions
        .into_iter()
        .filter(|version| !wanted.contains(version))
        .map(|version| {
            let ids = stages.get(version).into_iter().flatten();
            let waste = Waste {
                image: images.get(version).cloned(),
                stages: ids.filter(|id| !kept.contains(id)).cloned().collect(),
            };
            (version.clone(), waste)
        })
        .collect()
}

/// The sweep's work, if one is due.
pub fn due(
    remove: BTreeMap<VersionId, Waste>,
    last: Option<Timestamp>,
    now: Timestamp,
) -> Option<BTreeMap<VersionId, Waste>> {
    // What Docker would not let go of is tried again now and then, not at every look.
    let pause = if remove.is_empty() {
        EVERY
    } else {
        Duration::from_secs(30)
    };
    last.is_none_or(|last| now.since(last) >= pause).then_some(remove)
}

/// Removes what can go; answers the versions of which nothing is left.
pub async fn sweep(workshop: Arc<Workshop>, work: Sweep) -> Vec<VersionId> {
    let mut gone = Vec::new();
    if let Err(error) = try_sweep(&workshop.engine, &work, &mut gone).await {
        tracing::debug!(error = %error, "old images were not removed this time");
    }
    if let Err(error) = workshop.images.collect().await {
        tracing::debug!(error = %error, "old images of Beanpole's own were not removed this time");
    }
    gone
}

async fn try_sweep(engine: &Engine, work: &Sweep, gone: &mut Vec<VersionId>) -> Result<()> {
    for (version, waste) in &work.remove {
        if let Some(image) = &waste.image {
            if !engine.remove_version(image).await? {
                continue;
            }
            tracing::info!(image, "removed an image that nobody needs");
        }
        for id in &waste.stages {
            // One that somebody has given a name, or made another image from, is theirs now.
            if engine.nameless_since(id).await?.is_some() {
                engine.remove_image(id).await?;
            }
        }
        gone.push(version.clone());
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

    fn version(name: &str) -> VersionId {
        name.parse().unwrap()
    }

    fn ids(ids: &[&str]) -> BTreeSet<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    #[test]
    fn a_sweep_is_due_at_first_when_something_can_go_and_now_and_then() {
        let nothing = BTreeMap::new();
        let something = BTreeMap::from([(version("v-1"), Waste::default())]);
        assert!(due(nothing.clone(), None, at(0)).is_some());
        assert!(due(nothing.clone(), Some(at(0)), at(60)).is_none());
        assert!(due(nothing, Some(at(0)), at(600)).is_some());
        assert!(due(something.clone(), Some(at(0)), at(10)).is_none());
        assert!(due(something, Some(at(0)), at(60)).is_some());
    }

    #[test]
    fn what_is_left_of_a_version_goes_but_for_stages_that_another_one_has() {
        let images = BTreeMap::from([
            (version("v-1"), "app:1".to_owned()),
            (version("v-2"), "app:2".to_owned()),
        ]);
        let stages = BTreeMap::from([
            (version("v-1"), ids(&["dependencies", "source-1"])),
            (version("v-2"), ids(&["dependencies", "source-2"])),
            (version("v-broken"), ids(&["half"])),
        ]);
        let both = BTreeSet::from([version("v-1"), version("v-2"), version("v-broken")]);
        assert_eq!(waste(&images, &stages, &both), BTreeMap::new());
        let gone = waste(&images, &stages, &BTreeSet::from([version("v-2")]));
        let one = Waste {
            image: Some("app:1".to_owned()),
            stages: ids(&["source-1"]),
        };
        let broken = Waste {
            image: None,
            stages: ids(&["half"]),
        };
        assert_eq!(
            gone,
            BTreeMap::from([(version("v-1"), one), (version("v-broken"), broken)])
        );
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
