//! How a command line becomes a process that can be ended.
//!
//! The init sends a process SIGTERM. A shell in between would swallow it, so a simple command replaces the
//! shell (`exec`); for a line that needs the shell's operators there is one that waits, while the signal
//! goes to the whole process group.

use beanpole_instance::Process;

/// A program that is run directly.
pub fn program(name: &str, path: &str) -> Process {
    Process {
        name: name.to_owned(),
        argv: vec![path.to_owned()],
        ..Process::default()
    }
}

/// The same, found by `PATH` or relative to the application's root, with arguments.
pub fn program_with(name: &str, program: &str, arguments: &[&str]) -> Process {
    let words = std::iter::once(&program).chain(arguments);
    Process {
        name: name.to_owned(),
        argv: words.map(|word| (*word).to_owned()).collect(),
        ..Process::default()
    }
}

/// One line of shell.
pub fn line(name: &str, line: &str) -> Process {
    let script = match shape(line) {
        Shape::Exec => line.to_owned(),
        Shape::Simple => format!("exec {line}"),
        Shape::Assigned => format!("exec env {line}"),
        Shape::Compound => return compound(name, line),
    };
    Process {
        name: name.to_owned(),
        argv: shell(script),
        ..Process::default()
    }
}

/// `before` to its end, then `line`.
pub fn line_after(name: &str, before: &str, line: &str) -> Process {
    compound(name, &format!("({before}) || exit\n{line}"))
}

fn compound(name: &str, script: &str) -> Process {
    Process {
        name: name.to_owned(),
        argv: shell(format!("trap : TERM INT\n{script}")),
        signal_group: true,
        ..Process::default()
    }
}

fn shell(script: String) -> Vec<String> {
    vec!["/bin/sh".to_owned(), "-c".to_owned(), script]
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
            assert_eq!(super::line("web", line).argv[2], expected, "{line}");
        }
    }

    #[test]
    fn a_compound_line_signals_its_group() {
        assert!(line("web", "a; b").signal_group);
        assert!(line_after("web", "a", "b").signal_group);
        assert!(!line("web", "./run").signal_group);
    }
}
