//! `env.yaml` and `cron.yaml` of a bundle: what they ask for, and what is wrong.

use beanpole_ebextensions::{CRON_YAML, ENV_YAML, Manifest, Severity, cron_tasks, environment_manifest};
use beanpole_protocol::{
    Platform,
    api::{Finding, OptionSetting},
};
use serde::{Deserialize, Serialize};

use super::configuration::{accepted, finding};

/// What `env.yaml` asks for when an environment is created.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Creation {
    /// Below what is given with the request, above what `.ebextensions` set.
    pub options: Vec<OptionSetting>,
    /// First part of the host name.
    pub cname: Option<String>,
    /// Where it asks for a worker environment.
    pub worker: Option<String>,
}

/// Judges the two files among those of the root, given as name and content, for a platform.
pub fn judge_root_files(files: &[(String, Vec<u8>)], platform: Platform) -> (Option<Creation>, Vec<Finding>) {
    let content = |name: &str| {
        files
            .iter()
            .find(|(file, _)| file == name)
            .map(|(_, bytes)| bytes)
    };
    let mut findings = Vec::new();
    let creation = content(ENV_YAML).map(|bytes| {
        let (manifest, found) = environment_manifest(bytes);
        findings.extend(found.iter().map(finding));
        creation(manifest, platform, &mut findings)
    });
    if let Some(bytes) = content(CRON_YAML) {
        let (tasks, found) = cron_tasks(bytes);
        findings.extend(found.iter().map(finding));
        if !tasks.is_empty() {
            findings.push(whole(
                CRON_YAML,
                "its tasks are of worker environments, which there are none of yet: put a file into /etc/cron.d by .ebextensions",
            ));
        }
    }
    (creation, findings)
}

fn creation(manifest: Manifest, platform: Platform, findings: &mut Vec<Finding>) -> Creation {
    if let Some(words) = &manifest.platform {
        // Of an ARN, what stands after the kind of thing it names.
        let name = words
            .rsplit_once("platform/")
            .map_or(words.as_str(), |(_, name)| name);
        match name.parse::<Platform>() {
            Ok(asked) if asked != platform => findings.push(whole(
                ENV_YAML,
                &format!("it names {words}, and this version is built for {platform}: upload it for {asked} if that is meant"),
            )),
            Ok(_) => {}
            Err(error) => findings.push(whole(ENV_YAML, &format!("its platform has no effect: {error}"))),
        }
    }
    let (options, refused) = accepted(manifest.options);
    findings.extend(refused);
    Creation {
        options,
        // The name of a group stands in place of a plus sign, and there are none.
        cname: manifest.cname.map(|name| name.trim_end_matches('+').to_owned()),
        worker: manifest
            .worker
            .map(|at| format!("{ENV_YAML}:{}:{}", at.line, at.column)),
    }
}

fn whole(file: &str, message: &str) -> Finding {
    finding(&beanpole_ebextensions::Finding {
        severity: Severity::Warning,
        file: file.to_owned(),
        line: 1,
        column: 1,
        key: String::new(),
        message: message.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(files: &[(&str, &str)]) -> (Option<Creation>, Vec<String>) {
        let files: Vec<_> = files
            .iter()
            .map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()))
            .collect();
        let (creation, findings) = judge_root_files(&files, Platform::Python);
        let said = findings
            .iter()
            .map(|found| format!("{}:{} {}", found.file, found.line, found.message));
        (creation, said.collect())
    }

    #[test]
    fn options_of_the_manifest_are_checked_like_others() {
        let (creation, said) = judged(&[(
            "env.yaml",
            "CName: shop+\nSolutionStack: 64bit Amazon Linux 2023 v4.0.0 running Node.js 20\nEnvironmentTier: {Name: Worker}\nOptionSettings:\n  aws:autoscaling:asg: {MinSize: 2, MinSiz: 3}\n",
        )]);
        let creation = creation.unwrap();
        assert_eq!(creation.cname.as_deref(), Some("shop"));
        assert_eq!(creation.worker.as_deref(), Some("env.yaml:3:25"));
        let names: Vec<_> = creation
            .options
            .iter()
            .map(|option| option.name.as_str())
            .collect();
        assert_eq!(names, ["MinSize"]);
        assert!(
            said.iter()
                .any(|line| line.starts_with("env.yaml:5") && line.contains("MinSize")),
            "{said:?}"
        );
        assert!(
            said.iter().any(|line| line.contains("built for python")),
            "{said:?}"
        );
    }

    #[test]
    fn tasks_are_judged_although_nobody_runs_them() {
        let (creation, said) = judged(&[(
            "cron.yaml",
            "version: 1\ncron:\n- {name: a, url: a, schedule: \"* * * * *\"}\n",
        )]);
        assert_eq!(creation, None);
        assert!(
            said[0].contains("begins with /") && said[1].contains("worker environments"),
            "{said:?}"
        );
    }
}
