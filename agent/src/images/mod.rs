//! Beanpole's own images on this host: the seed, the base on it, a platform image on that.
//!
//! Made when first needed and then found again by their tags, which name their content. One is made at
//! a time, over all processes on the host.

mod authorities;
pub mod collect;
pub mod mirror;
mod seed;

use std::{
    collections::{BTreeSet, HashMap},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use beanpole_platforms::{
    Images as PlatformImages,
    images::{self, Foundation, ImageBuild, SEED_PULL, Sources},
};
use beanpole_protocol::Platform;
use tokio::sync::Mutex;

pub use authorities::read as read_authorities;

use crate::{
    build::context::write_files,
    docker::{
        DockerError, Engine,
        build::{BuildBounds, BuildFailure, BuildRequest, Builder},
    },
    labels,
    ledger::{Ledger, LedgerError},
};

/// Takes lines of progress.
pub type Progress<'a> = &'a mut (dyn FnMut(String) + Send);

/// Why an image of ours could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ImagesError {
    #[error(transparent)]
    Docker(#[from] DockerError),
    #[error("cannot build the image {name}: {source}")]
    Build { name: String, source: BuildFailure },
    #[error("cannot make the base image: {0}")]
    Seed(#[from] seed::SeedError),
    #[error("cannot write to {}: {source}", path.display())]
    Disk { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl ImagesError {
    /// Whether Docker was away, so that trying again makes sense.
    pub fn is_passing(&self) -> bool {
        match self {
            ImagesError::Docker(error)
            | ImagesError::Build {
                source: BuildFailure::Docker(error),
                ..
            } => error.is_unreachable(),
            _ => false,
        }
    }
}

/// The maker of this host's images.
pub struct Images {
    engine: Engine,
    sources: Sources,
    init: Arc<[u8]>,
    bounds: BuildBounds,
    /// Arguments that every build gets, such as the host's proxies.
    arguments: HashMap<String, String>,
    folder: PathBuf,
    ledger: Ledger,
    making: Mutex<()>,
}

impl Images {
    /// `init` is the program that instances run first. `folder` is for temporary files, a Debian root
    /// among them (300 MB).
    pub fn new(
        engine: Engine,
        sources: Sources,
        init: Arc<[u8]>,
        bounds: BuildBounds,
        folder: &Path,
        ledger: Ledger,
    ) -> Self {
        Self {
            engine,
            sources,
            init,
            bounds,
            arguments: proxies(|name| std::env::var(name).ok()),
            folder: folder.to_owned(),
            ledger,
            making: Mutex::new(()),
        }
    }

    /// Proxies of this host as build arguments.
    pub fn arguments(&self) -> &HashMap<String, String> {
        &self.arguments
    }

    pub fn bounds(&self) -> BuildBounds {
        self.bounds
    }

    /// The tags of a platform's images, made when they are not here. The docker platform has the base for
    /// both.
    pub async fn platform(
        &self,
        platform: Platform,
        progress: Progress<'_>,
    ) -> Result<PlatformImages, ImagesError> {
        let base = images::base(&self.sources, &images::seed_tag(&self.sources));
        let on = self.foundation(&base);
        let builds = images::platform(platform, &on);
        if builds.is_empty() {
            let base = self.base(progress).await?;
            return Ok(PlatformImages {
                runtime: base.clone(),
                builder: base,
            });
        }
        for build in &builds {
            self.remember(&build.tag).await?;
            if self.engine.has_image(&build.tag).await? {
                continue;
            }
            let _one = self.making.lock().await;
            let _alone = self.lock().await?;
            self.make_base(&base, &mut *progress).await?;
            self.make(build, "platform", &mut *progress).await?;
        }
        Ok(images::names(platform, &on))
    }

    fn foundation(&self, base: &ImageBuild) -> Foundation {
        Foundation {
            base: base.tag.clone(),
            init: Arc::clone(&self.init),
        }
    }

    /// The tag of the base image, made when it is not here.
    pub async fn base(&self, progress: Progress<'_>) -> Result<String, ImagesError> {
        let base = images::base(&self.sources, &images::seed_tag(&self.sources));
        self.remember(&base.tag).await?;
        if !self.engine.has_image(&base.tag).await? {
            let _one = self.making.lock().await;
            let _alone = self.lock().await?;
            self.make_base(&base, progress).await?;
        }
        Ok(base.tag)
    }

    /// Sees to it that `image`, named by a user's Dockerfile, is on the host: here already, pulled, or
    /// our base under Debian's name where no registry answers.
    pub async fn obtain(&self, image: &str, progress: Progress<'_>) -> Result<(), ImagesError> {
        if self.engine.has_image(image).await? {
            return Ok(());
        }
        progress(format!("pulling {image}"));
        let Err(error) = self.engine.pull(image, &mut *progress).await else {
            return Ok(());
        };
        let (repository, tag) = SEED_PULL;
        if image != format!("{repository}:{tag}") {
            return Err(error.into());
        }
        progress(format!("{error}; using Beanpole's own base image instead"));
        let base = self.base(progress).await?;
        self.engine.tag(&base, image).await?;
        Ok(())
    }

    /// The same, but an image that is here is fetched anew, where that can be done.
    pub async fn refresh(&self, image: &str, progress: Progress<'_>) -> Result<(), ImagesError> {
        if !self.engine.has_image(image).await? {
            return self.obtain(image, progress).await;
        }
        progress(format!("pulling {image}"));
        if let Err(error) = self.engine.pull(image, &mut *progress).await {
            progress(format!("{error}; using the one that is on this host"));
        }
        Ok(())
    }

    /// The tag of the plain Debian that all this starts from, got when it is not here.
    pub async fn seed(&self, progress: Progress<'_>) -> Result<String, ImagesError> {
        let _one = self.making.lock().await;
        let _alone = self.lock().await?;
        seed::ensure(&self.engine, &self.sources, &self.folder, progress).await?;
        Ok(images::seed_tag(&self.sources))
    }

    /// The tags that are in use now: none of them is ever collected.
    fn current(&self) -> BTreeSet<String> {
        let seed = images::seed_tag(&self.sources);
        let base = images::base(&self.sources, &seed);
        let on = self.foundation(&base);
        let platforms = Platform::ALL.into_iter();
        let mut tags: BTreeSet<String> = platforms
            .flat_map(|platform| images::platform(platform, &on))
            .map(|build| build.tag)
            .collect();
        tags.extend([seed, base.tag]);
        tags
    }

    /// Notes down what is about to be stood on, with what that stands on, so that it can be collected
    /// one day.
    async fn remember(&self, tag: &str) -> Result<(), ImagesError> {
        let mut tags = self.ledger.own_images()?;
        if tags.contains(tag) {
            return Ok(());
        }
        let _alone = self.lock().await?;
        let seed = images::seed_tag(&self.sources);
        tags = self.ledger.own_images()?;
        tags.extend([images::base(&self.sources, &seed).tag, seed, tag.to_owned()]);
        Ok(self.ledger.keep_own_images(&tags)?)
    }

    async fn make_base(&self, base: &ImageBuild, progress: Progress<'_>) -> Result<(), ImagesError> {
        if self.engine.has_image(&base.tag).await? {
            return Ok(());
        }
        seed::ensure(&self.engine, &self.sources, &self.folder, progress).await?;
        self.make(base, "base", progress).await
    }

    async fn make(&self, build: &ImageBuild, role: &str, progress: Progress<'_>) -> Result<(), ImagesError> {
        if self.engine.has_image(&build.tag).await? {
            return Ok(());
        }
        progress(format!("building the image {}", build.tag));
        let context = tempfile::Builder::new()
            .prefix("context-")
            .tempfile_in(&self.folder)
            .and_then(|file| write_files(&build.files, file.as_file()).map(|()| file))
            .map_err(|source| ImagesError::Disk {
                path: self.folder.clone(),
                source,
            })?;
        let mut arguments = self.arguments.clone();
        arguments.extend(
            build
                .arguments
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone())),
        );
        let mut labels = HashMap::from([(labels::ROLE.to_owned(), role.to_owned())]);
        let platform = build
            .name
            .trim_end_matches("-builder")
            .trim_end_matches("-runtime");
        if platform.parse::<Platform>().is_ok() {
            labels.insert(labels::PLATFORM.to_owned(), platform.to_owned());
        }
        let request = BuildRequest {
            context: context.path().to_owned(),
            dockerfile: "Dockerfile".to_owned(),
            target: None,
            tag: build.tag.clone(),
            labels,
            arguments,
            bounds: self.bounds,
            builder: Builder::Classic,
        };
        self.engine
            .build(&request, progress, &mut Vec::new())
            .await
            .map_err(|source| ImagesError::Build {
                name: build.name.clone(),
                source,
            })
    }

    /// Held while an image is made, so that two processes do not make the same one.
    async fn lock(&self) -> Result<std::fs::File, ImagesError> {
        use std::os::unix::fs::OpenOptionsExt;
        let user = rustix::process::geteuid().as_raw();
        let path = std::env::temp_dir().join(format!("beanpole-images-{user}.lock"));
        let disk = |source| ImagesError::Disk {
            path: path.clone(),
            source,
        };
        let file = std::fs::OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            // Anybody may have put a link there.
            .custom_flags(i32::from_ne_bytes(
                rustix::fs::OFlags::NOFOLLOW.bits().to_ne_bytes(),
            ))
            .open(&path)
            .map_err(disk)?;
        let locked = tokio::task::spawn_blocking(move || {
            rustix::fs::flock(&file, rustix::fs::FlockOperation::LockExclusive).map(|()| file)
        })
        .await;
        match locked {
            Ok(Ok(file)) => Ok(file),
            Ok(Err(errno)) => Err(disk(errno.into())),
            Err(stopped) => Err(disk(io::Error::other(stopped))),
        }
    }
}

/// Docker knows these arguments without any `ARG` line, and keeps them out of the image.
fn proxies(read: impl Fn(&str) -> Option<String>) -> HashMap<String, String> {
    ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "FTP_PROXY", "ALL_PROXY"]
        .into_iter()
        .flat_map(|name| [name.to_owned(), name.to_ascii_lowercase()])
        .filter_map(|name| {
            read(&name)
                .filter(|value| !value.is_empty())
                .map(|value| (name, value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_in_either_case_are_passed_on() {
        let found = proxies(|name| (name == "https_proxy").then(|| "http://proxy:3128".to_owned()));
        assert_eq!(
            found,
            HashMap::from([("https_proxy".to_owned(), "http://proxy:3128".to_owned())])
        );
    }
}
