//! Functions that nobody will ever be able to evaluate: known before anything is deployed.

use crate::{
    finding::{Finding, Severity},
    functions::{Evaluator, Trouble, Unknown},
    model::{Command, CommandLine, Config, Content, File, FileConfig},
    text::Text,
};

pub(crate) fn functions(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in &config.files {
        let evaluator = Evaluator {
            config,
            lookup: &Unknown,
        };
        for text in texts(file) {
            if let Err(Trouble::Never(message)) = evaluator.evaluate(text) {
                findings.push(Finding {
                    severity: Severity::Error,
                    file: file.file.clone(),
                    line: text.at.line,
                    column: text.at.column,
                    key: text.key.clone(),
                    message,
                });
            }
        }
    }
    findings
}

fn texts(file: &FileConfig) -> Vec<&Text> {
    let mut texts: Vec<&Text> = file.sources.values().collect();
    texts.extend(file.files.values().map(of_file));
    texts.extend(file.commands.values().flat_map(of_command));
    texts.extend(file.option_settings.iter().map(|setting| &setting.value));
    texts.extend(file.container_commands.values().flat_map(of_command));
    for queue in file
        .resources
        .values()
        .filter_map(|resource| resource.queue.as_ref())
    {
        texts.extend(&queue.name);
        texts.extend(queue.texts());
    }
    texts
}

/// The text of an entry of `files` in which functions may stand.
pub(crate) fn of_file(file: &File) -> &Text {
    match &file.content {
        Content::Text(text) | Content::Base64(text) | Content::Source(text) | Content::Link(text) => text,
    }
}

/// Those of an entry of `commands` or `container_commands`.
pub(crate) fn of_command(command: &Command) -> Vec<&Text> {
    let mut texts = Vec::new();
    for line in [Some(&command.command), command.test.as_ref()]
        .into_iter()
        .flatten()
    {
        match line {
            CommandLine::Line(text) => texts.push(text),
            CommandLine::Argv(argv) => texts.extend(argv),
        }
    }
    texts.extend(&command.cwd);
    texts.extend(command.env.values());
    texts
}
