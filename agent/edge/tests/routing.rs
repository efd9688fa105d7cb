//! Where requests go: host names, weights, stickiness, the routes file.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use support::*;

#[tokio::test]
async fn weights_are_kept_within_sampling_error() {
    let (old, new) = (Instance::named("old").await, Instance::named("new").await);
    let shop = Shop::new(vec![set("v1", 80, [old.target()]), set("v2", 20, [new.target()])]);
    let edge = TestEdge::start(&shop).await;
    let mut client = edge.client().await;
    let total = 2000;
    for _ in 0..total {
        assert_eq!(client.get("/").await.status, 200);
    }
    // Five standard deviations of a binomial draw: sqrt(2000 * 0.2 * 0.8) = 17.9.
    let off = new.seen().abs_diff(400);
    assert!(off < 90, "the new set got {} of {total}", new.seen());
    assert_eq!(old.seen() + new.seen(), total);
}

#[tokio::test]
async fn instances_of_a_set_take_turns() {
    let instances = [
        Instance::named("a").await,
        Instance::named("b").await,
        Instance::named("c").await,
    ];
    let edge = TestEdge::start(&Shop::of(&[&instances[0], &instances[1], &instances[2]])).await;
    let mut client = edge.client().await;
    for _ in 0..30 {
        client.get("/").await;
    }
    assert_eq!(instances.each_ref().map(Instance::seen), [10, 10, 10]);
}

#[tokio::test]
async fn a_client_stays_on_its_side_of_a_split() {
    let (old, new) = (Instance::named("old").await, Instance::named("new").await);
    let sets = |weight| {
        vec![
            set("v1", 100 - weight, [old.target()]),
            set("v2", weight, [new.target()]),
        ]
    };
    let shop = Shop::new(sets(50)).sticky(false);
    let edge = TestEdge::start(&shop).await;
    let mut client = edge.client().await;
    for _ in 0..5 {
        let first = client.get("/").await;
        let set_cookie = first.header("set-cookie");
        for attribute in [
            "beanpole-edge=",
            "Max-Age=600",
            "HttpOnly",
            "SameSite=Lax",
            "Path=/",
        ] {
            assert!(set_cookie.contains(attribute), "{set_cookie}");
        }
        for part in [
            new.address.port().to_string(),
            new.id.to_string(),
            "127.0.0.1".into(),
        ] {
            assert!(!set_cookie.contains(&part), "{set_cookie} gives away {part}");
        }
        for _ in 0..20 {
            let mut request = get("/");
            request
                .headers_mut()
                .insert("cookie", first.cookie().parse().unwrap());
            assert_eq!(client.send(request).await.body, first.body);
        }
    }
    // A side out of service lets its clients go.
    let mut on_new = None;
    while on_new.is_none() {
        on_new = Some(client.get("/").await).filter(|answer| answer.body == "new");
    }
    edge.put(&shop.with(sets(0))).await;
    let mut request = get("/");
    request
        .headers_mut()
        .insert("cookie", on_new.unwrap().cookie().parse().unwrap());
    let answer = client.send(request).await;
    assert_eq!(answer.body, "old");
}

#[tokio::test]
async fn a_client_stays_on_its_instance_while_that_is_in_service() {
    let (a, b) = (Instance::named("a").await, Instance::named("b").await);
    let shop = Shop::of(&[&a, &b]).sticky(true);
    let edge = TestEdge::start(&shop).await;
    let mut client = edge.client().await;
    let first = client.get("/").await;
    let with_cookie = || {
        let mut request = get("/");
        request
            .headers_mut()
            .insert("cookie", first.cookie().parse().unwrap());
        request
    };
    for _ in 0..20 {
        assert_eq!(client.send(with_cookie()).await.body, first.body);
    }
    let (left, other) = if first.body == "a" { (&b, "b") } else { (&a, "a") };
    edge.put(&shop.with(vec![set("v1", 100, [left.target()])])).await;
    let moved = client.send(with_cookie()).await;
    assert_eq!(moved.body, other);
    assert_ne!(moved.cookie(), first.cookie());
}

