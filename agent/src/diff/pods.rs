//! The members of pods.

use std::sync::Arc;

use beanpole_pod::{Condition, Need, Pod, PodContainer};
use proptest::prelude::*;

use super::*;
use crate::model::Member;

/// `web` waits for `db`; `job` for nobody.
fn pod() -> Arc<Pod> {
    let container = |name: &str, needs: Vec<Need>| PodContainer {
        name: name.to_owned(),
        needs,
        ..PodContainer::default()
    };
    let db = Need {
        container: "db".to_owned(),
        condition: Condition::Started,
    };
    Arc::new(Pod {
        containers: vec![
            container("web", vec![db]),
            container("db", Vec::new()),
            container("job", Vec::new()),
        ],
        ..Pod::default()
    })
}

pub fn member(of: &Container, name: &str, run: &str, status: Status) -> Member {
    Member {
        id: format!("{}-{name}-{run}", of.id),
        name: name.to_owned(),
        instance: of.instance.clone(),
        status,
        run: run.to_owned(),
        healthy: None,
        restarts: 0,
        grace: 3,
    }
}

fn holder(members: &[(&str, &str, Status)]) -> Container {
    let mut holder = Container {
        pod: Some(pod()),
        ..container(1, Status::Running)
    };
    holder.members = members
        .iter()
        .map(|(name, run, status)| member(&holder, name, run, status.clone()))
        .collect();
    holder
}

fn gather(stale: &[&str], start: &[&str]) -> Action {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Action::Gather {
        instance: id(1),
        container: "c1".to_owned(),
        run: "r".to_owned(),
        stale: texts(stale),
        start: texts(start),
    }
}

fn planned(container: Container) -> Vec<Action> {
    let state = DesiredState::Running;
    Case::new(vec![wanted(1, state)], vec![container]).plan().actions
}

#[test]
fn members_come_in_their_order_and_anew_with_every_run() {
    let ends = || exited("x");
    for (members, expected) in [
        (vec![], vec![gather(&[], &["db", "job"])]),
        (
            vec![("db", "r", Status::Running), ("job", "r", Status::Running)],
            vec![gather(&[], &["web"])],
        ),
        (
            vec![("db", "before", Status::Running), ("job", "r", Status::Running)],
            vec![gather(&["c1-db-before"], &["db"])],
        ),
        (
            vec![("db", "r", Status::Created), ("job", "r", Status::Running)],
            vec![gather(&["c1-db-r"], &["db"])],
        ),
        (
            vec![
                ("db", "r", Status::Running),
                ("job", "r", ends()),
                ("web", "r", Status::Running),
            ],
            vec![Action::ExamineMember {
                instance: id(1),
                member: "c1-job-r".to_owned(),
                why: "the container job exited with code 1".to_owned(),
            }],
        ),
        (
            vec![
                ("db", "r", Status::Running),
                ("job", "r", Status::Running),
                ("web", "r", Status::Running),
            ],
            vec![],
        ),
    ] {
        assert_eq!(planned(holder(&members)), expected, "{members:?}");
    }
}

#[test]
fn a_member_whose_instance_has_no_container_is_a_stray() {
    let lone = holder(&[("db", "r", Status::Running)]).members.remove(0);
    let lone = crate::model::gathered([crate::model::Found::Member(lone)]).remove(0);
    let launch = Action::Launch { instance: id(1) };
    assert_eq!(planned(lone.clone()), [launch]);
    let actions = Case::new(Vec::new(), vec![lone]).plan().actions;
    assert!(
        matches!(&actions[..], [Action::Stop { container, .. }] if container == "c1-db-r"),
        "{actions:?}"
    );
}

#[test]
fn a_pod_is_stopped_with_its_members() {
    let holder = holder(&[("db", "r", Status::Running)]);
    let actions = Case::new(vec![wanted(1, DesiredState::Stopped)], vec![holder])
        .plan()
        .actions;
    let expected = Action::Stop {
        instance: id(1),
        container: "c1".to_owned(),
        members: vec!["c1-db-r".to_owned()],
        grace: 7,
    };
    assert_eq!(actions, [expected]);
}

proptest! {
    #[test]
    fn a_pod_settles_wherever_it_begins(
        members in proptest::collection::vec((0usize..3, any::<bool>(), 0u8..3), 0..5),
    ) {
        let names = ["web", "db", "job"];
        let mut begun = holder(&[]);
        for (which, is_current, status) in members {
            let status = [Status::Created, Status::Running, Status::Running][usize::from(status)].clone();
            let one = member(&begun, names[which], if is_current { "r" } else { "before" }, status);
            if !begun.members.iter().any(|other| other.name == one.name) {
                begun.members.push(one);
            }
        }
        let mut case = Case::new(vec![wanted(1, DesiredState::Running)], vec![begun]);
        for _ in 0..4 {
            let plan = case.plan();
            perform(&mut case, &plan);
        }
        prop_assert_eq!(case.plan().actions, vec![]);
        let seen = case.containers[0].seen_members();
        prop_assert!(seen.len() == 3 && seen.iter().all(|member| member.runs));
        prop_assert_eq!(case.containers[0].members.len(), 3);
    }
}
