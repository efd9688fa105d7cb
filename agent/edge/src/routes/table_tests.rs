//! How a routes file becomes a table, and which instance a request gets.

use std::collections::BTreeMap;

use beanpole_protocol::InstanceId;
use beanpole_protocol::routes::{Stickiness, Target, TargetSet};

use super::*;

fn target(port: u16) -> Target {
    Target {
        instance: InstanceId::random(),
        address: Some(SocketAddr::from(([127, 0, 0, 1], port))),
        state: TargetState::InService,
        healthy: true,
    }
}

fn set(version: &str, weight: u8, targets: Vec<Target>) -> TargetSet {
    TargetSet {
        version: version.into(),
        weight,
        targets,
    }
}

fn route(host: &str, sets: Vec<TargetSet>) -> EnvironmentRoute {
    EnvironmentRoute {
        environment: EnvironmentId::random(),
        name: "shop".into(),
        hosts: vec![host.into()],
        sets,
        stickiness: None,
        deregistration_delay_seconds: 20,
    }
}

fn build(environments: Vec<EnvironmentRoute>) -> (Table, Vec<Conflict>) {
    let mut backends: BTreeMap<InstanceId, Arc<Backend>> = BTreeMap::new();
    Table::build(
        &Routes {
            generation: 7,
            environments,
        },
        |route, version, target| {
            let new = || Backend::new(target.instance.clone(), route.environment.clone(), version.into());
            Arc::clone(
                backends
                    .entry(target.instance.clone())
                    .or_insert_with(|| Arc::new(new())),
            )
        },
    )
}

/// The ports that `count` requests with one cookie go to, and how often.
fn spread(table: &Table, cookie: Option<Assignment>, count: u32) -> BTreeMap<u16, u32> {
    let environment = table.find("shop.test").unwrap();
    let mut hits = BTreeMap::new();
    for number in 0..count {
        let member = environment
            .pick(cookie, 0, |_| false, |below| number % below)
            .unwrap();
        *hits.entry(member.address.port()).or_default() += 1;
    }
    hits
}

#[test]
fn hosts_are_found_in_any_spelling_the_file_uses() {
    let mut shop = route("Shop.Test.", vec![set("v1", 100, vec![target(1)])]);
    shop.hosts.push("www.shop.test".into());
    let (table, conflicts) = build(vec![shop]);
    assert!(table.find("shop.test").is_some() && table.find("www.shop.test").is_some());
    assert!(table.find("other.test").is_none());
    assert_eq!((table.generation, table.host_count(), conflicts.len()), (7, 2, 0));
}

#[test]
fn a_host_claimed_twice_stays_with_the_first() {
    let first = route("shop.test", vec![set("v1", 100, vec![target(1)])]);
    let second = route("shop.test", vec![set("v1", 100, vec![target(2)])]);
    let (table, conflicts) = build(vec![first.clone(), second.clone()]);
    assert_eq!(table.find("shop.test").unwrap().id, first.environment);
    assert_eq!(
        conflicts,
        [Conflict {
            host: "shop.test".into(),
            environment: second.environment.to_string()
        }]
    );
}

#[test]
fn only_targets_in_service_with_an_address_are_chosen() {
    let (mut draining, mut nowhere) = (target(2), target(3));
    draining.state = TargetState::Draining;
    nowhere.address = None;
    let (table, _) = build(vec![route(
        "shop.test",
        vec![set("v1", 100, vec![target(1), draining, nowhere])],
    )]);
    assert_eq!(spread(&table, None, 10), BTreeMap::from([(1, 10)]));
}

#[test]
fn unhealthy_targets_serve_only_when_no_other_does() {
    let mut sick = target(2);
    sick.healthy = false;
    let (table, _) = build(vec![route(
        "shop.test",
        vec![set("v1", 100, vec![target(1), sick.clone()])],
    )]);
    assert_eq!(spread(&table, None, 10), BTreeMap::from([(1, 10)]));
    let mut sick_too = target(3);
    sick_too.healthy = false;
    let (table, _) = build(vec![route(
        "shop.test",
        vec![set("v1", 100, vec![sick_too, sick])],
    )]);
    assert_eq!(spread(&table, None, 10), BTreeMap::from([(2, 5), (3, 5)]));
}

