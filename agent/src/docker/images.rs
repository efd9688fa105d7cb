//! Images: whether they are here, pulled, imported, tagged, removed.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use beanpole_pod::{Pod, image_of};
use beanpole_protocol::{Platform, Timestamp};
use bollard::{
    body_try_stream,
    query_parameters::{
        CreateImageOptionsBuilder, ListImagesOptionsBuilder, PruneBuildOptionsBuilder,
        RemoveImageOptionsBuilder, TagImageOptionsBuilder,
    },
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};

use super::{Doing, Engine, Result};
use crate::labels;

/// What an application image says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageFacts {
    pub platform: Platform,
    /// Where the application listens inside its container.
    pub port: u16,
    /// Its containers run Beanpole's init: a proxy on port 80, processes as the user webapp.
    pub has_init: bool,
    /// Names of the variables that the image itself sets.
    pub variables: BTreeSet<String>,
    /// The containers of an instance, when they are several.
    pub pod: Option<Pod>,
}

/// An image without a name that stands on one of ours: an older build, or half of a failed one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dangling {
    pub id: String,
    /// Seconds since the Unix epoch.
    pub created: i64,
}

/// What an image is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layers {
    pub id: String,
    pub names: Vec<String>,
    /// Id of the image that the classic builder made it from; only [`Engine::all_layers`] tells, and of
    /// BuildKit's images nobody does.
    pub parent: Option<String>,
    /// Digests, the lowest first.
    pub layers: Vec<String>,
}

impl Layers {
    /// Whether this image has all that `base` has. One that was made from `base` by settings alone has
    /// the same layers, and so has what `base` was itself made from in that way.
    pub fn holds(&self, base: &Layers) -> bool {
        self.id != base.id && self.layers.starts_with(&base.layers)
    }
}

/// Repository and tag of an image name; `latest` when none is written.
pub fn split_name(name: &str) -> (&str, &str) {
    match name.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, tag),
        _ => (name, "latest"),
    }
}

