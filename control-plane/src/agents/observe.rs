//! What a report changes, compared with what was known. Pure.

use std::collections::{BTreeMap, BTreeSet};

use beanpole_protocol::{
    EnvironmentId, InstanceId, VersionId,
    agent::{ImageState, InstanceState, ObservedImage, ObservedInstance},
    routes::EdgeStatus,
};

use crate::store::{
    host_images::{BuildState, ImageRow},
    instances::ReportedInstance,
    wakes::Routes,
};

/// What to write of a report, and who has to look.
#[derive(Debug, Default, PartialEq)]
pub struct Changes {
    pub instances: Vec<ObservedInstance>,
    pub wakes: BTreeMap<EnvironmentId, Routes>,
}

impl Changes {
    fn wake(&mut self, environment: &EnvironmentId, routes: Routes) {
        let entry = self.wakes.entry(environment.clone()).or_insert(Routes::Same);
        *entry = (*entry).max(routes);
    }
}

/// Compares the instances of a report with those that are known on the host.
pub fn instances(known: &[ReportedInstance], reported: &[ObservedInstance]) -> Changes {
    let by_id: BTreeMap<&InstanceId, &ObservedInstance> =
        reported.iter().map(|instance| (&instance.id, instance)).collect();
    let mut changes = Changes::default();
    for before in known {
        let Some(now) = by_id.get(&before.id) else {
            continue;
        };
        let now = &with_last_words(now, before.observed.as_ref());
        if before.observed.as_ref() == Some(now) {
            continue;
        }
        changes.instances.push(now.clone());
        let Some(old) = &before.observed else {
            let routed = if before.routed {
                Routes::Changed
            } else {
                Routes::Same
            };
            changes.wake(&before.environment_id, routed);
            continue;
        };
        let healthy = |seen: &ObservedInstance| seen.state == InstanceState::Healthy;
        if before.routed && (healthy(old) != healthy(now) || old.address != now.address) {
            changes.wake(&before.environment_id, Routes::Changed);
        } else if kind(&old.state) != kind(&now.state) || old.restarts != now.restarts {
            changes.wake(&before.environment_id, Routes::Same);
        }
    }
    changes
}

/// What an app said last is kept when its container is gone and has nothing more to say.
fn with_last_words(now: &ObservedInstance, before: Option<&ObservedInstance>) -> ObservedInstance {
    let mut kept = now.clone();
    if kept.log_tail.is_none() && matches!(kept.state, InstanceState::Failed { .. } | InstanceState::Gone) {
        kept.log_tail = before.and_then(|before| before.log_tail.clone());
    }
    kept
}

/// States that planning tells apart; details are only shown.
fn kind(state: &InstanceState) -> u8 {
    match state {
        InstanceState::Pending => 0,
        InstanceState::Starting { .. } => 1,
        InstanceState::Healthy => 2,
        InstanceState::Unhealthy { .. } => 3,
        InstanceState::Failed { .. } => 4,
        InstanceState::Gone => 5,
    }
}

/// Images whose state is news. An outcome of an older attempt is not, unless the image is there.
pub fn images<'a>(known: &[ImageRow], reported: &'a [ObservedImage]) -> Vec<&'a ObservedImage> {
    let known: BTreeMap<&VersionId, &ImageRow> = known.iter().map(|row| (&row.version, row)).collect();
    let is_news = |image: &&ObservedImage| {
        known.get(&image.version).is_some_and(|row| {
            let this_attempt = image.attempt == row.attempt || image.attempt == 0;
            match &image.state {
                ImageState::Ready { .. } => row.state != BuildState::Ready,
                ImageState::Building => this_attempt && row.state != BuildState::Building,
                ImageState::Failed { .. } => this_attempt && row.state != BuildState::Failed,
            }
        })
    };
    reported.iter().filter(is_news).collect()
}

