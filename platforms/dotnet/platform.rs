//! The build of a .NET application: a published site as it is, else `dotnet publish` of its project.

mod error;
mod project;
mod site;

use beanpole_instance::Process;
use beanpole_protocol::Platform;

pub use self::error::DotNetError;
use crate::{
    detect::Sign,
    layers::{Apart, Layers, quoted},
    plan::{Plan, PlanError},
    platform::Definition,
    procfile,
    source::Source,
    start,
};

/// In the platform image: tells Kestrel its port.
const START: &str = "/opt/beanpole/start";
/// In the builder image.
const PUBLISH: &str = "/opt/beanpole/publish";

pub(super) const DEFINITION: Definition = Definition {
    platform: Platform::DotNet,
    changelog: include_str!("CHANGELOG.md"),
    runtime: Some(&[
        ("Dockerfile", 0o644, include_bytes!("Dockerfile")),
        ("start", 0o755, include_bytes!("start")),
    ]),
    builder: Some(&[
        ("Dockerfile", 0o644, include_bytes!("builder/Dockerfile")),
        ("publish", 0o755, include_bytes!("builder/publish")),
    ]),
    signs: &[
        Sign::ending(site::CONFIG, 15),
        Sign::ending(".csproj", 25),
        Sign::ending(".fsproj", 25),
        Sign::ending(".vbproj", 25),
        Sign::ending(".sln", 25),
    ],
    plan,
};

fn plan(source: &Source) -> Result<Plan, PlanError> {
    let procfile = source.text("Procfile");
    let programs = site::programs(source);
    let in_root = programs.iter().any(|program| !program.name.contains('/'));
    if !in_root && let Some(project) = project::to_publish(source)? {
        return published_here(source, procfile, &project);
    }
    let (processes, compile) = match procfile {
        Some(text) => {
            for program in programs.iter().filter(|program| program.is_named_in(text)) {
                program.brings_runtime()?;
            }
            (
                procfile::processes(text)?,
                site::make_executable(source, &programs),
            )
        }
        None => {
            let program = site::only(&programs)?;
            let alone = program.brings_runtime()?;
            let compile = alone.then(|| site::make_executable(source, [program])).flatten();
            (vec![program.process(alone)], compile)
        }
    };
    Ok(Plan::Layers(Layers {
        compile,
        processes: with_ports(processes),
        ..Layers::default()
    }))
}

/// Restore and publish in the builder.
fn published_here(
    source: &Source,
    procfile: Option<&str>,
    project: &project::Project,
) -> Result<Plan, PlanError> {
    let path = quoted(&project.path);
    let (processes, name) = match procfile {
        Some(text) => (procfile::processes(text)?, String::new()),
        None => {
            let file = format!("{}.dll", project.assembly);
            let process = start::program_with("web", "dotnet", &[&file]);
            (vec![process], format!(" {}", quoted(&project.assembly)))
        }
    };
    Ok(Plan::Layers(Layers {
        manifest: project::manifest(source),
        install: Some(format!("dotnet restore {path}")),
        compile: Some(format!("{PUBLISH} {path}{name}")),
        apart: Some(Apart::default()),
        processes: with_ports(processes),
        ..Layers::default()
    }))
}

/// Every process by the start rule.
fn with_ports(mut processes: Vec<Process>) -> Vec<Process> {
    for process in &mut processes {
        process.argv.insert(0, START.to_owned());
    }
    processes
}

#[cfg(test)]
mod tests;
