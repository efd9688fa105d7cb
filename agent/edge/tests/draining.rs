//! Leaving service: nothing is lost at a swap, open requests finish or are cut in time.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use support::*;
use tokio::sync::Semaphore;

/// An instance whose answers to `/slow` wait for `gate`.
async fn gated(name: &'static str, gate: &Arc<Semaphore>) -> Instance {
    let gate = Arc::clone(gate);
    Instance::start(move |request| {
        let gate = Arc::clone(&gate);
        async move {
            if request.uri().path() == "/slow" {
                gate.acquire().await.unwrap().forget();
            }
            text(name)
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn swaps_under_load_fail_no_request() {
    let (a, b) = (Instance::named("a").await, Instance::named("b").await);
    let (only_a, only_b) = (Shop::of(&[&a]), Shop::of(&[&b]));
    let only_b = only_a.with(only_b.route.sets);
    let edge = Arc::new(TestEdge::start(&only_a).await);
    let (stop, served) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let clients: Vec<_> = (0..16)
        .map(|number| {
            let (edge, stop, served) = (Arc::clone(&edge), Arc::clone(&stop), Arc::clone(&served));
            tokio::spawn(async move {
                let mut client = edge.client().await;
                while !stop.load(Ordering::SeqCst) {
                    let answer = match number % 2 {
                        0 => client.get("/").await,
                        _ => client.send(post("/", "some body")).await,
                    };
                    assert_eq!(answer.status, 200, "{answer:?}");
                    served.fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    for round in 0..30 {
        let before = served.load(Ordering::SeqCst);
        edge.put(if round % 2 == 0 { &only_b } else { &only_a }).await;
        eventually("some requests", async || {
            served.load(Ordering::SeqCst) > before + 20
        })
        .await;
    }
    stop.store(true, Ordering::SeqCst);
    for client in clients {
        within("the client ends", client).await.unwrap();
    }
    assert!(a.seen() > 100 && b.seen() > 100, "{} and {}", a.seen(), b.seen());
}

#[tokio::test]
async fn a_slow_request_finishes_on_the_draining_instance_and_new_ones_go_elsewhere() {
    let gate = Arc::new(Semaphore::new(0));
    let (old, new) = (gated("old", &gate).await, Instance::named("new").await);
    let shop = Shop::of(&[&old]);
    let edge = TestEdge::start(&shop).await;
    let mut client = edge.client().await;
    let slow = tokio::spawn(async move {
        let answer = client.get("/slow").await;
        (client, answer)
    });
    eventually("the slow request is open", async || {
        edge.in_flight(&old).await == Some(1)
    })
    .await;

    edge.put(&shop.with(vec![set("v1", 100, [old.draining(), new.target()])]))
        .await;
    for _ in 0..10 {
        assert_eq!(edge.get("/").await.body, "new");
    }
    assert_eq!(edge.in_flight(&old).await, Some(1));
    gate.add_permits(1);
    let (mut client, answer) = within("the slow answer", slow).await.unwrap();
    assert_eq!(answer.body, "old");
    // The client's connection lives on; its next request goes elsewhere.
    assert_eq!(client.get("/").await.body, "new");
    eventually("drained", async || edge.in_flight(&old).await == Some(0)).await;
}

#[tokio::test]
async fn what_overstays_the_deregistration_delay_is_cut() {
    let gate = Arc::new(Semaphore::new(0));
    let (old, new) = (gated("old", &gate).await, Instance::named("new").await);
    let shop = Shop::of(&[&old]).delay(1);
    let edge = TestEdge::start(&shop).await;
    let mut client = edge.client().await;
    let slow = tokio::spawn(async move { client.get("/slow").await });
    eventually("the slow request is open", async || {
        edge.in_flight(&old).await == Some(1)
    })
    .await;
    let since = Instant::now();
    edge.put(&shop.with(vec![set("v1", 100, [old.draining(), new.target()])]))
        .await;
    let answer = within("the cut", slow).await.unwrap();
    let took = since.elapsed();
    assert_eq!(
        (answer.status.as_u16(), answer.header("x-beanpole-edge-error")),
        (502, "drained")
    );
    assert!(
        took > Duration::from_millis(900) && took < Duration::from_secs(5),
        "{took:?}"
    );
    eventually("nothing is open", async || edge.in_flight(&old).await == Some(0)).await;
}

#[tokio::test]
async fn an_instance_that_disappears_drains_too_and_is_then_forgotten() {
    let gate = Arc::new(Semaphore::new(0));
    let (old, new) = (gated("old", &gate).await, Instance::named("new").await);
    let shop = Shop::of(&[&old]);
    let edge = TestEdge::start(&shop).await;
    let mut client = edge.client().await;
    let slow = tokio::spawn(async move { client.get("/slow").await });
    eventually("the slow request is open", async || {
        edge.in_flight(&old).await == Some(1)
    })
    .await;
    edge.put(&shop.with(vec![set("v2", 100, [new.target()])])).await;
    assert_eq!(edge.get("/").await.body, "new");
    assert_eq!(edge.in_flight(&old).await, Some(1));
    gate.add_permits(1);
    assert_eq!(within("the slow answer", slow).await.unwrap().body, "old");
    eventually("forgotten", async || edge.in_flight(&old).await.is_none()).await;
}

#[tokio::test]
async fn an_instance_that_returns_serves_again_with_its_counts() {
    let (a, b) = (Instance::named("a").await, Instance::named("b").await);
    let shop = Shop::of(&[&a]);
    let edge = TestEdge::start(&shop).await;
    edge.get("/").await;
    edge.put(&shop.with(vec![set("v1", 100, [a.draining(), b.target()])]))
        .await;
    assert_eq!(edge.get("/").await.body, "b");
    edge.put(&shop).await;
    assert_eq!(edge.get("/").await.body, "a");
    let status = edge.status().await;
    assert_eq!(
        status
            .targets
            .iter()
            .find(|one| one.instance == a.id)
            .unwrap()
            .requests,
        2
    );
}

#[tokio::test]
async fn a_stop_finishes_open_requests_and_ends_idle_connections_politely() {
    let gate = Arc::new(Semaphore::new(0));
    let a = gated("a", &gate).await;
    let edge = TestEdge::start(&Shop::of(&[&a])).await;
    let address = edge.address();
    let (mut slow, mut idle) = (edge.client().await, edge.client().await);
    idle.get("/").await;
    let slow = tokio::spawn(async move { slow.get("/slow").await });
    eventually("the slow request is open", async || {
        edge.in_flight(&a).await == Some(1)
    })
    .await;
    let stopping = tokio::spawn(edge.edge.stop(LIMIT));
    eventually("no new connection", async || {
        tokio::net::TcpStream::connect(address).await.is_err()
    })
    .await;
    let last = idle.get("/").await;
    assert_eq!((last.body.as_str(), last.header("connection")), ("a", "close"));
    gate.add_permits(1);
    let answer = within("the slow answer", slow).await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, "a"));
    assert!(
        within("the stop", stopping).await.unwrap(),
        "nothing had to be cut"
    );
}

#[tokio::test]
async fn a_stop_cuts_what_is_open_at_its_deadline() {
    let gate = Arc::new(Semaphore::new(0));
    let a = gated("a", &gate).await;
    let edge = TestEdge::start(&Shop::of(&[&a])).await;
    let mut client = edge.client().await;
    let slow = tokio::spawn(async move { client.try_get("/slow").await });
    eventually("the slow request is open", async || {
        edge.in_flight(&a).await == Some(1)
    })
    .await;
    assert!(!within("the stop", edge.edge.stop(Duration::from_millis(200))).await);
    assert!(within("the cut", slow).await.unwrap().is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_edge_takes_over_the_port_without_a_failed_request() {
    let a = Instance::named("a").await;
    let shop = Shop::of(&[&a]);
    let old = TestEdge::start(&shop).await;
    let address = old.address();
    let stop = Arc::new(AtomicBool::new(false));
    let served = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let (stop, served) = (Arc::clone(&stop), Arc::clone(&served));
            tokio::spawn(async move {
                let mut client = Client::connect(address).await;
                while !stop.load(Ordering::SeqCst) {
                    let answer = client.get("/").await;
                    assert_eq!(answer.status, 200);
                    served.fetch_add(1, Ordering::SeqCst);
                    if answer.header("connection") == "close" {
                        client = Client::connect(address).await;
                    }
                }
            })
        })
        .collect();
    eventually("requests by the old edge", async || {
        served.load(Ordering::SeqCst) > 50
    })
    .await;
    let listen = address.to_string();
    let new = TestEdge::start_with(Some(&shop), &["--listen", &listen]).await;
    assert!(new.edge.addresses.contains(&address));
    let TestEdge { edge, folder, .. } = old;
    assert!(within("the old edge ends", edge.stop(LIMIT)).await);
    drop(folder);
    let before = served.load(Ordering::SeqCst);
    eventually("requests by the new edge", async || {
        served.load(Ordering::SeqCst) > before + 50
    })
    .await;
    stop.store(true, Ordering::SeqCst);
    for client in clients {
        within("the client ends", client).await.unwrap();
    }
}

#[tokio::test]
async fn a_new_edge_tells_the_old_one_on_its_admin_socket_to_stop() {
    let a = Instance::named("a").await;
    let old = TestEdge::start(&Shop::of(&[&a])).await;
    let admin = old.admin.to_str().unwrap().to_owned();
    let new = TestEdge::start_at(Some(&Shop::of(&[&a])), &admin, &[]).await;
    within("the old edge hears", old.edge.shared.stop_asked.notified()).await;
    let TestEdge { edge, folder, .. } = old;
    assert!(within("the old edge ends", edge.stop(LIMIT)).await);
    new.get("/").await;
    assert_eq!(
        new.status().await.targets[0].requests,
        1,
        "the socket is the new one's"
    );
    drop(folder);
}
