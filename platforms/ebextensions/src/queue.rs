//! Queues that files declare (`AWS::SQS::Queue`): what is written, and what that comes to for one environment.
//!
//! Making them is for whoever calls. Invariant: names do not depend on other queues, so that all are known
//! before any of them is made.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::{
    finding::{Finding, Position, Severity},
    functions::{Evaluator, Lookup},
    model::{Config, FileConfig},
    text::Text,
};

/// The type of resource in a file.
pub const QUEUE: &str = "AWS::SQS::Queue";
/// The type that gives queues a policy.
pub(crate) const QUEUE_POLICY: &str = "AWS::SQS::QueuePolicy";

/// What `Fn::GetAtt` tells of a queue.
pub(crate) const ATTRIBUTES: [&str; 3] = ["Arn", "QueueName", "QueueUrl"];

/// A queue as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    /// Absent: one is made up for each environment.
    pub name: Option<Text>,
    pub order: Order,
    /// Under SQS's names; `FifoQueue` is not among them.
    pub attributes: BTreeMap<String, Value>,
    pub tags: BTreeMap<String, Text>,
    /// When the files do not name it any more, or the environment ends.
    pub when_dropped: Removal,
    /// When another queue takes its place, such as one of another name.
    pub when_replaced: Removal,
}

/// Who may use queues, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuePolicy {
    pub document: Value,
    /// URLs.
    pub queues: Vec<Text>,
}

impl QueuePolicy {
    pub(crate) fn texts(&self) -> Vec<&Text> {
        let mut texts = self.document.texts();
        texts.extend(&self.queues);
        texts
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Standard,
    Fifo,
}

/// What becomes of a queue that is not wanted any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    Delete,
    Retain,
}

/// A property's value, with functions in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Text(Text),
    List(Vec<Value>),
    Map(BTreeMap<String, Value>),
}

impl Value {
    pub(crate) fn texts(&self) -> Vec<&Text> {
        match self {
            Value::Text(text) => vec![text],
            Value::List(items) => items.iter().flat_map(Value::texts).collect(),
            Value::Map(entries) => entries.values().flat_map(Value::texts).collect(),
        }
    }
}

impl Queue {
    /// Every text in which functions may stand, the name aside.
    pub(crate) fn texts(&self) -> Vec<&Text> {
        let mut texts: Vec<&Text> = self.attributes.values().flat_map(Value::texts).collect();
        texts.extend(self.tags.values());
        texts
    }
}

/// A queue as one environment is to have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedQueue {
    /// The logical id.
    pub id: String,
    pub name: String,
    pub attributes: BTreeMap<String, String>,
    pub tags: BTreeMap<String, String>,
    pub when_dropped: Removal,
    pub when_replaced: Removal,
    /// The file that counts, and where it stands there.
    pub file: String,
    pub at: Position,
}

impl WantedQueue {
    /// A finding about this queue, such as that its name is taken.
    pub fn finding(&self, severity: Severity, message: impl Into<String>) -> Finding {
        Finding {
            severity,
            file: self.file.clone(),
            line: self.at.line,
            column: self.at.column,
            key: format!("Resources.{}", self.id),
            message: message.into(),
        }
    }
}

/// The queues that count, by logical id: of two files that declare one, the last.
pub(crate) fn declared(config: &Config) -> BTreeMap<&str, (&FileConfig, Position, &Queue)> {
    let mut all = BTreeMap::new();
    for file in &config.files {
        for (id, resource) in &file.resources {
            match &resource.queue {
                Some(queue) => all.insert(id.as_str(), (file, resource.at, queue)),
                None => all.remove(id.as_str()),
            };
        }
    }
    all
}

/// The names of all queues by logical id. `made_up` gives one to a queue whose file gives none.
pub fn queue_names(
    config: &Config,
    lookup: &dyn Lookup,
    made_up: &dyn Fn(&str, Order) -> String,
) -> Result<BTreeMap<String, String>, Vec<Finding>> {
    let evaluator = evaluator(config, lookup);
    let mut names = BTreeMap::new();
    let mut findings = Vec::new();
    for (id, (file, _, queue)) in declared(config) {
        let name = match &queue.name {
            Some(name) => evaluator.text(name, &file.file),
            None => Ok(made_up(id, queue.order)),
        };
        match name {
            Ok(name) => drop(names.insert(id.to_owned(), name)),
            Err(finding) => findings.push(finding),
        }
    }
    if findings.is_empty() {
        Ok(names)
    } else {
        Err(findings)
    }
}

