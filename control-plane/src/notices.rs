//! Wake-ups between the parts of a server and between servers: Postgres LISTEN/NOTIFY, spread to
//! waiters in this process.
//!
//! A notice is a hint that rows changed, never the change itself: it can be lost (a reconnect, a
//! waiter that lags), so everybody who waits also looks again by the clock.

use std::{fmt, str::FromStr, time::Duration};

use beanpole_protocol::{DeploymentId, EnvironmentId, HostId, TaskId};
use sqlx::{
    PgConnection, PgPool,
    postgres::{PgListener, PgNotification},
};
use tokio::{sync::broadcast, time::Instant};
use tokio_util::sync::CancellationToken;

/// The one channel; a notice's text is its payload.
const CHANNEL: &str = "beanpole";

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The host's desired list has a new generation.
    Host(HostId),
    /// Reconcile should look at the environment.
    Environment(EnvironmentId),
    /// The environment has new events.
    Events(EnvironmentId),
    /// The deployment ended.
    Deployment(DeploymentId),
    /// The task was answered.
    Task(TaskId),
    /// Notices may have been lost: look at whatever you wait for.
    Everything,
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Notice::Host(id) => write!(f, "host {id}"),
            Notice::Environment(id) => write!(f, "environment {id}"),
            Notice::Events(id) => write!(f, "events {id}"),
            Notice::Deployment(id) => write!(f, "deployment {id}"),
            Notice::Task(id) => write!(f, "task {id}"),
            Notice::Everything => f.write_str("everything"),
        }
    }
}

impl FromStr for Notice {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (kind, id) = text.split_once(' ').unwrap_or((text, ""));
        fn id_of<T: FromStr>(text: &str) -> Result<T, ()> {
            text.parse().map_err(drop)
        }
        Ok(match kind {
            "host" => Notice::Host(id_of(id)?),
            "environment" => Notice::Environment(id_of(id)?),
            "events" => Notice::Events(id_of(id)?),
            "deployment" => Notice::Deployment(id_of(id)?),
            "task" => Notice::Task(id_of(id)?),
            "everything" => Notice::Everything,
            _ => return Err(()),
        })
    }
}

/// Sends a notice when the transaction commits (at once outside one).
pub async fn send(conn: &mut PgConnection, notice: &Notice) -> sqlx::Result<()> {
    sqlx::query("select pg_notify($1, $2)")
        .bind(CHANNEL)
        .bind(notice.to_string())
        .execute(conn)
        .await
        .map(drop)
}

/// Where waiters in this process subscribe.
#[derive(Clone, Debug)]
pub struct Notices {
    sender: broadcast::Sender<Notice>,
}

impl Default for Notices {
    fn default() -> Self {
        Self::new()
    }
}

impl Notices {
    pub fn new() -> Self {
        Self {
            sender: broadcast::Sender::new(1024),
        }
    }

    /// Subscribe first, then read what you wait for, then wait: nothing is missed in between.
    pub fn subscribe(&self) -> Waiter {
        Waiter {
            receiver: self.sender.subscribe(),
        }
    }

    /// Passes on what Postgres says until `stopping`. Reconnects by itself.
    pub async fn listen(self, pool: PgPool, stopping: CancellationToken) {
        let mut pause = Duration::from_millis(100);
        loop {
            let outcome = tokio::select! {
                () = stopping.cancelled() => return,
                outcome = self.listen_once(&pool) => outcome,
            };
            // A connection that worked for a while is tried again at once.
            pause = match outcome {
                Ok(()) => Duration::from_millis(100),
                Err(error) => {
                    tracing::warn!(error.cause = %error, "listening for notices failed; will try again");
                    (pause * 2).min(Duration::from_secs(5))
                }
            };
            tokio::select! {
                () = stopping.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Until the connection is lost.
    async fn listen_once(&self, pool: &PgPool) -> sqlx::Result<()> {
        let mut listener = PgListener::connect_with(pool).await?;
        listener.eager_reconnect(false);
        listener.listen(CHANNEL).await?;
        self.publish(Notice::Everything);
        while let Some(notification) = listener.try_recv().await? {
            self.forward(&notification);
        }
        Ok(())
    }

    fn forward(&self, notification: &PgNotification) {
        match notification.payload().parse() {
            Ok(notice) => self.publish(notice),
            // A newer server may say things this one does not know.
            Err(()) => self.publish(Notice::Everything),
        }
    }

    /// Nobody waiting is fine.
    fn publish(&self, notice: Notice) {
        let _ = self.sender.send(notice);
    }
}

/// One waiter's own queue of notices.
#[derive(Debug)]
pub struct Waiter {
    receiver: broadcast::Receiver<Notice>,
}

impl Waiter {
    /// Waits for a notice that `concerns` the caller, or that some were lost, or until `deadline`.
    pub async fn wait(&mut self, deadline: Instant, concerns: impl Fn(&Notice) -> bool) {
        let relevant = async {
            loop {
                match self.receiver.recv().await {
                    Ok(notice) if notice == Notice::Everything || concerns(&notice) => return,
                    Ok(_) => {}
                    Err(broadcast::error::RecvError::Lagged(_)) => return,
                    // The sender lives as long as the server: only the deadline is left.
                    Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
                }
            }
        };
        let _ = tokio::time::timeout_at(deadline, relevant).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_survive_their_text() {
        for notice in [
            Notice::Host(HostId::random()),
            Notice::Environment(EnvironmentId::random()),
            Notice::Events(EnvironmentId::random()),
            Notice::Deployment(DeploymentId::random()),
            Notice::Task(TaskId::random()),
            Notice::Everything,
        ] {
            assert_eq!(notice.to_string().parse(), Ok(notice));
        }
        assert_eq!("host e-123".parse::<Notice>(), Err(()));
    }
}
