//! What only all files together show: functions that nobody will ever be able to evaluate, and credentials that
//! are not there.

use crate::{
    fetch::{self, Credentials},
    finding::{Finding, Severity},
    functions::{Evaluator, Trouble, Unknown},
    model::{Command, CommandLine, Config, Content, File, FileConfig},
    queue::QueuePolicy,
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

/// URLs that will be asked without credentials, or with some that nobody has.
pub(crate) fn fetches(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in &config.files {
        let sources = file.sources.values().map(|url| (url, None));
        let files = file.files.values().filter_map(|entry| match &entry.content {
            Content::Source(url) => Some((url, entry.authentication.as_deref())),
            _ => None,
        });
        for (url, name) in sources.chain(files) {
            if let Some((severity, message)) = fetched(config, url, name) {
                findings.push(Finding {
                    severity,
                    file: file.file.clone(),
                    line: url.at.line,
                    column: url.at.column,
                    key: url.key.clone(),
                    message,
                });
            }
        }
    }
    findings
}

fn fetched(config: &Config, url: &Text, name: Option<&str>) -> Option<(Severity, String)> {
    let evaluator = Evaluator {
        config,
        lookup: &Unknown,
    };
    let url = evaluator.evaluate(url).unwrap_or_default();
    match (fetch::authentication(&evaluator, &url, name), name) {
        (None, Some(name)) => Some((
            Severity::Error,
            format!(
                "there is no {name} to authenticate with: add it to AWS::CloudFormation::Authentication, in the Metadata of \
                 AWSEBAutoScalingGroup under Resources"
            ),
        )),
        (Some(one), Some(name)) if one.credentials == Credentials::Role => Some((
            Severity::Error,
            format!(
                "{name} asks for the role of the instance, and no role of an instance is known to S3 here: give it \
                 accessKeyId and secretKey, or put the file into the bundle"
            ),
        )),
        (Some(one), None) if one.credentials != Credentials::Role => None,
        (_, None) if fetch::leads_to_s3(&url) => Some((
            Severity::Warning,
            format!("{url} is asked without credentials: only a public object can be fetched"),
        )),
        _ => None,
    }
}

fn texts(file: &FileConfig) -> Vec<&Text> {
    let mut texts: Vec<&Text> = file.sources.values().collect();
    texts.extend(file.files.values().map(of_file));
    texts.extend(file.commands.values().flat_map(of_command));
    for one in file.authentications.values() {
        texts.extend(one.texts());
        texts.extend(&one.places);
    }
    texts.extend(file.option_settings.iter().map(|setting| &setting.value));
    texts.extend(file.container_commands.values().flat_map(of_command));
    for resource in file.resources.values() {
        if let Some(queue) = &resource.queue {
            texts.extend(&queue.name);
            texts.extend(queue.texts());
        }
        texts.extend(resource.policy.iter().flat_map(QueuePolicy::texts));
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