#[test]
fn weights_split_exactly_and_equals_take_turns() {
    let (table, _) = build(vec![route(
        "shop.test",
        vec![
            set("v1", 90, vec![target(1), target(2), target(3)]),
            set("v2", 10, vec![target(9)]),
            set("v3", 0, vec![target(10)]),
        ],
    )]);
    assert_eq!(
        spread(&table, None, 1000),
        BTreeMap::from([(1, 300), (2, 300), (3, 300), (9, 100)])
    );
}

#[test]
fn a_set_without_targets_leaves_its_share_to_the_others() {
    let (table, _) = build(vec![route(
        "shop.test",
        vec![set("v1", 50, vec![target(1)]), set("v2", 50, vec![])],
    )]);
    assert_eq!(spread(&table, None, 100), BTreeMap::from([(1, 100)]));
    let (table, _) = build(vec![route("shop.test", vec![set("v1", 0, vec![target(1)])])]);
    let environment = table.find("shop.test").unwrap();
    assert!(
        environment.pick(None, 0, |_| false, |_| 0).is_none(),
        "weight zero never serves"
    );
}

#[test]
fn a_cookie_keeps_the_side_or_the_instance() {
    let (one, two, new) = (target(1), target(2), target(9));
    let sets = |new_weight| {
        vec![
            set("v1", 100 - new_weight, vec![one.clone(), two.clone()]),
            set("v2", new_weight, vec![new.clone()]),
        ]
    };
    let mut split = route("shop.test", sets(50));
    let new_side = Assignment {
        side: sticky::side(&split.environment, "v2"),
        instance: 0,
    };
    let old_two = Assignment {
        side: sticky::side(&split.environment, "v1"),
        instance: sticky::instance(&split.environment, &two.instance),
    };

    let (table, _) = build(vec![split.clone()]);
    assert_eq!(
        spread(&table, Some(new_side), 100).len(),
        3,
        "not sticky: the cookie means nothing"
    );

    split.stickiness = Some(Stickiness {
        duration_seconds: 60,
        to_instance: false,
    });
    let (table, _) = build(vec![split.clone()]);
    assert_eq!(spread(&table, Some(new_side), 100), BTreeMap::from([(9, 100)]));
    assert_eq!(
        spread(&table, Some(old_two), 100),
        BTreeMap::from([(1, 50), (2, 50)])
    );

    split.stickiness = Some(Stickiness {
        duration_seconds: 60,
        to_instance: true,
    });
    let (table, _) = build(vec![split.clone()]);
    assert_eq!(spread(&table, Some(old_two), 100), BTreeMap::from([(2, 100)]));

    split.sets = sets(0);
    let (table, _) = build(vec![split.clone()]);
    assert_eq!(
        spread(&table, Some(new_side), 10).len(),
        2,
        "its side is out of service"
    );

    split.sets[0].targets[1].healthy = false;
    let (table, _) = build(vec![split]);
    assert_eq!(
        spread(&table, Some(old_two), 10),
        BTreeMap::from([(1, 10)]),
        "its instance is not healthy"
    );
}

#[test]
fn a_tried_target_is_not_chosen_again_and_the_other_side_helps_out() {
    let (table, _) = build(vec![route(
        "shop.test",
        vec![set("v1", 90, vec![target(1)]), set("v2", 10, vec![target(9)])],
    )]);
    let environment = table.find("shop.test").unwrap();
    let first = environment.pick(None, 0, |_| false, |_| 0).unwrap();
    assert_eq!(first.address.port(), 1);
    let is_first = |backend: &Backend| std::ptr::eq(backend, Arc::as_ptr(&first.backend));
    assert_eq!(
        environment.pick(None, 0, is_first, |_| 0).unwrap().address.port(),
        9
    );
    assert!(environment.pick(None, 0, |_| true, |_| 0).is_none());
}

#[test]
fn the_least_busy_and_reachable_target_is_chosen() {
    let (table, _) = build(vec![route(
        "shop.test",
        vec![set("v1", 100, vec![target(1), target(2)])],
    )]);
    let environment = table.find("shop.test").unwrap();
    let busy = environment.pick(None, 0, |_| false, |_| 0).unwrap();
    let open = busy.backend.admit().unwrap();
    let free = if busy.address.port() == 1 { 2 } else { 1 };
    assert_eq!(spread(&table, None, 10), BTreeMap::from([(free, 10)]));
    let other = environment.pick(None, 0, |_| false, |_| 0).unwrap();
    other.backend.unreachable(0);
    assert_eq!(
        spread(&table, None, 10),
        BTreeMap::from([(busy.address.port(), 10)])
    );
    drop(open);
}
