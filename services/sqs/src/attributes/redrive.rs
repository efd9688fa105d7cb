//! `RedrivePolicy` and `RedriveAllowPolicy`: their JSON, and whether a queue may be a dead-letter queue.

use beanpole_wire::AwsError;
use serde_json::{Map, Value, json};

use crate::{
    errors,
    model::{
        Kind, Queue, QueueKey,
        queue::{RedriveAllow, RedrivePolicy},
    },
    url,
};

const MOST_SOURCES: usize = 10;

/// `{"deadLetterTargetArn": "…", "maxReceiveCount": 5}`; the number may be a text.
pub fn parse(text: &str) -> Result<RedrivePolicy, AwsError> {
    let refused = |reason: String| errors::invalid(text, "RedrivePolicy", reason);
    let Ok(members) = serde_json::from_str::<Map<String, Value>>(text) else {
        return Err(refused("Redrive policy is not a valid JSON map.".to_owned()));
    };
    for name in ["deadLetterTargetArn", "maxReceiveCount"] {
        if !members.contains_key(name) {
            let reason = format!("Redrive policy does not contain mandatory attribute: {name}.");
            return Err(refused(reason));
        }
    }
    if members.len() > 2 {
        let reason = "Only following attributes are supported: [deadLetterTargetArn, maxReceiveCount].";
        return Err(refused(reason.to_owned()));
    }
    let count = &members["maxReceiveCount"];
    let number = match count {
        Value::String(text) => text.parse().ok(),
        other => other.as_u64(),
    };
    let Some(max_receive_count) = number
        .filter(|number| (1..=1000).contains(number))
        .and_then(|number| u32::try_from(number).ok())
    else {
        let given = count.as_str().map_or_else(|| count.to_string(), str::to_owned);
        return Err(refused(format!(
            "Invalid value for maxReceiveCount: {given}, valid values are from 1 to 1000 both inclusive."
        )));
    };
    let target = members["deadLetterTargetArn"].as_str().and_then(url::of_arn);
    let dead_letter_queue =
        target.ok_or_else(|| refused("Invalid value for deadLetterTargetArn.".to_owned()))?;
    Ok(RedrivePolicy {
        dead_letter_queue,
        max_receive_count,
    })
}

pub fn render(policy: &RedrivePolicy) -> String {
    json!({
        "deadLetterTargetArn": policy.dead_letter_queue.arn().0,
        "maxReceiveCount": policy.max_receive_count,
    })
    .to_string()
}

/// `{"redrivePermission": "byQueue", "sourceQueueArns": […]}`.
pub fn parse_allow(text: &str) -> Result<RedriveAllow, AwsError> {
    let refused = |reason: &str| errors::invalid(text, "RedriveAllowPolicy", reason);
    let Ok(members) = serde_json::from_str::<Map<String, Value>>(text) else {
        return Err(refused("Redrive allow policy is not a valid JSON map."));
    };
    if members
        .keys()
        .any(|name| name != "redrivePermission" && name != "sourceQueueArns")
    {
        return Err(refused(
            "Only following attributes are supported: [redrivePermission, sourceQueueArns].",
        ));
    }
    let sources = members.get("sourceQueueArns");
    match members.get("redrivePermission").and_then(Value::as_str) {
        Some("allowAll") if sources.is_none() => Ok(RedriveAllow::AllowAll),
        Some("denyAll") if sources.is_none() => Ok(RedriveAllow::DenyAll),
        Some("allowAll" | "denyAll") => Err(refused(
            "sourceQueueArns can be specified only when redrivePermission is byQueue.",
        )),
        Some("byQueue") => {
            let listed: Option<Vec<QueueKey>> = sources
                .and_then(Value::as_array)
                .and_then(|arns| arns.iter().map(|arn| url::of_arn(arn.as_str()?)).collect());
            match listed {
                Some(keys) if (1..=MOST_SOURCES).contains(&keys.len()) => Ok(RedriveAllow::ByQueue(keys)),
                _ => Err(refused("sourceQueueArns must list 1 to 10 ARNs of queues.")),
            }
        }
        _ => Err(refused("redrivePermission must be allowAll, denyAll or byQueue.")),
    }
}

pub fn render_allow(allow: &RedriveAllow) -> String {
    match allow {
        RedriveAllow::AllowAll => json!({ "redrivePermission": "allowAll" }),
        RedriveAllow::DenyAll => json!({ "redrivePermission": "denyAll" }),
        RedriveAllow::ByQueue(sources) => json!({
            "redrivePermission": "byQueue",
            "sourceQueueArns": sources.iter().map(|key| key.arn().0).collect::<Vec<_>>(),
        }),
    }
    .to_string()
}

