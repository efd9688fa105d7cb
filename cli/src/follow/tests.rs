//! Following against a small server of our own: cut streams, restarts, refusals, lies in events.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    body::Body,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use beanpole_protocol::{
    Timestamp,
    api::{DeploymentStatus, Event, Page, Problem},
};
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use tokio::{net::TcpListener, task::JoinHandle};

use super::{outcome::tests::deployment, watch::Subject, *};

const LONG: Duration = Duration::from_secs(20);

/// What the server knows.
#[derive(Clone)]
struct World {
    events: Vec<Event>,
    status: DeploymentStatus,
    /// Ids that each event stream was asked to start after.
    asked: Vec<Option<i64>>,
    /// Every stream ends after so many events.
    cut_after: usize,
    refuse: bool,
}

type Shared = Arc<Mutex<World>>;

fn world(events: std::ops::RangeInclusive<i64>) -> Shared {
    Arc::new(Mutex::new(World {
        events: events.map(event).collect(),
        status: DeploymentStatus::Running,
        asked: Vec::new(),
        cut_after: usize::MAX,
        refuse: false,
    }))
}

fn event(id: i64) -> Event {
    Event {
        id,
        at: Timestamp::from_millis(id * 1000),
        severity: Severity::Info,
        kind: "test".into(),
        message: "Environment update completed successfully.".into(),
        application: None,
        environment: Some("web-dev".into()),
        deployment: None,
        version_label: None,
    }
}

#[derive(Deserialize)]
struct After {
    after: Option<i64>,
}

/// Sends what there is and then stays open, or is cut.
async fn event_stream(State(world): State<Shared>, Query(query): Query<After>) -> Response {
    let mut world = world.lock().unwrap();
    if world.refuse {
        return refusal();
    }
    world.asked.push(query.after);
    let events: Vec<_> = world
        .events
        .iter()
        .filter(|event| event.id > query.after.unwrap_or(0))
        .take(world.cut_after)
        .map(|event| {
            let data = serde_json::to_string(event).unwrap();
            Ok::<_, Infallible>(format!(": note\nid: {}\ndata: {data}\n\n", event.id))
        })
        .collect();
    let events = stream::iter(events);
    if world.cut_after < usize::MAX {
        Body::from_stream(events).into_response()
    } else {
        Body::from_stream(events.chain(stream::pending())).into_response()
    }
}

fn refusal() -> Response {
    let problem = Problem {
        id: "x".into(),
        kind: "unauthorized".into(),
        status: 401,
        message: "the token is revoked".into(),
        field: None,
    };
    (StatusCode::UNAUTHORIZED, Json(problem)).into_response()
}

async fn result(State(world): State<Shared>) -> Response {
    let (status, refuse) = {
        let world = world.lock().unwrap();
        (world.status, world.refuse)
    };
    if refuse {
        return refusal();
    }
    if !status.is_terminal() {
        // As the real one: an answer takes its time.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Json(deployment(status)).into_response()
}

/// Serves a world; on a port of its own, or again on one that was used.
async fn serve(world: &Shared, at: Option<SocketAddr>) -> (SocketAddr, JoinHandle<()>) {
    let prefix = "/api/v1/environments/web-dev/events";
    let router = Router::new()
        .route(&format!("{prefix}/stream"), get(event_stream))
        .route(
            prefix,
            get(
                |State(world): State<Shared>, Query(query): Query<After>| async move {
                    let events = world.lock().unwrap().events.clone();
                    let items = events
                        .into_iter()
                        .filter(|event| event.id > query.after.unwrap_or(0))
                        .collect();
                    Json(Page { items, next: None })
                },
            ),
        )
        .route("/api/v1/deployments/d-1/result", get(result))
        .route("/api/v1/deployments/d-1", get(result))
        .with_state(world.clone());
    let address = at.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)));
    let listener = TcpListener::bind(address).await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        axum::serve(listener, router).await.unwrap();
    });
    (address, task)
}

