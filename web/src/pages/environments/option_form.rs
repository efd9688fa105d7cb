//! Option settings as a form: rows out of a configuration, a change out of what was sent. Pure.
//!
//! Each row carries the value it was shown with, and only rows that differ from it are changed: two
//! people who edit different options of one environment do not undo each other's work.

use beanpole_protocol::api::{Configuration, DeploymentPolicy, OptionName, OptionSetting, UpdateEnvironment};
use serde::Serialize;

pub const COMMAND: &str = "aws:elasticbeanstalk:command";
pub const CAPACITY: &str = "aws:autoscaling:asg";
const PROPERTIES: &str = "aws:elasticbeanstalk:application:environment";

#[derive(Debug, Serialize)]
pub struct OptionRow {
    /// Ties the row's checkbox to it.
    index: usize,
    namespace: String,
    name: String,
    value: String,
    set: bool,
    /// The values it may have, when they are few.
    choices: Vec<&'static str>,
}

#[derive(Debug, Serialize)]
pub struct Group {
    namespace: String,
    options: Vec<OptionRow>,
}

/// Environment properties, and every other option by namespace; capacity has a form of its own.
pub fn rows(configuration: &Configuration) -> (Vec<OptionRow>, Vec<Group>) {
    let mut properties = Vec::new();
    let mut groups: Vec<Group> = Vec::new();
    for (index, option) in configuration.options.iter().enumerate() {
        let row = OptionRow {
            index,
            namespace: option.namespace.clone(),
            name: option.name.clone(),
            value: option.value.clone(),
            set: option.set,
            choices: choices(&option.namespace, &option.name, &option.value),
        };
        if option.namespace == PROPERTIES {
            properties.push(row);
        } else if is_capacity(&option.namespace, &option.name) {
            continue;
        } else if let Some(group) = groups
            .iter_mut()
            .find(|group| group.namespace == option.namespace)
        {
            group.options.push(row);
        } else {
            groups.push(Group {
                namespace: option.namespace.clone(),
                options: vec![row],
            });
        }
    }
    (properties, groups)
}

fn is_capacity(namespace: &str, name: &str) -> bool {
    namespace == CAPACITY && (name == "MinSize" || name == "MaxSize")
}

fn choices(namespace: &str, name: &str, value: &str) -> Vec<&'static str> {
    if namespace == PROPERTIES {
        return Vec::new();
    }
    match name {
        "DeploymentPolicy" => DeploymentPolicy::ALL.map(DeploymentPolicy::name).to_vec(),
        "BatchSizeType" => vec!["Percentage", "Fixed"],
        _ if value == "true" || value == "false" => vec!["true", "false"],
        _ => Vec::new(),
    }
}

/// The value in force.
pub fn value<'a>(configuration: &'a Configuration, namespace: &str, name: &str) -> Option<&'a str> {
    configuration
        .options
        .iter()
        .find(|option| option.namespace == namespace && option.name == name)
        .map(|option| option.value.as_str())
}

/// Minimum and maximum of instances.
pub fn capacity(min: &str, max: &str) -> UpdateEnvironment {
    let setting = |name: &str, value: &str| OptionSetting {
        namespace: CAPACITY.to_owned(),
        name: name.to_owned(),
        value: value.trim().to_owned(),
    };
    UpdateEnvironment {
        set: vec![setting("MinSize", min), setting("MaxSize", max)],
        remove: Vec::new(),
    }
}

/// What was changed, from the form's fields in the order they were sent: `index`, `namespace`, `name`,
/// `was` and `value` for each row, `reset` with a row's index, `new-name` and `new-value` for new properties.
pub fn change(fields: &[(String, String)]) -> UpdateEnvironment {
    let all = |wanted: &str| -> Vec<&str> {
        fields
            .iter()
            .filter(|(name, _)| name == wanted)
            .map(|(_, value)| value.as_str())
            .collect()
    };
    let (indexes, namespaces, names) = (all("index"), all("namespace"), all("name"));
    let (was, values, reset) = (all("was"), all("value"), all("reset"));
    let mut update = UpdateEnvironment::default();
    let rows = indexes.iter().zip(namespaces).zip(names).zip(was).zip(values);
    for ((((index, namespace), name), was), value) in rows {
        // Browsers send line ends of their own.
        let value = value.replace("\r\n", "\n");
        let unchanged = value == was.replace("\r\n", "\n");
        let emptied = value.is_empty() && namespace != PROPERTIES && !unchanged;
        if reset.contains(index) || emptied {
            update.remove.push(OptionName {
                namespace: namespace.to_owned(),
                name: name.to_owned(),
            });
        } else if !unchanged {
            update.set.push(OptionSetting {
                namespace: namespace.to_owned(),
                name: name.to_owned(),
                value,
            });
        }
    }
    for (name, value) in all("new-name").into_iter().zip(all("new-value")) {
        if !name.trim().is_empty() {
            update.set.push(OptionSetting {
                namespace: PROPERTIES.to_owned(),
                name: name.trim().to_owned(),
                value: value.replace("\r\n", "\n"),
            });
        }
    }
    update
}

