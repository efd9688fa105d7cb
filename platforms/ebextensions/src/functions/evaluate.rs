//! Makes text of functions.

use serde_json::Value as Json;

use super::{Lookup, call::Call};
use crate::{
    finding::{Finding, Severity},
    model::Config,
    queue::{self, ATTRIBUTES},
    text::{Part, Text},
};

/// Same for all environments.
const OF_INSTALLATION: &[&str] = &[
    "AWS::AccountId",
    "AWS::Partition",
    "AWS::Region",
    "AWS::URLSuffix",
];
const OF_ENVIRONMENT: &[&str] = &[
    "AWS::StackId",
    "AWS::StackName",
    "AWSEBEnvironmentId",
    "AWSEBEnvironmentName",
];

/// Why there is no text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Nobody can say what it is.
    Never(String),
    /// The lookup might have known, and did not.
    NotHere(String),
}

impl Trouble {
    pub fn message(self) -> String {
        match self {
            Trouble::Never(message) | Trouble::NotHere(message) => message,
        }
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Evaluator<'a> {
    pub config: &'a Config,
    pub lookup: &'a dyn Lookup,
}

impl Evaluator<'_> {
    /// The text, or what the person who wrote it should know.
    pub fn text(&self, text: &Text, file: &str) -> Result<String, Finding> {
        self.evaluate(text).map_err(|trouble| Finding {
            severity: Severity::Error,
            file: file.to_owned(),
            line: text.at.line,
            column: text.at.column,
            key: text.key.clone(),
            message: trouble.message(),
        })
    }

    pub fn evaluate(&self, text: &Text) -> Result<String, Trouble> {
        let mut whole = String::new();
        for part in &text.parts {
            match part {
                Part::Plain(text) => whole.push_str(text),
                Part::Call { call, .. } => whole.push_str(&self.call(call)?),
            }
        }
        Ok(whole)
    }

    fn call(&self, call: &Call) -> Result<String, Trouble> {
        match call {
            Call::Text(text) => Ok(text.clone()),
            Call::Ref(name) => self.reference(name),
            Call::Attribute { resource, attribute } => self.attribute(resource, attribute),
            Call::Join { between, items } => {
                let items: Vec<String> = items
                    .iter()
                    .map(|item| self.call(item))
                    .collect::<Result<_, _>>()?;
                Ok(items.join(between))
            }
            Call::Option {
                namespace,
                name,
                default,
            } => self.option(&self.call(namespace)?, &self.call(name)?, default.as_deref()),
            Call::Find { map, first, second } => {
                self.find(&self.call(map)?, &self.call(first)?, &self.call(second)?)
            }
            Call::Sub { template, variables } => self.substitute(template, variables),
        }
    }

    fn reference(&self, name: &str) -> Result<String, Trouble> {
        let of_environment = OF_ENVIRONMENT.contains(&name);
        if let Some(value) = self.lookup.reference(name) {
            return Ok(value);
        }
        if of_environment || OF_INSTALLATION.contains(&name) {
            return Err(Trouble::NotHere(format!("the value of {name} is not known here")));
        }
        if let Some(parameter) = self
            .config
            .files
            .iter()
            .rev()
            .find_map(|file| file.parameters.get(name))
        {
            return match &parameter["Default"] {
                Json::String(text) => Ok(text.clone()),
                Json::Null => Err(Trouble::Never(format!(
                    "the parameter {name} has no Default, and nothing else gives it a value: add one"
                ))),
                other => Ok(other.to_string()),
            };
        }
        Err(self.no_resource(name))
    }

    fn attribute(&self, resource: &str, attribute: &str) -> Result<String, Trouble> {
        if let Some(value) = self.lookup.attribute(resource, attribute) {
            return Ok(value);
        }
        if self.is_queue(resource) && !ATTRIBUTES.contains(&attribute) {
            return Err(Trouble::Never(format!(
                "the queue {resource} has no attribute {attribute}: it has {}",
                ATTRIBUTES.join(", ")
            )));
        }
        Err(self.no_resource(resource))
    }

    fn is_queue(&self, name: &str) -> bool {
        queue::declared(self.config).contains_key(name)
    }

    /// Why a resource gives no value.
    fn no_resource(&self, name: &str) -> Trouble {
        if !self.is_queue(name) {
            return Trouble::Never(self.never(name));
        }
        Trouble::NotHere(format!("the queue {name} is not known here"))
    }

    fn never(&self, name: &str) -> String {
        if name.starts_with("AWSEB") {
            return format!("Beanpole has no resource {name}: write the value itself");
        }
        if let Some(resource) = self.config.files.iter().find_map(|file| file.resources.get(name)) {
            return format!(
                "the resource {name} ({}) is not created by Beanpole, so there is no value to put here: write the value itself, or use an environment property",
                resource.kind
            );
        }
        format!("there is no parameter and no resource {name} in .ebextensions")
    }

    fn option(&self, namespace: &str, name: &str, default: Option<&Call>) -> Result<String, Trouble> {
        match (self.lookup.option(namespace, name), default) {
            (Some(value), _) => Ok(value),
            // A default in place of a value that an environment may well have set would be a guess.
            (None, _) if !self.lookup.knows_environment() => Err(Trouble::NotHere(format!(
                "the option {namespace} {name} is known in an environment only"
            ))),
            (None, Some(default)) => self.call(default),
            (None, None) => self.lookup.default_of(namespace, name).ok_or_else(|| {
                Trouble::NotHere(format!(
                    "the option {namespace} {name} is not set, and Fn::GetOptionSetting has no DefaultValue: add one"
                ))
            }),
        }
    }

    fn find(&self, map: &str, first: &str, second: &str) -> Result<String, Trouble> {
        let found = self
            .config
            .files
            .iter()
            .rev()
            .find_map(|file| file.mappings.get(map));
        let Some(found) = found else {
            return Err(Trouble::Never(format!("there is no map {map} under Mappings")));
        };
        match &found[first][second] {
            Json::String(text) => Ok(text.clone()),
            value @ (Json::Number(_) | Json::Bool(_)) => Ok(value.to_string()),
            _ => Err(Trouble::Never(format!(
                "the map {map} has no text under {first}, {second}"
            ))),
        }
    }

    fn substitute(&self, template: &str, variables: &[(String, Call)]) -> Result<String, Trouble> {
        let mut whole = String::new();
        let mut rest = template;
        while let Some(open) = rest.find("${") {
            whole.push_str(&rest[..open]);
            let from_open = &rest[open..];
            let Some(length) = from_open.find('}') else {
                return Err(Trouble::Never("a '${' of Fn::Sub has no '}'".to_owned()));
            };
            let name = from_open[2..length].trim();
            if let Some(literal) = name.strip_prefix('!') {
                whole.push_str(&format!("${{{literal}}}"));
            } else if let Some((_, call)) = variables.iter().find(|(variable, _)| variable == name) {
                whole.push_str(&self.call(call)?);
            } else if let Some((resource, attribute)) = name.split_once('.') {
                whole.push_str(&self.attribute(resource, attribute)?);
            } else {
                whole.push_str(&self.reference(name)?);
            }
            rest = &from_open[length + 1..];
        }
        whole.push_str(rest);
        Ok(whole)
    }
}
