use std::time::Duration;

use beanpole_protocol::{
    Timestamp,
    api::{DeploymentPolicy, HealthColor, HealthStatus},
};

use super::*;
use crate::{
    reason::Reason,
    sim::{
        scenario::Scenario,
        world::{World, host, release},
    },
    snapshot::{Observed, Snapshot},
};

const NOW: Timestamp = crate::sim::world::BEGIN;

/// `desired` healthy instances on one host, nothing being deployed.
fn well(desired: u32) -> Snapshot {
    let mut snapshot = World::new(&Scenario::new(DeploymentPolicy::Rolling, desired)).snapshot;
    snapshot.deployment = None;
    snapshot
}

fn unhealthy(mut snapshot: Snapshot, count: usize) -> Snapshot {
    for row in snapshot.instances.iter_mut().take(count) {
        row.observed = Observed::Unhealthy {
            detail: "answered 503 instead of 200".into(),
        };
    }
    snapshot
}

fn status(snapshot: &Snapshot, minimum: u32) -> (HealthStatus, HealthColor) {
    let health = environment(
        snapshot,
        minimum,
        Some(Expected {
            label: "v1",
            deployment: 1,
        }),
        NOW,
    );
    (health.status, health.color)
}

#[test]
fn unhealthy_instances_lower_the_environment_by_their_share() {
    let table = [
        (5, 0, 1, HealthStatus::Ok, HealthColor::Green),
        (5, 1, 1, HealthStatus::Warning, HealthColor::Yellow),
        (4, 1, 1, HealthStatus::Warning, HealthColor::Yellow),
        (4, 2, 1, HealthStatus::Degraded, HealthColor::Red),
        (4, 3, 1, HealthStatus::Degraded, HealthColor::Red),
        (5, 4, 1, HealthStatus::Severe, HealthColor::Red),
        (5, 5, 1, HealthStatus::Severe, HealthColor::Red),
        (5, 1, 5, HealthStatus::Degraded, HealthColor::Red),
        (1, 1, 1, HealthStatus::Severe, HealthColor::Red),
    ];
    for (desired, bad, minimum, expected, color) in table {
        let found = status(&unhealthy(well(desired), bad), minimum);
        assert_eq!(
            found,
            (expected, color),
            "{bad} of {desired} unhealthy, minimum {minimum}"
        );
    }
}

#[test]
fn instances_left_on_another_version_are_named_with_the_expected_one() {
    let mut snapshot = well(5);
    for row in snapshot.instances.iter_mut().take(3) {
        row.release = release(2);
    }
    let health = environment(
        &snapshot,
        1,
        Some(Expected {
            label: "v1",
            deployment: 1,
        }),
        NOW,
    );
    assert_eq!(
        (health.status, health.causes),
        (
            HealthStatus::Degraded,
            vec![
                "Incorrect application version found on 3 out of 5 instances. Expected version \"v1\" \
                 (deployment 1)."
                    .to_owned()
            ]
        )
    );
}

#[test]
fn a_running_deployment_makes_it_info_and_a_launch_pending() {
    let mut world = World::new(&Scenario::new(DeploymentPolicy::AllAtOnce, 2));
    let later = NOW + Duration::from_secs(40);
    let health = environment(&unhealthy(world.snapshot.clone(), 2), 1, None, later);
    assert_eq!(health.status, HealthStatus::Info);
    assert_eq!(
        health.causes,
        ["Performing application deployment (running for 40 seconds)."]
    );
    world = World::new(&Scenario::launch(2));
    assert_eq!(
        environment(&world.snapshot, 1, None, later).status,
        HealthStatus::Pending
    );
}

#[test]
fn instances_that_start_are_no_trouble_until_they_take_too_long() {
    let mut snapshot = well(4);
    snapshot.instances[0].observed = Observed::Starting {
        detail: String::new(),
    };
    snapshot.instances[0].launched_at = NOW - Duration::from_secs(10);
    assert_eq!(status(&snapshot, 4).0, HealthStatus::Info);
    snapshot.instances[0].launched_at = NOW - STARTING_LIMIT;
    assert_eq!(status(&snapshot, 1).0, HealthStatus::Warning);
}

#[test]
fn a_lost_host_and_a_hindrance_are_causes() {
    let mut snapshot = well(4);
    snapshot.instances[0].host = host(7);
    snapshot.hindrance = Some(Reason::NoRoom { memory: 256 << 20 });
    let health = environment(&snapshot, 1, None, NOW);
    assert_eq!(health.status, HealthStatus::Warning);
    assert!(
        health
            .causes
            .iter()
            .any(|cause| cause.contains("No data from 1 instance(s)")),
        "{health:?}"
    );
    assert!(
        health.causes.iter().any(|cause| cause.contains("256 MiB")),
        "{health:?}"
    );
    assert_eq!(
        instance(&snapshot, &snapshot.instances[0], NOW).status,
        HealthStatus::NoData
    );
}

#[test]
fn nothing_desired_is_grey() {
    let mut snapshot = well(0);
    snapshot.desired = 0;
    assert_eq!(status(&snapshot, 0), (HealthStatus::Unknown, HealthColor::Grey));
}
