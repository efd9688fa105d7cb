//! Readers: they receive, now and then let go, and delete.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use beanpole_testkit::sqs::Received;
use serde_json::json;

use super::Scene;

const PAUSE: Duration = Duration::from_millis(20);

pub async fn standard(scene: Arc<Scene>) {
    while scene.reading.load(Ordering::Relaxed) {
        let asked = Instant::now();
        let Ok(messages) = scene.client().receive(&scene.standard, 10, 1).await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        for message in &messages {
            scene.books.received(&message.body, asked);
        }
        let (let_go, done): (Vec<_>, Vec<_>) =
            messages.into_iter().partition(|_| rand::random_range(0..20) == 0);
        for message in let_go {
            let body = json!({
                "QueueUrl": scene.standard, "ReceiptHandle": message.receipt, "VisibilityTimeout": 0,
            });
            let _ = scene.client().call("ChangeMessageVisibility", &body).await;
        }
        for message in delete(&scene, &scene.standard, &done).await {
            scene.books.deleted(&done[message].body);
        }
    }
}

pub async fn fifo(scene: Arc<Scene>) {
    while scene.reading.load(Ordering::Relaxed) {
        let asked = Instant::now();
        let Ok(mut messages) = scene.client().receive(&scene.fifo, 10, 1).await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        scene.order.received(&messages, asked);
        // A reader that fails keeps what is left for when its timeout ends.
        if rand::random_range(0..10) == 0 {
            messages.truncate(messages.len() / 2);
        }
        for message in &messages {
            scene.order.deleting(&message.body);
        }
        for message in delete(&scene, &scene.fifo, &messages).await {
            scene.order.deleted(&messages[message].body);
        }
    }
}

/// Which of the messages are acknowledged as deleted.
async fn delete(scene: &Scene, queue: &str, messages: &[Received]) -> Vec<usize> {
    if messages.is_empty() {
        return Vec::new();
    }
    let receipts: Vec<&str> = messages.iter().map(|message| message.receipt.as_str()).collect();
    scene.client().delete(queue, &receipts).await.unwrap_or_default()
}
