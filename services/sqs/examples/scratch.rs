use beanpole_sqs::{
    backend::*,
    model::{queue::*, *},
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
fn out(body: &str, group: Option<&str>, dedup: Option<&str>) -> Outgoing {
    Outgoing {
        body: body.into(),
        attributes: Default::default(),
        trace_header: None,
        delay: None,
        group: group.map(Into::into),
        deduplication_id: dedup.map(Into::into),
        sender: "me".into(),
    }
}
fn wanted(max: u32, vis: u64, wait: u64) -> Wanted {
    Wanted {
        max,
        visibility: Duration::from_secs(vis),
        wait: Duration::from_secs(wait),
        attempt: None,
    }
}
#[tokio::main]
async fn main() {
    tracing_subscriber_init();
    let url = std::env::var("DATABASE_URL").unwrap();
    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    sqlx::migrate!("../../migrations").run(&pool).await.unwrap();
    let stopping = tokio_util::sync::CancellationToken::new();
    let backend = Backend::start(Setup {
        pool: pool.clone(),
        stores: vec![StoreUrl {
            name: MAIN.into(),
            url,
        }],
        keys: Keys::new([1; 32]),
        rules: MinuteRules::Waived,
        stopping: stopping.clone(),
    })
    .unwrap();
    let key = |name: &str| QueueKey {
        account: "000000000000".parse().unwrap(),
        region: "us-east-1".into(),
        name: name.into(),
    };
    for name in ["a", "dlq", "f.fifo"] {
        let _ = backend.delete_queue(&key(name), backend.now()).await;
    }
    let mk = |name: &str, kind| NewQueue {
        key: key(name),
        kind,
        attributes: Attributes::default(),
        tags: Default::default(),
        application: None,
    };
    let a = backend
        .create(mk("a", Kind::Standard), backend.now())
        .await
        .unwrap();
    let sent = backend
        .send(&a, vec![out("one", None, None), out("two", None, None)])
        .await
        .unwrap();
    println!("{sent:?} {:?}", backend.counts(&a).await);
    let got = backend.receive(&a, wanted(10, 30, 0)).await.unwrap();
    println!("{got:#?} {:?}", backend.counts(&a).await);
    println!(
        "{:?}",
        backend
            .change_visibility(&a, vec![(got[0].receipt_handle.clone(), Duration::ZERO)])
            .await
    );
    let again = backend.receive(&a, wanted(10, 1, 0)).await.unwrap();
    println!("again {} count {}", again.len(), again[0].receive_count);
    let t = Instant::now();
    let waited = backend.receive(&a, wanted(10, 30, 5)).await.unwrap();
    println!("waited {:?} got {}", t.elapsed(), waited.len());
    println!(
        "{:?} {:?}",
        backend
            .delete(&a, got.iter().map(|g| g.receipt_handle.clone()).collect())
            .await,
        backend.counts(&a).await
    );
    // fifo
    let f = backend
        .create(mk("f.fifo", Kind::Fifo), backend.now())
        .await
        .unwrap();
    let s = backend
        .send(
            &f,
            vec![
                out("1", Some("g"), Some("d1")),
                out("2", Some("g"), Some("d2")),
                out("3", Some("h"), Some("d3")),
                out("1", Some("g"), Some("d1")),
            ],
        )
        .await
        .unwrap();
    println!("{s:#?}");
    let got = backend.receive(&f, wanted(1, 30, 0)).await.unwrap();
    println!("{:?}", got.iter().map(|g| &g.body).collect::<Vec<_>>());
    let got2 = backend.receive(&f, wanted(10, 30, 0)).await.unwrap();
    println!(
        "{:?} {:?}",
        got2.iter().map(|g| &g.body).collect::<Vec<_>>(),
        backend.counts(&f).await
    );
    println!(
        "{:?}",
        backend.delete(&f, vec![got[0].receipt_handle.clone()]).await
    );
    let got3 = backend.receive(&f, wanted(10, 30, 0)).await.unwrap();
    println!(
        "{:?} {:?}",
        got3.iter().map(|g| &g.body).collect::<Vec<_>>(),
        backend.counts(&f).await
    );
    // purge
    println!("purge {:?}", backend.purge(&key("f.fifo"), backend.now()).await);
    let f = backend.queue(&key("f.fifo")).await.unwrap();
    println!("{:?}", backend.counts(&f).await);
    // throughput
    let n: usize = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(64);
    let body: String = "x".repeat(1024);
    for (kind, name) in [(Kind::Standard, "a")] {
        let q = backend.queue(&key(name)).await.unwrap();
        let _ = kind;
        let t = Instant::now();
        let total = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let mut set = tokio::task::JoinSet::new();
        for _ in 0..n {
            let (b, q, body, total) = (backend.clone(), q.clone(), body.clone(), total.clone());
            set.spawn(async move {
                while t.elapsed() < Duration::from_secs(5) {
                    b.send(&q, vec![out(&body, None, None)]).await.unwrap();
                    let got = b.receive(&q, wanted(1, 30, 0)).await.unwrap();
                    if got.is_empty() {
                        continue;
                    }
                    b.delete(&q, got.iter().map(|g| g.receipt_handle.clone()).collect())
                        .await;
                    total.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                }
            });
        }
        while set.join_next().await.is_some() {}
        println!(
            "{n} tasks: {:.0} cycles/s",
            total.load(std::sync::atomic::Ordering::Relaxed) as f64 / t.elapsed().as_secs_f64()
        );
    }
    stopping.cancel();
    backend.stop().await;
}
fn tracing_subscriber_init() {}
