//! The docker platform: the bundle brings its own Dockerfile, or names an image in a `Dockerrun.aws.json`,
//! and nothing else is added.

mod compose;
mod dockerrun;
mod ecs;
mod order;

use beanpole_ebextensions::{Finding, finding::Position};
use beanpole_protocol::Platform;

pub use self::dockerrun::DockerrunError;
use self::dockerrun::{Dockerrun, FILE};
use crate::{
    detect::Sign,
    dockerfile::{DockerfileError, read},
    images::ContextFile,
    plan::{AppBuild, Plan, PlanError},
    platform::Definition,
    source::Source,
};

pub(super) const DEFINITION: Definition = Definition {
    platform: Platform::Docker,
    changelog: include_str!("CHANGELOG.md"),
    runtime: None,
    builder: None,
    signs: &[
        Sign::file(compose::FILE, 9),
        Sign::file("Dockerfile", 10),
        Sign::file(FILE, 12),
    ],
    plan,
};

/// Files that describe containers.
pub const FILES: [&str; 2] = [compose::FILE, FILE];

/// Whether the containers that such a file describes can be run, and what of it has no effect.
pub fn containers(source: &Source) -> Result<Vec<String>, Finding> {
    match plan(source) {
        Ok(Plan::Dockerfile(build)) => Ok(build.notes),
        Ok(Plan::Layers(_)) => Ok(Vec::new()),
        Err(PlanError::ConfigurationFile(finding)) => Err(*finding),
        Err(error) => {
            let file = if source.has(compose::FILE) {
                compose::FILE
            } else {
                FILE
            };
            let message = error.to_string();
            Err(compose::at::finding(
                file,
                Position::START,
                String::new(),
                message,
            ))
        }
    }
}

fn plan(source: &Source) -> Result<Plan, PlanError> {
    if source.has(compose::FILE) {
        let text = source
            .text(compose::FILE)
            .ok_or(DockerrunError::ComposeUnreadable)?;
        if let Some(text) = source.text(FILE) {
            dockerrun::beside_compose(text)?;
        }
        let build =
            compose::plan(text, source).map_err(|finding| PlanError::ConfigurationFile(Box::new(finding)))?;
        return Ok(Plan::Dockerfile(build));
    }
    if source.text(FILE).is_some_and(dockerrun::is_of_ecs) {
        let text = source.text(FILE).unwrap_or_default();
        let build =
            ecs::plan(text, source).map_err(|finding| PlanError::ConfigurationFile(Box::new(finding)))?;
        return Ok(Plan::Dockerfile(build));
    }
    let own = match source.text("Dockerfile") {
        None if source.has("Dockerfile") => return Err(DockerfileError::Unreadable.into()),
        own => own,
    };
    let build = match (source.text(FILE), own) {
        (Some(text), _) => with_dockerrun(dockerrun::read(text)?, own)?,
        (None, _) if source.has(FILE) => {
            let detail = "it is too large or not UTF-8".to_owned();
            return Err(DockerrunError::Unreadable { detail }.into());
        }
        (None, Some(text)) => built_from(text)?,
        (None, None) => return Err(DockerfileError::Missing.into()),
    };
    Ok(Plan::Dockerfile(build))
}

fn built_from(dockerfile: &str) -> Result<AppBuild, PlanError> {
    let facts = read(dockerfile)?;
    Ok(AppBuild {
        // One port alone is read off the image; a label would cost a layer in every build.
        port: facts.port.filter(|_| facts.ports > 1),
        base_images: facts.base_images,
        needs_buildkit: facts.needs_buildkit,
        ..AppBuild::default()
    })
}

fn with_dockerrun(dockerrun: Dockerrun, own: Option<&str>) -> Result<AppBuild, PlanError> {
    let dockerfile = dockerrun.dockerfile(own)?;
    let mut build = built_from(&dockerfile)?;
    build.port = dockerrun.port.or(build.port);
    build.refresh_images = own.is_none() && dockerrun.update;
    build.notes = dockerrun.notes;
    if own.is_some() && dockerrun.image.is_some() {
        build.notes.push(format!(
            "Image of {FILE} has no effect: the Dockerfile beside it is built"
        ));
    }
    if own != Some(dockerfile.as_str()) {
        build.files.push(ContextFile {
            path: "Dockerfile".to_owned(),
            mode: 0o644,
            content: dockerfile.into_bytes(),
        });
    }
    Ok(build)
}

#[cfg(test)]
mod tests;
