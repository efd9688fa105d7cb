//! What a bundle's configuration files mean to the server: option settings, and what is wrong.

use beanpole_ebextensions::{
    LateOption, Lookup, OptionValue, Severity, installation_reference, model::FileConfig, option_settings,
    parse,
};
use beanpole_platforms::extensions::any_late;
use beanpole_protocol::{
    Platform,
    api::{Finding, FindingSeverity, OptionSetting},
};

use super::CONFIGURATION_FILE_LIMIT;
use crate::options::{OptionError, OptionSet, check_name};

/// Result of reading the files of one bundle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    /// Those that are the same for all environments. In working order; each can be set.
    pub settings: Vec<OptionSetting>,
    pub findings: Vec<Finding>,
    pub differs: Differs,
}

/// Whether files come to the same for all environments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Differs {
    #[default]
    Nowhere,
    /// They declare queues, or ask for what only an environment knows.
    BetweenEnvironments,
}

/// What functions in the files may ask for: the installation. Versions are of no environment.
pub struct Installation<'a> {
    pub region: &'a str,
}

impl Lookup for Installation<'_> {
    fn reference(&self, name: &str) -> Option<String> {
        installation_reference(name, self.region)
    }

    fn option(&self, _: &str, _: &str) -> Option<String> {
        None
    }
}

/// Judges the files of a bundle for a platform, given as path and content.
pub fn judge(files: &[(String, Vec<u8>)], platform: Platform, installation: &Installation<'_>) -> Judgement {
    let mut findings = Vec::new();
    for (path, content) in files {
        if content.len() > CONFIGURATION_FILE_LIMIT {
            findings.push(Finding {
                severity: FindingSeverity::Error,
                file: path.clone(),
                line: 1,
                column: 1,
                key: String::new(),
                message: format!(
                    "the file has more than {CONFIGURATION_FILE_LIMIT} bytes: put what it carries beside it in the bundle"
                ),
            });
        }
    }
    let parsed = parse(files);
    findings.extend(parsed.findings.iter().map(finding));
    if platform == Platform::Docker {
        findings.extend(parsed.config.files.iter().filter_map(without_effect));
    }
    let settled = option_settings(&parsed.config, installation);
    findings.extend(settled.findings.iter().map(finding));
    findings.extend(settled.late.iter().filter_map(unusable));
    let (settings, refused) = accepted(settled.options);
    findings.extend(refused);
    findings.dedup();
    let resources = parsed
        .config
        .files
        .iter()
        .flat_map(|file| file.resources.values());
    let declares_queues = resources.into_iter().any(|resource| resource.queue.is_some());
    let any_late = platform != Platform::Docker && any_late(&parsed.config, installation);
    let differs = if declares_queues || any_late || !settled.late.is_empty() {
        Differs::BetweenEnvironments
    } else {
        Differs::Nowhere
    };
    Judgement {
        settings,
        findings,
        differs,
    }
}

/// The options that can be set, and what is to be said of the others.
pub fn accepted(options: Vec<OptionValue>) -> (Vec<OptionSetting>, Vec<Finding>) {
    let mut settings = Vec::new();
    let mut findings = Vec::new();
    for option in options {
        let setting = OptionSetting {
            namespace: option.namespace.clone(),
            name: option.name.clone(),
            value: option.value.clone(),
        };
        match OptionSet::parse(std::slice::from_ref(&setting)) {
            Ok(_) if option.resource_name.is_some() => findings.push(of_another_resource(&option)),
            Ok(_) => settings.push(setting),
            Err(error) => findings.push(told(&option, error)),
        }
    }
    (settings, findings)
}

/// What is to be said of an option whose value is not known yet.
fn unusable(option: &LateOption) -> Option<Finding> {
    match check_name(&option.namespace, &option.name) {
        Ok(()) if option.resource_name.is_some() => Some(of_another_resource(option)),
        Ok(()) => None,
        Err(error) => Some(told(option, error)),
    }
}

fn of_another_resource(option: &OptionValue) -> Finding {
    let message =
        "resource_name is of scheduled actions, which are not supported yet: the option is left out";
    finding(&option.finding(Severity::Warning, message))
}

