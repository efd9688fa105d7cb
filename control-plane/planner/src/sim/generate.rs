//! Scenarios by the million: every policy, odd sizes, hostile versions, faults at any second.

use std::time::Duration;

use beanpole_protocol::api::{DeploymentKind, DeploymentPolicy};
use proptest::{collection::vec, option, prelude::*};

use super::scenario::{Behaviour, Fault, Scenario};
use crate::options::{BatchSize, DeploymentOptions, HealthCheckRule, OnFailure};

pub fn policy() -> impl Strategy<Value = DeploymentPolicy> {
    prop::sample::select(DeploymentPolicy::ALL.to_vec())
}

fn batch() -> impl Strategy<Value = BatchSize> {
    prop_oneof![
        (1u8..=100).prop_map(BatchSize::Percentage),
        (1u32..=4).prop_map(BatchSize::Fixed)
    ]
}

fn behaviour() -> impl Strategy<Value = Behaviour> {
    prop_oneof![
        5 => Just(Behaviour::Good),
        1 => Just(Behaviour::NeverHealthy),
        1 => Just(Behaviour::CrashLoop),
        1 => (5u64..200).prop_map(|after| Behaviour::GoesBad { after }),
        1 => Just(Behaviour::BuildFails),
        1 => Just(Behaviour::BuildHangs),
    ]
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        3 => (0usize..3, 1u64..400, any::<bool>())
            .prop_map(|(host, seconds, containers_die)| Fault::HostLost { host, seconds, containers_die }),
        2 => (0u32..8).prop_map(Fault::Desired),
        2 => Just(Fault::Abort),
        2 => (0usize..8).prop_map(Fault::InstanceFails),
        1 => (0usize..8).prop_map(Fault::InstanceRemoved),
        2 => (0usize..8, 1u64..90).prop_map(|(nth, seconds)| Fault::InstanceUnwell { nth, seconds }),
        1 => (1u64..5_000).prop_map(Fault::ServerAway),
        1 => Just(Fault::StopsHang),
        1 => (0usize..3, 0u32..12).prop_map(|(host, instances)| Fault::Room { host, instances }),
        1 => policy().prop_map(Fault::Supersede),
    ]
}

fn options() -> impl Strategy<Value = DeploymentOptions> {
    let rules = (
        prop::sample::select(vec![
            HealthCheckRule::Obey,
            HealthCheckRule::Obey,
            HealthCheckRule::Ignore,
        ]),
        prop::sample::select(vec![OnFailure::Leave, OnFailure::RollBack]),
    );
    (
        policy(),
        batch(),
        1u64..120,
        1u8..=100,
        0u64..300,
        0u64..40,
        rules,
    )
        .prop_map(
            |(policy, batch, timeout, new_version_percent, evaluation, delay, (health_check, on_failure))| {
                DeploymentOptions {
                    policy,
                    batch,
                    timeout: Duration::from_secs(timeout),
                    health_check,
                    new_version_percent,
                    evaluation_time: Duration::from_secs(evaluation),
                    deregistration_delay: Duration::from_secs(delay),
                    on_failure,
                }
            },
        )
}

fn kind() -> impl Strategy<Value = DeploymentKind> {
    prop_oneof![
        8 => Just(DeploymentKind::Version),
        1 => Just(DeploymentKind::Configuration),
        1 => Just(DeploymentKind::Launch),
        1 => Just(DeploymentKind::Terminate),
    ]
}

/// Any world, any faults.
pub fn scenario() -> impl Strategy<Value = Scenario> {
    (
        kind(),
        options(),
        0u32..8,
        vec(1u32..12, 1..4),
        behaviour(),
        (
            prop_oneof![8 => Just(false), 1 => Just(true)],
            prop_oneof![5 => Just(1u64), 1 => Just(2)],
        ),
        vec((0u64..400, fault()), 0..6),
        option::of(any::<u64>()),
    )
        .prop_map(
            |(kind, options, desired, hosts, new, (same_release, memory), faults, seed)| Scenario {
                kind,
                options,
                desired,
                hosts,
                old: Behaviour::Good,
                new,
                same_release,
                memory,
                faults,
                seed,
            },
        )
}

/// A good version, enough room and no faults: it has to succeed.
pub fn fair_weather() -> impl Strategy<Value = Scenario> {
    (options(), 1u32..8, option::of(any::<u64>())).prop_map(|(options, desired, seed)| Scenario {
        options: DeploymentOptions {
            timeout: Duration::from_secs(60),
            ..options
        },
        hosts: vec![30, 30],
        seed,
        ..Scenario::new(DeploymentPolicy::Rolling, desired)
    })
}
