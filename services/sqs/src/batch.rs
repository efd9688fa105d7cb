//! Batches: what fails as a whole, what fails entry by entry, and answers in the entries' order.

use std::collections::HashSet;

use beanpole_wire::{AwsError, Fault};
use serde::Serialize;

use crate::errors;

const MOST_ENTRIES: usize = 10;
/// Bytes of all messages of a batch together; a queue's own limit is per message.
const MOST_BYTES: usize = 1_048_576;

/// `BatchResultErrorEntry`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct FailedEntry {
    pub id: String,
    pub sender_fault: bool,
    pub code: String,
    pub message: String,
}

impl FailedEntry {
    fn of(id: String, error: &AwsError) -> Self {
        Self {
            id,
            sender_fault: error.kind.fault == Fault::Sender,
            // Both protocols say the code that clients have always known.
            code: error.kind.query_code.to_owned(),
            message: error.message.to_string(),
        }
    }
}

/// What answers a batch; a list without entries is absent.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Results<S> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub successful: Vec<S>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<FailedEntry>,
}

impl<S> Results<S> {
    /// Sorts results, which come with the ids of their entries, into the two lists.
    pub fn of(results: impl IntoIterator<Item = (String, Result<S, AwsError>)>) -> Self {
        let (mut successful, mut failed) = (Vec::new(), Vec::new());
        for (id, result) in results {
            match result {
                Ok(done) => successful.push(done),
                Err(error) => failed.push(FailedEntry::of(id, &error)),
            }
        }
        Self { successful, failed }
    }
}

/// An entry's member, or the error that it is not there.
pub fn required<T>(value: Option<T>, entry: &str, at: usize, member: &str) -> Result<T, AwsError> {
    value.ok_or_else(|| errors::missing(&format!("{entry}.{}.{member}", at + 1)))
}

/// The ids of a batch's entries, or why the batch fails as a whole. `entry` is what a message calls an
/// entry: `SendMessageBatchRequestEntry`.
pub fn check_ids(ids: Vec<Option<String>>, entry: &str) -> Result<Vec<String>, AwsError> {
    if ids.is_empty() {
        return Err(
            errors::EMPTY_BATCH.because(format!("There should be at least one {entry} in the request."))
        );
    }
    if ids.len() > MOST_ENTRIES {
        return Err(errors::TOO_MANY_ENTRIES.because(format!(
            "Maximum number of entries per request are {MOST_ENTRIES}. You have sent {}.",
            ids.len()
        )));
    }
    let mut seen = HashSet::new();
    let mut checked = Vec::with_capacity(ids.len());
    for (at, id) in ids.into_iter().enumerate() {
        let id = required(id, entry, at, "Id")?;
        let good = id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if !good || !(1..=80).contains(&id.len()) {
            return Err(errors::INVALID_BATCH_ENTRY_ID.because(
                "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at \
                 most 80 letters long.",
            ));
        }
        if !seen.insert(id.clone()) {
            return Err(errors::BATCH_IDS_NOT_DISTINCT.because(format!("Id {id} repeated.")));
        }
        checked.push(id);
    }
    Ok(checked)
}

/// Whether the messages of a batch fit together.
pub fn check_size(bytes: usize) -> Result<(), AwsError> {
    if bytes > MOST_BYTES {
        return Err(errors::BATCH_TOO_LONG.because(format!(
            "Batch requests cannot be longer than {MOST_BYTES} bytes. You have sent {bytes} bytes."
        )));
    }
    Ok(())
}

/// Entries that passed their checks and what storage answered for them, back in the order of all
/// entries: each good one takes the next answer.
pub fn merge<T, A, S>(
    checked: Vec<Result<T, AwsError>>,
    answers: impl IntoIterator<Item = A>,
    mut join: impl FnMut(T, A) -> Result<S, AwsError>,
) -> Vec<Result<S, AwsError>> {
    let mut answers = answers.into_iter();
    checked
        .into_iter()
        .map(|entry| {
            let entry = entry?;
            let lost =
                || errors::UNAVAILABLE.because("The message store did not answer for this entry; try again.");
            join(entry, answers.next().ok_or_else(lost)?)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ids(ids: &[&str]) -> Vec<Option<String>> {
        ids.iter().map(|&id| Some(id.to_owned())).collect()
    }

    #[test]
    fn a_batch_fails_as_a_whole_for_its_ids() {
        const ENTRY: &str = "SendMessageBatchRequestEntry";
        let eleven: Vec<String> = (0..11).map(|number| number.to_string()).collect();
        let eleven: Vec<&str> = eleven.iter().map(String::as_str).collect();
        let long = "x".repeat(81);
        let table = [
            (
                ids(&[]),
                errors::EMPTY_BATCH,
                "There should be at least one SendMessageBatchRequestEntry in the request.",
            ),
            (
                ids(&eleven),
                errors::TOO_MANY_ENTRIES,
                "Maximum number of entries per request are 10. You have sent 11.",
            ),
            (
                ids(&["a", "b", "a"]),
                errors::BATCH_IDS_NOT_DISTINCT,
                "Id a repeated.",
            ),
            (
                ids(&["a b"]),
                errors::INVALID_BATCH_ENTRY_ID,
                "A batch entry id can only contain",
            ),
            (
                ids(&[""]),
                errors::INVALID_BATCH_ENTRY_ID,
                "A batch entry id can only contain",
            ),
            (
                ids(&[&long]),
                errors::INVALID_BATCH_ENTRY_ID,
                "A batch entry id can only contain",
            ),
            (
                vec![None],
                errors::MISSING_PARAMETER,
                "The request must contain the parameter SendMessageBatchRequestEntry.1.Id.",
            ),
        ];
        for (given, kind, text) in table {
            let error = check_ids(given, ENTRY).unwrap_err();
            assert_eq!(error.kind, kind);
            assert!(error.message.starts_with(text), "{}", error.message);
        }
        assert!(check_ids(ids(&["a-B_9"]), ENTRY).is_ok());
    }

    #[test]
    fn a_mebibyte_is_the_most_of_a_batch() {
        assert!(check_size(1_048_576).is_ok());
        assert_eq!(
            check_size(1_048_577).unwrap_err().message,
            "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes."
        );
    }

    proptest! {
        #[test]
        fn answers_find_their_entries_and_keep_the_order(good in proptest::collection::vec(any::<bool>(), 0..10)) {
            let checked = good.iter().enumerate().map(|(at, good)| {
                if *good { Ok(at) } else { Err(errors::missing("MessageBody")) }
            }).collect();
            let answers: Vec<usize> = (0..good.len()).filter(|at| good[*at]).collect();
            let merged = merge(checked, answers, |entry, answer| {
                assert_eq!(entry, answer);
                Ok(entry)
            });
            let named = merged.into_iter().enumerate().map(|(at, result)| (at.to_string(), result));
            let results = Results::of(named);
            let expected: Vec<usize> = (0..good.len()).filter(|at| good[*at]).collect();
            prop_assert_eq!(results.successful, expected);
            let failed: Vec<usize> = results.failed.iter().map(|entry| entry.id.parse().unwrap()).collect();
            let expected: Vec<usize> = (0..good.len()).filter(|at| !good[*at]).collect();
            prop_assert_eq!(failed, expected);
            prop_assert!(results.failed.iter().all(|entry| entry.sender_fault && entry.code == "MissingParameter"));
        }
    }
}
