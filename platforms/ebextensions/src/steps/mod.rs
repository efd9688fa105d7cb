//! What is done while the image is built, or before an instance starts where that depends on its environment, as
//! shell scripts: one for each file and key.

mod accounts;
mod commands;
mod files;
mod late;
mod packages;
mod script;
mod sources;

use serde::Serialize;

use self::script::Where;
use crate::{
    fetch,
    finding::{Finding, Severity},
    functions::{Evaluator, Lookup},
    model::{Config, FileConfig},
    text::Text,
};

/// What the build knows.
pub struct Target<'a> {
    /// Region and account of the installation. The environment is not known to a build, since one image serves
    /// all environments of a version.
    pub lookup: &'a dyn Lookup,
}

/// One script, to be run as root by `sh` in the platform's image before the source is laid over it.
///
/// In a build it prints `beanpole:event begin KEY FILE` first and `beanpole:event end KEY FILE MILLISECONDS` last;
/// when something fails, a line `beanpole: … in FILE failed with exit code N` on stderr, and ends with that code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    pub file: String,
    pub key: &'static str,
    pub script: String,
    /// For people: what is installed, made or run.
    pub description: String,
}

/// The scripts of all files in their order, each file's in Beanstalk's: packages, groups, users, sources,
/// files, commands. What differs between environments is left out: [`late_steps`] has it. Texts that cannot be
/// evaluated are told instead.
pub fn build_steps(config: &Config, target: &Target<'_>) -> Result<Vec<Step>, Vec<Finding>> {
    let evaluator = Evaluator {
        config,
        lookup: target.lookup,
    };
    let files = config.files.iter();
    let halves = files.map(|file| late::split(&evaluator, file).build);
    scripts(config, &halves.collect::<Vec<_>>(), target.lookup, Where::Build)
}

/// What [`build_steps`] leaves to instances, in the same order, with what `environment` knows. A script is then
/// for `bash`, as root.
pub fn late_steps(
    config: &Config,
    installation: &dyn Lookup,
    environment: &dyn Lookup,
) -> Result<Vec<Step>, Vec<Finding>> {
    scripts(config, &late(config, installation), environment, Where::Instance)
}

/// File and key of each step that [`late_steps`] has for any environment.
pub fn late_step_names(config: &Config, installation: &dyn Lookup) -> Vec<(String, &'static str)> {
    let mut names = Vec::new();
    for file in late(config, installation) {
        let keys = [
            ("sources", file.sources.is_empty()),
            ("files", file.files.is_empty()),
            ("commands", file.commands.is_empty()),
        ];
        let used = keys.into_iter().filter(|(_, is_empty)| !is_empty);
        names.extend(used.map(|(key, _)| (file.file.clone(), key)));
    }
    names
}

fn late(config: &Config, installation: &dyn Lookup) -> Vec<FileConfig> {
    let evaluator = Evaluator {
        config,
        lookup: installation,
    };
    let files = config.files.iter();
    files.map(|file| late::split(&evaluator, file).instance).collect()
}

/// Of these files; functions may ask for anything in `config`.
fn scripts(
    config: &Config,
    files: &[FileConfig],
    lookup: &dyn Lookup,
    place: Where,
) -> Result<Vec<Step>, Vec<Finding>> {
    let mut writer = Writer {
        place,
        evaluator: Evaluator { config, lookup },
        file: "",
        findings: Vec::new(),
    };
    let mut steps = Vec::new();
    for file in files {
        writer.file = &file.file;
        steps.extend(of_file(&mut writer, file));
    }
    if writer.findings.is_empty() {
        Ok(steps)
    } else {
        Err(writer.findings)
    }
}

fn of_file(writer: &mut Writer<'_>, file: &FileConfig) -> Vec<Step> {
    let place = writer.place;
    let mut steps = Vec::new();
    let mut add = |key, parts: Option<(String, String)>| {
        if let Some((body, description)) = parts {
            steps.push(Step {
                file: file.file.clone(),
                key,
                script: script::whole(key, &file.file, &body, place),
                description,
            });
        }
    };
    add("packages", packages::body(&file.packages));
    add("groups", accounts::groups(&file.groups));
    add("users", accounts::users(&file.users));
    add("sources", sources::body(writer, &file.sources));
    add("files", files::body(writer, &file.files));
    add("commands", commands::body(writer, &file.commands));
    steps
}

/// Evaluates the texts of one file, and collects what cannot be.
struct Writer<'a> {
    place: Where,
    evaluator: Evaluator<'a>,
    file: &'a str,
    findings: Vec<Finding>,
}

impl Writer<'_> {
    /// Empty when it cannot be evaluated; the scripts are then given up as a whole.
    fn text(&mut self, text: &Text) -> String {
        self.evaluator.text(text, self.file).unwrap_or_else(|finding| {
            self.findings.push(finding);
            String::new()
        })
    }
}

/// A URL, and what follows the command that fetches it: curl's options on its input.
struct Fetch {
    url: String,
    input: String,
}

impl Writer<'_> {
    fn fetch(&mut self, text: &Text, name: Option<&str>) -> Fetch {
        let url = self.text(text);
        let evaluator = &self.evaluator;
        let region = evaluator.lookup.reference("AWS::Region").unwrap_or_default();
        let options = match fetch::authentication(evaluator, &url, name) {
            Some(with) => fetch::options(evaluator, &url, with, &region),
            None => Ok(String::new()),
        };
        let input = match options {
            Ok(options) if options.is_empty() => "</dev/null\n".to_owned(),
            Ok(options) => format!("<<'BEANPOLE'\n{options}BEANPOLE\n"),
            Err(trouble) => {
                self.findings.push(Finding {
                    severity: Severity::Error,
                    file: self.file.to_owned(),
                    line: text.at.line,
                    column: text.at.column,
                    key: text.key.clone(),
                    message: trouble.message(),
                });
                String::new()
            }
        };
        Fetch { url, input }
    }
}

/// "a, b, c and 4 more".
fn named<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    let count = names.len();
    let first: Vec<&str> = names.take(5).collect();
    match count - first.len() {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}
