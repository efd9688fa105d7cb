//! The build of a Ruby application: Bundler on its manifest first, source second, Procfile, Puma or Passenger.

use std::collections::BTreeMap;

use beanpole_protocol::Platform;

use crate::{
    detect::Sign,
    layers::{Apart, Layers, Manifest},
    plan::{Plan, PlanError},
    platform::Definition,
    procfile,
    source::Source,
    start,
};

const START: &str = "/opt/beanpole/start";
/// In the builder image.
const BUILD: &str = "/opt/beanpole/build";
/// Where Bundler puts gems, which go along to where the application runs.
const GEMS: [&str; 2] = ["/var/lib/gems", "/usr/local/bin"];

pub(super) const DEFINITION: Definition = Definition {
    platform: Platform::Ruby,
    changelog: include_str!("CHANGELOG.md"),
    runtime: Some(&[
        ("Dockerfile", 0o644, include_bytes!("Dockerfile")),
        ("start", 0o755, include_bytes!("start")),
    ]),
    builder: Some(&[
        ("Dockerfile", 0o644, include_bytes!("builder/Dockerfile")),
        ("build", 0o755, include_bytes!("builder/build")),
    ]),
    signs: &[
        Sign::file("Gemfile", 21),
        Sign::file("config.ru", 42),
        Sign::ending(".rb", 43),
    ],
    plan,
};

fn plan(source: &Source) -> Result<Plan, PlanError> {
    let processes = match source.text("Procfile") {
        Some(text) => procfile::processes(text)?,
        None if source.has("config.ru") => vec![start::program("web", START)],
        None => {
            return Err(PlanError::NothingToRun(
                "add a config.ru, or a Procfile with a line 'web: <command>'",
            ));
        }
    };
    let folder = |path: &str, below: &str| (path.to_owned(), below.to_owned());
    let static_files = BTreeMap::from([folder("/assets", "public/assets"), folder("/public", "public")]);
    if !source.has("Gemfile") {
        return Ok(Plan::Layers(Layers {
            processes,
            static_files,
            ..Layers::default()
        }));
    }
    Ok(Plan::Layers(Layers {
        manifest: manifest(source),
        install: Some(format!("{BUILD} install")),
        compile: source.has("bin/rails").then(|| format!("{BUILD} assets")),
        apart: Some(Apart {
            folders: GEMS.map(str::to_owned).to_vec(),
        }),
        processes,
        static_files,
        ..Layers::default()
    }))
}

/// The Gemfile may read more of the bundle than itself: gems of its own, or the version of Ruby.
fn manifest(source: &Source) -> Manifest {
    let text = source.text("Gemfile").unwrap_or_default();
    let reads_more = ["path:", ":path", "gemspec", "eval_gemfile", "File."]
        .iter()
        .any(|word| text.contains(word));
    if reads_more || source.has_folder("vendor/cache") {
        return Manifest::WholeSource;
    }
    let files = ["Gemfile", "Gemfile.lock", ".ruby-version"];
    Manifest::Files(
        files
            .into_iter()
            .filter(|file| source.has(file))
            .map(str::to_owned)
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn layers(files: &[(&str, &str)]) -> Result<Layers, PlanError> {
        testing::layers(plan, files)
    }

    #[test]
    fn gems_come_before_the_source_unless_they_are_in_it() {
        let plain = layers(&[("Gemfile", "gem 'puma'"), ("config.ru", "")]).unwrap();
        assert_eq!(plain.manifest, Manifest::Files(vec!["Gemfile".into()]));
        assert_eq!(plain.processes[0].argv, [START]);
        for files in [
            &[("Gemfile", "gem 'x', path: 'lib'"), ("config.ru", "")][..],
            &[
                ("Gemfile", "gem 'x'"),
                ("config.ru", ""),
                ("vendor/cache/x-1.gem", ""),
            ],
        ] {
            assert_eq!(
                layers(files).unwrap().manifest,
                Manifest::WholeSource,
                "{files:?}"
            );
        }
    }

    #[test]
    fn nothing_to_run_is_said() {
        assert!(
            layers(&[("Gemfile", "")])
                .unwrap_err()
                .to_string()
                .contains("config.ru")
        );
        assert!(layers(&[("config.ru", "")]).unwrap().apart.is_none());
    }
}