#[cfg(test)]
mod tests {
    use beanpole_protocol::api::EffectiveOption;

    use super::*;

    fn row(index: usize, namespace: &str, name: &str, was: &str, value: &str) -> Vec<(String, String)> {
        [
            ("index", index.to_string().as_str()),
            ("namespace", namespace),
            ("name", name),
            ("was", was),
            ("value", value),
        ]
        .map(|(field, value)| (field.to_owned(), value.to_owned()))
        .to_vec()
    }

    fn said(update: &UpdateEnvironment) -> (Vec<String>, Vec<String>) {
        (
            update
                .set
                .iter()
                .map(|s| format!("{} {}={}", s.namespace, s.name, s.value))
                .collect(),
            update
                .remove
                .iter()
                .map(|o| format!("{} {}", o.namespace, o.name))
                .collect(),
        )
    }

    #[test]
    fn only_rows_that_differ_from_what_was_shown_are_changed() {
        let mut fields = row(0, PROPERTIES, "SAME", "a\nb", "a\r\nb");
        fields.extend(row(1, PROPERTIES, "CHANGED", "old", "new"));
        fields.extend(row(2, PROPERTIES, "GONE", "x", "x"));
        fields.extend(row(3, PROPERTIES, "EMPTIED", "x", ""));
        fields.extend(row(4, COMMAND, "Timeout", "600", ""));
        fields.extend(row(5, COMMAND, "BatchSize", "100", "50"));
        fields.push(("reset".to_owned(), "2".to_owned()));
        for (name, value) in [("NEW", "1"), ("", "ignored"), (" SPACED ", "2")] {
            fields.push(("new-name".to_owned(), name.to_owned()));
            fields.push(("new-value".to_owned(), value.to_owned()));
        }
        let (set, removed) = said(&change(&fields));
        assert_eq!(
            set,
            [
                format!("{PROPERTIES} CHANGED=new"),
                format!("{PROPERTIES} EMPTIED="),
                format!("{COMMAND} BatchSize=50"),
                format!("{PROPERTIES} NEW=1"),
                format!("{PROPERTIES} SPACED=2"),
            ]
        );
        assert_eq!(
            removed,
            [format!("{PROPERTIES} GONE"), format!("{COMMAND} Timeout")]
        );
    }

    #[test]
    fn properties_stand_apart_and_capacity_is_left_to_its_own_form() {
        let option = |namespace: &str, name: &str, value: &str| EffectiveOption {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            value: value.to_owned(),
            set: false,
        };
        let configuration = Configuration {
            revision: 1,
            options: vec![
                option(CAPACITY, "Cooldown", "360"),
                option(CAPACITY, "MinSize", "1"),
                option(PROPERTIES, "DEBUG", "true"),
                option(COMMAND, "DeploymentPolicy", "Rolling"),
                option(COMMAND, "IgnoreHealthCheck", "false"),
            ],
        };
        let (properties, groups) = rows(&configuration);
        assert_eq!(properties.len(), 1);
        assert!(properties[0].choices.is_empty(), "a property is free text");
        let names: Vec<_> = groups
            .iter()
            .map(|group| (group.namespace.as_str(), group.options.len()))
            .collect();
        assert_eq!(names, [(CAPACITY, 1), (COMMAND, 2)]);
        assert_eq!(groups[1].options[0].choices.len(), 5);
        assert_eq!(groups[1].options[1].choices, ["true", "false"]);
    }
}
