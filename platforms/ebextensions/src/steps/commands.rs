//! `commands`: in the order of their names, each with its own folder, environment and condition.

use std::collections::BTreeMap;

use super::{Writer, named, script::quote};
use crate::model::{Command, CommandLine};

/// Shell lines are for bash: Amazon Linux's `sh` is one, and people write for it.
const RUN: &str = r#"# Folder, then the command; nothing of this script is its input.
run() {
  (cd -- "$1" && shift && exec "$@") </dev/null
}
ignore() {
  printf 'beanpole: %s in %s failed with exit code %s, and ignoreErrors is set\n' "$1" "$file" "$2" >&2
}
"#;

pub(super) fn body(
    writer: &mut Writer<'_>,
    commands: &BTreeMap<String, Command>,
) -> Option<(String, String)> {
    if commands.is_empty() {
        return None;
    }
    let mut body = RUN.to_owned();
    for (name, command) in commands {
        one(writer, &mut body, name, command);
    }
    let names = commands.keys().map(String::as_str);
    Some((body, format!("run {}", named(names))))
}

fn one(writer: &mut Writer<'_>, body: &mut String, name: &str, command: &Command) {
    let folder = match &command.cwd {
        Some(folder) => quote(&writer.text(folder)),
        None => "/".to_owned(),
    };
    let mut environment = String::new();
    if !command.env.is_empty() {
        environment.push_str(" env -i --");
        for (variable, value) in &command.env {
            environment.push_str(&format!(
                " {}",
                quote(&format!("{variable}={}", writer.text(value)))
            ));
        }
    }
    let indent = if command.test.is_some() { "  " } else { "" };
    if let Some(test) = &command.test {
        let test = line(writer, test);
        body.push_str(&format!("if run {folder}{environment}{test}; then\n"));
    }
    let what = quote(&format!("the command {name}"));
    let line = line(writer, &command.command);
    body.push_str(&format!("{indent}say {}\n", quote(&format!("command {name}"))));
    let then = if command.ignore_errors { "ignore" } else { "fail" };
    body.push_str(&format!(
        "{indent}run {folder}{environment}{line} || {then} {what} $?\n"
    ));
    if command.test.is_some() {
        let note = quote(&format!("command {name} is left out: its test says so"));
        body.push_str(&format!("else\n  say {note}\nfi\n"));
    }
}

fn line(writer: &mut Writer<'_>, line: &CommandLine) -> String {
    match line {
        CommandLine::Line(text) => format!(" bash -c {}", quote(&writer.text(text))),
        CommandLine::Argv(argv) => argv
            .iter()
            .map(|argument| format!(" {}", quote(&writer.text(argument))))
            .collect(),
    }
}
