//! What is reported of instances, as a table of situations.

use beanpole_protocol::{
    Platform, Release,
    agent::{DesiredImage, HealthCheck, HealthCheckKind, Limits},
};

use super::*;
use crate::{docker::containers::name, model::Exit};

fn id() -> InstanceId {
    "i-1".parse().unwrap()
}

fn desired(state: DesiredState) -> Desired {
    let version: VersionId = "v-1".parse().unwrap();
    let image = DesiredImage {
        version: version.clone(),
        image: "beanpole/app:v-1".to_owned(),
        platform: Platform::Python,
        bundle_sha256: String::new(),
        application: "shop".to_owned(),
        label: "1".to_owned(),
        attempt: 0,
        region: String::new(),
    };
    let health = HealthCheck {
        kind: HealthCheckKind::Tcp,
        interval_ms: 1,
        timeout_ms: 1,
        healthy_threshold: 1,
        unhealthy_threshold: 1,
        gate_passes: 1,
        gate_interval_ms: 1,
    };
    let instance = DesiredInstance {
        id: id(),
        environment: "e-1".parse().unwrap(),
        environment_name: "shop".to_owned(),
        deployment: "d-1".parse().unwrap(),
        release: Release {
            version,
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
        health,
        stop_grace_seconds: 7,
        services: None,
    };
    Desired {
        generation: 1,
        images: vec![image],
        instances: vec![instance],
        ..Desired::default()
    }
}

fn container(status: Status) -> Container {
    let address = (status == Status::Running).then(|| "127.0.0.1:4000".parse().unwrap());
    Container {
        id: "c".to_owned(),
        name: name(&id()),
        instance: id(),
        address,
        run: "r".to_owned(),
        status,
        grace: 3,
        pod: None,
        members: Vec::new(),
        is_orphan: false,
    }
}

fn exited() -> Status {
    Status::Exited(Exit {
        code: 1,
        out_of_memory: false,
        finished_at: "t".to_owned(),
    })
}

/// The first word of the state that is shown.
fn shown(state: DesiredState, container: Option<Container>, life: Life, image: Option<ImageState>) -> String {
    let view = View {
        desired: &desired(state),
        containers: container.as_slice(),
        lives: &BTreeMap::from([(id(), life)]),
        images: &image
            .map(|state| ("v-1".parse().unwrap(), ImageRecord { attempt: 0, state }))
            .into_iter()
            .collect(),
        busy: &BTreeSet::new(),
        samples: &BTreeMap::new(),
        now: Timestamp::from_millis(1_000_000),
    };
    let text = format!("{:?}", view.instances()[0].state);
    text.split(' ').next().unwrap_or_default().to_owned()
}

#[test]
fn each_situation_is_shown_as_what_it_is() {
    use DesiredState::{Running, Stopped};
    let judged = |verdict: Verdict| {
        let mut life = Life::default();
        life.judged("r", verdict, Timestamp::from_millis(0));
        life
    };
    let crashed = |mut life: Life| {
        let exit = Exit {
            code: 1,
            out_of_memory: false,
            finished_at: "t".to_owned(),
        };
        life.exited(&exit, None, Timestamp::from_millis(0));
        life
    };
    let failed = Life {
        failed: Some("no".to_owned()),
        ..Life::default()
    };
    let starting = || Verdict::Starting {
        passes: 0,
        detail: String::new(),
    };
    let unbuilt = ImageState::Failed {
        reason: "no".to_owned(),
    };
    for (state, status, life, image, expected) in [
        (Running, None, Life::default(), None, "Pending"),
        (
            Running,
            None,
            Life::default(),
            Some(ImageState::Building),
            "Pending",
        ),
        (Running, None, Life::default(), Some(unbuilt), "Failed"),
        (Running, Some(Status::Created), Life::default(), None, "Pending"),
        (
            Running,
            Some(Status::Running),
            judged(starting()),
            None,
            "Starting",
        ),
        (
            Running,
            Some(Status::Running),
            judged(Verdict::Healthy),
            None,
            "Healthy",
        ),
        (
            Running,
            Some(exited()),
            crashed(Life::default()),
            None,
            "Starting",
        ),
        (
            Running,
            Some(exited()),
            crashed(judged(Verdict::Healthy)),
            None,
            "Unhealthy",
        ),
        (Running, Some(exited()), failed, None, "Failed"),
        (
            Stopped,
            Some(Status::Running),
            judged(Verdict::Healthy),
            None,
            "Unhealthy",
        ),
        (Stopped, None, Life::default(), None, "Gone"),
    ] {
        let seen = shown(state, status.clone().map(container), life, image.clone());
        assert_eq!(seen, expected, "{state:?} {status:?} {image:?}");
    }
}

#[test]
fn a_verdict_about_an_earlier_run_says_nothing_about_this_one() {
    let mut life = Life::default();
    life.judged("earlier", Verdict::Healthy, Timestamp::from_millis(0));
    let lives = BTreeMap::from([(id(), life.clone())]);
    let containers = [container(Status::Running)];
    assert!(!local(&desired(DesiredState::Running), &containers, &lives)[&id()].healthy);
    assert_eq!(
        shown(
            DesiredState::Running,
            Some(container(Status::Running)),
            life,
            None
        ),
        "Unhealthy"
    );
}
