//! Reads a Procfile: which processes an application wants to run.
//!
//! Says what is written and what of it can run; it starts nothing.

/// Why a Procfile cannot be used. Lines count from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProcfileError {
    #[error("line {line} of the Procfile is not of the form 'name: command': {text:?}")]
    BadLine { line: usize, text: String },
    #[error("the Procfile names the process {name:?} twice (line {line})")]
    Duplicate { line: usize, name: String },
    #[error(
        "the Procfile has a process {name:?}, but only 'web' can run for now: remove the line, or start both from one command"
    )]
    OnlyWeb { name: String },
    #[error("the Procfile has no process: add a line 'web: <command>'")]
    Empty,
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

/// The command of the only process that can run, `web`.
pub fn web(text: &str) -> Result<String, ProcfileError> {
    let processes = parse(text)?;
    if let Some(other) = processes.iter().find(|process| process.name != "web") {
        return Err(ProcfileError::OnlyWeb {
            name: other.name.clone(),
        });
    }
    match processes.into_iter().next() {
        Some(web) => Ok(web.command),
        None => Err(ProcfileError::Empty),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_web_line_is_found_between_comments() {
        assert_eq!(
            web("# how to run\r\n\r\nweb: gunicorn app:app -b :$PORT\r\n").unwrap(),
            "gunicorn app:app -b :$PORT"
        );
    }

    #[test]
    fn what_cannot_run_is_named() {
        for (text, words) in [
            ("web: a\nworker: b", "process \"worker\""),
            ("web gunicorn", "line 1"),
            ("web: a\nweb: b", "twice"),
            ("web:", "line 1"),
            ("my app: x", "line 1"),
            ("# nothing", "no process"),
        ] {
            let error = web(text).unwrap_err().to_string();
            assert!(error.contains(words), "{text:?}: {error}");
        }
    }
}