/// Whether `source` may send what was received too often to `target`, the queue that the policy names
/// as it was found.
pub fn check(
    source: &QueueKey,
    kind: Kind,
    policy: &RedrivePolicy,
    target: Option<&Queue>,
) -> Result<(), AwsError> {
    let refused = |reason: &str| Err(errors::invalid(render(policy), "RedrivePolicy", reason));
    let named = &policy.dead_letter_queue;
    if named.account != source.account {
        return refused("Dead letter target owner should be same as the source.");
    }
    if named.region != source.region {
        return refused("Dead letter target should be in the same region as the source.");
    }
    let Some(target) = target else {
        return refused("Dead letter target does not exist.");
    };
    if target.kind != kind {
        return refused("Dead-letter queue must be same type of queue as the source.");
    }
    match &target.attributes.redrive_allow {
        None | Some(RedriveAllow::AllowAll) => Ok(()),
        Some(RedriveAllow::ByQueue(sources)) if sources.contains(source) => Ok(()),
        Some(RedriveAllow::ByQueue(_) | RedriveAllow::DenyAll) => {
            refused("The redrive allow policy of the dead letter target does not allow this source queue.")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples::{key, queue};

    fn policy(count: &str) -> String {
        format!(
            r#"{{"deadLetterTargetArn":"{}","maxReceiveCount":{count}}}"#,
            key("dead").arn()
        )
    }

    #[test]
    fn the_receive_count_is_a_number_or_a_text() {
        for count in ["5", "\"5\""] {
            assert_eq!(parse(&policy(count)).unwrap().max_receive_count, 5);
        }
    }

    #[test]
    fn redrive_policies_are_refused_with_their_reason() {
        let table = [
            ("[]".to_owned(), "Redrive policy is not a valid JSON map."),
            (
                "{}".to_owned(),
                "Redrive policy does not contain mandatory attribute: deadLetterTargetArn.",
            ),
            (
                policy("0"),
                "Invalid value for maxReceiveCount: 0, valid values are from 1 to 1000 both inclusive.",
            ),
            (
                policy("\"x\""),
                "Invalid value for maxReceiveCount: x, valid values are from 1 to 1000 both inclusive.",
            ),
            (
                policy("1,\"other\":1"),
                "Only following attributes are supported: [deadLetterTargetArn, maxReceiveCount].",
            ),
            (
                r#"{"deadLetterTargetArn":"dead","maxReceiveCount":1}"#.to_owned(),
                "Invalid value for deadLetterTargetArn.",
            ),
        ];
        for (text, reason) in table {
            let error = parse(&text).unwrap_err();
            let whole = format!("Value {text} for parameter RedrivePolicy is invalid. Reason: {reason}");
            assert_eq!(error.message, whole);
            assert_eq!(error.kind, errors::INVALID_PARAMETER_VALUE);
        }
    }

    #[test]
    fn only_queues_that_the_target_allows_may_name_it() {
        let policy = parse(&policy("1")).unwrap();
        let with = |allow| {
            let mut dead = queue("dead");
            dead.attributes.redrive_allow = allow;
            check(&key("jobs"), Kind::Standard, &policy, Some(&dead)).is_ok()
        };
        assert!(with(None) && with(Some(RedriveAllow::AllowAll)));
        assert!(with(Some(RedriveAllow::ByQueue(vec![key("jobs")]))));
        assert!(!with(Some(RedriveAllow::ByQueue(vec![key("other")]))));
        assert!(!with(Some(RedriveAllow::DenyAll)));
    }

    #[test]
    fn the_target_exists_and_is_of_the_same_kind_account_and_region() {
        let policy = parse(&policy("1")).unwrap();
        let reason =
            |source: &QueueKey, kind, target| check(source, kind, &policy, target).unwrap_err().message;
        let dead = queue("dead");
        assert!(reason(&key("jobs"), Kind::Standard, None).ends_with("Dead letter target does not exist."));
        assert!(reason(&key("jobs.fifo"), Kind::Fifo, Some(&dead)).contains("same type of queue"));
        let mut far = key("jobs");
        far.region = "eu-west-1".to_owned();
        assert!(reason(&far, Kind::Standard, Some(&dead)).contains("same region"));
        far.account = "111111111111".parse().unwrap();
        assert!(reason(&far, Kind::Standard, Some(&dead)).contains("owner"));
    }

    #[test]
    fn allow_policies_are_written_as_they_are_read() {
        let by_queue = RedriveAllow::ByQueue(vec![key("a"), key("b")]);
        for allow in [RedriveAllow::AllowAll, RedriveAllow::DenyAll, by_queue] {
            assert_eq!(parse_allow(&render_allow(&allow)).unwrap(), allow);
        }
        for text in [
            "x",
            "{}",
            r#"{"redrivePermission":"byQueue"}"#,
            r#"{"redrivePermission":"byQueue","sourceQueueArns":["x"]}"#,
            r#"{"redrivePermission":"denyAll","sourceQueueArns":[]}"#,
            r#"{"redrivePermission":"some"}"#,
        ] {
            assert_eq!(
                parse_allow(text).unwrap_err().kind,
                errors::INVALID_PARAMETER_VALUE,
                "{text}"
            );
        }
    }
}
