//! From configuration files to what one environment gets of them. Pure.

use std::collections::BTreeMap;

use beanpole_ebextensions::{
    Config as Files, Order, Removal as Written, Severity, WantedQueue, option_settings, queue_names, queues,
};
use beanpole_protocol::api::{Finding, FindingSeverity, OptionSetting};
use beanpole_sqs::{
    model::QueueKey,
    within::{self, Given},
};

use super::{Here, late::late};
use crate::{
    bundle::configuration::{accepted, finding},
    store::environment_queues::Removal,
};

/// A queue that an environment is to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BroughtQueue {
    pub key: QueueKey,
    /// Its name in the files.
    pub logical_id: String,
    pub given: Given,
    pub when_dropped: Removal,
    pub when_replaced: Removal,
    /// The environment made the name up itself, so that whatever has it is this environment's.
    pub name_is_own: NameIsOwn,
    /// Where it stands.
    pub file: String,
    pub line: u32,
    pub column: u32,
}

impl BroughtQueue {
    /// Why it cannot be had.
    pub fn error(&self, message: &str) -> Finding {
        Finding {
            severity: FindingSeverity::Error,
            file: self.file.clone(),
            line: self.line,
            column: self.column,
            key: format!("Resources.{}", self.logical_id),
            message: format!("the queue {} cannot be had: {message}", self.logical_id),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameIsOwn {
    Yes,
    No,
}

/// What a version brings to one environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Brought {
    pub settings: Vec<OptionSetting>,
    /// By logical id.
    pub queues: Vec<BroughtQueue>,
    /// What is wrong or will be thought to have an effect, with `here`'s own answers in it.
    pub findings: Vec<Finding>,
}

impl Brought {
    /// The first reason for which nothing of it can be had.
    pub fn error(&self) -> Option<&Finding> {
        self.findings
            .iter()
            .find(|finding| finding.severity == FindingSeverity::Error)
    }
}

/// Evaluates every function in option settings and queues.
pub fn bring(files: &Files, mut here: Here<'_>) -> Brought {
    let mut brought = Brought::default();
    let names = queue_names(files, &here, &|id, order| here.made_up(id, order));
    here.names = match names {
        Ok(names) => names,
        Err(findings) => {
            brought.findings = findings.iter().map(finding).collect();
            return brought;
        }
    };
    match queues(files, &here, &here.names) {
        Ok(wanted) => {
            brought.findings = impossible(&wanted);
            brought.queues = wanted.into_iter().map(|queue| of(queue, &here)).collect();
        }
        Err(findings) => brought.findings = findings.iter().map(finding).collect(),
    }
    let settled = option_settings(files, &here);
    brought.findings.extend(settled.findings.iter().map(finding));
    let options = settled.options.clone();
    let (settings, findings) = accepted(settled.options);
    brought.settings = settings;
    brought.findings.extend(findings);
    match late(files, &here, &options) {
        Ok(late) => brought.settings.extend(late),
        Err(findings) => brought.findings.extend(findings),
    }
    brought
}

/// What no queue can be, as SQS says it, and names that two of them have.
fn impossible(wanted: &[WantedQueue]) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut names: BTreeMap<&str, &str> = BTreeMap::new();
    for queue in wanted {
        let given = given(queue);
        if let Err(error) = within::check(&queue.name, &given) {
            found.push(finding(&queue.finding(Severity::Error, error.message)));
        }
        if let Some(other) = names.insert(&queue.name, &queue.id) {
            let message = format!(
                "the queues {other} and {} have the same name, {}",
                queue.id, queue.name
            );
            found.push(finding(&queue.finding(Severity::Error, message)));
        }
    }
    found
}

fn given(queue: &WantedQueue) -> Given {
    Given {
        attributes: queue.attributes.clone(),
        tags: queue.tags.clone(),
    }
}

fn of(queue: WantedQueue, here: &Here<'_>) -> BroughtQueue {
    let place = finding(&queue.finding(Severity::Error, ""));
    let own = [Order::Standard, Order::Fifo].map(|order| here.made_up(&queue.id, order));
    BroughtQueue {
        key: here.key(&queue.name),
        given: given(&queue),
        when_dropped: removal(queue.when_dropped),
        when_replaced: removal(queue.when_replaced),
        name_is_own: if own.contains(&queue.name) {
            NameIsOwn::Yes
        } else {
            NameIsOwn::No
        },
        line: place.line,
        column: place.column,
        file: place.file,
        logical_id: queue.id,
    }
}

fn removal(written: Written) -> Removal {
    match written {
        Written::Delete => Removal::Delete,
        Written::Retain => Removal::Retain,
    }
}
