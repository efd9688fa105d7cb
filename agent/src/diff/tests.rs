//! From a desired list and what Docker has to actions, case by case.

use beanpole_protocol::{
    DeploymentId, EnvironmentId, Platform, Release,
    agent::{DesiredImage, HealthCheck, HealthCheckKind, Limits},
};
use proptest::prelude::*;

use super::*;
use crate::model::Exit;

#[path = "pods.rs"]
mod pods;

fn id(n: u8) -> InstanceId {
    format!("i-{n}").parse().unwrap()
}

fn version() -> VersionId {
    "v-1".parse().unwrap()
}

fn wanted(n: u8, state: DesiredState) -> DesiredInstance {
    DesiredInstance {
        id: id(n),
        environment: "e-1".parse::<EnvironmentId>().unwrap(),
        environment_name: "shop".to_owned(),
        deployment: "d-1".parse::<DeploymentId>().unwrap(),
        release: Release {
            version: version(),
            configuration: 1,
        },
        image: "beanpole/app:v-1".to_owned(),
        state,
        env: BTreeMap::new(),
        limits: Limits {
            memory_bytes: 0,
            cpu_millis: 0,
            pids: 0,
        },
        health: HealthCheck {
            kind: HealthCheckKind::Tcp,
            interval_ms: 1,
            timeout_ms: 1,
            healthy_threshold: 1,
            unhealthy_threshold: 1,
            gate_passes: 1,
            gate_interval_ms: 1,
        },
        stop_grace_seconds: 7,
        services: None,
    }
}

fn container(n: u8, status: Status) -> Container {
    Container {
        id: format!("c{n}"),
        name: name(&id(n)),
        instance: id(n),
        address: None,
        run: "r".to_owned(),
        status,
        grace: 3,
        pod: None,
        members: Vec::new(),
        is_orphan: false,
    }
}

fn exited(at: &str) -> Status {
    Status::Exited(Exit {
        code: 1,
        out_of_memory: false,
        finished_at: at.to_owned(),
    })
}

#[derive(Debug)]
struct Case {
    desired: Desired,
    containers: Vec<Container>,
    lives: BTreeMap<InstanceId, Life>,
    images: BTreeMap<VersionId, ImageRecord>,
    busy: BTreeSet<InstanceId>,
    now: Timestamp,
}

impl Case {
    fn new(instances: Vec<DesiredInstance>, containers: Vec<Container>) -> Self {
        let image = DesiredImage {
            version: version(),
            image: "beanpole/app:v-1".to_owned(),
            platform: Platform::Python,
            bundle_sha256: String::new(),
            application: "shop".to_owned(),
            label: "1".to_owned(),
            attempt: 0,
            region: String::new(),
        };
        let ready = ImageRecord {
            attempt: 0,
            state: ImageState::Ready { build_ms: None },
        };
        Self {
            desired: Desired {
                generation: 1,
                images: vec![image],
                instances,
                ..Desired::default()
            },
            containers,
            lives: BTreeMap::new(),
            images: BTreeMap::from([(version(), ready)]),
            busy: BTreeSet::new(),
            now: Timestamp::from_millis(1_000_000),
        }
    }

    fn plan(&self) -> Plan {
        diff(World {
            desired: &self.desired,
            containers: &self.containers,
            lives: &self.lives,
            images: &self.images,
            busy: &self.busy,
            now: self.now,
        })
    }
}

fn stop(n: u8, grace: u32) -> Action {
    Action::Stop {
        instance: id(n),
        container: format!("c{n}"),
        grace,
        members: Vec::new(),
    }
}

#[test]
fn each_situation_has_its_action() {
    use DesiredState::{Running, Stopped};
    let examine = Action::Examine {
        instance: id(1),
        container: "c1".to_owned(),
    };
    let start = Action::Start {
        instance: id(1),
        container: "c1".to_owned(),
        after_exit: false,
    };
    for (instances, containers, expected) in [
        (
            vec![wanted(1, Running)],
            vec![],
            vec![Action::Launch { instance: id(1) }],
        ),
        (
            vec![wanted(1, Running)],
            vec![container(1, Status::Running)],
            vec![],
        ),
        (
            vec![wanted(1, Running)],
            vec![container(1, Status::Created)],
            vec![start],
        ),
        (
            vec![wanted(1, Running)],
            vec![container(1, exited("x"))],
            vec![examine],
        ),
        (
            vec![wanted(1, Stopped)],
            vec![container(1, Status::Running)],
            vec![stop(1, 7)],
        ),
        (vec![wanted(1, Stopped)], vec![], vec![]),
        (vec![], vec![container(1, Status::Running)], vec![stop(1, 3)]),
        (vec![], vec![container(1, Status::Removing)], vec![]),
    ] {
        let case = Case::new(instances, containers);
        assert_eq!(
            case.plan().actions,
            expected,
            "{:?} {:?}",
            case.desired.instances,
            case.containers
        );
    }
}

#[test]
fn an_instance_waits_for_its_image() {
    let mut case = Case::new(vec![wanted(1, DesiredState::Running)], vec![]);
    case.images.clear();
    assert_eq!(case.plan().actions, [Action::Prepare { version: version() }]);
    case.images.insert(
        version(),
        ImageRecord {
            attempt: 0,
            state: ImageState::Building,
        },
    );
    assert_eq!(case.plan(), Plan::default());
}

#[test]
fn a_failed_build_is_tried_again_only_when_asked() {
    let mut case = Case::new(vec![], vec![]);
    let failed = ImageState::Failed {
        reason: "no".to_owned(),
    };
    case.images.insert(
        version(),
        ImageRecord {
            attempt: 0,
            state: failed,
        },
    );
    assert_eq!(case.plan(), Plan::default());
    case.desired.images[0].attempt = 1;
    assert_eq!(case.plan().actions, [Action::Prepare { version: version() }]);
}

