//! The build of a Node.js application: dependencies by its manifest first, source second, `start` script.
//!
//! The start script is run as npm would run it, but without npm in between, which would hide the
//! application from SIGTERM.

mod install;
mod version;

use beanpole_instance::Process;
use beanpole_protocol::Platform;
use serde::Deserialize;

use self::install::Installer;
use crate::{
    detect::Sign,
    layers::{Layers, Manifest},
    plan::{Plan, PlanError},
    platform::Definition,
    procfile,
    source::Source,
    start,
};

pub(super) const DEFINITION: Definition = Definition {
    platform: Platform::NodeJs,
    changelog: include_str!("CHANGELOG.md"),
    runtime: Some(&[("Dockerfile", 0o644, include_bytes!("Dockerfile"))]),
    builder: None,
    signs: &[Sign::file("package.json", 30)],
    plan,
};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Package {
    name: serde_json::Value,
    version: serde_json::Value,
    scripts: serde_json::Map<String, serde_json::Value>,
    dependencies: serde_json::Map<String, serde_json::Value>,
    #[serde(rename = "optionalDependencies")]
    optional: serde_json::Map<String, serde_json::Value>,
    workspaces: serde_json::Value,
    #[serde(rename = "packageManager")]
    package_manager: serde_json::Value,
    engines: serde_json::Value,
}

impl Package {
    fn script(&self, name: &str) -> Option<&str> {
        self.scripts
            .get(name)?
            .as_str()
            .map(str::trim)
            .filter(|line| !line.is_empty())
    }

    /// Whether an install reads more of the bundle than the manifest.
    fn install_needs_source(&self) -> bool {
        let hooks = ["preinstall", "install", "postinstall", "prepare", "prepublish"];
        let local = |(_, version): (&String, &serde_json::Value)| {
            version.as_str().is_some_and(|version| {
                ["file:", "link:", ".", "/", "~/"]
                    .iter()
                    .any(|start| version.starts_with(start))
            })
        };
        !self.workspaces.is_null()
            || hooks.iter().any(|hook| self.script(hook).is_some())
            || self.dependencies.iter().chain(&self.optional).any(local)
    }
}

fn plan(source: &Source) -> Result<Plan, PlanError> {
    let package: Option<Package> =
        match source.text("package.json") {
            Some(text) => Some(serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(
                |error| PlanError::PackageJson {
                    detail: error.to_string(),
                },
            )?),
            None if source.has("package.json") => {
                return Err(PlanError::PackageJson {
                    detail: "it is too large or not UTF-8".to_owned(),
                });
            }
            None => None,
        };
    let processes = processes(source, package.as_ref())?;
    let engines = package
        .as_ref()
        .and_then(|package| package.engines["node"].as_str());
    let toolchain = version::wanted(engines)?.map(|version| {
        format!(
            "npm install --global --prefix /usr/local node@{version} && rm -rf /root/.npm && node --version"
        )
    });
    let asked = package
        .as_ref()
        .and_then(|package| package.package_manager.as_str());
    let installer = Installer::of(source, asked);
    let needs_source = |package: &Package| package.install_needs_source() || source.has_folder(".yarn");
    let (manifest, install) = match &package {
        // Beanstalk's rule: who ships node_modules wants exactly those.
        Some(_) if source.has_folder("node_modules") => (Manifest::None, None),
        Some(package) if needs_source(package) => (Manifest::WholeSource, Some(installer.command)),
        Some(_) => (Manifest::Files(installer.files(source)), Some(installer.command)),
        None => (Manifest::None, None),
    };
    Ok(Plan::Layers(Layers {
        toolchain,
        manifest,
        install,
        processes,
        ..Layers::default()
    }))
}

fn processes(source: &Source, package: Option<&Package>) -> Result<Vec<Process>, PlanError> {
    if let Some(text) = source.text("Procfile") {
        return Ok(procfile::processes(text)?);
    }
    if let Some(package) = package
        && let Some(line) = package.script("start")
    {
        let mut web = match package.script("prestart") {
            Some(before) => start::line_after("web", before, line),
            None => start::line("web", line),
        };
        web.env
            .insert("npm_lifecycle_event".to_owned(), "start".to_owned());
        for (name, value) in [
            ("npm_package_name", &package.name),
            ("npm_package_version", &package.version),
        ] {
            if let Some(value) = value.as_str() {
                web.env.insert(name.to_owned(), value.to_owned());
            }
        }
        return Ok(vec![web]);
    }
    ["app.js", "server.js"]
        .into_iter()
        .find(|file| source.has(file))
        .map(|file| vec![start::line("web", &format!("node {file}"))])
        .ok_or(PlanError::NothingToRunNode)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::source;

    #[test]
    fn the_start_rules_follow_their_order() {
        for (files, expected) in [
            (
                &[
                    ("Procfile", "web: node a.js"),
                    ("package.json", r#"{"scripts":{"start":"x"}}"#),
                ][..],
                "exec node a.js",
            ),
            (
                &[("package.json", r#"{"scripts":{"start":"node index.js"}}"#)],
                "exec node index.js",
            ),
            (
                &[("package.json", "{}"), ("server.js", ""), ("app.js", "")],
                "exec node app.js",
            ),
            (
                &[("package.json", "{}"), ("server.js", "")],
                "exec node server.js",
            ),
            (
                &[("package.json", r#"{"scripts":{"prestart":"a","start":"b"}}"#)],
                "trap : TERM INT\n(a) || exit\nb",
            ),
        ] {
            let source = source(files);
            let package = source
                .text("package.json")
                .map(|text| serde_json::from_str(text).unwrap());
            assert_eq!(
                processes(&source, package.as_ref()).unwrap()[0].argv[2],
                expected,
                "{files:?}"
            );
        }
    }

    #[test]
    fn nothing_to_start_is_said() {
        let error = plan(&source(&[("package.json", "{}"), ("index.js", "")])).unwrap_err();
        assert_eq!(error, PlanError::NothingToRunNode);
    }

    #[test]
    fn broken_json_is_said() {
        let error = plan(&source(&[("package.json", "{")])).unwrap_err().to_string();
        assert!(error.contains("package.json"), "{error}");
    }

    #[test]
    fn local_dependencies_and_hooks_need_the_source_before_the_install() {
        for text in [
            r#"{"scripts":{"start":"x","postinstall":"y"}}"#,
            r#"{"scripts":{"start":"x"},"dependencies":{"a":"file:./a"}}"#,
            r#"{"scripts":{"start":"x"},"workspaces":["a"]}"#,
        ] {
            let Plan::Layers(layers) = plan(&source(&[("package.json", text)])).unwrap() else {
                panic!("no layers");
            };
            assert_eq!(layers.manifest, Manifest::WholeSource, "{text}");
        }
    }

    #[test]
    fn shipped_modules_are_kept() {
        let source = source(&[
            ("package.json", r#"{"scripts":{"start":"node ."}}"#),
            ("node_modules/a/index.js", ""),
        ]);
        let Plan::Layers(layers) = plan(&source).unwrap() else {
            panic!("no layers");
        };
        assert_eq!(layers.install, None);
    }
}
