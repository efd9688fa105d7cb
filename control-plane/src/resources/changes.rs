//! What deploying a version does to an environment's queues, before it is done. Pure.

use beanpole_protocol::api::{Happened, QueueChange};
use beanpole_sqs::within::Given;

use super::evaluate::BroughtQueue;
use crate::store::environment_queues::{EnvironmentQueueRow, Removal};

/// Queues that would be made, changed or removed, by logical id.
pub fn changes(there: &[EnvironmentQueueRow], wanted: &[BroughtQueue]) -> Vec<QueueChange> {
    let mut all = Vec::new();
    for queue in wanted {
        let change = |happened, summary| QueueChange {
            logical_id: queue.logical_id.clone(),
            name: queue.key.name.clone(),
            happened,
            summary,
        };
        match there.iter().find(|row| row.key == queue.key) {
            None => all.push(change(Happened::Added, "is made".to_owned())),
            Some(row) if row.given != queue.given => {
                all.push(change(Happened::Changed, differences(&row.given, &queue.given)));
            }
            Some(_) => {}
        }
    }
    for row in there {
        if wanted.iter().all(|queue| queue.key != row.key) {
            let removed = match fate(row, wanted.iter().any(|queue| queue.logical_id == row.logical_id)) {
                Removal::Delete => "is deleted, with its messages, once the deployment has succeeded",
                Removal::Retain => "stays, as a queue of the application's",
            };
            all.push(QueueChange {
                logical_id: row.logical_id.clone(),
                name: row.key.name.clone(),
                happened: Happened::Removed,
                summary: removed.to_owned(),
            });
        }
    }
    all.sort_by(|one, other| (&one.logical_id, &one.name).cmp(&(&other.logical_id, &other.name)));
    all
}

/// What becomes of a queue that is not wanted any more, given whether another one is in its place.
pub fn fate(row: &EnvironmentQueueRow, is_replaced: bool) -> Removal {
    if is_replaced {
        row.when_replaced
    } else {
        row.when_dropped
    }
}

fn differences(before: &Given, after: &Given) -> String {
    let mut told = Vec::new();
    for (kind, before, after) in [
        ("", &before.attributes, &after.attributes),
        ("tag ", &before.tags, &after.tags),
    ] {
        let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
        names.sort();
        names.dedup();
        let text = |value: Option<&String>| value.map_or("nothing", String::as_str).to_owned();
        for name in names {
            let (one, other) = (before.get(name), after.get(name));
            if one != other {
                told.push(format!("{kind}{name} {} -> {}", text(one), text(other)));
            }
        }
    }
    told.join(", ")
}
