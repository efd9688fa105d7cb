//! The build of a Tomcat application: wars, or one that is unpacked.

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

pub(super) const DEFINITION: Definition = Definition {
    platform: Platform::Tomcat,
    changelog: include_str!("CHANGELOG.md"),
    runtime: Some(&[
        ("Dockerfile", 0o644, include_bytes!("Dockerfile")),
        ("start", 0o755, include_bytes!("start")),
        ("unpack", 0o755, include_bytes!("unpack")),
    ]),
    builder: None,
    signs: &[
        Sign::folder("WEB-INF", 22),
        Sign::ending(".war", 35),
        Sign::ending(".jsp", 43),
    ],
    plan,
};

fn plan(source: &Source) -> Result<Plan, PlanError> {
    let in_root = |ending: &str| {
        source
            .paths()
            .any(|path| !path.contains('/') && path.ends_with(ending))
    };
    if !(in_root(".war") || in_root(".jsp") || source.has_folder("WEB-INF")) {
        return Err(PlanError::NothingToRun(
            "add a war to the bundle's root, or the content of one: WEB-INF and the pages beside it",
        ));
    }
    let mut processes = vec![start::program("web", "/opt/beanpole/start")];
    if let Some(text) = source.text("Procfile") {
        let others = procfile::parse(text)?.into_iter();
        for process in others {
            if process.name == "web" {
                processes[0] = start::line("web", &process.command);
            } else {
                processes.push(start::line(&process.name, &process.command));
            }
        }
    }
    Ok(Plan::Layers(Layers {
        // What is unpacked already, the platform image has for its application.
        compile: in_root(".war").then(|| "/opt/beanpole/unpack".to_owned()),
        processes,
        ..Layers::default()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wars_and_what_is_in_one_are_taken() {
        for files in [
            &["shop.war"][..],
            &["ROOT.war", "admin.war"],
            &["WEB-INF/web.xml"],
            &["index.jsp"],
        ] {
            let mut source = Source::default();
            files.iter().for_each(|file| source.add(*file));
            let Plan::Layers(layers) = plan(&source).unwrap() else {
                panic!("no layers");
            };
            assert_eq!(layers.processes[0].argv, ["/opt/beanpole/start"]);
        }
        let mut source = Source::default();
        source.add("lib/shop.war");
        assert!(plan(&source).unwrap_err().to_string().contains("WEB-INF"));
    }
}
