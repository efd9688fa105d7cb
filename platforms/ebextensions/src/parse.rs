//! The files of a bundle, together.

use crate::{
    check,
    finding::{Finding, Position, Severity},
    model::Config,
    read,
};

const FOLDER: &str = ".ebextensions/";
/// All files together, bytes.
const MOST_BYTES: usize = 8 << 20;
const MOST_FILES: usize = 500;
/// Of one file.
const MOST_FINDINGS: usize = 200;

/// What the files say, and what is to be said about them, in the order of files and lines.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    pub config: Config,
    pub findings: Vec<Finding>,
}

impl Parsed {
    /// Whether a version with these files must not be deployed.
    pub fn is_refused(&self) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.severity == Severity::Error)
    }
}

/// Whether a path of a bundle is a configuration file: `.ebextensions/NAME.config`, no deeper, and not
/// the `._NAME.config` that macOS leaves beside it.
pub fn is_config_file(path: &str) -> bool {
    name(path).is_some_and(|name| name.ends_with(".config"))
}

fn name(path: &str) -> Option<&str> {
    let name = path.strip_prefix("./").unwrap_or(path).strip_prefix(FOLDER)?;
    (!name.contains('/') && !name.starts_with("._")).then_some(name)
}

/// Reads the configuration files among `files`, given as path in the bundle and content, in the order of
/// their names.
pub fn parse(files: &[(impl AsRef<str>, impl AsRef<[u8]>)]) -> Parsed {
    let mut parsed = Parsed::default();
    let mut chosen: Vec<(&str, &[u8])> = Vec::new();
    for (path, bytes) in files {
        let path = path.as_ref();
        match name(path) {
            Some(name) if name.ends_with(".config") => chosen.push((path, bytes.as_ref())),
            Some(name) if name.ends_with(".yml") || name.ends_with(".yaml") => parsed.findings.push(whole(
                Severity::Warning,
                path,
                "only files that end with .config are read: rename it if it is one",
            )),
            _ => {}
        }
    }
    chosen.sort();
    let bytes: usize = chosen.iter().map(|(_, bytes)| bytes.len()).sum();
    if chosen.len() > MOST_FILES || bytes > MOST_BYTES {
        let message = format!(
            "{} configuration files with {bytes} bytes are too much: at most {MOST_FILES} files and {MOST_BYTES} bytes",
            chosen.len()
        );
        parsed
            .findings
            .push(whole(Severity::Error, ".ebextensions", &message));
        return parsed;
    }
    for (path, bytes) in chosen {
        if path.chars().any(char::is_control) {
            let name: String = path.chars().filter(|c| !c.is_control()).collect();
            parsed.findings.push(whole(
                Severity::Error,
                &name,
                "the file's name holds a control character: rename it",
            ));
            continue;
        }
        let (config, findings) = read::file(path, bytes);
        parsed.findings.extend(shortened(findings));
        parsed.config.files.extend(config);
    }
    let mut together = check::functions(&parsed.config);
    together.extend(check::fetches(&parsed.config));
    if !together.is_empty() {
        parsed.findings.extend(together);
        parsed.findings.sort_by(|one, other| {
            (&one.file, one.line, one.column).cmp(&(&other.file, other.line, other.column))
        });
    }
    parsed
}

/// In the order of lines, and no more of them than somebody might read.
fn shortened(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by_key(|finding| (finding.line, finding.column));
    let more = findings.split_off(findings.len().min(MOST_FINDINGS));
    let Some(first) = more.first() else {
        return findings;
    };
    let worst = more.iter().map(|finding| finding.severity).min();
    findings.push(Finding {
        severity: worst.unwrap_or(first.severity),
        message: format!("and {} more of this file from here on", more.len()),
        key: String::new(),
        ..first.clone()
    });
    findings
}

fn whole(severity: Severity, file: &str, message: &str) -> Finding {
    Finding {
        severity,
        file: file.to_owned(),
        line: Position::START.line,
        column: Position::START.column,
        key: String::new(),
        message: message.to_owned(),
    }
}
