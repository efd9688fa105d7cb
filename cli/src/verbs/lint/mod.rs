//! `bp lint`: what a deployment of this folder would be refused for, or warned about, without a server.

mod files;

use std::path::PathBuf;

use beanpole_ebextensions::{CRON_YAML, ENV_YAML, Finding, Severity, cron_tasks, environment_manifest};
use beanpole_platforms::{
    containers,
    procfile::{self, ProcfileError},
};
use clap::Args;
use serde_json::json;

use self::files::Checked;
use crate::{
    context::Context,
    exit::Exit,
    failure::Failure,
    output::{Hue, Paint, plain, size::counted},
};

#[derive(Args)]
pub struct LintArgs {
    /// A folder or a zip file; the project's folder when absent
    path: Option<PathBuf>,
}

pub fn run(context: &Context, args: &LintArgs) -> Result<(), Failure> {
    let path = match (&args.path, &context.project) {
        (Some(path), _) => path.clone(),
        (None, Some(project)) => project.root.clone(),
        (None, None) => context.folder.clone(),
    };
    let checked = files::read(&path)?;
    let findings = findings(&checked);
    let out = &context.out;
    for finding in &findings {
        out.line(line(finding, out.paint));
    }
    let count = |severity| {
        findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .count()
    };
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let summary = summary(errors, warnings, checked.names().len());
    if errors > 0 {
        return Err(Failure::new(Exit::Failed, "lint", summary).with("findings", &findings));
    }
    let hue = if warnings > 0 { Hue::Yellow } else { Hue::Green };
    out.line(out.paint.text(hue, &summary));
    out.document(&json!({ "files": checked.names(), "findings": findings }));
    Ok(())
}

/// All that is to be said, the configuration files first.
fn findings(checked: &Checked) -> Vec<Finding> {
    let mut findings = beanpole_ebextensions::parse(&checked.config_files).findings;
    for (name, bytes) in &checked.root_files {
        match *name {
            ENV_YAML => findings.extend(environment_manifest(bytes).1),
            CRON_YAML => findings.extend(cron_tasks(bytes).1),
            _ => findings.extend(of_procfile(bytes)),
        }
    }
    if let Some(source) = &checked.docker {
        findings.extend(containers(source).err());
    }
    findings
}

fn of_procfile(bytes: &[u8]) -> Option<Finding> {
    let (line, message) = match std::str::from_utf8(bytes).map(procfile::parse) {
        Err(_) => (1, "the Procfile is not UTF-8 text".to_owned()),
        Ok(Ok(processes)) if !processes.iter().any(|process| process.name == "web") => {
            (1, ProcfileError::NoWeb.to_string())
        }
        Ok(Ok(_)) => return None,
        Ok(Err(error)) => {
            let line = match &error {
                ProcfileError::BadLine { line, .. } | ProcfileError::Duplicate { line, .. } => *line,
                _ => 1,
            };
            (line, error.to_string())
        }
    };
    Some(Finding {
        severity: Severity::Error,
        file: "Procfile".to_owned(),
        line,
        column: 1,
        key: String::new(),
        message,
    })
}

/// As compilers write it, so that editors find the place.
fn line(finding: &Finding, paint: Paint) -> String {
    let hue = match finding.severity {
        Severity::Error => Hue::Red,
        Severity::Warning => Hue::Yellow,
    };
    let place = format!("{}:{}:{}:", finding.file, finding.line, finding.column);
    let severity = paint.bold(hue, &format!("{}:", finding.severity.name()));
    format!(
        "{} {severity} {}",
        paint.dim(&plain(&place)),
        plain(&finding.message)
    )
}

fn summary(errors: usize, warnings: usize, files: usize) -> String {
    if files == 0 {
        return "There is nothing to check: no .ebextensions/*.config, Procfile, env.yaml, cron.yaml, docker-compose.yml or Dockerrun.aws.json.".to_owned();
    }
    let files = counted(files, "file", "files");
    let warnings_text = counted(warnings, "warning", "warnings");
    match (errors, warnings) {
        (0, 0) => format!("Nothing is wrong in {files}."),
        (0, _) => format!("{warnings_text} in {files}; a deployment would go ahead."),
        (_, 0) => format!(
            "{} in {files}: a deployment would be refused.",
            counted(errors, "error", "errors")
        ),
        _ => format!(
            "{} and {warnings_text} in {files}: a deployment would be refused.",
            counted(errors, "error", "errors")
        ),
    }
}

#[cfg(test)]
mod tests {
    use beanpole_platforms::Source;

    use super::*;

    fn said(config: &str, procfile: Option<&str>) -> Vec<String> {
        let checked = Checked {
            config_files: vec![(".ebextensions/a.config".to_owned(), config.as_bytes().to_vec())],
            root_files: procfile
                .map(|text| ("Procfile", text.as_bytes().to_vec()))
                .into_iter()
                .collect(),
            docker: None,
        };
        let paint = Paint::for_stream(false);
        findings(&checked)
            .iter()
            .map(|finding| line(finding, paint))
            .collect()
    }

    #[test]
    fn findings_name_their_place() {
        assert_eq!(
            said(
                "commands:\n  a: {comand: ls, command: ls}\n",
                Some("web: x\nworker\n")
            ),
            [
                ".ebextensions/a.config:2:7: warning: 'comand' is no key of 'commands.a' and has no effect: did you mean 'command'?",
                "Procfile:2:1: error: line 2 of the Procfile is not of the form 'name: command': \"worker\"",
            ]
        );
        assert_eq!(said("", Some("web: x\nworker: y\n")), Vec::<String>::new());
        assert!(said("", Some("# none\n"))[0].contains("no process"));
    }

    #[test]
    fn files_of_the_root_are_checked_too() {
        let mut source = Source::default();
        source.add_text("docker-compose.yml", "services:\n  web: {imag: x}\n");
        let checked = Checked {
            root_files: vec![
                ("env.yaml", b"EnvironmentNam: x\n".to_vec()),
                ("cron.yaml", b"version: 1\n".to_vec()),
            ],
            docker: Some(source),
            ..Checked::default()
        };
        let findings = findings(&checked);
        let places: Vec<_> = findings
            .iter()
            .map(|found| (found.file.as_str(), found.line))
            .collect();
        assert_eq!(
            places,
            [("env.yaml", 1), ("cron.yaml", 1), ("docker-compose.yml", 2)]
        );
    }

    #[test]
    fn the_summary_counts() {
        assert_eq!(summary(0, 0, 1), "Nothing is wrong in 1 file.");
        assert_eq!(
            summary(0, 1, 2),
            "1 warning in 2 files; a deployment would go ahead."
        );
        assert_eq!(
            summary(2, 1, 2),
            "2 errors and 1 warning in 2 files: a deployment would be refused."
        );
        assert!(summary(0, 0, 0).starts_with("There is nothing"));
    }
}
