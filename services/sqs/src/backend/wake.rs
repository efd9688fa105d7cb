//! Waking receives that wait for messages: in this process at once, in others by NOTIFY.
//!
//! A wake-up is a hint. Whoever waits also looks by the clock, so a lost one costs a second at most.
//! Invariant: subscribe first, then look, then wait; nothing is missed in between.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sqlx::{PgPool, postgres::PgListener};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// What is sent: ids of queues that got messages, in decimal, separated by spaces.
const MESSAGES: &str = "beanpole_messages";
/// Notices are gathered for this long before they are sent.
const GATHER: Duration = Duration::from_millis(5);
/// A notice holds 8000 bytes at most.
const QUEUES_A_NOTICE: usize = 350;

#[derive(Debug, Default)]
struct Waiting {
    notify: Arc<Notify>,
    count: usize,
}

#[derive(Debug, Default)]
struct State {
    waiting: HashMap<i64, Waiting>,
    /// Queues to tell other processes of.
    outgoing: BTreeSet<i64>,
}

/// Who waits for which queue. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Wakes {
    state: Arc<Mutex<State>>,
    gathered: Arc<Notify>,
}

/// One who waits; dropping it ends that.
#[derive(Debug)]
pub struct Waiter {
    queue: i64,
    wakes: Wakes,
    pub notify: Arc<Notify>,
}

impl Wakes {
    pub fn subscribe(&self, queue: i64) -> Waiter {
        let mut state = self.lock();
        let waiting = state.waiting.entry(queue).or_default();
        waiting.count += 1;
        Waiter {
            queue,
            wakes: self.clone(),
            notify: waiting.notify.clone(),
        }
    }

    /// `messages` became visible in a queue: as many who wait here are woken, and others are told.
    pub fn arrived(&self, queue: i64, messages: usize) {
        let mut state = self.lock();
        wake(&state, queue, messages);
        let first = state.outgoing.is_empty();
        state.outgoing.insert(queue);
        drop(state);
        if first {
            self.gathered.notify_one();
        }
    }

    /// Tells other processes, and listens to them, until `stopping`.
    pub async fn run(self, pool: PgPool, stopping: CancellationToken) {
        let me = format!("{:016x}", rand::random::<u64>());
        tokio::select! {
            () = stopping.cancelled() => {}
            () = self.tell(&pool, &me) => {}
            () = self.listen(&pool, &me) => {}
        }
    }

    async fn tell(&self, pool: &PgPool, me: &str) {
        loop {
            self.gathered.notified().await;
            tokio::time::sleep(GATHER).await;
            let queues = std::mem::take(&mut self.lock().outgoing);
            let queues: Vec<String> = queues.iter().map(i64::to_string).collect();
            for part in queues.chunks(QUEUES_A_NOTICE) {
                let text = format!("{me} {}", part.join(" "));
                // Its loss is made up for by looking.
                let _ = sqlx::query("select pg_notify($1, $2)")
                    .bind(MESSAGES)
                    .bind(text)
                    .execute(pool)
                    .await;
            }
        }
    }

    async fn listen(&self, pool: &PgPool, me: &str) {
        loop {
            if let Err(error) = self.listen_once(pool, me).await {
                tracing::debug!(error.cause = %error, "listening for messages failed; will try again");
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    async fn listen_once(&self, pool: &PgPool, me: &str) -> sqlx::Result<()> {
        let mut listener = PgListener::connect_with(pool).await?;
        listener.eager_reconnect(false);
        listener.listen(MESSAGES).await?;
        while let Some(notice) = listener.try_recv().await? {
            let (from, queues) = notice.payload().split_once(' ').unwrap_or_default();
            if from == me {
                continue;
            }
            let state = self.lock();
            for queue in queues.split(' ').filter_map(|queue| queue.parse().ok()) {
                wake(&state, queue, usize::MAX);
            }
        }
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wake(state: &State, queue: i64, messages: usize) {
    if let Some(waiting) = state.waiting.get(&queue) {
        for _ in 0..messages.min(waiting.count) {
            waiting.notify.notify_one();
        }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let mut state = self.wakes.lock();
        if let Some(waiting) = state.waiting.get_mut(&self.queue) {
            waiting.count -= 1;
            if waiting.count == 0 {
                state.waiting.remove(&self.queue);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn as_many_are_woken_as_messages_came() {
        let wakes = Wakes::default();
        let waiters: Vec<Waiter> = (0..3).map(|_| wakes.subscribe(1)).collect();
        let mut waits: Vec<_> = waiters
            .iter()
            .map(|waiter| Box::pin(waiter.notify.notified()))
            .collect();
        for wait in &mut waits {
            wait.as_mut().enable();
        }
        wakes.arrived(1, 2);
        wakes.arrived(2, 5);
        let mut woken = 0;
        for wait in waits {
            let soon = tokio::time::timeout(Duration::ZERO, wait);
            woken += usize::from(soon.await.is_ok());
        }
        assert_eq!(woken, 2);
    }

    #[test]
    fn nothing_is_kept_of_those_who_left() {
        let wakes = Wakes::default();
        drop(wakes.subscribe(1));
        assert!(wakes.lock().waiting.is_empty());
    }
}
