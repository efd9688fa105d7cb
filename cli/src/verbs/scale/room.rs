//! Whether hosts have room for what `bp scale` asks for, so that waiting ends when they do not.

use beanpole_protocol::api::{Environment, Instance, InstanceCondition, InstanceIntent};

use super::in_service;
use crate::{exit::Exit, failure::Failure};

/// The hindrance that waiting does not lift.
const NO_ROOM: &str = "no_room";
/// Kinds of events that tell of one, in the words that the environment has too.
pub const HINDRANCES: [&str; 3] = [NO_ROOM, "no_host", "image_unavailable"];

/// Whether too few serve, hosts are full, and nothing is under way that could change either.
pub fn is_stuck(environment: &Environment, instances: &[Instance], number: u32) -> bool {
    let full = environment
        .hindrance
        .as_ref()
        .is_some_and(|hindrance| hindrance.kind == NO_ROOM);
    let too_few = in_service(instances) < usize::try_from(number).unwrap_or(usize::MAX);
    full && too_few && !instances.iter().any(is_under_way)
}

/// Comes up, leaves, or may come back with its host.
fn is_under_way(instance: &Instance) -> bool {
    let comes_up = matches!(
        instance.state,
        InstanceCondition::Pending | InstanceCondition::Starting | InstanceCondition::Lost
    );
    let goes_in = instance.intent == InstanceIntent::Standby && instance.state == InstanceCondition::Healthy;
    let leaves = matches!(
        instance.intent,
        InstanceIntent::Draining | InstanceIntent::Stopping
    );
    comes_up || goes_in || leaves
}

/// What is told then.
pub fn failure(environment: &Environment, serving: usize, number: u32) -> Failure {
    let name = &environment.name;
    let why = environment
        .hindrance
        .as_ref()
        .map(|hindrance| hindrance.message.as_str())
        .unwrap_or_default();
    Failure::new(
        Exit::Failed,
        NO_ROOM,
        format!("{serving} of {number} instances are in service. {why}"),
    )
    .hint(format!(
        "Let each reserve less (`bp config set --environment {name} beanpole:instance:Memory=…`), run fewer \
         (`bp scale {} {name}`), or add a host (`bp hosts join-token`).",
        serving.max(1)
    ))
    .with("environment", environment)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn environment(hindrance: Option<&str>) -> Environment {
        let hindrance = hindrance.map(|kind| json!({"kind": kind, "message": "No host has room."}));
        serde_json::from_value(json!({
            "id": "e-1", "application": "a", "name": "prod", "cname": "prod.localhost", "url": "http://x",
            "tier": "WebServer", "platform": "python", "status": "Ready",
            "health": {"color": "Green", "status": "Ok", "causes": []},
            "version_label": null, "deployment_number": null, "active_deployment": null,
            "min_instances": 4, "max_instances": 4, "desired_instances": 4, "hindrance": hindrance,
            "created_at": "2026-11-22T23:00:00Z", "updated_at": "2026-11-22T23:00:00Z",
        }))
        .unwrap()
    }

    fn instance(intent: &str, state: &str) -> Instance {
        serde_json::from_value(json!({
            "id": "i-1", "host": "h", "version_label": "v1", "configuration": 1, "deployment_number": 1,
            "intent": intent, "state": state, "detail": "",
            "health": {"color": "Green", "status": "Ok", "causes": []}, "restarts": 0,
            "memory_bytes": null, "cpu_percent": null, "launched_at": "2026-11-22T23:00:00Z", "traffic": null,
        }))
        .unwrap()
    }

    #[test]
    fn waiting_ends_where_hosts_are_full_and_nothing_is_under_way() {
        let serves = || instance("in_service", "healthy");
        let table = [
            (Some("no_room"), vec![serves(), serves()], true),
            (Some("no_room"), vec![], true),
            (
                Some("no_room"),
                vec![serves(), instance("standby", "starting")],
                false,
            ),
            (
                Some("no_room"),
                vec![serves(), instance("standby", "healthy")],
                false,
            ),
            (
                Some("no_room"),
                vec![serves(), instance("stopping", "healthy")],
                false,
            ),
            (
                Some("no_room"),
                vec![serves(), instance("in_service", "lost")],
                false,
            ),
            (
                Some("no_room"),
                vec![serves(), serves(), serves(), serves()],
                false,
            ),
            (Some("no_host"), vec![serves()], false),
            (None, vec![serves()], false),
        ];
        for (hindrance, instances, expected) in table {
            let stuck = is_stuck(&environment(hindrance), &instances, 4);
            assert_eq!(stuck, expected, "{hindrance:?} {instances:#?}");
        }
    }

    #[test]
    fn the_failure_names_the_reason_and_what_to_do() {
        let failure = failure(&environment(Some("no_room")), 2, 4);
        assert_eq!(
            failure.message,
            "2 of 4 instances are in service. No host has room."
        );
        assert_eq!(failure.exit, Exit::Failed);
        let document = failure.document();
        assert_eq!(document["error"]["kind"], "no_room");
        assert_eq!(document["environment"]["hindrance"]["kind"], "no_room");
        let hint = failure.hint.unwrap();
        assert!(
            hint.contains("Memory") && hint.contains("bp scale 2") && hint.contains("host"),
            "{hint}"
        );
    }
}
