//! Listens to one environment and one deployment at once, through restarts of the server.
//!
//! Two sources: the event stream, for what happens, and the server-side wait, for how it ends. Only
//! the second one decides. Events arrive in order and once, for each new connection asks for those
//! after the last one seen.

use std::time::Duration;

use beanpole_protocol::{
    DeploymentId,
    api::{Deployment, Event},
    client::{Client, ClientError},
};
use futures_util::StreamExt;
use tokio::{sync::mpsc, task::JoinSet, time::timeout};

use super::{backoff::Backoff, sse::Parser};

/// The server says something at least this often, be it a comment.
const LONGEST_SILENCE: Duration = Duration::from_secs(60);
/// How long one server-side wait lasts, seconds; and how much later its answer may come.
const WAIT_SECONDS: u32 = 25;
const GRACE: Duration = Duration::from_secs(15);
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What was heard.
#[derive(Debug)]
pub enum Update {
    Event(Box<Event>),
    /// How far it is.
    Progress(Box<Deployment>),
    /// It has ended, for ever.
    Ended(Box<Deployment>),
    /// The server does not answer; it is tried again.
    Lost(String),
    /// The server answers again.
    Back,
    /// The server refuses to tell.
    Refused(ClientError),
}

/// What to listen to.
#[derive(Clone)]
pub struct Subject {
    pub client: Client,
    pub environment: String,
    /// Events with a greater id only.
    pub after: Option<i64>,
}

/// Listening tasks; they end with this value.
pub struct Watch {
    updates: mpsc::Receiver<Update>,
    _tasks: JoinSet<()>,
}

impl Watch {
    /// Listens to the events only, without end.
    pub fn events(subject: Subject) -> Watch {
        let (sender, updates) = mpsc::channel(256);
        let mut tasks = JoinSet::new();
        tasks.spawn(stream(subject, sender));
        Watch {
            updates,
            _tasks: tasks,
        }
    }

    /// Listens until a deployment ends. `live` asks for its progress every second.
    pub fn deployment(subject: Subject, id: &DeploymentId, live: bool) -> Watch {
        let (sender, updates) = mpsc::channel(256);
        let mut tasks = JoinSet::new();
        tasks.spawn(result(subject.client.clone(), id.clone(), sender.clone()));
        if live {
            tasks.spawn(progress(subject.client.clone(), id.clone(), sender.clone()));
        }
        tasks.spawn(stream(subject, sender));
        Watch {
            updates,
            _tasks: tasks,
        }
    }

    /// The next update; nothing after the last one. May be dropped and called again.
    pub async fn next(&mut self) -> Option<Update> {
        self.updates.recv().await
    }

    /// What was heard and not taken yet. Listening ends.
    pub fn rest(mut self) -> Vec<Update> {
        let mut rest = Vec::new();
        while let Ok(update) = self.updates.try_recv() {
            rest.push(update);
        }
        rest
    }
}

/// Reads the event stream, again and again, until nobody listens.
async fn stream(mut subject: Subject, updates: mpsc::Sender<Update>) {
    let mut backoff = Backoff::default();
    let mut lost = false;
    while !updates.is_closed() {
        match subject
            .client
            .event_stream(&subject.environment, subject.after)
            .await
        {
            Ok(bytes) => {
                if std::mem::take(&mut lost) && updates.send(Update::Back).await.is_err() {
                    return;
                }
                let mut bytes = std::pin::pin!(bytes);
                let mut parser = Parser::default();
                while let Ok(Some(Ok(piece))) = timeout(LONGEST_SILENCE, bytes.next()).await {
                    let Ok(messages) = parser.feed(&piece) else { break };
                    for message in messages {
                        let Ok(event) = serde_json::from_str::<Event>(&message.data) else {
                            continue;
                        };
                        backoff.reset();
                        subject.after = Some(event.id);
                        if updates.send(Update::Event(Box::new(event))).await.is_err() {
                            return;
                        }
                    }
                }
            }
            Err(error) if is_final(&error) => {
                let _ = updates.send(Update::Refused(error)).await;
                return;
            }
            Err(error) => {
                if !std::mem::replace(&mut lost, true)
                    && updates.send(Update::Lost(error.to_string())).await.is_err()
                {
                    return;
                }
            }
        }
        backoff.pause().await;
    }
}

/// Waits for the end on the server.
async fn result(client: Client, id: DeploymentId, updates: mpsc::Sender<Update>) {
    let mut backoff = Backoff::default();
    let longest = Duration::from_secs(u64::from(WAIT_SECONDS)) + GRACE;
    let mut lost = false;
    while !updates.is_closed() {
        let update = match timeout(longest, client.deployment_result(&id, WAIT_SECONDS)).await {
            Ok(Ok(deployment)) => {
                backoff.reset();
                if std::mem::take(&mut lost) && updates.send(Update::Back).await.is_err() {
                    return;
                }
                if deployment.status.is_terminal() {
                    let _ = updates.send(Update::Ended(Box::new(deployment))).await;
                    return;
                }
                Update::Progress(Box::new(deployment))
            }
            Ok(Err(error)) if is_final(&error) => {
                let _ = updates.send(Update::Refused(error)).await;
                return;
            }
            failed => {
                backoff.pause().await;
                if std::mem::replace(&mut lost, true) {
                    continue;
                }
                Update::Lost(match failed {
                    Ok(Err(error)) => error.to_string(),
                    _ => "no answer in time".to_owned(),
                })
            }
        };
        if updates.send(update).await.is_err() {
            return;
        }
    }
}

/// Looks every second, for people who watch. Troubles are the other tasks' to tell.
async fn progress(client: Client, id: DeploymentId, updates: mpsc::Sender<Update>) {
    let mut clock = tokio::time::interval(LOOK_EVERY);
    clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        clock.tick().await;
        let Ok(deployment) = client.deployment(&id).await else {
            continue;
        };
        if deployment.status.is_terminal()
            || updates
                .send(Update::Progress(Box::new(deployment)))
                .await
                .is_err()
        {
            return;
        }
    }
}

/// True when asking again would bring the same answer.
fn is_final(error: &ClientError) -> bool {
    match error {
        ClientError::Problem(problem) => problem.status < 500 && ![408, 425, 429].contains(&problem.status),
        ClientError::NotBeanpole { status, .. } => *status < 500,
        ClientError::Unreachable { .. } => false,
    }
}
