//! Published programs: what `dotnet publish` wrote, known by `<name>.runtimeconfig.json`.

use beanpole_instance::Process;
use serde::Deserialize;

use super::error::DotNetError;
use crate::{layers::quoted, source::Source, start};

/// How the file ends that is beside every published program.
pub const CONFIG: &str = ".runtimeconfig.json";

#[derive(Debug)]
pub struct Program<'a> {
    /// Path below the root without an ending.
    pub name: &'a str,
    /// None when it was not read.
    config: Option<&'a str>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Config {
    runtime_options: Options,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Options {
    framework: Option<Framework>,
    frameworks: Vec<Framework>,
    /// Of a program that brings its runtime.
    included_frameworks: Vec<Framework>,
    roll_forward: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Framework {
    name: String,
    version: String,
}

/// All in the bundle. The folders that builds leave in a project hold no site.
pub fn programs(source: &Source) -> Vec<Program<'_>> {
    let is_left_over = |path: &str| path.split('/').any(|folder| folder == "bin" || folder == "obj");
    source
        .paths()
        .filter(|path| !is_left_over(path))
        .filter_map(|path| {
            Some(Program {
                name: path.strip_suffix(CONFIG)?,
                config: source.text(path),
            })
        })
        .collect()
}

/// The one to run when no Procfile says which.
pub fn only<'a, 'b>(programs: &'a [Program<'b>]) -> Result<&'a Program<'b>, DotNetError> {
    let root: Vec<_> = programs
        .iter()
        .filter(|program| !program.name.contains('/'))
        .collect();
    match (root.as_slice(), programs) {
        ([program], _) => Ok(program),
        ([], []) => Err(DotNetError::Nothing),
        ([], [program]) => Err(DotNetError::Deep {
            file: format!("{}{CONFIG}", program.name),
            program: program.name.to_owned(),
        }),
        _ => {
            let names: Vec<_> = programs.iter().map(|program| program.name).collect();
            Err(DotNetError::SeveralPrograms {
                programs: names.join(", "),
            })
        }
    }
}

/// A line that makes the programs' own files executable, for archives made on Windows lose that. None when
/// no program has one.
pub fn make_executable<'a>(
    source: &Source,
    programs: impl IntoIterator<Item = &'a Program<'a>>,
) -> Option<String> {
    let steps: Vec<_> = programs
        .into_iter()
        .filter(|program| source.has(program.name))
        .map(|program| {
            let file = quoted(&format!("./{}", program.name));
            format!("{{ [ -x {file} ] || chmod a+x {file}; }}")
        })
        .collect();
    (!steps.is_empty()).then(|| steps.join(" && "))
}

impl Program<'_> {
    pub fn is_named_in(&self, procfile: &str) -> bool {
        procfile.contains(&format!("{}.dll", self.name))
    }

    pub fn process(&self, brings_runtime: bool) -> Process {
        match brings_runtime {
            true => start::program_with("web", &format!("./{}", self.name), &[]),
            false => start::program_with("web", "dotnet", &[&format!("{}.dll", self.name)]),
        }
    }

    /// Whether it brings its runtime; an error when it does not and cannot run on ours.
    pub fn brings_runtime(&self) -> Result<bool, DotNetError> {
        let Some(text) = self.config else {
            return Ok(false);
        };
        let config: Config = serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| {
            DotNetError::Config {
                file: format!("{}{CONFIG}", self.name),
                detail: error.to_string(),
            }
        })?;
        let options = config.runtime_options;
        let needed: Vec<_> = options.frameworks.iter().chain(&options.framework).collect();
        let all = needed.iter().copied().chain(&options.included_frameworks);
        if let Some(windows) = all.into_iter().find(|one| one.name.contains("Windows")) {
            return Err(DotNetError::Windows {
                program: self.name.to_owned(),
                framework: windows.name.clone(),
            });
        }
        let any_later =
            ["major", "latestmajor"].contains(&options.roll_forward.to_ascii_lowercase().as_str());
        match needed.iter().find(|one| !one.runs_here(any_later)) {
            Some(other) => Err(DotNetError::OtherRuntime {
                program: self.name.to_owned(),
                framework: other.name.clone(),
                version: other.version.clone(),
            }),
            None => Ok(needed.is_empty()),
        }
    }
}

impl Framework {
    /// On 3.1, which programs for 3.0 run on too, and those for older ones when they say so.
    fn runs_here(&self, any_later: bool) -> bool {
        let mut parts = self.version.split('.').map(|part| part.parse::<u32>().ok());
        match (parts.next().flatten(), parts.next().flatten()) {
            (Some(3), minor) => minor.is_none_or(|minor| minor <= 1),
            (Some(major), _) => major < 3 && any_later,
            (None, _) => true,
        }
    }
}
