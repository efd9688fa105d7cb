//! The docker platform: the bundle brings its own Dockerfile, and nothing is added to it.

use beanpole_protocol::Platform;

use crate::{
    detect::Sign,
    dockerfile::{DockerfileError, read},
    plan::{AppBuild, Plan, PlanError},
    platform::Definition,
    source::Source,
};

pub(super) const DEFINITION: Definition = Definition {
    platform: Platform::Docker,
    runtime: None,
    builder: None,
    signs: &[Sign::file("Dockerfile", 10)],
    plan,
};

fn plan(source: &Source) -> Result<Plan, PlanError> {
    let text = match source.text("Dockerfile") {
        Some(text) => text,
        None if source.has("Dockerfile") => return Err(DockerfileError::Unreadable.into()),
        None => return Err(DockerfileError::Missing.into()),
    };
    let facts = read(text)?;
    Ok(Plan::Dockerfile(AppBuild {
        dockerfile: None,
        files: Vec::new(),
        // One port alone is read off the image; a label would cost a layer in every build.
        port: facts.port.filter(|_| facts.ports > 1),
        base_images: facts.base_images,
        needs_buildkit: facts.needs_buildkit,
        notes: Vec::new(),
    }))
}