fn subject(address: SocketAddr, after: Option<i64>) -> Subject {
    Subject {
        client: Client::new(&format!("http://{address}"), Some("t".into())).unwrap(),
        environment: "web-dev".into(),
        after,
    }
}

fn quiet() -> Output {
    Output::new(false, crate::output::Volume::Quiet)
}

async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(LONG, future)
        .await
        .expect("it should not take so long")
}

#[tokio::test]
async fn a_cut_stream_goes_on_where_it_was_cut() {
    let world = world(1..=5);
    world.lock().unwrap().cut_after = 2;
    let (address, _server) = serve(&world, None).await;
    let mut watch = Watch::events(subject(address, Some(1)));
    let mut ids = Vec::new();
    while ids.len() < 4 {
        if let Some(Update::Event(event)) = within(watch.next()).await {
            ids.push(event.id);
        }
    }
    assert_eq!(ids, [2, 3, 4, 5]);
    assert_eq!(world.lock().unwrap().asked[..2], [Some(1), Some(3)]);
}

#[tokio::test]
async fn a_restarted_server_is_found_again_and_tells_the_end() {
    let world = world(1..=1);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let first = world.clone();
    let (address, _) = runtime
        .spawn(async move { serve(&first, None).await })
        .await
        .unwrap();
    let id = deployment(DeploymentStatus::Running).id;
    let mut watch = Watch::deployment(subject(address, None), &id, false);
    while !matches!(within(watch.next()).await, Some(Update::Event(_))) {}

    // All its connections go with its runtime.
    runtime.shutdown_background();
    while !matches!(within(watch.next()).await, Some(Update::Lost(_))) {}
    {
        let mut world = world.lock().unwrap();
        world.events.push(event(2));
        world.status = DeploymentStatus::RolledBack;
    }
    let (_, _server) = serve(&world, Some(address)).await;
    let mut back = false;
    loop {
        match within(watch.next()).await.unwrap() {
            Update::Back => back = true,
            Update::Ended(deployment) => {
                assert_eq!(deployment.status, DeploymentStatus::RolledBack);
                break;
            }
            _ => {}
        }
    }
    assert!(back);
}

#[tokio::test]
async fn the_record_decides_not_what_events_say() {
    let world = world(1..=3);
    world.lock().unwrap().status = DeploymentStatus::Failed;
    let (address, _server) = serve(&world, None).await;
    let started = deployment(DeploymentStatus::Running);
    let ending = within(follow(&quiet(), subject(address, Some(0)), started, LONG)).await;
    let Ending::Ended(deployment) = ending else {
        panic!("{ending:?}");
    };
    assert!(outcome::judge(&deployment).is_err());
}

#[tokio::test]
async fn waiting_ends_at_the_timeout() {
    let (address, _server) = serve(&world(1..=1), None).await;
    let started = deployment(DeploymentStatus::Running);
    let timeout = Duration::from_millis(50);
    let ending = within(follow(&quiet(), subject(address, Some(0)), started, timeout)).await;
    assert!(matches!(ending, Ending::Waited { lost: None, .. }), "{ending:?}");
}

#[tokio::test]
async fn a_server_that_never_comes_back_is_told_from_a_slow_deployment() {
    let (address, server) = serve(&world(1..=1), None).await;
    server.abort();
    let _ = server.await;
    let started = deployment(DeploymentStatus::Running);
    let timeout = Duration::from_millis(800);
    let ending = within(follow(&quiet(), subject(address, Some(0)), started, timeout)).await;
    assert!(
        matches!(ending, Ending::Waited { lost: Some(_), .. }),
        "{ending:?}"
    );
}

#[tokio::test]
async fn a_refusal_ends_it_at_once() {
    let world = world(1..=1);
    world.lock().unwrap().refuse = true;
    let (address, _server) = serve(&world, None).await;
    let started = deployment(DeploymentStatus::Running);
    let ending = within(follow(&quiet(), subject(address, Some(0)), started, LONG)).await;
    assert!(matches!(ending, Ending::Refused(error) if error.status() == Some(401)));
}
