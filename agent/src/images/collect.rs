//! Removes Beanpole's own images that an earlier configuration or release of Beanpole stood on.
//!
//! Only what this agent's ledger has, so that other installations on the same Engine keep theirs.
//! Invariant: nothing goes that is current, or that any image on the Engine, whoever's, was made from;
//! Docker itself keeps what a container uses.

use std::collections::BTreeSet;

use super::{Images, ImagesError};
use crate::docker::images::Layers;

/// What is above goes before what it stands on.
fn rank(tag: &str) -> u8 {
    match tag.split(':').next() {
        Some("beanpole/seed") => 4,
        Some("beanpole/base") => 3,
        Some("beanpole/host") => 2,
        Some(name) if name.ends_with("-runtime") => 1,
        _ => 0,
    }
}

impl Images {
    /// Removes what can go; answers the tags that went.
    pub async fn collect(&self) -> Result<Vec<String>, ImagesError> {
        let current = self.current();
        let mut old: Vec<String> = self.ledger.own_images()?.into_iter().collect();
        old.retain(|tag| !current.contains(tag));
        if old.is_empty() {
            return Ok(old);
        }
        old.sort_by_key(|tag| rank(tag));
        let mut gone = Vec::new();
        for tag in old {
            if self.collect_one(&tag).await? {
                tracing::info!(image = %tag, "removed an image of an earlier configuration");
                gone.push(tag);
            }
        }
        let _alone = self.lock().await?;
        let mut kept = self.ledger.own_images()?;
        kept.retain(|tag| !gone.contains(tag));
        self.ledger.keep_own_images(&kept)?;
        Ok(gone)
    }

    async fn collect_one(&self, tag: &str) -> Result<bool, ImagesError> {
        let all = self.engine.all_layers().await?;
        let Some(image) = all
            .iter()
            .find(|image| image.names.iter().any(|name| name == tag))
        else {
            return Ok(true);
        };
        if is_needed(image, &all) {
            return Ok(false);
        }
        Ok(self.engine.remove_image(tag).await?)
    }
}

/// One that has another name too loses only this one.
fn is_needed(image: &Layers, all: &[Layers]) -> bool {
    if image.names.len() > 1 {
        return false;
    }
    let mut ancestors = BTreeSet::new();
    let mut parent = image.parent.as_ref();
    while let Some(id) = parent.filter(|id| ancestors.insert(*id)) {
        parent = all
            .iter()
            .find(|other| other.id == *id)
            .and_then(|other| other.parent.as_ref());
    }
    all.iter()
        .any(|other| other.holds(image) && !ancestors.contains(&other.id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(id: &str, layers: &[&str]) -> Layers {
        Layers {
            id: id.to_owned(),
            names: vec![format!("beanpole/{id}:1")],
            parent: None,
            layers: layers.iter().map(|layer| (*layer).to_owned()).collect(),
        }
    }

    #[test]
    fn what_another_image_was_made_from_is_needed() {
        let base = image("base", &["a", "b"]);
        let others = [
            ("itself, under whatever names", image("base", &["a", "b"]), false),
            ("what it stands on", image("seed", &["a"]), false),
            ("a sibling", image("other", &["a", "c", "d"]), false),
            ("a child", image("app", &["a", "b", "c"]), true),
            (
                "a child with nothing but settings",
                image("set", &["a", "b"]),
                true,
            ),
        ];
        for (what, other, needed) in others {
            assert_eq!(is_needed(&base, &[other]), needed, "{what}");
        }
        let mut made = base.clone();
        made.parent = Some("before-its-settings".to_owned());
        assert!(!is_needed(&made, &[image("before-its-settings", &["a", "b"])]));
        let mut renamed = base.clone();
        renamed.names.push("debian:bookworm-slim".to_owned());
        assert!(!is_needed(&renamed, &[image("app", &["a", "b", "c"])]));
    }

    #[test]
    fn platforms_go_before_their_base_and_the_base_before_its_seed() {
        let mut tags = ["beanpole/seed:x", "beanpole/base:y", "beanpole/python:z"];
        tags.sort_by_key(|tag| rank(tag));
        assert_eq!(tags, ["beanpole/python:z", "beanpole/base:y", "beanpole/seed:x"]);
    }
}
