//! Answers the server's questions about this host.

use std::time::Duration;

use beanpole_protocol::agent::{Task, TaskKind, TaskResult};

use super::{Link, pace::Pace};
use crate::docker::Engine;

const ATTEMPTS: u32 = 5;

/// Does one task and hands in its result. `containers` are those of the instance asked about, with their
/// names where it has several; none when it has none here.
pub async fn answer(
    engine: Engine,
    link: Link,
    task: Task,
    containers: Option<Vec<(Option<String>, String)>>,
) {
    let output = match (&task.kind, containers) {
        (TaskKind::LogTail { lines, .. }, Some(containers)) => engine
            .log_tails(&containers, *lines)
            .await
            .map_err(|error| error.to_string()),
        (TaskKind::LogTail { instance, .. }, None) => {
            Err(format!("{instance} has no container on this host"))
        }
    };
    let result = TaskResult { output };
    let mut pace = Pace::new(Duration::from_secs(5));
    for _ in 0..ATTEMPTS {
        match link.finish_task(&task.id, &result).await {
            Ok(()) => return,
            Err(error) if error.is_passing() => tokio::time::sleep(pace.next(rand::random())).await,
            Err(error) => {
                tracing::debug!(task.id = %task.id, error = %error, "a task's answer is not wanted any more");
                return;
            }
        }
    }
}
