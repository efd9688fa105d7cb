//! From a bundle's files to the build of its image.
//!
//! Decides; it runs nothing. A bundle that lacks what its platform needs is refused here, before any
//! build, with a sentence that says what to add.

use beanpole_ebextensions::{Finding, Lookup};
use beanpole_protocol::Platform;

use crate::{
    buildfile::BuildfileError,
    dockerfile,
    extensions::Extensions,
    images::ContextFile,
    layers::Layers,
    platform::{Images, definition, docker::DockerrunError, dotnet::DotNetError},
    pod::PodBuild,
    procfile::ProcfileError,
    source::Source,
};

/// Why a bundle cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    #[error(transparent)]
    Procfile(#[from] ProcfileError),
    #[error(transparent)]
    Buildfile(#[from] BuildfileError),
    #[error("{0}")]
    ConfigurationFile(Box<Finding>),
    #[error(transparent)]
    Dockerfile(#[from] dockerfile::DockerfileError),
    #[error(transparent)]
    Dockerrun(#[from] DockerrunError),
    #[error(transparent)]
    DotNet(#[from] DotNetError),
    #[error("{from} includes {wanted}, which is not in the bundle")]
    MissingInclude { from: String, wanted: String },
    #[error("nothing to run: the bundle has neither a Procfile nor any .py file")]
    NothingToRunPython,
    #[error("nothing to run: {0}")]
    NothingToRun(&'static str),
    #[error("package.json cannot be read: {detail}")]
    PackageJson { detail: String },
    #[error(
        "package.json asks for Node.js {asked:?} (engines.node), which is not to be had: 18, 20, 22 and 24 are, and exact versions"
    )]
    NodeVersion { asked: String },
    #[error(
        "nothing to run: add a \"start\" script to package.json, a Procfile with a line 'web: <command>', an app.js or a server.js"
    )]
    NothingToRunNode,
}

/// How to build one application version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppBuild {
    /// The generated Dockerfile; none when the bundle's own is used, or the one of its name in `files`.
    pub dockerfile: Option<String>,
    /// What we add to the build context. With a generated Dockerfile the bundle itself is in its folder
    /// `source`.
    pub files: Vec<ContextFile>,
    /// Where the application listens, when the image alone would not tell.
    pub port: Option<u16>,
    /// Images that must be on the host before the build, in order of appearance.
    pub base_images: Vec<String>,
    /// Those are fetched anew, where that can be done, even when the host has them.
    pub refresh_images: bool,
    /// What in the Dockerfile only BuildKit can do.
    pub needs_buildkit: Option<&'static str>,
    /// The containers of an instance, when they are several; then there is no Dockerfile here.
    pub pod: Option<PodBuild>,
    /// Worth telling the person who deploys.
    pub notes: Vec<String>,
}

/// What a platform makes of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// Layers on the platform's images.
    Layers(Layers),
    /// The bundle's own Dockerfile.
    Dockerfile(AppBuild),
}

/// Plans the build of `source` on the platform's images of this host. `lookup` knows the installation.
pub fn plan(
    platform: Platform,
    source: &Source,
    images: &Images,
    lookup: &dyn Lookup,
) -> Result<AppBuild, PlanError> {
    let mut build = match (definition(platform).plan)(source)? {
        Plan::Dockerfile(build) => build,
        Plan::Layers(layers) => {
            let extensions = Extensions::read(source, lookup).map_err(PlanError::ConfigurationFile)?;
            layers.build(platform.name(), source, images, &extensions)?
        }
    };
    build.notes.extend(notes(platform, source));
    Ok(build)
}

fn notes(platform: Platform, source: &Source) -> Vec<String> {
    let mut notes = Vec::new();
    if platform == Platform::Docker && source.has_folder(".platform") {
        notes.push(".platform has no effect: the container is the Dockerfile's alone".to_owned());
    }
    if platform == Platform::Docker && source.has("Procfile") {
        notes.push("the Procfile has no effect beside a Dockerfile".to_owned());
    }
    if platform != Platform::Docker && source.has("Dockerfile") {
        notes.push(format!(
            "the Dockerfile has no effect: the platform is {platform}"
        ));
    }
    notes
}