#[tokio::test]
async fn hosts_are_matched_in_any_spelling_and_unknown_ones_are_named() {
    let a = Instance::named("a").await;
    let edge = TestEdge::start(&Shop::of(&[&a])).await;
    for host in ["shop.test", "SHOP.test:8080", "shop.test.", "shop.test.:80"] {
        let answer = edge
            .raw(format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes())
            .await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{host}: {answer}");
    }
    let absolute = "GET http://shop.test/x HTTP/1.1\r\nHost: other.test\r\nConnection: close\r\n\r\n";
    assert!(edge.raw(absolute.as_bytes()).await.starts_with("HTTP/1.1 200"));
    let unknown = edge
        .raw(b"GET / HTTP/1.1\r\nHost: nobody.test\r\nConnection: close\r\n\r\n")
        .await;
    assert!(unknown.starts_with("HTTP/1.1 404"), "{unknown}");
    assert!(
        unknown.contains("x-beanpole-edge-error: unknown_host"),
        "{unknown}"
    );
    assert!(
        unknown.contains("No environment answers for the host name \"nobody.test\"."),
        "{unknown}"
    );
}

#[tokio::test]
async fn an_environment_without_instances_says_so() {
    let edge = TestEdge::start(&Shop::new(vec![set("v1", 100, [])])).await;
    let mut request = get("/");
    request
        .headers_mut()
        .insert("accept", "text/html,*/*".parse().unwrap());
    let page = edge.client().await.send(request).await;
    assert_eq!(
        (page.status.as_u16(), page.header("x-beanpole-edge-error")),
        (503, "no_instance")
    );
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(
        page.body
            .contains("The environment shop-prod has no instance in service right now.")
    );
    let plain = edge.get("/").await;
    assert_eq!(
        plain.body,
        "The environment shop-prod has no instance in service right now.\n"
    );
}

#[tokio::test]
async fn routes_appear_change_and_survive_a_bad_file() {
    let (a, b) = (Instance::named("a").await, Instance::named("b").await);
    let edge = TestEdge::start_with(None, &[]).await;
    assert_eq!(edge.get("/").await.status, 404);
    edge.put(&Shop::of(&[&a])).await;
    assert_eq!(edge.get("/").await.body, "a");
    for bad in [&b"{ not json"[..], b"", b"{\"generation\": 9}"] {
        let before = edge
            .edge
            .shared
            .refused_routes
            .load(std::sync::atomic::Ordering::SeqCst);
        replace(&edge.routes, bad);
        eventually("the bad file is refused", async || {
            edge.edge
                .shared
                .refused_routes
                .load(std::sync::atomic::Ordering::SeqCst)
                > before
        })
        .await;
        assert_eq!(edge.get("/").await.body, "a");
    }
    std::fs::remove_file(&edge.routes).unwrap();
    assert_eq!(edge.get("/").await.body, "a");
    edge.put(&Shop::of(&[&b])).await;
    assert_eq!(edge.get("/").await.body, "b");
}

#[tokio::test]
async fn the_admin_socket_tells_counts_by_instance_and_latencies_by_version() {
    let a = Instance::start(|request| async move {
        let mut response = text("a");
        if request.uri().path() == "/missing" {
            *response.status_mut() = http::StatusCode::NOT_FOUND;
        }
        response
    })
    .await;
    let edge = TestEdge::start(&Shop::of(&[&a])).await;
    let mut client = edge.client().await;
    for path in ["/", "/", "/missing"] {
        client.get(path).await;
    }
    let status = edge.status().await;
    assert_eq!(status.generation, 1);
    let target = &status.targets[0];
    assert_eq!((&target.instance, target.version.as_str()), (&a.id, "v1"));
    assert_eq!((target.in_flight, target.requests, target.failures), (0, 3, 0));
    assert_eq!(target.classes, [0, 2, 0, 1, 0]);
    assert!(target.p50_ms > 0.0 && target.p99_ms >= target.p50_ms);
    let metrics = edge.ask_admin("/metrics").await;
    assert!(
        metrics.contains(&format!("instance=\"{}\",class=\"4xx\"}} 1", a.id)),
        "{metrics}"
    );
    assert!(metrics.contains("version=\"v1\",quantile=\"0.99\"}"), "{metrics}");
    assert!(edge.ask_admin("/healthz").await.ends_with("ok\n"));
    assert!(edge.ask_admin("/nothing").await.starts_with("HTTP/1.1 404"));
}