#[test]
fn a_pause_becomes_a_wake() {
    let mut case = Case::new(
        vec![wanted(1, DesiredState::Running)],
        vec![container(1, exited("x"))],
    );
    let later = Timestamp::from_millis(2_000_000);
    let life = Life {
        counted: Some("x".to_owned()),
        not_before: Some(later),
        ..Life::default()
    };
    case.lives.insert(id(1), life);
    assert_eq!(
        case.plan(),
        Plan {
            actions: vec![],
            wake: Some(later)
        }
    );
    case.now = later;
    assert_eq!(case.plan().actions.len(), 1);
}

#[test]
fn a_second_container_of_an_instance_is_a_stray() {
    let mut twin = container(1, Status::Running);
    twin.id = "other".to_owned();
    twin.name = "other".to_owned();
    let case = Case::new(
        vec![wanted(1, DesiredState::Running)],
        vec![twin, container(1, Status::Running)],
    );
    let expected = Action::Stop {
        instance: id(1),
        container: "other".to_owned(),
        members: Vec::new(),
        grace: 3,
    };
    assert_eq!(case.plan().actions, [expected]);
}

fn any_status() -> impl Strategy<Value = Status> {
    prop_oneof![
        Just(Status::Created),
        Just(Status::Running),
        Just(Status::Removing),
        Just(exited("a")),
        Just(exited("b")),
    ]
}

prop_compose! {
    fn any_case()(
        desired in proptest::collection::btree_map(0u8..6, any::<bool>(), 0..6),
        containers in proptest::collection::btree_map(0u8..8, any_status(), 0..8),
        busy in proptest::collection::btree_set(0u8..8, 0..3),
        counted in proptest::collection::btree_set(0u8..6, 0..4),
        failed in proptest::collection::btree_set(0u8..6, 0..2),
    ) -> Case {
        let instances = desired
            .iter()
            .map(|(n, run)| wanted(*n, if *run { DesiredState::Running } else { DesiredState::Stopped }))
            .collect();
        let containers = containers.into_iter().map(|(n, status)| container(n, status)).collect();
        let mut case = Case::new(instances, containers);
        case.busy = busy.into_iter().map(id).collect();
        for n in counted {
            case.lives.entry(id(n)).or_default().counted = Some("a".to_owned());
        }
        for n in failed {
            case.lives.entry(id(n)).or_default().failed = Some("no".to_owned());
        }
        case
    }
}

/// The world after the actions have worked.
fn perform(case: &mut Case, plan: &Plan) {
    for action in &plan.actions {
        match action {
            Action::Prepare { .. } => {}
            Action::Launch { instance } => {
                let n = instance.as_str()[2..].parse().unwrap();
                case.containers.push(container(n, Status::Running));
            }
            Action::Start { container, .. } => {
                let found = case.containers.iter_mut().find(|c| c.id == *container).unwrap();
                found.status = Status::Running;
            }
            Action::Examine { instance, container } => {
                let found = case.containers.iter().find(|c| c.id == *container).unwrap();
                if let Status::Exited(exit) = found.status.clone() {
                    case.lives
                        .entry(instance.clone())
                        .or_default()
                        .exited(&exit, None, case.now);
                }
            }
            Action::Gather {
                container,
                run,
                stale,
                start,
                ..
            } => {
                let found = case.containers.iter_mut().find(|c| c.id == *container).unwrap();
                found.members.retain(|member| !stale.contains(&member.id));
                let new = start
                    .iter()
                    .map(|name| pods::member(found, name, run, Status::Running));
                let new: Vec<_> = new.collect();
                found.members.extend(new);
            }
            Action::ExamineMember { instance, why, .. } => {
                case.lives
                    .entry(instance.clone())
                    .or_default()
                    .gave_up(why.clone(), None);
            }
            Action::Stop { container, .. } => case.containers.retain(|c| c.id != *container),
        }
    }
}

proptest! {
    #[test]
    fn what_is_wanted_and_runs_is_never_touched(case in any_case()) {
        let plan = case.plan();
        for wanted in case.desired.instances.iter().filter(|i| i.state == DesiredState::Running) {
            let runs = container_of(&wanted.id, &case.containers).is_some_and(|c| c.status == Status::Running);
            if runs {
                prop_assert!(plan.actions.iter().all(|action| action.instance() != Some(&wanted.id)));
            }
        }
    }

    #[test]
    fn a_busy_instance_gets_no_second_action(case in any_case()) {
        let plan = case.plan();
        let mut seen = BTreeSet::new();
        for instance in plan.actions.iter().filter_map(Action::instance) {
            prop_assert!(!case.busy.contains(instance));
            prop_assert!(seen.insert(instance.clone()), "{} twice", instance);
        }
    }

    #[test]
    fn it_settles_and_then_plans_nothing(mut case in any_case()) {
        case.busy.clear();
        case.containers.retain(|c| c.status != Status::Removing);
        for _ in 0..4 {
            let plan = case.plan();
            perform(&mut case, &plan);
        }
        prop_assert_eq!(case.plan().actions, vec![]);
        for wanted in &case.desired.instances {
            let failed = case.lives.get(&wanted.id).is_some_and(|life| life.failed.is_some());
            let runs = container_of(&wanted.id, &case.containers).is_some_and(|c| c.status == Status::Running);
            prop_assert!(failed || runs == (wanted.state == DesiredState::Running));
        }
        prop_assert!(case.containers.iter().all(|c| case.desired.instances.iter().any(|i| i.id == c.instance)));
    }
}
