//! Told scenarios whose whole course is recorded under `snapshots/`. After a wanted change:
//! `INSTA_UPDATE=always cargo test -p beanpole-planner`, then read the difference.

use std::time::Duration;

use beanpole_protocol::api::{DeploymentPolicy, DeploymentStatus};

use super::{
    run::Run,
    scenario::{Behaviour, Fault, Scenario},
};
use crate::options::BatchSize;

use DeploymentPolicy::{AllAtOnce, Immutable, Rolling, RollingWithAdditionalBatch, TrafficSplitting};

/// Runs it for ten more minutes, compares its course and answers how it ended.
fn tell(name: &str, scenario: &Scenario) -> DeploymentStatus {
    let run = Run::of(scenario, Duration::from_secs(600));
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, format!("{scenario}\n{}\n", run.log.join("\n"))));
    run.end().0
}

fn lost(host: usize, seconds: u64) -> Fault {
    Fault::HostLost {
        host,
        seconds,
        containers_die: true,
    }
}

#[test]
fn all_at_once_stops_all_then_starts_all() {
    let scenario = Scenario::new(AllAtOnce, 3);
    assert_eq!(tell("all_at_once", &scenario), DeploymentStatus::Succeeded);
}

#[test]
fn all_at_once_with_a_broken_version_ends_when_the_old_one_serves_again() {
    let scenario = Scenario::new(AllAtOnce, 2).new_version(Behaviour::CrashLoop);
    assert_eq!(
        tell("all_at_once_broken", &scenario),
        DeploymentStatus::RolledBack
    );
}

#[test]
fn all_at_once_aborted_ends_when_the_old_version_serves_again() {
    let scenario = Scenario::new(AllAtOnce, 2).at(6, Fault::Abort);
    assert_eq!(tell("all_at_once_aborted", &scenario), DeploymentStatus::Aborted);
}

#[test]
fn all_at_once_returns_by_itself_where_asked() {
    let scenario = Scenario::new(AllAtOnce, 2)
        .new_version(Behaviour::NeverHealthy)
        .rolls_back();
    assert_eq!(
        tell("all_at_once_returns", &scenario),
        DeploymentStatus::RolledBack
    );
}

#[test]
fn rolling_replaces_batch_by_batch() {
    let scenario = Scenario::new(Rolling, 4)
        .batch(BatchSize::Percentage(50))
        .hosts(&[3, 3]);
    assert_eq!(tell("rolling", &scenario), DeploymentStatus::Succeeded);
}

#[test]
fn rolling_on_full_hosts_waits_for_the_memory_of_the_stopped() {
    let scenario = Scenario::new(Rolling, 4).batch(BatchSize::Fixed(2)).hosts(&[4]);
    assert_eq!(tell("rolling_full_hosts", &scenario), DeploymentStatus::Succeeded);
}

#[test]
fn rolling_leaves_a_failed_batch_out_and_restores_the_last_good_version() {
    let scenario = Scenario::new(Rolling, 4)
        .batch(BatchSize::Fixed(2))
        .new_version(Behaviour::NeverHealthy);
    assert_eq!(tell("rolling_broken", &scenario), DeploymentStatus::Failed);
}

#[test]
fn rolling_returns_by_itself_where_asked() {
    // A new instance that was in service already dies during the third batch.
    let scenario = Scenario::new(Rolling, 4)
        .rolls_back()
        .at(12, Fault::InstanceFails(2));
    assert_eq!(tell("rolling_returns", &scenario), DeploymentStatus::RolledBack);
}

#[test]
fn rolling_goes_on_when_health_checks_are_ignored() {
    let scenario = Scenario::new(Rolling, 2)
        .new_version(Behaviour::NeverHealthy)
        .ignores_health();
    assert_eq!(
        tell("rolling_ignores_health", &scenario),
        DeploymentStatus::Succeeded
    );
}

#[test]
fn rolling_survives_a_lost_host() {
    let scenario = Scenario::new(Rolling, 4).hosts(&[4, 4]).at(10, lost(1, 120));
    assert_eq!(tell("rolling_host_lost", &scenario), DeploymentStatus::Succeeded);
}

#[test]
fn rolling_stops_where_it_is_when_aborted() {
    let scenario = Scenario::new(Rolling, 4).at(9, Fault::Abort);
    assert_eq!(tell("rolling_aborted", &scenario), DeploymentStatus::Aborted);
}

#[test]
fn rolling_turns_back_when_aborted_with_nothing_old_left_in_service() {
    let scenario = Scenario::new(Rolling, 2).at(9, Fault::Abort);
    assert_eq!(tell("rolling_aborted_late", &scenario), DeploymentStatus::Aborted);
}

#[test]
fn rolling_of_one_instance_aborted_ends_when_the_old_version_serves_again() {
    let scenario = Scenario::new(Rolling, 1).at(6, Fault::Abort);
    assert_eq!(tell("rolling_one_aborted", &scenario), DeploymentStatus::Aborted);
}

#[test]
fn an_abort_of_a_failure_that_goes_back_already_changes_nothing() {
    let scenario = Scenario::new(Rolling, 4)
        .rolls_back()
        .at(12, Fault::InstanceFails(2))
        .at(14, Fault::Abort);
    assert_eq!(
        tell("rolling_returns_aborted", &scenario),
        DeploymentStatus::RolledBack
    );
}