/// Environments with an instance of which the edge's word is awaited, and is now another.
pub fn edge_news(
    awaiting: &[(InstanceId, EnvironmentId)],
    before: Option<&EdgeStatus>,
    now: Option<&EdgeStatus>,
) -> BTreeSet<EnvironmentId> {
    let open = |edge: Option<&EdgeStatus>, id: &InstanceId| {
        edge.map(|edge| {
            let target = edge.targets.iter().find(|target| target.instance == *id);
            (edge.generation, target.map_or(0, |target| target.in_flight) == 0)
        })
    };
    awaiting
        .iter()
        .filter(|(id, _)| open(before, id) != open(now, id))
        .map(|(_, environment)| environment.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use beanpole_protocol::routes::TargetStatus;

    use super::*;

    fn seen(id: &InstanceId, state: InstanceState) -> ObservedInstance {
        ObservedInstance {
            id: id.clone(),
            state,
            address: None,
            restarts: 0,
            log_tail: None,
            memory_bytes: None,
            cpu_percent: None,
        }
    }

    fn known(
        id: &InstanceId,
        environment: &EnvironmentId,
        routed: bool,
        state: InstanceState,
    ) -> ReportedInstance {
        ReportedInstance {
            id: id.clone(),
            environment_id: environment.clone(),
            routed,
            observed: Some(seen(id, state)),
        }
    }

    #[test]
    fn only_what_changed_is_written_and_only_what_matters_wakes() {
        let (id, environment) = (InstanceId::random(), EnvironmentId::random());
        let before = [known(&id, &environment, true, InstanceState::Healthy)];
        assert_eq!(
            instances(&before, &[seen(&id, InstanceState::Healthy)]),
            Changes::default()
        );

        let mut sample = seen(&id, InstanceState::Healthy);
        sample.memory_bytes = Some(1);
        let changes = instances(&before, &[sample]);
        assert_eq!((changes.instances.len(), changes.wakes.len()), (1, 0));

        let unhealthy = InstanceState::Unhealthy {
            detail: "500".to_owned(),
        };
        let changes = instances(&before, &[seen(&id, unhealthy.clone())]);
        assert_eq!(
            changes.wakes,
            BTreeMap::from([(environment.clone(), Routes::Changed)])
        );

        let before = [known(&id, &environment, false, InstanceState::Pending)];
        let starting = InstanceState::Starting {
            passes: 0,
            detail: String::new(),
        };
        let changes = instances(&before, &[seen(&id, starting)]);
        assert_eq!(changes.wakes, BTreeMap::from([(environment, Routes::Same)]));
    }

    #[test]
    fn the_last_words_of_an_app_outlive_its_container() {
        let (id, environment) = (InstanceId::random(), EnvironmentId::random());
        let failed = InstanceState::Failed {
            reason: "exit 1".to_owned(),
        };
        let mut before = known(&id, &environment, false, failed);
        before.observed.as_mut().unwrap().log_tail = Some("no such table".to_owned());
        let changes = instances(&[before], &[seen(&id, InstanceState::Gone)]);
        assert_eq!(changes.instances[0].log_tail.as_deref(), Some("no such table"));
    }

    #[test]
    fn an_instance_that_is_not_known_here_changes_nothing() {
        let stranger = seen(&InstanceId::random(), InstanceState::Healthy);
        assert_eq!(instances(&[], &[stranger]), Changes::default());
    }

    #[test]
    fn the_outcome_of_an_older_attempt_is_no_news() {
        let version = VersionId::random();
        let row = ImageRow {
            host_id: beanpole_protocol::HostId::random(),
            version: version.clone(),
            state: BuildState::Wanted,
            attempt: 2,
            reason: None,
            updated_at: beanpole_protocol::Timestamp::from_millis(0),
        };
        let outcome = |attempt, state| ObservedImage {
            version: version.clone(),
            state,
            attempt,
        };
        let failed = ImageState::Failed {
            reason: "no".to_owned(),
        };
        assert!(images(std::slice::from_ref(&row), &[outcome(1, failed.clone())]).is_empty());
        assert_eq!(images(std::slice::from_ref(&row), &[outcome(2, failed)]).len(), 1);
        let ready = ImageState::Ready { build_ms: None };
        assert_eq!(images(std::slice::from_ref(&row), &[outcome(1, ready)]).len(), 1);
    }

    #[test]
    fn a_drain_is_news_when_the_edge_has_new_routes_or_its_last_request_ended() {
        let (id, environment) = (InstanceId::random(), EnvironmentId::random());
        let edge = |generation, in_flight| EdgeStatus {
            generation,
            targets: vec![TargetStatus {
                instance: id.clone(),
                environment: environment.clone(),
                version: String::new(),
                in_flight,
                requests: 0,
                classes: [0; 5],
                failures: 0,
                p50_ms: 0.0,
                p90_ms: 0.0,
                p99_ms: 0.0,
            }],
        };
        let draining = [(id.clone(), environment.clone())];
        let news = |before, now| edge_news(&draining, Some(&before), Some(&now)).len();
        assert_eq!(news(edge(4, 3), edge(4, 2)), 0);
        assert_eq!(news(edge(4, 1), edge(4, 0)), 1);
        assert_eq!(news(edge(4, 1), edge(5, 1)), 1);
        assert_eq!(edge_news(&draining, None, Some(&edge(4, 0))).len(), 1);
    }
}
