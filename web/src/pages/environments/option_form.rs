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
    /// In force when the form was made.
    was: String,
    /// In the field: as in force, or as typed.
    value: String,
    set: bool,
    from_version: bool,
    reset: bool,
    /// The values it may have, when they are few.
    choices: Vec<&'static str>,
}

#[derive(Debug, Serialize)]
pub struct Group {
    namespace: String,
    options: Vec<OptionRow>,
}

/// The form: environment properties, and every other option by namespace. Capacity has its own.
#[derive(Debug, Serialize)]
pub struct OptionForm {
    properties: Vec<OptionRow>,
    /// Rows for new properties: name and value.
    new: Vec<(String, String)>,
    groups: Vec<Group>,
}

/// Rows for new properties, unless more are filled in.
const NEW_ROWS: usize = 3;

pub fn form(configuration: &Configuration) -> OptionForm {
    let mut properties = Vec::new();
    let mut groups: Vec<Group> = Vec::new();
    for (index, option) in configuration.options.iter().enumerate() {
        let row = OptionRow {
            index,
            namespace: option.namespace.clone(),
            name: option.name.clone(),
            was: option.value.clone(),
            value: option.value.clone(),
            set: option.set,
            from_version: option.from_version,
            reset: false,
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
    OptionForm {
        properties,
        new: vec![(String::new(), String::new()); NEW_ROWS],
        groups,
    }
}

impl OptionForm {
    /// Puts what was typed back, after it was refused.
    pub fn refill(&mut self, fields: &[(String, String)]) {
        let typed = change(fields);
        let rows = self
            .properties
            .iter_mut()
            .chain(self.groups.iter_mut().flat_map(|group| &mut group.options));
        for row in rows {
            let same = |namespace: &str, name: &str| row.namespace == namespace && row.name == name;
            if let Some(set) = typed.set.iter().find(|set| same(&set.namespace, &set.name)) {
                row.value.clone_from(&set.value);
            }
            row.reset = row.set
                && typed
                    .remove
                    .iter()
                    .any(|option| same(&option.namespace, &option.name));
        }
        self.new = filled_in(fields)
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        self.new
            .resize(self.new.len().max(NEW_ROWS), (String::new(), String::new()));
    }
}

/// The rows for new properties that have a name.
fn filled_in(fields: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
    all(fields, "new-name")
        .into_iter()
        .zip(all(fields, "new-value"))
        .filter(|(name, _)| !name.trim().is_empty())
}

/// Every value of a field, in the order they were sent.
fn all<'a>(fields: &'a [(String, String)], wanted: &str) -> Vec<&'a str> {
    fields
        .iter()
        .filter(|(name, _)| name == wanted)
        .map(|(_, value)| value.as_str())
        .collect()
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
    let all = |wanted: &str| all(fields, wanted);
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
    for (name, value) in filled_in(fields) {
        update.set.push(OptionSetting {
            namespace: PROPERTIES.to_owned(),
            name: name.trim().to_owned(),
            value: value.replace("\r\n", "\n"),
        });
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
            from_version: false,
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
        let mut form = form(&configuration);
        form.refill(&row(3, COMMAND, "DeploymentPolicy", "Rolling", "Sideways"));
        let OptionForm {
            properties, groups, ..
        } = form;
        assert_eq!(properties.len(), 1);
        assert!(properties[0].choices.is_empty(), "a property is free text");
        let names: Vec<_> = groups
            .iter()
            .map(|group| (group.namespace.as_str(), group.options.len()))
            .collect();
        assert_eq!(names, [(CAPACITY, 1), (COMMAND, 2)]);
        let policy = &groups[1].options[0];
        assert_eq!(policy.choices.len(), 5);
        assert_eq!(
            (policy.was.as_str(), policy.value.as_str()),
            ("Rolling", "Sideways"),
            "a refused form keeps what was typed and what it was typed over"
        );
        assert_eq!(groups[1].options[1].choices, ["true", "false"]);
    }
}
