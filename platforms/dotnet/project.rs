//! Which project of a bundle of sources is published, and what a restore reads.

use super::error::DotNetError;
use crate::{layers::Manifest, source::Source};

/// Each file is a layer of its own; with more of them one layer of everything is cheaper.
const MOST_FILES: usize = 12;

#[derive(Debug, PartialEq, Eq)]
pub struct Project {
    pub path: String,
    /// The name of its program.
    pub assembly: String,
}

/// The one of the root, else the web project of the solution in the root. None without either.
pub fn to_publish(source: &Source) -> Result<Option<Project>, DotNetError> {
    let in_root: Vec<&str> = projects(source).filter(|path| !path.contains('/')).collect();
    let solution = source
        .paths()
        .find(|path| !path.contains('/') && path.ends_with(".sln"));
    let candidates = match (in_root.as_slice(), solution) {
        ([], None) => return Ok(None),
        ([], Some(_)) => projects(source).filter(|path| is_web(source, path)).collect(),
        ([only], _) => vec![*only],
        (several, _) => match several.iter().copied().filter(|path| is_web(source, path)) {
            web if web.clone().count() == 1 => web.collect(),
            _ => several.to_vec(),
        },
    };
    match (candidates.as_slice(), solution) {
        ([path], _) => checked(source, path).map(Some),
        ([], Some(solution)) => Err(DotNetError::NoWebProject {
            solution: solution.to_owned(),
        }),
        (several, _) => Err(DotNetError::SeveralProjects {
            projects: several.join(", "),
        }),
    }
}

/// What decides the packages that a restore fetches.
pub fn manifest(source: &Source) -> Manifest {
    const NAMES: [&str; 4] = [
        "global.json",
        "nuget.config",
        "packages.lock.json",
        "packages.config",
    ];
    let is_read = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
        NAMES.contains(&name.as_str())
            || [".props", ".targets", ".sln"]
                .iter()
                .any(|ending| name.ends_with(ending))
            || is_project(path)
    };
    let files: Vec<String> = source
        .paths()
        .filter(|path| is_read(path))
        .map(str::to_owned)
        .collect();
    let has_packages = source.paths().any(|path| path.ends_with(".nupkg"));
    match has_packages || files.len() > MOST_FILES {
        true => Manifest::WholeSource,
        false => Manifest::Files(files),
    }
}

fn is_project(path: &str) -> bool {
    [".csproj", ".fsproj", ".vbproj"]
        .iter()
        .any(|ending| path.ends_with(ending))
}

fn projects(source: &Source) -> impl Iterator<Item = &str> {
    source.paths().filter(|path| is_project(path))
}

fn is_web(source: &Source, path: &str) -> bool {
    source
        .text(path)
        .is_some_and(|text| text.contains("\"Microsoft.NET.Sdk.Web"))
}

/// Refuses what this SDK could not build anyway, with words that help more than its own.
fn checked(source: &Source, path: &str) -> Result<Project, DotNetError> {
    let text = source.text(path).unwrap_or_default();
    if let Some(target) = element(text, "TargetFramework")
        && is_foreign(target)
    {
        return Err(DotNetError::OtherTarget {
            project: path.to_owned(),
            target: target.to_owned(),
        });
    }
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    Ok(Project {
        path: path.to_owned(),
        assembly: element(text, "AssemblyName").unwrap_or(stem).to_owned(),
    })
}

/// .NET 5 and later (`net8.0`), and the .NET Framework of Windows (`net48`).
fn is_foreign(target: &str) -> bool {
    target
        .strip_prefix("net")
        .is_some_and(|version| version.starts_with(|c: char| c.is_ascii_digit()))
}

/// The text of the first element of this name that says it outright.
fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    let (value, _) = rest.split_once('<')?;
    let value = value.trim();
    (!value.is_empty() && !value.contains('$')).then_some(value)
}