fn told(option: &OptionValue, error: OptionError) -> Finding {
    let found = match error {
        // Written for AWS, where it means something: it is told, and the rest of the file counts.
        OptionError::NotSupportedYet { .. } => {
            option.finding(Severity::Warning, format!("{error}; it has no effect"))
        }
        error => option.finding(Severity::Error, error.to_string()),
    };
    finding(&found)
}

/// A container of the docker platform is its Dockerfile's alone: only options have an effect there.
fn without_effect(file: &FileConfig) -> Option<Finding> {
    let keys: Vec<&str> = [
        ("packages", !file.packages.is_empty()),
        ("groups", !file.groups.is_empty()),
        ("users", !file.users.is_empty()),
        ("sources", !file.sources.is_empty()),
        ("files", !file.files.is_empty()),
        ("commands", !file.commands.is_empty()),
        ("services", !file.services.is_empty()),
        ("container_commands", !file.container_commands.is_empty()),
    ]
    .into_iter()
    .filter_map(|(key, is_used)| is_used.then_some(key))
    .collect();
    (!keys.is_empty()).then(|| Finding {
        severity: FindingSeverity::Warning,
        file: file.file.clone(),
        line: 1,
        column: 1,
        key: keys.join(", "),
        message: format!(
            "{} have no effect on the docker platform: put what they do into the Dockerfile",
            keys.join(", ")
        ),
    })
}

/// As the API has it.
pub fn finding(found: &beanpole_ebextensions::Finding) -> Finding {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Finding {
        severity: match found.severity {
            Severity::Error => FindingSeverity::Error,
            Severity::Warning => FindingSeverity::Warning,
        },
        file: found.file.clone(),
        line: count(found.line),
        column: count(found.column),
        key: found.key.clone(),
        message: found.message.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(text: &str) -> Judgement {
        let files = [(".ebextensions/a.config".to_owned(), text.as_bytes().to_vec())];
        let installation = Installation {
            region: "eu-central-1",
        };
        judge(&files, Platform::Python, &installation)
    }

    #[test]
    fn options_are_read_and_checked_where_they_stand() {
        let judgement = judged(
            "option_settings:\n  aws:autoscaling:asg:\n    MinSize: 2\n  aws:elasticbeanstalk:application:environment:\n    REGION: '`{\"Ref\": \"AWS::Region\"}`'\n",
        );
        assert_eq!(judgement.findings, []);
        let values: Vec<_> = judgement
            .settings
            .iter()
            .map(|setting| (setting.name.as_str(), setting.value.as_str()))
            .collect();
        assert_eq!(values, [("MinSize", "2"), ("REGION", "eu-central-1")]);
    }

    #[test]
    fn what_cannot_be_set_is_an_error_and_what_is_of_aws_alone_a_warning() {
        for (text, severity, line, words) in [
            (
                "option_settings:\n  aws:autoscaling:asg:\n    MinSiz: 2\n",
                FindingSeverity::Error,
                3,
                "MinSize",
            ),
            (
                "option_settings:\n  aws:autoscaling:asg:\n    MinSize: two\n",
                FindingSeverity::Error,
                3,
                "whole number",
            ),
            (
                "option_settings:\n  aws:autoscaling:launchconfiguration:\n    InstanceType: t3.small\n",
                FindingSeverity::Warning,
                3,
                "no effect",
            ),
            ("commands: [\n", FindingSeverity::Error, 1, "YAML"),
        ] {
            let judgement = judged(text);
            let found = &judgement.findings[..];
            assert_eq!(found.len(), 1, "{text}: {found:#?}");
            assert_eq!(
                (found[0].severity, found[0].line),
                (severity, line),
                "{text}: {found:#?}"
            );
            assert!(found[0].message.contains(words), "{text}: {found:#?}");
            assert!(judgement.settings.is_empty());
        }
    }

    #[test]
    fn on_the_docker_platform_only_options_count() {
        let files = [(
            ".ebextensions/a.config".to_owned(),
            b"commands: {x: {command: y}}\nfiles: {/etc/x: {content: y}}\n".to_vec(),
        )];
        let installation = Installation { region: "" };
        let judgement = judge(&files, Platform::Docker, &installation);
        assert_eq!(judgement.findings.len(), 1);
        assert!(
            judgement.findings[0]
                .message
                .starts_with("files, commands have no effect")
        );
    }
}
