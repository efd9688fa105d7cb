//! The build of a Python application: requirements first, source second, Procfile or gunicorn.

use std::collections::{BTreeMap, BTreeSet};

use beanpole_protocol::Platform;

use crate::{
    detect::Sign,
    layers::{Layers, Manifest},
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
    runtime: Some(&[
        ("Dockerfile", 0o644, include_bytes!("Dockerfile")),
        ("start", 0o755, include_bytes!("start")),
    ]),
    builder: None,
    signs: &[
        Sign::file("requirements.txt", 20),
        Sign::file("Pipfile", 40),
        Sign::file("Pipfile.lock", 40),
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
    let (manifest, install) = if source.has("requirements.txt") {
        let install = "pip install --no-cache-dir -r requirements.txt";
        (requirements(source)?, Some(install.to_owned()))
    } else if source.has("Pipfile") || source.has("Pipfile.lock") {
        return Err(PlanError::Pipfile);
    } else {
        (Manifest::None, None)
    };
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

/// The files that decide what `pip install -r requirements.txt` installs.
fn requirements(source: &Source) -> Result<Manifest, PlanError> {
    let mut seen = BTreeSet::new();
    let mut open = vec!["requirements.txt".to_owned()];
    while let Some(path) = open.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let Some(text) = source.text(&path) else {
            // It is there but was not read (large, or oddly named): take no chances with the layers.
            return Ok(Manifest::WholeSource);
        };
        for line in text.lines() {
            match requirement(line) {
                Requirement::Plain => {}
                Requirement::NeedsSource => return Ok(Manifest::WholeSource),
                Requirement::Include(relative) => {
                    let Some(included) = resolve(&path, &relative) else {
                        return Ok(Manifest::WholeSource);
                    };
                    if !source.has(&included) {
                        return Err(PlanError::MissingInclude {
                            from: path,
                            wanted: included,
                        });
                    }
                    open.push(included);
                }
            }
        }
    }
    Ok(Manifest::Files(seen.into_iter().collect()))
}

#[derive(Debug, PartialEq, Eq)]
enum Requirement {
    Plain,
    Include(String),
    /// Installs something out of the bundle itself.
    NeedsSource,
}

fn requirement(line: &str) -> Requirement {
    let line = line.split(" #").next().unwrap_or_default().trim();
    if line.is_empty() || line.starts_with('#') {
        return Requirement::Plain;
    }
    for option in ["--requirement", "--constraint", "-r", "-c"] {
        if let Some(rest) = line.strip_prefix(option) {
            let short = option.len() == 2;
            let value = rest.trim_start_matches('=').trim();
            if (short || rest.starts_with(['=', ' ', '\t'])) && !value.is_empty() {
                return match value.contains("://") {
                    true => Requirement::Plain,
                    false => Requirement::Include(value.trim_matches(['"', '\'']).to_owned()),
                };
            }
        }
    }
    if line.starts_with("--") && !line.starts_with("--editable") && !line.starts_with("--find-links") {
        return Requirement::Plain;
    }
    let is_path = !line.contains("://")
        && (line.starts_with(['.', '/', '-'])
            || line.contains("@ file:")
            || line.ends_with('/')
            || [".whl", ".zip", ".tar.gz"]
                .iter()
                .any(|ending| line.ends_with(ending)));
    let is_local_url = line.contains("file://") || line.starts_with("-e") || line.starts_with("--editable");
    if is_path || is_local_url {
        Requirement::NeedsSource
    } else {
        Requirement::Plain
    }
}

/// `relative` as seen from the folder of `from`; none when it leaves the bundle.
fn resolve(from: &str, relative: &str) -> Option<String> {
    if relative.starts_with('/') {
        return None;
    }
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(files: &[(&str, &str)]) -> Source {
        let mut source = Source::default();
        for (path, text) in files {
            source.add_text(*path, *text);
        }
        source
    }

    #[test]
    fn requirement_lines_are_told_apart() {
        for (line, expected) in [
            ("flask==3.0  # web", Requirement::Plain),
            ("-r base.txt", Requirement::Include("base.txt".into())),
            ("-c../c.txt", Requirement::Include("../c.txt".into())),
            ("--requirement=x.txt", Requirement::Include("x.txt".into())),
            ("--index-url https://pypi.example/simple", Requirement::Plain),
            ("-e .", Requirement::NeedsSource),
            ("./vendor/x.whl", Requirement::NeedsSource),
            ("x @ https://example.org/x.whl", Requirement::Plain),
            ("requests", Requirement::Plain),
            ("--require-hashes", Requirement::Plain),
        ] {
            assert_eq!(requirement(line), expected, "{line}");
        }
    }

    #[test]
    fn included_files_join_the_manifest_layer() {
        let source = source(&[
            ("application.py", ""),
            ("requirements.txt", "-r reqs/base.txt"),
            ("reqs/base.txt", "-c ../limits.txt\nflask"),
            ("limits.txt", ""),
        ]);
        assert_eq!(
            requirements(&source).unwrap(),
            Manifest::Files(vec![
                "limits.txt".into(),
                "reqs/base.txt".into(),
                "requirements.txt".into()
            ])
        );
    }

    #[test]
    fn a_missing_include_is_named() {
        let source = source(&[("application.py", ""), ("requirements.txt", "-r base.txt")]);
        let error = plan(&source).unwrap_err().to_string();
        assert!(
            error.contains("requirements.txt") && error.contains("base.txt"),
            "{error}"
        );
    }
}
