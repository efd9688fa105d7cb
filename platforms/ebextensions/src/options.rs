//! The option settings of all files together.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
};

use serde::Serialize;

use crate::{
    finding::{Finding, Position, Severity},
    functions::{Evaluator, Lookup, Trouble},
    model::{Config, FileConfig, OptionSetting},
};

/// An option as the files set it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OptionValue {
    pub namespace: String,
    pub name: String,
    pub resource_name: Option<String>,
    pub value: String,
    /// Where the value that counts stands.
    pub file: String,
    pub at: Position,
}

impl OptionValue {
    /// A finding about this option, such as that there is no option of this name.
    pub fn finding(&self, severity: Severity, message: impl Into<String>) -> Finding {
        Finding {
            severity,
            file: self.file.clone(),
            line: self.at.line,
            column: self.at.column,
            key: format!("option_settings.{}.{}", self.namespace, self.name),
            message: message.into(),
        }
    }
}

/// An option whose value differs between environments, seen without one; its value is what the file says.
pub type LateOption = OptionValue;

/// What the option settings of all files come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Every option that has a value, by namespace and name.
    pub options: Vec<OptionValue>,
    /// Those that have none yet; empty when the lookup knows an environment.
    pub late: Vec<LateOption>,
    /// Of options whose values cannot be evaluated.
    pub findings: Vec<Finding>,
}

type Key<'a> = (&'a str, &'a str, Option<&'a str>);

/// Every option that a file sets, once: a later file wins. Options may ask for each other's values, in any
/// order.
pub fn option_settings(config: &Config, lookup: &dyn Lookup) -> Settled {
    let mut last: BTreeMap<Key<'_>, (&FileConfig, &OptionSetting)> = BTreeMap::new();
    for file in &config.files {
        for setting in &file.option_settings {
            last.insert(key(setting), (file, setting));
        }
    }
    let mut settled = Settled::default();
    let mut values: BTreeMap<(String, String), String> = BTreeMap::new();
    let mut waiting: Vec<_> = last.into_values().collect();
    loop {
        let unknown: BTreeSet<(String, String)> = waiting
            .iter()
            .map(|(_, setting)| (setting.namespace.clone(), setting.name.clone()))
            .collect();
        let before = waiting.len();
        let mut still = Vec::new();
        let mut found = Vec::new();
        for (file, setting) in waiting {
            let among = Among {
                lookup,
                values: &values,
                unknown: &unknown,
                missed: Cell::new(false),
            };
            let evaluator = Evaluator {
                config,
                lookup: &among,
            };
            match evaluator.evaluate(&setting.value) {
                _ if among.missed.get() => still.push((file, setting)),
                Ok(value) => found.push(of(file, setting, value)),
                Err(Trouble::NotHere(_)) if !lookup.knows_environment() => {
                    settled.late.push(of(file, setting, setting.value.written()));
                }
                Err(Trouble::NotHere(message) | Trouble::Never(message)) => {
                    let option = of(file, setting, String::new());
                    settled.findings.push(Finding {
                        key: setting.value.key.clone(),
                        ..option.finding(Severity::Error, message)
                    });
                }
            }
        }
        for option in &found {
            values.insert(
                (option.namespace.clone(), option.name.clone()),
                option.value.clone(),
            );
        }
        settled.options.extend(found);
        waiting = still;
        if waiting.is_empty() || waiting.len() == before {
            break;
        }
    }
    for (file, setting) in waiting {
        let option = of(file, setting, setting.value.written());
        if lookup.knows_environment() {
            let message = format!(
                "the value of {} {} depends on itself: Fn::GetOptionSetting leads back here",
                setting.namespace, setting.name
            );
            settled.findings.push(option.finding(Severity::Error, message));
        } else {
            settled.late.push(option);
        }
    }
    let order = |one: &OptionValue, other: &OptionValue| order(one).cmp(&order(other));
    settled.options.sort_by(order);
    settled.late.sort_by(order);
    settled
}

fn key(setting: &OptionSetting) -> Key<'_> {
    (
        &setting.namespace,
        &setting.name,
        setting.resource_name.as_deref(),
    )
}

fn order(option: &OptionValue) -> Key<'_> {
    (&option.namespace, &option.name, option.resource_name.as_deref())
}

fn of(file: &FileConfig, setting: &OptionSetting, value: String) -> OptionValue {
    OptionValue {
        namespace: setting.namespace.clone(),
        name: setting.name.clone(),
        resource_name: setting.resource_name.clone(),
        value,
        file: file.file.clone(),
        at: setting.value.at,
    }
}

/// What options may ask for of each other, below what the environment itself sets.
struct Among<'a> {
    lookup: &'a dyn Lookup,
    values: &'a BTreeMap<(String, String), String>,
    /// Options of the files whose values are not evaluated yet.
    unknown: &'a BTreeSet<(String, String)>,
    /// Whether one of these was asked for.
    missed: Cell<bool>,
}

impl Lookup for Among<'_> {
    fn reference(&self, name: &str) -> Option<String> {
        self.lookup.reference(name)
    }

    fn option(&self, namespace: &str, name: &str) -> Option<String> {
        if let Some(value) = self.lookup.option(namespace, name) {
            return Some(value);
        }
        let option = (namespace.to_owned(), name.to_owned());
        let value = self.values.get(&option);
        // Without an environment it is not known what that sets over it.
        let knows = self.lookup.knows_environment();
        if knows && value.is_none() && self.unknown.contains(&option) {
            self.missed.set(true);
        }
        value.filter(|_| knows).cloned()
    }

    fn default_of(&self, namespace: &str, name: &str) -> Option<String> {
        self.lookup.default_of(namespace, name)
    }

    fn knows_environment(&self) -> bool {
        self.lookup.knows_environment()
    }

    fn attribute(&self, resource: &str, attribute: &str) -> Option<String> {
        self.lookup.attribute(resource, attribute)
    }
}
