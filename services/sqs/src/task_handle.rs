//! Handles of message move tasks: a text that says nothing to callers, and the task and its source to us.

use base64::{Engine, prelude::BASE64_STANDARD};
use beanpole_wire::AwsError;
use serde::{Deserialize, Serialize};

use crate::{errors, model::QueueKey, url};

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    task_id: String,
    source_arn: String,
}

pub fn of(task: &str, source: &QueueKey) -> String {
    let (task_id, source_arn) = (task.to_owned(), source.arn().0);
    let written = serde_json::json!(Written { task_id, source_arn });
    BASE64_STANDARD.encode(written.to_string())
}

/// The task and its source; the source is what the caller has to have a right to.
pub fn read(handle: &str) -> Result<(String, QueueKey), AwsError> {
    let read = || {
        let bytes = BASE64_STANDARD.decode(handle).ok()?;
        let written: Written = serde_json::from_slice(&bytes).ok()?;
        Some((written.task_id, url::of_arn(&written.source_arn)?))
    };
    read().ok_or_else(|| {
        errors::invalid(
            handle,
            "TaskHandle",
            "It is not the handle of a message move task.",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples::key;

    #[test]
    fn a_handle_leads_back_to_its_task() {
        assert_eq!(
            read(&of("t-1", &key("dead"))).unwrap(),
            ("t-1".to_owned(), key("dead"))
        );
        for bad in ["", "t-1", "e30="] {
            assert_eq!(read(bad).unwrap_err().kind, errors::INVALID_PARAMETER_VALUE);
        }
    }
}
