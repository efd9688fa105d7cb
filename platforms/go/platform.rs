//! The build of a Go application: its Buildfile, else `go build`, else a program that is in the bundle.

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

/// Where `go build` puts the program, and what is run without a Procfile.
const PROGRAM: &str = "bin/application";

pub(super) const DEFINITION: Definition = Definition {
    platform: Platform::Go,
    changelog: include_str!("CHANGELOG.md"),
    runtime: Some(&[("Dockerfile", 0o644, include_bytes!("Dockerfile"))]),
    builder: Some(&[("Dockerfile", 0o644, include_bytes!("builder/Dockerfile"))]),
    signs: &[Sign::file("go.mod", 23), Sign::ending(".go", 41)],
    plan,
};

fn plan(source: &Source) -> Result<Plan, PlanError> {
    let procfile = source.text("Procfile").map(procfile::processes).transpose()?;
    let has_buildfile = source.has("Buildfile");
    let has_sources = source
        .paths()
        .any(|path| !path.contains('/') && path.ends_with(".go"));
    let ready = [PROGRAM, "application"].into_iter().find(|path| source.has(path));
    let compile = match (has_buildfile, has_sources) {
        (true, _) | (false, false) => None,
        // A folder of sources without a module is one program, as it was before there were modules.
        (false, true) if source.has("go.mod") => Some(format!("go build -o {PROGRAM} .")),
        (false, true) => Some(format!("go build -o {PROGRAM} *.go")),
    };
    let built = has_buildfile || compile.is_some();
    let processes = match (procfile, built, ready) {
        (Some(processes), _, _) => processes,
        (None, true, _) => vec![start::program("web", &format!("./{PROGRAM}"))],
        (None, false, Some(program)) => vec![start::program("web", &format!("./{program}"))],
        (None, false, None) => {
            return Err(PlanError::NothingToRun(
                "add .go files of a main package to the bundle's root, a Buildfile that makes bin/application, or a \
                 Procfile with a line 'web: <command>'",
            ));
        }
    };
    // A program out of somebody's zip may have lost its mode.
    let executable = ready
        .filter(|_| !built)
        .map(|program| format!("chmod +x {program}"));
    let (manifest, install) = modules(source, compile.is_some());
    Ok(Plan::Layers(Layers {
        manifest,
        install,
        compile: compile.or(executable),
        apart: built.then(Apart::default),
        processes,
        ..Layers::default()
    }))
}

/// Modules are fetched before the source is there, unless the bundle brings them.
fn modules(source: &Source, compiles: bool) -> (Manifest, Option<String>) {
    if !compiles || !source.has("go.mod") || source.has_folder("vendor") {
        return (Manifest::None, None);
    }
    let files = ["go.mod", "go.sum"];
    let files = files
        .into_iter()
        .filter(|file| source.has(file))
        .map(str::to_owned);
    let download = "go mod download".to_owned();
    match source.text("go.mod") {
        // A replaced module may be a folder of the bundle.
        Some(text) if text.contains("replace") => (Manifest::WholeSource, Some(download)),
        _ => (Manifest::Files(files.collect()), Some(download)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn layers(files: &[(&str, &str)]) -> Result<Layers, PlanError> {
        testing::layers(plan, files)
    }

    #[test]
    fn sources_are_built_and_modules_come_first() {
        let layers = layers(&[("go.mod", "module shop\n"), ("go.sum", ""), ("main.go", "")]).unwrap();
        assert_eq!(layers.compile.as_deref(), Some("go build -o bin/application ."));
        assert_eq!(layers.install.as_deref(), Some("go mod download"));
        assert_eq!(
            layers.manifest,
            Manifest::Files(vec!["go.mod".into(), "go.sum".into()])
        );
        assert_eq!(layers.processes[0].argv, ["./bin/application"]);
        assert!(layers.apart.is_some());
    }

    #[test]
    fn vendored_modules_are_not_fetched() {
        let layers = layers(&[("go.mod", ""), ("main.go", ""), ("vendor/modules.txt", "")]).unwrap();
        assert_eq!((layers.manifest, layers.install), (Manifest::None, None));
    }

    #[test]
    fn a_buildfile_a_folder_of_sources_and_a_ready_program_will_do() {
        let built = layers(&[("Buildfile", "make: make"), ("cmd/main.go", "")]).unwrap();
        assert!(built.compile.is_none() && built.apart.is_some());
        let alone = layers(&[("application.go", "")]).unwrap();
        assert_eq!(alone.compile.as_deref(), Some("go build -o bin/application *.go"));
        let ready = layers(&[("application", "")]).unwrap();
        assert_eq!(ready.processes[0].argv, ["./application"]);
        assert!(ready.apart.is_none());
        let with_procfile = layers(&[("Procfile", "web: ./shop --port $PORT"), ("shop", "")]).unwrap();
        assert_eq!(with_procfile.processes[0].argv[2], "exec ./shop --port $PORT");
        let error = layers(&[("go.mod", ""), ("cmd/main.go", "")]).unwrap_err();
        assert!(error.to_string().contains("Buildfile"), "{error}");
    }
}
