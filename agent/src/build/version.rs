//! The build of one application version, from bundle to image.

use std::{
    collections::BTreeSet,
    io,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use beanpole_ebextensions::{Lookup, installation_reference};
use beanpole_platforms::{AppBuild, PlanError, images::ContextFile, plan};
use beanpole_protocol::{HostId, Platform, Timestamp, agent::DesiredImage, output};

use super::{
    context::{Bundle, BundleError},
    dockerignore::Ignore,
    log::BuildLog,
};
use crate::{
    docker::{
        Engine,
        build::{BuildFailure, BuildRequest, Builder},
    },
    images::{Images, ImagesError, Progress},
    labels,
    link::{Link, LinkError, pace::Pace},
};

/// Our Dockerfile in the context, where the bundle itself is in [`SOURCE`].
pub(super) const DOCKERFILE: &str = "beanpole/Dockerfile";
pub(super) const SOURCE: &str = "source/";

/// Characters of an error, and of a line of output, that a reason has at most.
const LONGEST_REASON: usize = 300;

/// Why a version has no image.
#[derive(Debug, thiserror::Error)]
pub(super) enum VersionError {
    #[error("the bundle could not be fetched: {0}")]
    Fetch(#[from] LinkError),
    #[error(transparent)]
    Bundle(#[from] BundleError),
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Images(Box<ImagesError>),
    #[error("the Dockerfile's base image {image} is neither on this host nor can it be pulled: {source}")]
    Base { image: String, source: Box<ImagesError> },
    #[error(transparent)]
    Build(#[from] BuildFailure),
    #[error("temporary files cannot be written: {0}")]
    Disk(#[from] io::Error),
}

impl From<ImagesError> for VersionError {
    fn from(error: ImagesError) -> Self {
        VersionError::Images(Box::new(error))
    }
}

impl VersionError {
    /// Whether the same build can work later without anybody changing anything.
    fn is_passing(&self) -> bool {
        match self {
            VersionError::Fetch(error) => error.is_passing(),
            VersionError::Images(error) => error.is_passing(),
            VersionError::Base { source, .. } => source.is_passing(),
            VersionError::Build(BuildFailure::Docker(error)) => error.is_unreachable() || error.lost_a_step(),
            _ => false,
        }
    }

    /// Whether it passes as a rule, but may also be somebody's mistake: tried a few times only.
    fn is_doubtful(&self) -> bool {
        match self {
            VersionError::Fetch(error) => matches!(error, LinkError::WrongBytes),
            VersionError::Build(BuildFailure::Docker(error)) => error.lost_a_step(),
            _ => false,
        }
    }
}

/// The nameless images that the stages of a build ended with, all but the last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stages {
    /// Made by this build.
    pub made: BTreeSet<String>,
    /// Found by this build, which an earlier one has made: perhaps not one of ours.
    pub reused: BTreeSet<String>,
}

/// How a build ended, and what it left behind either way.
#[derive(Debug)]
pub struct Built {
    /// The error is one sentence of plain text, with the most telling line of output when Docker's
    /// build failed.
    pub outcome: Result<(), String>,
    pub stages: Stages,
}

/// What every build on this host needs.
pub struct Workshop {
    pub engine: Engine,
    pub link: Link,
    pub images: Arc<Images>,
    pub host: HostId,
    /// For temporary files.
    pub folder: std::path::PathBuf,
}

impl Workshop {
    /// Builds a version's image; tries on while the server or Docker is away.
    pub async fn build(&self, image: &DesiredImage) -> Built {
        let began = Timestamp::now();
        let mut ids = Vec::new();
        let outcome = self.build_until_done(image, &mut ids).await;
        let stages = self.stages(ids, began).await;
        Built { outcome, stages }
    }

    /// Sorts the images of stages; those that have a name or are gone are nobody's leftovers.
    async fn stages(&self, ids: Vec<String>, began: Timestamp) -> Stages {
        let mut stages = Stages::default();
        for id in ids {
            match self.engine.nameless_since(&id).await {
                Ok(Some(made)) if made >= began => stages.made.insert(id),
                Ok(Some(_)) => stages.reused.insert(id),
                Ok(None) | Err(_) => false,
            };
        }
        stages
    }

    async fn build_until_done(&self, image: &DesiredImage, stages: &mut Vec<String>) -> Result<(), String> {
        let mut pace = Pace::new(Duration::from_secs(10));
        let mut doubtful = 0;
        loop {
            let mut log = BuildLog::to_server(self.link.clone(), image.version.clone(), image.attempt);
            log.line(format!(
                "building {} {} for {} on {}",
                image.application, image.label, image.platform, self.host
            ));
            let outcome = self.try_build(image, &mut log, stages).await;
            if outcome.as_ref().is_err_and(VersionError::is_doubtful) {
                doubtful += 1;
            }
            match outcome {
                Ok(()) => {
                    log.line("the image is ready".to_owned());
                    // The image counts, not its log: that is sent in the background's own time.
                    tokio::spawn(log.finish(Duration::from_secs(30)));
                    return Ok(());
                }
                Err(error) if error.is_passing() && doubtful < 3 => {
                    tracing::warn!(version.id = %image.version, error = %error, "a build waits and is tried again");
                    log.line(format!("{error}; trying again"));
                    log.finish(Duration::from_secs(2)).await;
                    tokio::time::sleep(pace.next(rand::random())).await;
                }
                Err(error) => {
                    let reason = reason(&error, log.telling().as_deref());
                    log.line(error.to_string());
                    // The log is complete at the server before it hears of the failure.
                    log.finish(Duration::from_secs(5)).await;
                    return Err(reason);
                }
            }
        }
    }

    async fn try_build(
        &self,
        image: &DesiredImage,
        log: &mut BuildLog,
        stages: &mut Vec<String>,
    ) -> Result<(), VersionError> {
        let began = Instant::now();
        let zip = tempfile::Builder::new()
            .prefix("bundle-")
            .tempfile_in(&self.folder)?;
        self.link
            .bundle(&image.version, &image.bundle_sha256, zip.path())
            .await?;
        let fetched = Instant::now();
        let mut line = |text: String| log.line(text);
        let (bundle, build) = self.plan(image, zip.path(), &mut line).await?;
        if let Some(pod) = &build.pod {
            return self
                .build_pod(image, bundle, pod, build.port, &mut line, stages)
                .await;
        }
        let context = self.context(bundle, &build).await?;
        let request = self.request(image, &build, context.path());
        let prepared = Instant::now();
        self.engine.build(&request, &mut line, stages).await?;
        tracing::debug!(
            version.id = %image.version,
            fetch_ms = (fetched - began).as_millis(),
            prepare_ms = (prepared - fetched).as_millis(),
            build_ms = prepared.elapsed().as_millis(),
            "a build's parts"
        );
        Ok(())
    }

    /// Opens the bundle, decides how to build it, and sees to the images that it stands on.
    async fn plan(
        &self,
        image: &DesiredImage,
        zip: &Path,
        line: Progress<'_>,
    ) -> Result<(Bundle, AppBuild), VersionError> {
        let platform = image.platform;
        let installation = Installation {
            region: image.region.clone(),
        };
        let images = match platform {
            Platform::Docker => beanpole_platforms::Images::default(),
            platform => self.images.platform(platform, line).await?,
        };
        let path = zip.to_owned();
        let (bundle, build) = blocking(move || {
            let bundle = Bundle::open(&path)?;
            let build = plan(platform, &bundle.source, &images, &installation)?;
            Ok::<_, VersionError>((bundle, build))
        })
        .await?;
        if let Some(folder) = &bundle.stripped {
            line(format!(
                "the bundle's only top-level folder, {folder}, is taken as its root"
            ));
        }
        for note in &build.notes {
            line(format!("note: {note}"));
        }
        if let Some(feature) = build.needs_buildkit {
            line(format!(
                "note: the Dockerfile uses {feature}, so BuildKit builds it, without bounds on CPU and memory"
            ));
        }
        if platform == Platform::Docker {
            for base in &build.base_images {
                let obtained = match build.refresh_images {
                    true => self.images.refresh(base, line).await,
                    false => self.images.obtain(base, line).await,
                };
                obtained.map_err(|source| VersionError::Base {
                    image: base.clone(),
                    source: Box::new(source),
                })?;
            }
        }
        Ok((bundle, build))
    }

    async fn context(
        &self,
        mut bundle: Bundle,
        build: &AppBuild,
    ) -> Result<tempfile::NamedTempFile, VersionError> {
        let mut file = tempfile::Builder::new()
            .prefix("context-")
            .tempfile_in(&self.folder)?;
        let generated = build.dockerfile.clone();
        let mut files = build.files.clone();
        blocking(move || {
            match generated {
                Some(dockerfile) => {
                    files.push(ContextFile {
                        path: DOCKERFILE.to_owned(),
                        mode: 0o644,
                        content: dockerfile.into_bytes(),
                    });
                    bundle.write_tar(&files, &Ignore::default(), "", SOURCE, file.as_file_mut())?;
                }
                None => {
                    let rules = bundle
                        .source
                        .text(".dockerignore")
                        .map(Ignore::parse)
                        .unwrap_or_default();
                    let replaced: Vec<_> = files.iter().map(|file| file.path.clone()).collect();
                    files.extend(user_files(&bundle).filter(|file| !replaced.contains(&file.path)));
                    bundle.write_tar(&files, &rules, "", "", file.as_file_mut())?;
                }
            }
            Ok(file)
        })
        .await
    }

    fn request(&self, image: &DesiredImage, build: &AppBuild, context: &Path) -> BuildRequest {
        // Labels make one more layer, half a second in every build: only where they are needed.
        let port = build.port.map(|port| (labels::PORT.to_owned(), port.to_string()));
        BuildRequest {
            context: context.to_owned(),
            dockerfile: if build.dockerfile.is_some() {
                DOCKERFILE
            } else {
                "Dockerfile"
            }
            .to_owned(),
            target: None,
            tag: image.image.clone(),
            labels: port.into_iter().collect(),
            arguments: self.images.arguments().clone(),
            bounds: self.images.bounds(),
            builder: if build.needs_buildkit.is_some() {
                Builder::BuildKit
            } else {
                Builder::Classic
            },
        }
    }
}

/// What functions in configuration files may ask for during a build, which is for no environment.
struct Installation {
    region: String,
}

impl Lookup for Installation {
    fn reference(&self, name: &str) -> Option<String> {
        installation_reference(name, &self.region)
    }

    fn option(&self, _: &str, _: &str) -> Option<String> {
        None
    }
}

/// Why there is no image, on one line.
fn reason(error: &VersionError, telling: Option<&str>) -> String {
    let error_line = one_line(&error.to_string());
    match (error, telling) {
        // Docker says only which command failed; why, the command has said.
        (VersionError::Build(BuildFailure::Docker(_)), Some(line)) if !error_line.contains(line.trim()) => {
            format!("{error_line}: {}", one_line(line))
        }
        _ => error_line,
    }
}

fn one_line(text: &str) -> String {
    let words: Vec<_> = output::plain(text)
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    output::cut(&words.join(" "), LONGEST_REASON)
}

/// A user's Dockerfile is always in the context, ignored or not.
fn user_files(bundle: &Bundle) -> impl Iterator<Item = ContextFile> {
    ["Dockerfile", ".dockerignore"].into_iter().filter_map(|path| {
        let content = bundle.source.text(path)?.as_bytes().to_vec();
        Some(ContextFile {
            path: path.to_owned(),
            mode: 0o644,
            content,
        })
    })
}

pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, VersionError> + Send + 'static,
) -> Result<T, VersionError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(stopped) => Err(VersionError::Disk(io::Error::other(stopped))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_plain_line_however_the_error_looks() {
        let error = VersionError::Disk(io::Error::other("first\n\u{1b}[31msecond\u{1b}[0m"));
        let told = reason(&error, Some("a line of output"));
        assert_eq!(told, "temporary files cannot be written: first second");
        let long = one_line(&"x".repeat(5000));
        assert_eq!(long.chars().count(), LONGEST_REASON + 1);
    }
}
