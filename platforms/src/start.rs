//! How a command line becomes the process that Docker starts and stops.
//!
//! Docker sends SIGTERM to its init, which hands it to its child. A shell in between would swallow
//! it, so a simple command replaces the shell (`exec`); a line that needs the shell's operators gets
//! one that waits, while the init signals the whole process group.

/// Set to anything, makes Docker's init signal the process group instead of its child alone.
const GROUP_SIGNALS: &str = "TINI_KILL_PROCESS_GROUP=1";

/// The Dockerfile lines that start an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartCommand {
    /// Exec form of `CMD`.
    pub argv: Vec<String>,
    /// `NAME=value` pairs that the start needs.
    pub env: Vec<String>,
}

impl StartCommand {
    /// Runs a program directly.
    pub fn program(path: &str) -> Self {
        Self {
            argv: vec![path.to_owned()],
            env: Vec::new(),
        }
    }

    /// Runs one line of shell.
    pub fn line(line: &str) -> Self {
        let script = match shape(line) {
            Shape::Exec => line.to_owned(),
            Shape::Simple => format!("exec {line}"),
            Shape::Assigned => format!("exec env {line}"),
            Shape::Compound => {
                return Self {
                    argv: shell(format!("trap : TERM INT\n{line}")),
                    env: vec![GROUP_SIGNALS.to_owned()],
                };
            }
        };
        Self {
            argv: shell(script),
            env: Vec::new(),
        }
    }

    /// Runs `before` to its end, then `line`.
    pub fn line_after(before: &str, line: &str) -> Self {
        Self {
            argv: shell(format!("trap : TERM INT\n({before}) || exit\n{line}")),
            env: vec![GROUP_SIGNALS.to_owned()],
        }
    }

    /// The lines for a Dockerfile.
    pub fn dockerfile(&self) -> String {
        let mut lines = String::new();
        for pair in &self.env {
            lines.push_str(&format!("ENV {pair}\n"));
        }
        lines.push_str(&format!("CMD {}\n", json_list(&self.argv)));
        lines
    }
}

fn shell(script: String) -> Vec<String> {
    vec!["/bin/sh".to_owned(), "-c".to_owned(), script]
}

pub(crate) fn json_list(items: &[String]) -> String {
    serde_json::Value::from(items.to_vec()).to_string()
}

#[derive(Debug, PartialEq, Eq)]
enum Shape {
    /// Begins with `exec` already.
    Exec,
    Simple,
    /// A simple command with `NAME=value` before it.
    Assigned,
    /// Has operators, or begins with a word only the shell knows.
    Compound,
}

fn shape(line: &str) -> Shape {
    const BUILTINS: [&str; 14] = [
        "cd", "export", "set", "unset", "source", ".", ":", "if", "for", "while", "case", "{", "eval",
        "ulimit",
    ];
    if has_operator(line) {
        return Shape::Compound;
    }
    let first = line.split_whitespace().next().unwrap_or_default();
    let assigned = first.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    });
    if first == "exec" {
        Shape::Exec
    } else if assigned {
        Shape::Assigned
    } else if BUILTINS.contains(&first) {
        Shape::Compound
    } else {
        Shape::Simple
    }
}

/// Whether an unquoted `;`, `|`, `&`, `(`, `)` or newline splits the line into several commands.
/// `>&` and `&>` are redirections and split nothing.
fn has_operator(line: &str) -> bool {
    let mut quote = None;
    let mut previous = ' ';
    let mut dollar_depth = 0u32;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some('"'), '\\') | (None, '\\') => {
                chars.next();
            }
            (Some(open), _) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(') if previous == '$' || dollar_depth > 0 => dollar_depth += 1,
            (None, ')') if dollar_depth > 0 => dollar_depth -= 1,
            (None, _) if dollar_depth > 0 => {}
            (None, '&') if previous == '>' || chars.peek() == Some(&'>') => {}
            (None, ';' | '|' | '&' | '(' | ')' | '\n') => return true,
            (None, _) => {}
        }
        previous = c;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_keeps_its_meaning_and_gets_the_signal() {
        for (line, expected) in [
            ("gunicorn -b :$PORT app:app", "exec gunicorn -b :$PORT app:app"),
            ("exec ./run", "exec ./run"),
            ("A=1 B=2 ./run", "exec env A=1 B=2 ./run"),
            ("./run 2>&1", "exec ./run 2>&1"),
            ("./run \"a;b\" 'c|d'", "exec ./run \"a;b\" 'c|d'"),
            ("./run $(nproc; echo)", "exec ./run $(nproc; echo)"),
            ("./migrate && ./run", "trap : TERM INT\n./migrate && ./run"),
            ("cd src", "trap : TERM INT\ncd src"),
        ] {
            assert_eq!(StartCommand::line(line).argv[2], expected, "{line}");
        }
    }

    #[test]
    fn a_compound_line_signals_its_group() {
        let text = StartCommand::line("a; b").dockerfile();
        assert_eq!(
            text,
            "ENV TINI_KILL_PROCESS_GROUP=1\nCMD [\"/bin/sh\",\"-c\",\"trap : TERM INT\\na; b\"]\n"
        );
    }
}
