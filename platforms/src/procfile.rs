//! Reads a Procfile: which processes an application wants to run.
//!
//! Says what is written; it starts nothing.

use crate::start;

/// Why a Procfile cannot be used. Lines count from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProcfileError {
    #[error("line {line} of the Procfile is not of the form 'name: command': {text:?}")]
    BadLine { line: usize, text: String },
    #[error("the Procfile names the process {name:?} twice (line {line})")]
    Duplicate { line: usize, name: String },
    #[error(
        "the Procfile has no process named web, which is the one that gets requests: add a line 'web: <command>'"
    )]
    NoWeb,
}

/// One line: a name and the command line it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    pub name: String,
    pub command: String,
}

/// Every process of a Procfile in the order written; blank lines and `#` comments are skipped.
pub fn parse(text: &str) -> Result<Vec<Process>, ProcfileError> {
    let mut processes: Vec<Process> = Vec::new();
    for (index, raw) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = index + 1;
        let trimmed = raw.trim_end();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let bad = || ProcfileError::BadLine {
            line,
            text: trimmed.chars().take(80).collect(),
        };
        let (name, command) = trimmed.split_once(':').ok_or_else(bad)?;
        let command = command.trim();
        let name_is_valid = !name.is_empty()
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        if !name_is_valid || command.is_empty() {
            return Err(bad());
        }
        if processes.iter().any(|process| process.name == name) {
            return Err(ProcfileError::Duplicate {
                line,
                name: name.to_owned(),
            });
        }
        processes.push(Process {
            name: name.to_owned(),
            command: command.to_owned(),
        });
    }
    Ok(processes)
}

/// The processes that a Procfile asks for, `web` first: that is the one that gets requests.
pub fn processes(text: &str) -> Result<Vec<beanpole_instance::Process>, ProcfileError> {
    let mut processes = parse(text)?;
    if !processes.iter().any(|process| process.name == "web") {
        return Err(ProcfileError::NoWeb);
    }
    processes.sort_by_key(|process| process.name != "web");
    Ok(processes
        .iter()
        .map(|process| start::line(&process.name, &process.command))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_web_process_comes_first_and_the_others_as_written() {
        let text = "# how to run\r\n\r\nworker: ./work\nweb: gunicorn app:app -b :$PORT\r\nclock: ./tick\n";
        let names: Vec<_> = processes(text)
            .unwrap()
            .into_iter()
            .map(|process| process.name)
            .collect();
        assert_eq!(names, ["web", "worker", "clock"]);
        assert_eq!(
            processes(text).unwrap()[0].argv[2],
            "exec gunicorn app:app -b :$PORT"
        );
    }

    #[test]
    fn what_cannot_run_is_named() {
        for (text, words) in [
            ("worker: b", "no process named web"),
            ("web gunicorn", "line 1"),
            ("web: a\nweb: b", "twice"),
            ("web:", "line 1"),
            ("my app: x", "line 1"),
            ("# nothing", "no process"),
        ] {
            let error = processes(text).unwrap_err().to_string();
            assert!(error.contains(words), "{text:?}: {error}");
        }
    }
}