impl Engine {
    pub async fn has_image(&self, name: &str) -> Result<bool> {
        match self.api.inspect_image(name).await.doing("looking for an image") {
            Ok(_) => Ok(true),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether a version's image is here, and those of all its containers.
    pub async fn has_version(&self, name: &str) -> Result<bool> {
        let facts = match self.image_facts(name).await {
            Ok(facts) => facts,
            Err(error) if error.is_not_found() => return Ok(false),
            Err(error) => return Err(error),
        };
        for container in facts.pod.iter().flat_map(|pod| &pod.containers) {
            if !self.has_image(&image_of(name, &container.name)).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Removes a version's image and those of its containers, unless something uses one; answers whether it is
    /// gone.
    pub async fn remove_version(&self, name: &str) -> Result<bool> {
        match self.image_facts(name).await {
            Ok(facts) => {
                // Its own image last: it says which the others are.
                for container in facts.pod.iter().flat_map(|pod| &pod.containers) {
                    if !self.remove_image(&image_of(name, &container.name)).await? {
                        return Ok(false);
                    }
                }
            }
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error),
        }
        self.remove_image(name).await
    }

    /// The facts of an application image; an error that `is_not_found` when it is not here.
    pub async fn image_facts(&self, name: &str) -> Result<ImageFacts> {
        let image = self
            .api
            .inspect_image(name)
            .await
            .doing("looking for the application's image")?;
        let config = image.config.unwrap_or_default();
        let labels = config.labels.unwrap_or_default();
        let exposed = config.exposed_ports.unwrap_or_default();
        let lowest = exposed
            .iter()
            .filter_map(|port| port.strip_suffix("/tcp")?.parse().ok())
            .min();
        Ok(ImageFacts {
            platform: labels
                .get(labels::PLATFORM)
                .and_then(|name| name.parse().ok())
                .unwrap_or(Platform::Docker),
            port: labels
                .get(labels::PORT)
                .and_then(|port| port.parse().ok())
                .or(lowest)
                .unwrap_or(8080),
            has_init: labels.contains_key(labels::INIT),
            pod: labels
                .get(labels::POD)
                .and_then(|pod| serde_json::from_str(pod).ok()),
            variables: config
                .env
                .iter()
                .flatten()
                .filter_map(|variable| Some(variable.split_once('=')?.0.to_owned()))
                .collect(),
        })
    }

    /// Pulls an image from its registry, telling `progress` its steps.
    pub async fn pull(&self, name: &str, mut progress: impl FnMut(String)) -> Result<()> {
        let (repository, tag) = split_name(name);
        let options = CreateImageOptionsBuilder::default()
            .from_image(repository)
            .tag(tag)
            .build();
        let api = self.patient(Duration::from_secs(600));
        let mut steps = std::pin::pin!(api.create_image(Some(options), None, None));
        while let Some(step) = steps.next().await {
            let step = step.doing(&format!("pulling {name}"))?;
            // Steps with numbers in them repeat many times a second.
            if let (Some(status), None) = (step.status, step.progress_detail.and_then(|detail| detail.total))
            {
                progress(match step.id {
                    Some(id) => format!("{id}: {status}"),
                    None => status,
                });
            }
        }
        Ok(())
    }

    /// Makes an image out of a root file system as a tar stream. `changes` are Dockerfile lines.
    pub async fn import(
        &self,
        name: &str,
        changes: Vec<String>,
        root: impl Stream<Item = std::io::Result<Bytes>> + Send + 'static,
    ) -> Result<()> {
        let (repository, tag) = split_name(name);
        let options = CreateImageOptionsBuilder::default()
            .from_src("-")
            .repo(repository)
            .tag(tag)
            .changes(changes)
            .build();
        let api = self.patient(Duration::from_secs(600));
        let mut steps = std::pin::pin!(api.create_image(Some(options), Some(body_try_stream(root)), None));
        while let Some(step) = steps.next().await {
            step.doing(&format!("importing {name}"))?;
        }
        Ok(())
    }

    pub async fn tag(&self, name: &str, alias: &str) -> Result<()> {
        let (repository, tag) = split_name(alias);
        let options = TagImageOptionsBuilder::default()
            .repo(repository)
            .tag(tag)
            .build();
        self.api
            .tag_image(name, Some(options))
            .await
            .doing(&format!("tagging {name} as {alias}"))
    }

    /// Every image without a name that carries a role label of ours, as all children of ours do.
    pub async fn dangling_images(&self) -> Result<Vec<Dangling>> {
        let filter = HashMap::from([("label", vec![labels::ROLE]), ("dangling", vec!["true"])]);
        let options = ListImagesOptionsBuilder::default().filters(&filter).build();
        let found = self
            .api
            .list_images(Some(options))
            .await
            .doing("listing images")?;
        Ok(found
            .into_iter()
            .map(|image| Dangling {
                id: image.id,
                created: image.created,
            })
            .collect())
    }

    /// An image by name or id; none when it is not here.
    pub async fn layers(&self, name: &str) -> Result<Option<Layers>> {
        match self.api.inspect_image(name).await.doing("looking at an image") {
            Ok(image) => Ok(Some(Layers {
                id: image.id.unwrap_or_default(),
                names: image.repo_tags.unwrap_or_default(),
                parent: None,
                layers: image.root_fs.and_then(|root| root.layers).unwrap_or_default(),
            })),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Every image there is, those included that builds leave between two steps.
    pub async fn all_layers(&self) -> Result<Vec<Layers>> {
        let options = ListImagesOptionsBuilder::default().all(true).build();
        let listed = self
            .api
            .list_images(Some(options))
            .await
            .doing("listing images")?;
        let mut found = Vec::new();
        for image in listed {
            let parent = Some(image.parent_id).filter(|parent| !parent.is_empty());
            let layers = self.layers(&image.id).await?;
            found.extend(layers.map(|layers| Layers { parent, ..layers }));
        }
        Ok(found)
    }

    /// When an image without any name was made; none when it is gone or has one.
    pub async fn nameless_since(&self, id: &str) -> Result<Option<Timestamp>> {
        let image = match self.api.inspect_image(id).await.doing("looking at an image") {
            Ok(image) => image,
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => return Err(error),
        };
        if image.repo_tags.is_some_and(|tags| !tags.is_empty()) {
            return Ok(None);
        }
        let millis = image
            .created
            .map_or(0, |at| at.unix_timestamp_nanos() / 1_000_000);
        Ok(Some(Timestamp::from_millis(i64::try_from(millis).unwrap_or(0))))
    }

    /// Removes an image unless something uses it; answers whether it is gone.
    pub async fn remove_image(&self, name: &str) -> Result<bool> {
        let options = RemoveImageOptionsBuilder::default().build();
        match self
            .api
            .remove_image(name, Some(options), None)
            .await
            .doing("removing an image")
        {
            Ok(_) => Ok(true),
            Err(error) if error.is_not_found() => Ok(true),
            Err(error) if error.status() == Some(409) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Drops BuildKit's cache that was not used for this many hours. The classic builder's cache is
    /// its images.
    pub async fn prune_build_cache(&self, hours: u32) -> Result<()> {
        let filter = HashMap::from([("until", vec![format!("{hours}h")])]);
        let options = PruneBuildOptionsBuilder::default().filters(&filter).build();
        self.api
            .prune_build(Some(options))
            .await
            .doing("pruning the build cache")?;
        Ok(())
    }
}