#[test]
fn additional_batch_never_has_fewer_than_desired() {
    let scenario = Scenario::new(RollingWithAdditionalBatch, 4).batch(BatchSize::Fixed(2));
    assert_eq!(tell("additional_batch", &scenario), DeploymentStatus::Succeeded);
}

#[test]
fn additional_batch_without_room_fails_before_anything_is_touched() {
    let scenario = Scenario::new(RollingWithAdditionalBatch, 4).hosts(&[4]);
    assert_eq!(
        tell("additional_batch_no_room", &scenario),
        DeploymentStatus::Failed
    );
}

#[test]
fn immutable_proves_one_then_all() {
    assert_eq!(
        tell("immutable", &Scenario::new(Immutable, 3)),
        DeploymentStatus::Succeeded
    );
}

#[test]
fn immutable_leaves_the_old_group_alone_when_the_new_one_fails() {
    let scenario = Scenario::new(Immutable, 3).new_version(Behaviour::CrashLoop);
    assert_eq!(tell("immutable_broken", &scenario), DeploymentStatus::RolledBack);
}

#[test]
fn an_abort_when_the_old_group_drains_puts_it_back_in_service() {
    let scenario = Scenario::new(Immutable, 2).at(9, Fault::Abort);
    assert_eq!(
        tell("immutable_aborted_draining", &scenario),
        DeploymentStatus::Aborted
    );
}

#[test]
fn an_abort_when_a_part_of_the_old_group_has_gone_launches_it_anew() {
    // With this seed one old instance has drained and stops, the other still drains.
    let scenario = Scenario {
        seed: Some(7),
        ..Scenario::new(Immutable, 2).at(40, Fault::Abort)
    };
    assert_eq!(
        tell("immutable_aborted_half_drained", &scenario),
        DeploymentStatus::Aborted
    );
}

#[test]
fn additional_batch_turns_back_from_its_clean_up() {
    let scenario = Scenario::new(RollingWithAdditionalBatch, 2)
        .batch(BatchSize::Fixed(2))
        .at(7, Fault::Abort);
    assert_eq!(
        tell("additional_batch_aborted_cleaning_up", &scenario),
        DeploymentStatus::Aborted
    );
}

#[test]
fn traffic_splitting_turns_back_from_its_clean_up() {
    let scenario = Scenario::new(TrafficSplitting, 2).at(187, Fault::Abort);
    assert_eq!(
        tell("traffic_splitting_aborted_cleaning_up", &scenario),
        DeploymentStatus::Aborted
    );
}

#[test]
fn an_aborted_launch_leaves_nothing() {
    let scenario = Scenario::launch(2).at(5, Fault::Abort);
    assert_eq!(tell("launch_aborted", &scenario), DeploymentStatus::Aborted);
}

#[test]
fn immutable_drops_the_new_group_when_aborted() {
    let scenario = Scenario::new(Immutable, 3).at(7, Fault::Abort);
    assert_eq!(tell("immutable_aborted", &scenario), DeploymentStatus::Aborted);
}

#[test]
fn traffic_splitting_evaluates_then_shifts_all() {
    assert_eq!(
        tell("traffic_splitting", &Scenario::new(TrafficSplitting, 2)),
        DeploymentStatus::Succeeded
    );
}

#[test]
fn traffic_splitting_returns_all_traffic_when_the_new_version_falls_ill() {
    let scenario = Scenario::new(TrafficSplitting, 2).new_version(Behaviour::GoesBad { after: 30 });
    assert_eq!(
        tell("traffic_splitting_ill", &scenario),
        DeploymentStatus::RolledBack
    );
}

#[test]
fn traffic_splitting_superseded_takes_its_group_out_first() {
    let scenario = Scenario::new(TrafficSplitting, 2).at(30, Fault::Supersede(Rolling));
    assert_eq!(
        tell("traffic_splitting_superseded", &scenario),
        DeploymentStatus::Succeeded
    );
}

#[test]
fn a_build_that_fails_touches_nothing() {
    let scenario = Scenario::new(Rolling, 2).new_version(Behaviour::BuildFails);
    assert_eq!(tell("build_fails", &scenario), DeploymentStatus::Failed);
}

#[test]
fn a_launch_starts_all() {
    assert_eq!(tell("launch", &Scenario::launch(2)), DeploymentStatus::Succeeded);
}

#[test]
fn a_launch_that_fails_keeps_trying_seldom() {
    let scenario = Scenario::launch(1).new_version(Behaviour::CrashLoop);
    assert_eq!(tell("launch_broken", &scenario), DeploymentStatus::Failed);
}

#[test]
fn termination_removes_everything() {
    let scenario = Scenario::terminate(2).at(2, lost(0, 30)).hosts(&[2, 2]);
    assert_eq!(tell("terminate", &scenario), DeploymentStatus::Succeeded);
}

#[test]
fn a_lost_only_host_is_waited_for() {
    let scenario = Scenario::new(Rolling, 2).at(200, lost(0, 60)).at(
        500,
        Fault::HostLost {
            host: 0,
            seconds: 60,
            containers_die: false,
        },
    );
    assert_eq!(tell("only_host_lost", &scenario), DeploymentStatus::Succeeded);
}
