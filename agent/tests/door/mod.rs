//! The door to the server's AWS services, on real Docker.

use std::net::TcpListener;

use beanpole_agent::docker::network::GATEWAY;
use beanpole_protocol::{Platform, agent::DesiredState};

use crate::{
    PYTHON,
    support::{World, eventually, instance, is_healthy},
};

fn port(world: &World) -> u16 {
    let path = world.folder.path().join("data/door-port.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_door_that_cannot_be_opened_is_reported_and_keeps_no_instance_from_running() {
    let mut world = World::start().await;
    world
        .server
        .report(|report| report.facts.services_trouble.is_none())
        .await;
    let port = port(&world);
    let url = format!("http://{GATEWAY}:{port}/agent/v1/desired?known=7");
    let answered = reqwest::get(&url).await.unwrap().status();
    assert_eq!(answered, 401, "the server wants a credential");

    world.stop_agent().await;
    let taken = eventually("the port to be free", || TcpListener::bind((GATEWAY, port)).ok()).await;
    world.start_agent();
    let version = world
        .server
        .version(Platform::Python, &[("application.py", PYTHON)]);
    let wanted = instance(&version);
    let id = wanted.id.clone();
    world.server.want(|desired| desired.instances.push(wanted));
    let report = world
        .server
        .report(|report| is_healthy(report, &id) && report.facts.services_trouble.is_some())
        .await;
    let trouble = report.facts.services_trouble.unwrap();
    assert!(trouble.contains(&format!("{GATEWAY}:{port}")), "{trouble}");

    // It keeps its port, and opens as soon as that is free.
    drop(taken);
    let boot = report.boot;
    world
        .server
        .report(|report| {
            report.boot == boot && report.facts.services_trouble.is_none() && is_healthy(report, &id)
        })
        .await;
    assert_eq!(self::port(&world), port);
    assert!(reqwest::get(&url).await.is_ok());
    world
        .server
        .want(|desired| desired.instances[0].state = DesiredState::Stopped);
    world.finish().await;
}
