//! The option settings of all files together.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    finding::{Finding, Position},
    functions::{Evaluator, Lookup, Scope},
    model::Config,
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
    pub fn finding(&self, severity: crate::Severity, message: impl Into<String>) -> Finding {
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

/// Every option that a file sets, once, by namespace and name: a later file wins. Values that cannot be
/// evaluated are told beside those that can.
pub fn option_settings(config: &Config, lookup: &dyn Lookup) -> (Vec<OptionValue>, Vec<Finding>) {
    let evaluator = Evaluator {
        config,
        lookup,
        scope: Scope::Environment,
    };
    let mut last = BTreeMap::new();
    for file in &config.files {
        for setting in &file.option_settings {
            let option = (&setting.namespace, &setting.name, &setting.resource_name);
            last.insert(option, (file, setting));
        }
    }
    let mut options = Vec::new();
    let mut findings = Vec::new();
    for (file, setting) in last.into_values() {
        match evaluator.text(&setting.value, &file.file) {
            Ok(value) => options.push(OptionValue {
                namespace: setting.namespace.clone(),
                name: setting.name.clone(),
                resource_name: setting.resource_name.clone(),
                value,
                file: file.file.clone(),
                at: setting.value.at,
            }),
            Err(finding) => findings.push(finding),
        }
    }
    (options, findings)
}
