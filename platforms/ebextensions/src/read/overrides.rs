//! What `Resources` says of the resources that Beanstalk makes itself (`AWSEB…`), as the options that say the
//! same. Data in `data/overrides.tsv`.

use std::sync::LazyLock;

use super::{authentication, reader::Reader};
use crate::{
    amazon::{Row, rows},
    functions::is_function,
    model::OptionSetting,
    yaml::{Entry, Node, Value},
};

static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| rows(include_str!("../../data/overrides.tsv")));

/// The options that the overrides of a file come to. What has no option is told.
pub(super) fn read(reader: &mut Reader<'_>, resources: &Node) -> Vec<OptionSetting> {
    let Value::Map(entries) = &resources.value else {
        return Vec::new();
    };
    let mut settings = Vec::new();
    for entry in entries.iter().filter(|entry| entry.key.starts_with("AWSEB")) {
        of_resource(reader, entry, &mut settings);
    }
    settings.sort_by(|one, other| (&one.namespace, &one.name).cmp(&(&other.namespace, &other.name)));
    settings
}

fn of_resource(reader: &mut Reader<'_>, entry: &Entry, settings: &mut Vec<OptionSetting>) {
    let id = &entry.key;
    let key = format!("Resources.{id}");
    if !TABLE.iter().any(|row| row[0] == id) {
        reader.warn(
            entry.at,
            &key,
            format!("{id} is a resource of Beanstalk's own which Beanpole does not have: changing it has no effect"),
        );
        return;
    }
    let Value::Map(fields) = &entry.value.value else {
        return;
    };
    for field in fields {
        match field.key.as_str() {
            "Type" => {}
            "Metadata" if id == authentication::RESOURCE => {}
            "Properties" => below(reader, id, "", &field.value, settings),
            other => reader.warn(
                field.at,
                &format!("{key}.{other}"),
                format!("{other} of {id} has no effect: there is no such resource here, but options that say what its properties say"),
            ),
        }
    }
}

/// The properties below one that is a map; `path` is its own, with a dot at its end.
fn below(reader: &mut Reader<'_>, id: &str, path: &str, node: &Node, settings: &mut Vec<OptionSetting>) {
    let key = format!("Resources.{id}.Properties");
    for property in reader.map(node, &key, "a map of property to value") {
        one(reader, id, &format!("{path}{}", property.key), property, settings);
    }
}

fn one(reader: &mut Reader<'_>, id: &str, path: &str, property: &Entry, settings: &mut Vec<OptionSetting>) {
    let key = format!("Resources.{id}.Properties.{path}");
    let row = TABLE.iter().find(|row| row[0] == id && row[1] == path);
    let any_below = |sign: &str| {
        let start = format!("{path}{sign}");
        TABLE.iter().any(|row| row[0] == id && row[1].starts_with(&start))
    };
    if let Some([_, _, namespace, name]) = row {
        let value = reader.value(&property.value, &key);
        settings.extend(value.map(|value| OptionSetting {
            namespace: (*namespace).to_owned(),
            name: (*name).to_owned(),
            resource_name: None,
            value,
        }));
    } else if any_below(".") && is_function(&property.value).is_none() {
        below(reader, id, &format!("{path}."), &property.value, settings);
    } else if any_below("[") {
        attributes(reader, id, path, &property.value, settings);
    } else {
        reader.warn(
            property.at,
            &key,
            format!("{path} of {id} has no effect: no option says the same"),
        );
    }
}

/// A list of `{Key, Value}`.
fn attributes(reader: &mut Reader<'_>, id: &str, path: &str, node: &Node, settings: &mut Vec<OptionSetting>) {
    let key = format!("Resources.{id}.Properties.{path}");
    for item in reader.list(node, &key, "a list of {Key, Value}") {
        let Some(fields) = reader.fields(item, &key, &["Key", "Value"]) else {
            continue;
        };
        let (Some(name), Some(value)) = (fields.get("Key"), fields.get("Value")) else {
            reader.error(
                item.at,
                &key,
                format!("'{key}' takes a Key and a Value for each entry"),
            );
            continue;
        };
        if let Some(name) = reader.word(name, &key) {
            let entry = Entry {
                key: format!("{path}[{name}]"),
                at: item.at,
                value: value.clone(),
            };
            one(reader, id, &entry.key, &entry, settings);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_whole_and_names_nothing_twice() {
        let names: Vec<_> = TABLE.iter().map(|row| (row[0], row[1])).collect();
        assert!(names.windows(2).all(|pair| pair[0] < pair[1]), "{names:#?}");
        assert!(TABLE.iter().all(|row| row.iter().all(|cell| !cell.is_empty())));
    }
}
