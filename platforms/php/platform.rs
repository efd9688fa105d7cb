//! The build of a PHP application: Composer on its manifest first, source second, PHP's process manager.

use beanpole_instance::Upstream;
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

/// In the platform image.
const START: &str = "/opt/beanpole/start";
const SOCKET: &str = "/run/php/web.sock";
/// Classes are looked up when the source is there; the option composer_options holds for the environment,
/// and one image serves all of them, so that it cannot count here.
const INSTALL: &str = "composer install --no-dev --no-scripts --no-autoloader --no-progress --prefer-dist \
                       && rm -rf /root/.cache/composer /home/webapp/.cache/composer";
const AUTOLOAD: &str =
    "composer dump-autoload --no-dev --optimize --no-scripts && chown -R webapp:webapp vendor";

pub(super) const DEFINITION: Definition = Definition {
    platform: Platform::Php,
    changelog: include_str!("CHANGELOG.md"),
    runtime: Some(&[
        ("Dockerfile", 0o644, include_bytes!("Dockerfile")),
        ("pool.conf", 0o644, include_bytes!("pool.conf")),
        ("start", 0o755, include_bytes!("start")),
    ]),
    builder: None,
    signs: &[
        Sign::file("composer.json", 22),
        Sign::ending(".php", 43),
        Sign::file("index.html", 60),
    ],
    plan,
};

fn plan(source: &Source) -> Result<Plan, PlanError> {
    let mut processes = vec![start::program("web", START)];
    // The proxy speaks to PHP; a Procfile may add processes beside it.
    if let Some(text) = source.text("Procfile") {
        let others = procfile::parse(text)?
            .into_iter()
            .filter(|process| process.name != "web");
        processes.extend(others.map(|process| start::line(&process.name, &process.command)));
    }
    let composes = source.has("composer.json") && !source.has_folder("vendor");
    let files = ["composer.json", "composer.lock"];
    let manifest = match source.text("composer.json") {
        _ if !composes => Manifest::None,
        // Packages out of a folder of the bundle.
        Some(text) if text.contains("\"path\"") => Manifest::WholeSource,
        _ => Manifest::Files(
            files
                .into_iter()
                .filter(|file| source.has(file))
                .map(str::to_owned)
                .collect(),
        ),
    };
    Ok(Plan::Layers(Layers {
        manifest,
        install: composes.then(|| INSTALL.to_owned()),
        compile: composes.then(|| AUTOLOAD.to_owned()),
        processes,
        upstream: Upstream::FastCgi {
            socket: SOCKET.to_owned(),
            root: String::new(),
        },
        ..Layers::default()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn layers(files: &[(&str, &str)]) -> Layers {
        testing::layers(plan, files).unwrap()
    }

    #[test]
    fn composer_comes_before_the_source_unless_packages_are_shipped() {
        let composed = layers(&[
            ("composer.json", "{}"),
            ("composer.lock", "{}"),
            ("index.php", ""),
        ]);
        let expected = Manifest::Files(vec!["composer.json".into(), "composer.lock".into()]);
        assert_eq!(composed.manifest, expected);
        assert!(composed.install.is_some());
        let shipped = layers(&[("composer.json", "{}"), ("vendor/autoload.php", "")]);
        assert_eq!((shipped.manifest, shipped.install), (Manifest::None, None));
        let local = layers(&[(
            "composer.json",
            r#"{"repositories":[{"type":"path","url":"lib"}]}"#,
        )]);
        assert_eq!(local.manifest, Manifest::WholeSource);
    }

    #[test]
    fn a_procfile_adds_processes_beside_php() {
        let layers = layers(&[
            ("index.php", ""),
            ("Procfile", "web: ignored\nqueue: php work.php\n"),
        ]);
        let names: Vec<_> = layers
            .processes
            .iter()
            .map(|process| process.name.as_str())
            .collect();
        assert_eq!(names, ["web", "queue"]);
        assert_eq!(layers.processes[0].argv, [START]);
    }
}
