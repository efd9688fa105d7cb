//! `cron.yaml`: what a worker environment does at certain times.

use serde::Serialize;

use super::{CRON_YAML, schedule, whole};
use crate::{finding::Finding, read::Reader, yaml::Node};

/// A periodic task: at its times a worker gets a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CronTask {
    pub name: String,
    /// Path that the request goes to.
    pub url: String,
    /// Five fields, in UTC.
    pub schedule: String,
}

/// Reads it.
pub fn cron_tasks(bytes: &[u8]) -> (Vec<CronTask>, Vec<Finding>) {
    whole(CRON_YAML, bytes, take)
}

fn take(reader: &mut Reader<'_>, node: &Node) -> Vec<CronTask> {
    let mut tasks: Vec<CronTask> = Vec::new();
    let Some(fields) = reader.fields(node, CRON_YAML, &["version", "cron"]) else {
        return tasks;
    };
    match fields.get("version") {
        Some(version) => {
            if let Some(found) = reader.word(version, "version").filter(|found| found != "1") {
                reader.error(
                    version.at,
                    "version",
                    format!("the version is 1, and {found} stands here"),
                );
            }
        }
        None => reader.error(node.at, "version", "the file has no version: write 'version: 1'"),
    }
    let Some(cron) = fields.get("cron") else {
        reader.error(node.at, "cron", "the file has no 'cron', the list of tasks");
        return tasks;
    };
    for (index, item) in reader.list(cron, "cron", "a list of tasks").iter().enumerate() {
        let key = format!("cron.{index}");
        if let Some(task) = task(reader, item, &key) {
            if tasks.iter().any(|other| other.name == task.name) {
                reader.error(
                    item.at,
                    &key,
                    format!("there is another task named {}", task.name),
                );
            }
            tasks.push(task);
        }
    }
    tasks
}

fn task(reader: &mut Reader<'_>, node: &Node, key: &str) -> Option<CronTask> {
    let fields = reader.fields(node, key, &["name", "url", "schedule"])?;
    let mut part = |name: &str| {
        let Some(node) = fields.get(name) else {
            reader.error(node.at, key, format!("'{key}' has no {name}"));
            return None;
        };
        let text = reader.word(node, &format!("{key}.{name}"))?;
        Some((text, node.at))
    };
    let (name, url, schedule) = (part("name"), part("url"), part("schedule"));
    let ((name, _), (url, url_at), (schedule, schedule_at)) = (name?, url?, schedule?);
    if !url.starts_with('/') {
        let message = format!("{url} is no path of the application: it begins with /");
        reader.error(url_at, &format!("{key}.url"), message);
    }
    if let Err(trouble) = schedule::check(&schedule) {
        reader.error(schedule_at, &format!("{key}.schedule"), trouble);
    }
    Some(CronTask { name, url, schedule })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_are_read_and_what_is_wrong_is_told() {
        let text =
            "version: 1\ncron:\n - name: \"report\"\n   url: \"/reports\"\n   schedule: \"0 */12 * * *\"\n";
        let (tasks, findings) = cron_tasks(text.as_bytes());
        assert_eq!(findings, []);
        assert_eq!(
            (tasks[0].name.as_str(), tasks[0].url.as_str()),
            ("report", "/reports")
        );

        for (text, expected) in [
            ("cron: []\n", "the file has no version"),
            (
                "version: 2\ncron: []\n",
                "cron.yaml:1:10: error: the version is 1",
            ),
            ("version: 1\n", "the file has no 'cron'"),
            (
                "version: 1\ncron:\n- {name: a, url: /a}\n",
                "'cron.0' has no schedule",
            ),
            (
                "version: 1\ncron:\n- {name: a, url: a, schedule: \"* * * * *\"}\n",
                "it begins with /",
            ),
            (
                "version: 1\ncron:\n- {name: a, url: /a, schedule: \"* * * * 9\"}\n",
                "9 is no day of the week",
            ),
            (
                "version: 1\ncron:\n- &t {name: a, url: /a, schedule: \"* * * * *\"}\n- *t\n",
                "another task named a",
            ),
            ("version: 1\ncron: 3\n", "must be a list of tasks"),
        ] {
            let (_, findings) = cron_tasks(text.as_bytes());
            let said: Vec<String> = findings.iter().map(ToString::to_string).collect();
            assert!(
                said.iter().any(|line| line.contains(expected)),
                "{text}: {said:?}"
            );
        }
    }
}
