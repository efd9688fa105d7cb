//! What a Python application's dependencies are written down in, and how they are installed.
//!
//! Beanstalk's order: `requirements.txt`, `Pipfile.lock`, `Pipfile`. Last, and ours, `pyproject.toml`: with
//! a build system the bundle is a distribution that pip installs, without one only a list of dependencies.

use std::collections::BTreeSet;

use crate::{layers::Manifest, plan::PlanError, source::Source};

/// In the platform image.
const INSTALL: &str = "/opt/beanpole/dependencies";

/// What must be there for the install, and the line that does it.
pub fn of(source: &Source) -> Result<(Manifest, Option<String>), PlanError> {
    if source.has("requirements.txt") {
        let install = "pip install --no-cache-dir -r requirements.txt";
        return Ok((requirements(source)?, Some(install.to_owned())));
    }
    for file in ["Pipfile.lock", "Pipfile"] {
        if source.has(file) {
            let manifest = match source.text(file).is_some_and(|text| !names_paths(text)) {
                true => Manifest::Files(vec![file.to_owned()]),
                false => Manifest::WholeSource,
            };
            return Ok((manifest, Some(format!("{INSTALL} {file}"))));
        }
    }
    let Some(text) = source.text("pyproject.toml") else {
        return Ok((Manifest::None, None));
    };
    Ok(if has_table(text, "build-system") {
        let install = "pip install --no-cache-dir .";
        (Manifest::WholeSource, Some(install.to_owned()))
    } else if has_table(text, "project") {
        let manifest = match names_paths(text) {
            true => Manifest::WholeSource,
            false => Manifest::Files(vec!["pyproject.toml".to_owned()]),
        };
        (manifest, Some(format!("{INSTALL} pyproject.toml")))
    } else {
        // The settings of tools such as linters: it is no list of dependencies.
        (Manifest::None, None)
    })
}

/// Whether something out of the bundle itself may be installed: `path = "."`, `"file": "x.whl"`.
fn names_paths(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-')
        .any(|word| word == "path" || word == "file")
}

/// Whether a TOML text has this table, `[name]` on a line of its own.
fn has_table(text: &str, name: &str) -> bool {
    text.lines().any(|line| {
        let line = line.split('#').next().unwrap_or_default().trim();
        line.strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .is_some_and(|found| found.trim() == name)
    })
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
    use crate::testing::source;

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
        let error = of(&source).unwrap_err().to_string();
        assert!(
            error.contains("requirements.txt") && error.contains("base.txt"),
            "{error}"
        );
    }

    #[test]
    fn beanstalks_order_decides() {
        let all = [
            ("requirements.txt", "flask"),
            ("Pipfile.lock", "{}"),
            ("Pipfile", "[packages]"),
            ("pyproject.toml", "[project]\nname = \"x\""),
        ];
        for (from, install) in [
            "pip install --no-cache-dir -r requirements.txt",
            "/opt/beanpole/dependencies Pipfile.lock",
            "/opt/beanpole/dependencies Pipfile",
            "/opt/beanpole/dependencies pyproject.toml",
        ]
        .into_iter()
        .enumerate()
        {
            let (manifest, line) = of(&source(&all[from..])).unwrap();
            assert_eq!(line.unwrap(), install);
            assert_eq!(manifest, Manifest::Files(vec![all[from].0.to_owned()]));
        }
    }

    #[test]
    fn what_installs_out_of_the_bundle_needs_the_source() {
        for (file, text) in [
            ("Pipfile", "[packages]\nmine = {path = \".\", editable = true}"),
            (
                "Pipfile.lock",
                r#"{"default":{"mine":{"file":"wheels/mine.whl"}}}"#,
            ),
            ("pyproject.toml", "[build-system] # setuptools\nrequires = []"),
            (
                "pyproject.toml",
                "[project]\ndependencies = [\"x @ file:///x.whl\"]",
            ),
        ] {
            let (manifest, line) = of(&source(&[(file, text)])).unwrap();
            assert_eq!(manifest, Manifest::WholeSource, "{file}: {text}");
            assert!(line.is_some());
        }
    }

    #[test]
    fn settings_of_tools_install_nothing() {
        let source = source(&[("pyproject.toml", "[tool.ruff]\nline-length = 100")]);
        assert_eq!(of(&source).unwrap(), (Manifest::None, None));
    }

    /// The script of the image, asked how it writes entries down for pip.
    #[test]
    fn an_entry_of_a_lock_becomes_a_line_for_pip() {
        const ASK: &str = r#"
import importlib.machinery, importlib.util, json, sys, types
sys.dont_write_bytecode = True
sys.modules.setdefault("tomllib", types.ModuleType("tomllib"))
loader = importlib.machinery.SourceFileLoader("dependencies", sys.argv[1])
module = importlib.util.module_from_spec(importlib.util.spec_from_loader("dependencies", loader))
loader.exec_module(module)
for name, entry in json.load(sys.stdin).items():
    print(module.requirement(name, entry))
"#;
        let entries = r#"{
            "flask": {"version": "==3.1.0", "hashes": ["sha256:a", "sha256:b"], "index": "pypi"},
            "requests": {"version": "*", "extras": ["socks"], "markers": "python_version >= '3.7' or 1"},
            "wmi": {"version": "==1.5", "sys_platform": "== 'win32'", "markers": "os_name == 'nt'"},
            "old": "==1.0",
            "pinned": {"git": "https://example.org/a.git", "ref": "abc", "subdirectory": "b"},
            "edited": {"git": "https://example.org/a.git", "ref": "abc", "editable": true},
            "here": {"path": ".", "editable": true},
            "near": {"path": "lib"},
            "far": {"file": "https://example.org/a.whl"}
        }"#;
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/python/dependencies");
        let mut child = std::process::Command::new("python3")
            .args(["-c", ASK, script])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        std::io::Write::write_all(&mut stdin, entries.as_bytes()).unwrap();
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        let lines = String::from_utf8(output.stdout).unwrap();
        assert_eq!(
            lines.lines().collect::<Vec<_>>(),
            [
                "flask==3.1.0 --hash=sha256:a --hash=sha256:b",
                "requests[socks] ; (python_version >= '3.7' or 1)",
                "wmi==1.5 ; (os_name == 'nt') and (sys_platform == 'win32')",
                "old==1.0",
                "pinned @ git+https://example.org/a.git@abc#subdirectory=b",
                "-e git+https://example.org/a.git@abc#egg=edited",
                "-e .",
                "./lib",
                "far @ https://example.org/a.whl",
            ]
        );
    }
}
