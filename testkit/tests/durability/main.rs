//! Writers and readers at work while servers and Postgres are killed at random: every acknowledged
//! message is received, no acknowledged delete comes back, and FIFO groups keep their order.
//!
//! `BEANPOLE_DURABILITY_SECONDS` makes it longer, `BEANPOLE_SEED` repeats its kills.

mod books;
mod chaos;
mod readers;
mod writers;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use beanpole_testkit::{Servers, eventually, sqs::Client};
use serde_json::json;
use tokio::task::JoinSet;

use books::{Books, Order};

/// Short, so that what a kill left in flight comes again while the test runs.
const VISIBILITY: Duration = Duration::from_secs(3);
const SERVERS: usize = 2;
const WRITERS: usize = 4;
const READERS: usize = 4;

/// What writers and readers share.
struct Scene {
    clients: Vec<Client>,
    standard: String,
    fifo: String,
    books: Books,
    order: Order,
    writing: AtomicBool,
    reading: AtomicBool,
}

impl Scene {
    fn client(&self) -> &Client {
        &self.clients[rand::random_range(0..self.clients.len())]
    }
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_or_undone_by_kills() {
    let seed = setting("BEANPOLE_SEED").unwrap_or_else(rand::random);
    let seconds = setting("BEANPOLE_DURABILITY_SECONDS").unwrap_or(25);
    eprintln!("BEANPOLE_SEED={seed}");
    let mut servers = Servers::start(SERVERS).await;
    let scene = Arc::new(prepare(&servers).await);

    let mut work = JoinSet::new();
    for number in 0..WRITERS {
        work.spawn(writers::standard(Arc::clone(&scene), number));
        work.spawn(writers::fifo(Arc::clone(&scene), number));
    }
    let mut reading = JoinSet::new();
    for _ in 0..READERS {
        reading.spawn(readers::standard(Arc::clone(&scene)));
        reading.spawn(readers::fifo(Arc::clone(&scene)));
    }

    let kills = chaos::run(&mut servers, seed, Duration::from_secs(seconds)).await;
    scene.writing.store(false, Ordering::Relaxed);
    while let Some(ended) = work.join_next().await {
        ended.expect("a writer ends well");
    }
    let (sent, sent_in_order) = (scene.books.acknowledged(), scene.order.acknowledged());
    let started = Instant::now();
    eventually(
        "every acknowledged message is received",
        Duration::from_secs(60),
        || async {
            let missing = scene.books.missing() + scene.order.missing();
            if started.elapsed() > Duration::from_secs(55) && missing > 0 {
                eprintln!(
                    "missing: {:?} {:?}",
                    scene.books.some_missing(),
                    scene.order.some_missing()
                );
            }
            (missing == 0).then_some(())
        },
    )
    .await;
    // Whatever is still in flight comes once more, and is seen to be no deleted one.
    eventually("both queues are empty", Duration::from_secs(60), || async {
        let mut left = 0;
        for queue in [&scene.standard, &scene.fifo] {
            left += waiting(&scene, queue).await?;
        }
        (left == 0).then_some(())
    })
    .await;
    scene.reading.store(false, Ordering::Relaxed);
    while let Some(ended) = reading.join_next().await {
        ended.expect("a reader ends well");
    }
    let mut faults = scene.books.faults();
    faults.extend(scene.order.faults());
    eprintln!("{kills:?}; acknowledged {sent} standard and {sent_in_order} FIFO messages");
    assert!(
        faults.is_empty(),
        "seed {seed}: {} faults: {:#?}",
        faults.len(),
        &faults[..faults.len().min(10)]
    );
    assert!(
        sent > 100 && sent_in_order > 100,
        "too little was sent to say anything"
    );
}

async fn prepare(servers: &Servers) -> Scene {
    let clients: Vec<Client> = servers.addresses().into_iter().map(Client::new).collect();
    let visibility = VISIBILITY.as_secs().to_string();
    let standard = clients[0]
        .create_queue("standard", json!({ "VisibilityTimeout": visibility }))
        .await
        .expect("a queue");
    let fifo = clients[0]
        .create_queue(
            "order.fifo",
            json!({ "VisibilityTimeout": visibility, "FifoQueue": "true" }),
        )
        .await
        .expect("a queue");
    Scene {
        clients,
        standard,
        fifo,
        books: Books::default(),
        order: Order::new(VISIBILITY),
        writing: AtomicBool::new(true),
        reading: AtomicBool::new(true),
    }
}

/// How many messages a queue has, in flight or not; none while nobody answers.
async fn waiting(scene: &Scene, queue: &str) -> Option<u64> {
    let names = [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
    ];
    let body = json!({ "QueueUrl": queue, "AttributeNames": names });
    let answer = scene.client().call("GetQueueAttributes", &body).await.ok()?;
    names
        .iter()
        .map(|name| answer["Attributes"][name].as_str()?.parse::<u64>().ok())
        .sum()
}
