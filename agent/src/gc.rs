//! Removes what nobody needs any more: images of versions that left the desired list, dangling images
//! of ours, and build cache when the disk is short.
//!
//! Only ever what carries this host's label, is not wanted and is not under any container; Docker
//! itself refuses to remove what is in use, and is never forced.

use std::collections::BTreeSet;

use beanpole_protocol::{HostId, Timestamp, VersionId};

use crate::docker::{Engine, Result, images::OwnImage};

/// Dangling images stay this long: they are the cache of the next build.
const DANGLING_SECONDS: i64 = 3600;
/// Build cache is dropped below this part of the disk, percent.
const SHORT_OF_DISK: u64 = 10;
/// Without a change, a sweep is made this often.
const EVERY: std::time::Duration = std::time::Duration::from_secs(600);

/// What must stay.
#[derive(Clone, Debug)]
pub struct Keep {
    pub host: HostId,
    pub versions: BTreeSet<VersionId>,
    /// The free part of Docker's disk, when known.
    pub free_percent: Option<u64>,
}

/// When the last sweep was, and what it kept.
#[derive(Clone, Debug, Default)]
pub struct Swept {
    last: Option<(Timestamp, BTreeSet<VersionId>)>,
}

/// Whether it is time for a sweep; if so, notes that one is made.
pub fn is_due(swept: &mut Swept, wanted: &BTreeSet<VersionId>, now: Timestamp) -> bool {
    let is_due = match &swept.last {
        None => true,
        Some((at, kept)) => !kept.is_subset(wanted) || now.since(*at) >= EVERY,
    };
    if is_due {
        swept.last = Some((now, wanted.clone()));
    }
    is_due
}

/// Names or ids of the images to remove. Pure.
fn removable(images: &[OwnImage], in_use: &[String], keep: &Keep, now: Timestamp) -> Vec<String> {
    images
        .iter()
        .filter(|image| !in_use.contains(&image.id))
        .flat_map(|image| {
            let is_ours = image.host.as_deref() == Some(keep.host.as_str());
            let is_app = image.role.as_deref() == Some("app");
            let is_wanted = image
                .version
                .as_ref()
                .is_some_and(|version| keep.versions.contains(version));
            let age = now.as_millis() / 1000 - image.created;
            match image.tags.as_slice() {
                [] if age > DANGLING_SECONDS => vec![image.id.clone()],
                tags if is_app && is_ours && !is_wanted => tags.to_vec(),
                _ => Vec::new(),
            }
        })
        .collect()
}

/// Removes what can go.
pub async fn sweep(engine: Engine, keep: Keep) {
    if let Err(error) = try_sweep(&engine, &keep).await {
        tracing::debug!(error = %error, "old images were not removed this time");
    }
}

async fn try_sweep(engine: &Engine, keep: &Keep) -> Result<()> {
    let images = engine.own_images().await?;
    let in_use = engine.images_in_use().await?;
    for name in removable(&images, &in_use, keep, Timestamp::now()) {
        if engine.remove_image(&name).await? {
            tracing::info!(image = %name, "removed an image that nobody needs");
        }
    }
    if keep.free_percent.is_some_and(|free| free < SHORT_OF_DISK) {
        tracing::info!(
            free_percent = keep.free_percent,
            "the disk is short: dropping old build cache"
        );
        engine.prune_build_cache(24).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(id: &str, tags: &[&str], version: Option<&str>, host: &str, role: &str) -> OwnImage {
        OwnImage {
            id: id.to_owned(),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            version: version.map(|version| version.parse().unwrap()),
            host: Some(host.to_owned()),
            role: Some(role.to_owned()),
            created: 0,
        }
    }

    #[test]
    fn only_what_is_ours_unwanted_and_unused_goes() {
        let images = [
            image("wanted", &["app:1"], Some("v-1"), "h-1", "app"),
            image("old", &["app:2"], Some("v-2"), "h-1", "app"),
            image("runs", &["app:3"], Some("v-3"), "h-1", "app"),
            image("foreign", &["app:4"], Some("v-4"), "h-2", "app"),
            image("base", &["base:x"], None, "h-1", "base"),
            image("dangling", &[], None, "h-1", "platform"),
        ];
        let keep = Keep {
            host: "h-1".parse().unwrap(),
            versions: BTreeSet::from(["v-1".parse().unwrap()]),
            free_percent: None,
        };
        let later = Timestamp::from_millis(10_000_000);
        assert_eq!(
            removable(&images, &["runs".to_owned()], &keep, later),
            ["app:2", "dangling"]
        );
        let soon = Timestamp::from_millis(1_000);
        assert_eq!(removable(&images, &["runs".to_owned()], &keep, soon), ["app:2"]);
    }

    #[test]
    fn a_sweep_is_due_when_something_left_and_now_and_then() {
        let (one, two): (VersionId, VersionId) = ("v-1".parse().unwrap(), "v-2".parse().unwrap());
        let mut swept = Swept::default();
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1000);
        let both = BTreeSet::from([one.clone(), two]);
        let first = BTreeSet::from([one]);
        assert!(is_due(&mut swept, &both, at(0)));
        assert!(!is_due(&mut swept, &both, at(10)));
        assert!(is_due(&mut swept, &first, at(20)));
        assert!(!is_due(&mut swept, &both, at(30)));
        assert!(is_due(&mut swept, &first, at(700)));
    }
}
