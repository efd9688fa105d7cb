//! The build of a Python application: dependencies first, source second, Procfile or gunicorn.

mod manifest;

use std::collections::BTreeMap;

use beanpole_protocol::Platform;

use crate::{
    detect::Sign,
    layers::Layers,
    plan::{Plan, PlanError},
    platform::Definition,
    procfile,
    source::Source,
    start,
};

/// In the platform image: gunicorn on the WSGI path.
const START_RULE: &str = "/opt/beanpole/start";

pub(super) const DEFINITION: Definition = Definition {
    platform: Platform::Python,
    changelog: include_str!("CHANGELOG.md"),
    runtime: Some(&[
        ("Dockerfile", 0o644, include_bytes!("Dockerfile")),
        ("dependencies", 0o755, include_bytes!("dependencies")),
        ("start", 0o755, include_bytes!("start")),
    ]),
    builder: None,
    signs: &[
        Sign::file("requirements.txt", 20),
        Sign::file("Pipfile", 20),
        Sign::file("Pipfile.lock", 20),
        Sign::file("pyproject.toml", 28),
        Sign::ending(".py", 40),
    ],
    plan,
};

fn plan(source: &Source) -> Result<Plan, PlanError> {
    let processes = match source.text("Procfile") {
        Some(text) => procfile::processes(text)?,
        None if has_python(source) => vec![start::program("web", START_RULE)],
        None => return Err(PlanError::NothingToRunPython),
    };
    let (manifest, install) = manifest::of(source)?;
    Ok(Plan::Layers(Layers {
        manifest,
        install,
        processes,
        static_files: BTreeMap::from([("/static".to_owned(), "static".to_owned())]),
        ..Layers::default()
    }))
}

fn has_python(source: &Source) -> bool {
    source.paths().any(|path| path.ends_with(".py"))
}
