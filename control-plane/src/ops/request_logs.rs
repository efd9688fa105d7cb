//! Asking agents for the last lines of instances.

use std::{collections::BTreeMap, time::Duration};

use beanpole_protocol::{
    TaskId, Timestamp,
    agent::TaskKind,
    api::{InstanceLog, RequestLogs},
};
use tokio::time::Instant;

use super::find;
use crate::{
    ApiError, App,
    notices::{self, Notice},
    store::{hosts, instances, tasks},
};

/// How long agents have to answer.
const PATIENCE: Duration = Duration::from_secs(15);
/// Notices can be lost; answers are looked for this often.
const LOOK: Duration = Duration::from_secs(1);

const USUAL_LINES: u32 = 100;
const MOST_LINES: u32 = 10_000;

/// One instance's log on its way.
struct Asked {
    log: InstanceLog,
    task: Option<TaskId>,
}

/// The last lines of every instance, or why there are none; in the order of launch.
pub async fn request_logs(
    app: &App,
    name: &str,
    request: &RequestLogs,
    now: Timestamp,
) -> Result<Vec<InstanceLog>, ApiError> {
    let lines = match request.lines {
        None => USUAL_LINES,
        Some(lines @ 1..=MOST_LINES) => lines,
        Some(lines) => {
            return Err(ApiError::invalid(
                "lines",
                format!("lines is {lines}; it must be 1 to {MOST_LINES}"),
            ));
        }
    };
    let mut waiter = app.notices.subscribe();
    let mut asked = ask(app, name, request, lines, now).await?;
    let end = Instant::now() + PATIENCE;
    loop {
        collect(app, &mut asked).await?;
        let open = |asked: &Asked| asked.task.is_some();
        if !asked.iter().any(open) || Instant::now() >= end || app.stopping.is_cancelled() {
            break;
        }
        let look = end.min(Instant::now() + LOOK);
        let ours: Vec<_> = asked.iter().filter_map(|asked| asked.task.clone()).collect();
        waiter
            .wait(
                look,
                |notice| matches!(notice, Notice::Task(id) if ours.contains(id)),
            )
            .await;
    }
    let logs = asked.into_iter().map(|asked| {
        let mut log = asked.log;
        if asked.task.is_some() {
            log.error = Some(format!(
                "host {} did not answer within {} seconds",
                log.host,
                PATIENCE.as_secs()
            ));
        }
        log
    });
    Ok(logs.collect())
}

/// Writes a task for every instance whose host is online.
async fn ask(
    app: &App,
    name: &str,
    request: &RequestLogs,
    lines: u32,
    now: Timestamp,
) -> Result<Vec<Asked>, ApiError> {
    let mut transaction = app.pool.begin().await?;
    let environment = find::environment(&mut transaction, name, now).await?;
    hosts::lock_all(&mut transaction).await?;
    let hosts_now = hosts::all(&mut transaction).await?;
    let mut rows = instances::of_environment(&mut transaction, &environment.id).await?;
    if let Some(only) = &request.instance {
        rows.retain(|row| row.id == *only);
        if rows.is_empty() {
            return Err(ApiError::not_found(
                "instance_not_found",
                format!("environment {name} has no instance {only}"),
            ));
        }
    }
    let mut asked = Vec::new();
    let mut touched = Vec::new();
    for row in rows {
        let online = hosts_now
            .iter()
            .any(|host| host.id == row.host_id && host.alive());
        let task = online.then(TaskId::random);
        if let Some(task) = &task {
            let kind = TaskKind::LogTail {
                instance: row.id.clone(),
                lines,
            };
            tasks::insert(&mut transaction, task, &row.host_id, &kind, now).await?;
            touched.push(row.host_id.clone());
        }
        let error = (!online).then(|| format!("host {} is offline", row.host));
        asked.push(Asked {
            log: InstanceLog {
                instance: row.id,
                host: row.host,
                text: None,
                error,
            },
            task,
        });
    }
    touched.sort();
    touched.dedup();
    hosts::bump(&mut transaction, &touched).await?;
    for host in touched {
        notices::send(&mut transaction, &Notice::Host(host)).await?;
    }
    transaction.commit().await?;
    Ok(asked)
}

/// Fills in the answers that have come.
async fn collect(app: &App, asked: &mut [Asked]) -> Result<(), ApiError> {
    let open: Vec<_> = asked.iter().filter_map(|asked| asked.task.clone()).collect();
    if open.is_empty() {
        return Ok(());
    }
    let answers = tasks::answers(&mut *app.pool.acquire().await?, &open).await?;
    let mut answers: BTreeMap<TaskId, Result<String, String>> = answers.into_iter().collect();
    for asked in asked {
        let Some(answer) = asked.task.as_ref().and_then(|task| answers.remove(task)) else {
            continue;
        };
        asked.task = None;
        match answer {
            Ok(text) => asked.log.text = Some(text),
            Err(error) => asked.log.error = Some(error),
        }
    }
    Ok(())
}