/// Every queue with its functions evaluated, by logical id. `names` are those of [`queue_names`], and `lookup`
/// knows of them.
pub fn queues(
    config: &Config,
    lookup: &dyn Lookup,
    names: &BTreeMap<String, String>,
) -> Result<Vec<WantedQueue>, Vec<Finding>> {
    let evaluator = evaluator(config, lookup);
    let mut wanted = Vec::new();
    let mut findings = Vec::new();
    for (id, (file, at, queue)) in declared(config) {
        let mut text = |text: &Text| {
            evaluator.text(text, &file.file).unwrap_or_else(|finding| {
                findings.push(finding);
                String::new()
            })
        };
        let Some(name) = names.get(id) else { continue };
        let mut attributes = BTreeMap::new();
        if queue.order == Order::Fifo {
            attributes.insert("FifoQueue".to_owned(), "true".to_owned());
        }
        for (name, value) in &queue.attributes {
            let value = match value {
                Value::Text(value) => text(value),
                other => json(other, &mut text).to_string(),
            };
            attributes.insert(name.clone(), value);
        }
        let tags = queue.tags.iter();
        let tags = tags.map(|(tag, value)| (tag.clone(), text(value))).collect();
        wanted.push(WantedQueue {
            id: id.to_owned(),
            name: name.clone(),
            attributes,
            tags,
            when_dropped: queue.when_dropped,
            when_replaced: queue.when_replaced,
            file: file.file.clone(),
            at,
        });
    }
    for (file, policy) in policies(config) {
        if let Err(finding) = set_policy(&evaluator, &file.file, policy, &mut wanted) {
            findings.push(finding);
        }
    }
    if findings.is_empty() {
        Ok(wanted)
    } else {
        Err(findings)
    }
}

/// The policies that count: of two files that declare one, the last.
fn policies(config: &Config) -> Vec<(&FileConfig, &QueuePolicy)> {
    let mut all = BTreeMap::new();
    for file in &config.files {
        for (id, resource) in &file.resources {
            all.insert(id, (file, resource.policy.as_ref()));
        }
    }
    let policies = all.into_values();
    policies
        .filter_map(|(file, policy)| Some((file, policy?)))
        .collect()
}

/// A policy is an attribute of each of its queues.
fn set_policy(
    evaluator: &Evaluator<'_>,
    file: &str,
    policy: &QueuePolicy,
    wanted: &mut [WantedQueue],
) -> Result<(), Finding> {
    let mut trouble = None;
    let mut text = |text: &Text| {
        evaluator.text(text, file).unwrap_or_else(|finding| {
            trouble = Some(finding);
            String::new()
        })
    };
    let document = match &policy.document {
        Value::Text(document) => text(document),
        other => json(other, &mut text).to_string(),
    };
    let urls: Vec<String> = policy.queues.iter().map(&mut text).collect();
    if let Some(finding) = trouble {
        return Err(finding);
    }
    for (url, written) in urls.iter().zip(&policy.queues) {
        let is_meant = |queue: &&mut WantedQueue| evaluator.lookup.reference(&queue.id).as_ref() == Some(url);
        let error = |message: String| Finding {
            severity: Severity::Error,
            file: file.to_owned(),
            line: written.at.line,
            column: written.at.column,
            key: written.key.clone(),
            message,
        };
        let Some(queue) = wanted.iter_mut().find(is_meant) else {
            return Err(error(format!(
                "{url} is no queue of these files: name one of theirs, with Ref"
            )));
        };
        let id = queue.id.clone();
        if queue
            .attributes
            .insert("Policy".to_owned(), document.clone())
            .is_some()
        {
            return Err(error(format!(
                "the queue {id} has another policy already: make one of both"
            )));
        }
    }
    Ok(())
}

fn evaluator<'a>(config: &'a Config, lookup: &'a dyn Lookup) -> Evaluator<'a> {
    Evaluator { config, lookup }
}

fn json(value: &Value, text: &mut impl FnMut(&Text) -> String) -> Json {
    match value {
        Value::Text(value) => Json::String(text(value)),
        Value::List(items) => Json::Array(items.iter().map(|item| json(item, text)).collect()),
        Value::Map(entries) => Json::Object(
            entries
                .iter()
                .map(|(name, value)| (name.clone(), json(value, text)))
                .collect(),
        ),
    }
}
