//! Writers: they keep a message for acknowledged only when its send was answered.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use serde_json::json;

use super::Scene;

/// Between tries while nobody answers; with it kills meet calls of every kind rather than refusals.
const PAUSE: Duration = Duration::from_millis(20);

pub async fn standard(scene: Arc<Scene>, number: usize) {
    let mut sequence = 0_usize;
    while scene.writing.load(Ordering::Relaxed) {
        let bodies: Vec<String> = (0..3)
            .map(|part| format!("{number}-{}", sequence + part))
            .collect();
        sequence += bodies.len();
        let entries: Vec<_> = bodies
            .iter()
            .enumerate()
            .map(|(id, body)| json!({ "Id": id.to_string(), "MessageBody": body }))
            .collect();
        let body = json!({ "QueueUrl": scene.standard, "Entries": entries });
        match scene.client().call("SendMessageBatch", &body).await {
            Ok(answer) => {
                for entry in answer["Successful"].as_array().into_iter().flatten() {
                    let id = entry["Id"].as_str().and_then(|id| id.parse::<usize>().ok());
                    scene.books.sent(bodies[id.expect("an id of ours")].clone());
                }
            }
            // It may be there or not: nothing is asked of it.
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// One message after another into each of two groups, each tried until it is acknowledged.
pub async fn fifo(scene: Arc<Scene>, number: usize) {
    let mut sequence = 0_usize;
    while scene.writing.load(Ordering::Relaxed) {
        for part in 0..2 {
            let group = format!("g{number}{part}");
            let text = format!("{group}-{sequence}");
            let body = json!({
                "QueueUrl": scene.fifo, "MessageBody": text, "MessageGroupId": group,
                "MessageDeduplicationId": text,
            });
            while scene.client().call("SendMessage", &body).await.is_err() {
                tokio::time::sleep(PAUSE).await;
            }
            scene.order.sent(&group, sequence);
        }
        sequence += 1;
    }
}
