//! `ChangeMessageVisibility`: how long a received message stays hidden from now on.

use std::time::Duration;

use beanpole_access::Caller;
use beanpole_wire::{AwsError, Call, Operation};
use serde::Deserialize;

use super::{Action, delete_message::receipt_handle};
use crate::{Sqs, errors};

/// 12 hours.
const MOST: u64 = 43_200;

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ChangeMessageVisibility {
    queue_url: Option<String>,
    receipt_handle: Option<String>,
    visibility_timeout: Option<i64>,
}

impl Operation for ChangeMessageVisibility {
    const NAME: &'static str = "ChangeMessageVisibility";
    type Output = ();
}

impl Action for ChangeMessageVisibility {
    async fn run(self, sqs: &Sqs, caller: &Caller, call: &Call) -> Result<(), AwsError> {
        let queue = sqs
            .queue(caller, call, self.queue_url.as_deref(), Self::NAME)
            .await?;
        let (handle, timeout) = change(self.receipt_handle, self.visibility_timeout)?;
        let changes = vec![(handle.clone(), timeout)];
        let results = sqs.backend.change_visibility(&queue, changes).await;
        let changed: Result<Vec<()>, _> = results.into_iter().collect();
        changed.map_err(|failure| errors::of_receipt(failure, &handle, Some(timeout.as_secs())))?;
        Ok(())
    }
}

/// The members of a request or of a batch's entry.
pub(super) fn change(handle: Option<String>, timeout: Option<i64>) -> Result<(String, Duration), AwsError> {
    let handle = receipt_handle(handle)?;
    let timeout = timeout.ok_or_else(|| errors::missing("VisibilityTimeout"))?;
    Ok((handle, visibility(timeout)?))
}

/// A visibility timeout of a call.
pub(super) fn visibility(seconds: i64) -> Result<Duration, AwsError> {
    let in_range = u64::try_from(seconds).ok().filter(|seconds| *seconds <= MOST);
    in_range.map(Duration::from_secs).ok_or_else(|| {
        errors::invalid(
            seconds,
            "VisibilityTimeout",
            "Must be between 0 and 43200, if provided.",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_0_to_12_hours() {
        assert_eq!(visibility(0).unwrap(), Duration::ZERO);
        assert_eq!(visibility(43_200).unwrap(), Duration::from_secs(43_200));
        for bad in [-1, 43_201, i64::MAX] {
            let message = visibility(bad).unwrap_err().message;
            assert!(message.starts_with(&format!(
                "Value {bad} for parameter VisibilityTimeout is invalid."
            )));
        }
    }

    #[test]
    fn both_members_are_required() {
        let missing =
            |handle: Option<&str>, timeout| change(handle.map(str::to_owned), timeout).unwrap_err().message;
        assert_eq!(
            missing(None, Some(1)),
            "The request must contain the parameter ReceiptHandle."
        );
        assert_eq!(
            missing(Some(""), Some(1)),
            "The request must contain the parameter ReceiptHandle."
        );
        assert_eq!(
            missing(Some("h"), None),
            "The request must contain the parameter VisibilityTimeout."
        );
    }
}
