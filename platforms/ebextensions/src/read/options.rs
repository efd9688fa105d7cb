//! `option_settings`, as a list or as a map.

use super::reader::Reader;
use crate::{
    ENVIRONMENT_PROPERTIES,
    model::OptionSetting,
    yaml::{Node, Value},
};

pub(super) fn read(reader: &mut Reader<'_>, node: &Node) -> Vec<OptionSetting> {
    let mut all: Vec<OptionSetting> = Vec::new();
    match (&node.tag, &node.value) {
        (None, Value::Null) => {}
        (None, Value::List(items)) => {
            for (index, item) in items.iter().enumerate() {
                if let Some(setting) = item_of_list(reader, item, index) {
                    add(reader, &mut all, setting);
                }
            }
        }
        (None, Value::Map(_)) => {
            let mut settings = of_map(reader, node);
            settings.sort_by(|one, other| (&one.namespace, &one.name).cmp(&(&other.namespace, &other.name)));
            for setting in settings {
                add(reader, &mut all, setting);
            }
        }
        _ => reader.expected(
            node,
            "option_settings",
            "a map of namespace to options, or a list of {namespace, option_name, value}",
        ),
    }
    all
}

/// A later one takes the place of an earlier one for the same option.
pub(super) fn add(reader: &mut Reader<'_>, all: &mut Vec<OptionSetting>, setting: OptionSetting) {
    let value = setting.value.written();
    if value.contains("{{resolve:") {
        reader.error(
            setting.value.at,
            &setting.value.key.clone(),
            format!("{value} cannot be resolved: Beanpole has neither Parameter Store nor Secrets Manager. Take it out and use `bp setenv`, which keeps the value sealed"),
        );
    }
    let same = |other: &OptionSetting| {
        (&other.namespace, &other.name, &other.resource_name)
            == (&setting.namespace, &setting.name, &setting.resource_name)
    };
    if let Some(at) = all.iter().position(same) {
        let line = all[at].value.at.line;
        reader.warn(
            setting.value.at,
            &setting.value.key.clone(),
            format!(
                "{} {} is set a second time (first on line {line}): only this one counts",
                setting.namespace, setting.name
            ),
        );
        all.remove(at);
    }
    all.push(setting);
}

fn item_of_list(reader: &mut Reader<'_>, node: &Node, index: usize) -> Option<OptionSetting> {
    let key = format!("option_settings.{index}");
    let known = ["namespace", "option_name", "value", "resource_name"];
    let fields = reader.fields(node, &key, &known)?;
    let mut part = |name: &str| match fields.get(name) {
        Some(node) => reader.word(node, &format!("{key}.{name}")).map(Some),
        None => Some(None),
    };
    let (namespace, name, resource_name) = (part("namespace")?, part("option_name")?, part("resource_name")?);
    let Some(name) = name.filter(|name| !name.is_empty()) else {
        reader.error(node.at, &key, format!("'{key}' has no option_name: add one"));
        return None;
    };
    let Some(value) = fields.get("value") else {
        reader.error(
            node.at,
            &key,
            format!("'{key}' sets {name}, but has no value: add one"),
        );
        return None;
    };
    let namespace = namespace
        .filter(|namespace| !namespace.is_empty())
        .unwrap_or_else(|| ENVIRONMENT_PROPERTIES.to_owned());
    let value = reader.value(value, &format!("option_settings.{namespace}.{name}"))?;
    Some(OptionSetting {
        namespace,
        name,
        resource_name,
        value,
    })
}

fn of_map(reader: &mut Reader<'_>, node: &Node) -> Vec<OptionSetting> {
    let mut all = Vec::new();
    for namespace in reader.map(node, "option_settings", "a map of namespace to options") {
        let key = format!("option_settings.{}", namespace.key);
        if !reader.is_name(namespace, &key) {
            continue;
        }
        if matches!(namespace.value.value, Value::Scalar { .. }) {
            reader.error(
                namespace.at,
                &key,
                format!(
                    "'{key}' must be a namespace with a map of options below it: for the environment property {}, put it below {ENVIRONMENT_PROPERTIES}",
                    namespace.key
                ),
            );
            continue;
        }
        for option in reader.map(&namespace.value, &key, "a map of option to value") {
            let key = format!("{key}.{}", option.key);
            if !reader.is_name(option, &key) {
                continue;
            }
            if let Some(value) = reader.value(&option.value, &key) {
                all.push(OptionSetting {
                    namespace: namespace.key.clone(),
                    name: option.key.clone(),
                    resource_name: None,
                    value,
                });
            }
        }
    }
    all
}
