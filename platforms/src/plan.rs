//! From a bundle's files to the build of its image.
//!
//! Decides; it runs nothing. A bundle that lacks what its platform needs is refused here, before any
//! build, with a sentence that says what to add.

use beanpole_protocol::Platform;

use crate::{
    dockerfile,
    platform::{Images, definition},
    procfile::ProcfileError,
    source::Source,
    start::{StartCommand, json_list},
};

/// Why a bundle cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    #[error(transparent)]
    Procfile(#[from] ProcfileError),
    #[error(transparent)]
    Dockerfile(#[from] dockerfile::DockerfileError),
    #[error("{from} includes {wanted}, which is not in the bundle")]
    MissingInclude { from: String, wanted: String },
    #[error(
        "the bundle has a Pipfile but no requirements.txt, and Pipfiles are not built yet: write one with 'pipenv requirements > requirements.txt'"
    )]
    Pipfile,
    #[error("nothing to run: the bundle has neither a Procfile nor any .py file")]
    NothingToRunPython,
    #[error("package.json cannot be read: {detail}")]
    PackageJson { detail: String },
    #[error(
        "nothing to run: add a \"start\" script to package.json, a Procfile with a line 'web: <command>', an app.js or a server.js"
    )]
    NothingToRunNode,
}

/// How to build one application version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppBuild {
    /// The generated Dockerfile; none when the bundle's own is used.
    pub dockerfile: Option<String>,
    /// Where the application listens, when the image alone would not tell.
    pub port: Option<u16>,
    /// Images that must be on the host before the build, in order of appearance.
    pub base_images: Vec<String>,
    /// What in the Dockerfile only BuildKit can do.
    pub needs_buildkit: Option<&'static str>,
    /// Worth telling the person who deploys.
    pub notes: Vec<String>,
}

/// Plans the build of `source` on the platform's images of this host.
pub fn plan(platform: Platform, source: &Source, images: &Images) -> Result<AppBuild, PlanError> {
    let mut build = (definition(platform).plan)(source, images)?;
    build.notes.extend(notes(platform, source));
    Ok(build)
}

fn notes(platform: Platform, source: &Source) -> Vec<String> {
    let mut notes = Vec::new();
    for folder in [".ebextensions", ".platform"] {
        if source.has_folder(folder) {
            notes.push(format!(
                "{folder} is in the bundle, but Beanpole does not run it yet: it has no effect"
            ));
        }
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

/// What must be in the image before dependencies are installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Manifest {
    None,
    Files(Vec<String>),
    WholeSource,
}

/// Lays the layers: manifest and dependencies first, so that a change of source alone rebuilds only the
/// last one. Lines that seldom change stand before the source for the same reason.
pub(crate) fn generated(
    platform_image: &str,
    manifest: &Manifest,
    install: Option<&str>,
    start: &StartCommand,
) -> AppBuild {
    const SOURCE: &str = "COPY --chown=webapp:webapp . .\n";
    let mut text = format!("FROM {platform_image}\n");
    let mut source_is_in = false;
    match manifest {
        Manifest::None => {}
        Manifest::Files(files) => {
            for file in files {
                text.push_str(&format!(
                    "COPY {}\n",
                    json_list(&[file.clone(), format!("./{file}")])
                ));
            }
        }
        Manifest::WholeSource => {
            text.push_str(SOURCE);
            source_is_in = true;
        }
    }
    if let Some(install) = install {
        text.push_str(&format!("RUN {install}\n"));
    }
    text.push_str("USER webapp\n");
    text.push_str(&start.dockerfile());
    if !source_is_in {
        text.push_str(SOURCE);
    }
    AppBuild {
        dockerfile: Some(text),
        port: None,
        base_images: vec![platform_image.to_owned()],
        needs_buildkit: None,
        notes: Vec::new(),
    }
}
