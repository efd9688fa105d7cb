//! Answers the server's questions about this host.

use std::time::Duration;

use beanpole_protocol::agent::{Task, TaskKind, TaskResult};

use super::{Link, pace::Pace};
use crate::docker::Engine;

const ATTEMPTS: u32 = 5;

/// Does one task and hands in its result. `container` is the Engine's id of the instance asked about,
/// when it has a container here.
pub async fn answer(engine: Engine, link: Link, task: Task, container: Option<String>) {
    let output = match (&task.kind, container) {
        (TaskKind::LogTail { lines, .. }, Some(container)) => engine
            .log_tail(&container, *lines)
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
