//! What holds in every simulated world. Every plan of every run goes through `check` as well.

use std::time::Duration;

use beanpole_protocol::api::{DeploymentKind, DeploymentPolicy, DeploymentStatus};
use proptest::prelude::*;

use super::{
    generate::{fair_weather, scenario},
    run::Run,
    scenario::{Behaviour, Fault, Scenario},
    world::{BEGIN, release, version},
};
use crate::{
    Bounds, Left, Reason,
    options::HealthCheckRule,
    plan,
    snapshot::{Intent, Observed},
};

const HOUR: Duration = Duration::from_secs(3600);

/// 1500 worlds a property; `PROPTEST_CASES` asks for more.
fn config() -> ProptestConfig {
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    match asked {
        true => config,
        false => ProptestConfig {
            cases: 1500,
            ..config
        },
    }
}

fn by(policy: DeploymentPolicy, mut scenario: Scenario) -> Scenario {
    scenario.options.policy = policy;
    scenario
}

/// The same with an abort at a whole second between `from` and the end that `undisturbed` came to.
fn aborted(scenario: Scenario, from: Duration, undisturbed: &Run, moment: f64) -> Scenario {
    let end = undisturbed.ended[0].at.since(BEGIN);
    let at = from + end.saturating_sub(from).mul_f64(moment);
    scenario.at(at.as_secs(), Fault::Abort)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_deployment_keeps_its_promises_and_ends(scenario in scenario()) {
        let run = Run::of(&scenario, Duration::from_secs(5));
        prop_assert!(!run.ended.is_empty());
    }

    #[test]
    fn a_good_version_is_deployed_by_every_policy(scenario in fair_weather()) {
        let run = Run::of(&scenario, Duration::from_secs(60));
        let (status, reason) = run.end();
        prop_assert_eq!(status, DeploymentStatus::Succeeded, "{}", reason);
        let rows = &run.world.snapshot.instances;
        prop_assert_eq!(rows.len(), scenario.desired as usize);
        prop_assert!(rows.iter().all(|row| row.release.version == version(2) && row.observed == Observed::Healthy));
    }

    #[test]
    fn rolling_keeps_minimum_in_service(scenario in fair_weather()) {
        let scenario = by(DeploymentPolicy::Rolling, scenario);
        let batch = scenario.options.batch.instances(scenario.desired);
        let run = Run::of(&scenario, Duration::ZERO);
        prop_assert!(run.least_serving >= (scenario.desired - batch) as usize);
        prop_assert!(run.most_running <= scenario.desired as usize);
    }

    #[test]
    fn additional_batch_keeps_all_desired_in_service(scenario in fair_weather()) {
        let scenario = by(DeploymentPolicy::RollingWithAdditionalBatch, scenario);
        let batch = scenario.options.batch.instances(scenario.desired);
        let run = Run::of(&scenario, Duration::ZERO);
        prop_assert!(run.least_serving >= scenario.desired as usize);
        prop_assert!(run.most_running <= (scenario.desired + batch) as usize);
    }

    #[test]
    fn a_second_group_leaves_the_old_one_in_service(scenario in fair_weather(), splitting in any::<bool>()) {
        let policy = if splitting { DeploymentPolicy::TrafficSplitting } else { DeploymentPolicy::Immutable };
        let scenario = by(policy, scenario);
        let run = Run::of(&scenario, Duration::ZERO);
        prop_assert!(run.least_serving >= scenario.desired as usize);
        prop_assert!(run.most_running <= 2 * scenario.desired as usize);
    }

    #[test]
    fn a_server_that_was_away_fails_no_deployment(
        scenario in fair_weather(),
        away in proptest::collection::vec((0u64..120, 1u64..5_000), 1..4),
    ) {
        let faults = away.into_iter().map(|(at, seconds)| (at, Fault::ServerAway(seconds)));
        let scenario = Scenario { faults: faults.collect(), ..scenario };
        let run = Run::of(&scenario, Duration::from_secs(60));
        let (status, reason) = run.end();
        prop_assert_eq!(status, DeploymentStatus::Succeeded, "{}\n{}", reason, run.log.join("\n"));
    }

    #[test]
    fn an_abort_at_any_moment_ends_as_aborted_and_keeps_the_floor(
        scenario in fair_weather(),
        moment in 0.0f64..1.0,
    ) {
        let undisturbed = Run::of(&scenario, Duration::ZERO);
        let scenario = aborted(scenario, Duration::ZERO, &undisturbed, moment);
        let run = Run::of(&scenario, Duration::from_secs(300));
        let (status, reason) = run.end();
        prop_assert_eq!(status, DeploymentStatus::Aborted, "{}\n{}", reason, run.log.join("\n"));
        prop_assert_eq!(run.world.snapshot.current.as_ref(), Some(&release(1)));
        let bounds = Bounds::new(scenario.options.policy, scenario.options.batch, scenario.desired, 60);
        prop_assert!(run.least_serving >= bounds.floor as usize, "{}", run.log.join("\n"));
        prop_assert!(run.most_running <= bounds.running as usize, "{}", run.log.join("\n"));
        let rows = &run.world.snapshot.instances;
        prop_assert_eq!(rows.len(), scenario.desired as usize);
        prop_assert!(rows.iter().all(|row| row.intent == Intent::InService && row.observed == Observed::Healthy));
        let returned = matches!(reason, Reason::Aborted { left: Left::Previous | Left::Untouched, .. });
        let old = rows.iter().filter(|row| row.release.version == version(1)).count();
        prop_assert!(!returned || old == rows.len(), "{}", run.log.join("\n"));
        prop_assert!(returned || old > 0, "{}", run.log.join("\n"));
    }

    #[test]
    fn an_abort_of_what_goes_back_for_a_failure_does_not_change_its_end(
        scenario in fair_weather(),
        behaviour in prop::sample::select(vec![Behaviour::NeverHealthy, Behaviour::CrashLoop]),
        moment in 0.0f64..1.0,
    ) {
        let mut scenario = scenario.new_version(behaviour).rolls_back();
        scenario.options.health_check = HealthCheckRule::Obey;
        let undisturbed = Run::of(&scenario, Duration::ZERO);
        let returning = undisturbed.ended[0].deployment.phase_since.since(BEGIN);
        prop_assert_eq!(undisturbed.end().0, DeploymentStatus::RolledBack);
        let scenario = aborted(scenario, returning + Duration::from_secs(1), &undisturbed, moment);
        let run = Run::of(&scenario, Duration::ZERO);
        prop_assert_eq!(run.end(), undisturbed.end());
        prop_assert_eq!(run.ended[0].at, undisturbed.ended[0].at);
    }

    #[test]
    fn a_launch_aborted_at_any_moment_leaves_nothing_and_launches_nothing_more(
        scenario in fair_weather(),
        moment in 0.0f64..1.0,
    ) {
        let scenario = Scenario { kind: DeploymentKind::Launch, ..scenario };
        let undisturbed = Run::of(&scenario, Duration::ZERO);
        let scenario = aborted(scenario, Duration::ZERO, &undisturbed, moment);
        let run = Run::of(&scenario, HOUR);
        prop_assert_eq!(run.end().0, DeploymentStatus::Aborted);
        prop_assert_eq!(&run.world.snapshot.current, &None);
        prop_assert!(run.world.snapshot.instances.is_empty(), "{}", run.log.join("\n"));
    }

    #[test]
    fn a_settled_world_plans_nothing(scenario in scenario()) {
        let run = Run::of(&scenario, HOUR * 2);
        let current = run.world.snapshot.current.as_ref().map(|current| current.version.clone());
        let hopeless = current.is_some_and(|version| run.world.behaviours[&version] != Behaviour::Good);
        if !hopeless {
            let later = run.world.now + HOUR;
            let plan = plan(&run.world.snapshot, later);
            prop_assert!(plan.changes.is_empty(), "{:?}\n{}", plan.changes, run.log.join("\n"));
            prop_assert_eq!(plan.next_wake, None);
        }
    }

    #[test]
    fn an_app_that_never_comes_up_is_started_seldom(scenario in scenario()) {
        let run = Run::of(&scenario, HOUR);
        let before = run.world.launched;
        let again = Run::of(&scenario, HOUR * 2);
        let per_hour = again.world.launched - before;
        prop_assert!(per_hour <= 13 * run.world.snapshot.desired, "{per_hour} launches in an hour");
    }
}
