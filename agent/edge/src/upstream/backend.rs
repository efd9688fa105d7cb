//! What the edge knows of one instance while it runs: counters, open connections, idle pool.
//!
//! Outlives changes of the routes table; made when an instance first appears, dropped when it has
//! left and drained. Whether it takes requests is decided by `routes`; what it answers is counted
//! by `proxy`. Invariant: once [`Backend::close_to_new`] returned, a [`Ticket`] either was counted
//! in [`Backend::in_flight`] before or is never issued.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use beanpole_protocol::{EnvironmentId, InstanceId};

use super::connection::Connection;
use super::latency::Latency;
use super::link::{Cut, Link};

/// How long a connection may idle before it is closed: less than the five seconds after which
/// common application servers close theirs.
pub const IDLE_LIMIT_MILLIS: u64 = 4_000;
/// Idle connections kept to one instance.
const IDLE_MOST: usize = 256;
/// How long an instance that refused a connection is passed over while there are others.
const AVOID_MILLIS: u64 = 2_000;

/// One instance, as the edge sees it.
pub struct Backend {
    pub instance: InstanceId,
    pub environment: EnvironmentId,
    pub version: String,
    in_flight: AtomicU64,
    open_to_new: AtomicBool,
    requests: AtomicU64,
    classes: [AtomicU64; 5],
    failures: AtomicU64,
    avoid_until: AtomicU64,
    next_link: AtomicU64,
    pub latency: Latency,
    idle: Mutex<Vec<Idle>>,
    links: Mutex<HashMap<u64, Arc<Link>>>,
}

struct Idle {
    connection: Box<Connection>,
    since: u64,
}

/// The counters of one instance at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub in_flight: u64,
    pub requests: u64,
    pub classes: [u64; 5],
    pub failures: u64,
}

/// A poisoned lock means a panic in another request; the maps under it are still whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Backend {
    pub fn new(instance: InstanceId, environment: EnvironmentId, version: String) -> Self {
        Self {
            instance,
            environment,
            version,
            in_flight: AtomicU64::new(0),
            open_to_new: AtomicBool::new(true),
            requests: AtomicU64::new(0),
            classes: Default::default(),
            failures: AtomicU64::new(0),
            avoid_until: AtomicU64::new(0),
            next_link: AtomicU64::new(0),
            latency: Latency::default(),
            idle: Mutex::default(),
            links: Mutex::default(),
        }
    }

    /// Requests and tunnels open now.
    pub fn in_flight(&self) -> u64 {
        self.in_flight.load(Ordering::SeqCst)
    }

    /// Lets requests in again.
    pub fn open_to_new(&self) {
        self.open_to_new.store(true, Ordering::SeqCst);
    }

    /// Lets no further request in and closes idle connections.
    pub fn close_to_new(&self) {
        self.open_to_new.store(false, Ordering::SeqCst);
        let idle = std::mem::take(&mut *lock(&self.idle));
        drop(idle);
    }

    /// Counts one request in, or says that the instance left service in this very moment.
    pub fn admit(self: &Arc<Self>) -> Option<Ticket> {
        self.in_flight.fetch_add(1, Ordering::SeqCst);
        let ticket = Ticket {
            backend: Arc::clone(self),
        };
        // Counted first, looked second: whoever closes does it the other way round.
        self.open_to_new.load(Ordering::SeqCst).then_some(ticket)
    }

    /// Notes that the instance could not be reached.
    pub fn unreachable(&self, now: u64) {
        self.failed();
        self.avoid_until.store(now + AVOID_MILLIS, Ordering::Relaxed);
    }

    /// Notes a request that got no answer.
    pub fn failed(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether the instance was unreachable a moment ago.
    pub fn avoided(&self, now: u64) -> bool {
        self.avoid_until.load(Ordering::Relaxed) > now
    }

    /// Whether [`Backend::avoided`] could be true at all: spares the look at the clock.
    pub fn was_unreachable(&self) -> bool {
        self.avoid_until.load(Ordering::Relaxed) != 0
    }

    /// Notes the head of an answer.
    pub fn answered(&self, status: u16, took: Duration) {
        if self.was_unreachable() {
            self.avoid_until.store(0, Ordering::Relaxed);
        }
        self.requests.fetch_add(1, Ordering::Relaxed);
        let class = usize::from(status / 100).clamp(1, 5) - 1;
        self.classes[class].fetch_add(1, Ordering::Relaxed);
        self.latency.record(took);
    }

    /// Counts a request that ended without an answer from the instance.
    pub fn unanswered(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub fn counts(&self) -> Counts {
        Counts {
            in_flight: self.in_flight(),
            requests: self.requests.load(Ordering::Relaxed),
            classes: std::array::from_fn(|class| self.classes[class].load(Ordering::Relaxed)),
            failures: self.failures.load(Ordering::Relaxed),
        }
    }

    /// An idle connection to `address` that idled no longer than `longest` milliseconds.
    pub fn take_idle(&self, address: SocketAddr, longest: u64, now: u64) -> Option<Box<Connection>> {
        loop {
            let last = {
                let mut idle = lock(&self.idle);
                let newest = idle.last()?;
                if now.saturating_sub(newest.since) > longest.min(IDLE_LIMIT_MILLIS) {
                    return None;
                }
                idle.pop()?
            };
            if last.connection.address == address {
                return Some(last.connection);
            }
        }
    }

    /// Keeps a connection for the next request, or closes it.
    pub fn give_back(&self, connection: Box<Connection>, now: u64) {
        if !self.open_to_new.load(Ordering::SeqCst) {
            return;
        }
        let mut idle = lock(&self.idle);
        if idle.len() < IDLE_MOST {
            idle.push(Idle {
                connection,
                since: now,
            });
        }
        drop(idle);
        // Closed while we added: empty it again.
        if !self.open_to_new.load(Ordering::SeqCst) {
            let idle = std::mem::take(&mut *lock(&self.idle));
            drop(idle);
        }
    }

    /// Closes what idled too long; ends what waits for an answer longer than `response_limit`.
    pub fn tick(&self, now: u64, response_limit: u64) {
        let old: Vec<Idle> = {
            let mut idle = lock(&self.idle);
            // Newest last, so the old ones are the first ones.
            let stale = idle
                .iter()
                .take_while(|one| now.saturating_sub(one.since) > IDLE_LIMIT_MILLIS)
                .count();
            idle.drain(..stale).collect()
        };
        drop(old);
        for link in lock(&self.links).values() {
            if link
                .waiting_since()
                .is_some_and(|since| now.saturating_sub(since) > response_limit)
            {
                link.cut(Cut::ResponseTimeout);
            }
        }
    }

    /// Ends every open connection to the instance.
    pub fn cut_all(&self) {
        for link in lock(&self.links).values() {
            link.cut(Cut::Drained);
        }
    }

    /// Enrols a new connection; it leaves by itself when the membership is dropped.
    pub(super) fn enrol(self: &Arc<Self>, link: Arc<Link>) -> Membership {
        let number = self.next_link.fetch_add(1, Ordering::Relaxed);
        lock(&self.links).insert(number, link);
        Membership {
            backend: Arc::downgrade(self),
            number,
        }
    }

    /// How many connections to the instance are open, idle ones included.
    pub fn connections(&self) -> usize {
        lock(&self.links).len()
    }
}

/// A connection's place in its backend's list.
pub(super) struct Membership {
    backend: std::sync::Weak<Backend>,
    number: u64,
}

impl Drop for Membership {
    fn drop(&mut self) {
        if let Some(backend) = self.backend.upgrade() {
            lock(&backend.links).remove(&self.number);
        }
    }
}

/// One request or tunnel counted as open until this is dropped.
pub struct Ticket {
    pub backend: Arc<Backend>,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.backend.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backend() -> Arc<Backend> {
        Arc::new(Backend::new(
            InstanceId::random(),
            EnvironmentId::random(),
            "v1".into(),
        ))
    }

    #[test]
    fn a_closed_backend_admits_nobody_and_counts_nobody() {
        let backend = backend();
        let open = backend.admit();
        assert!(open.is_some());
        backend.close_to_new();
        assert!(backend.admit().is_none());
        assert_eq!(backend.in_flight(), 1);
        drop(open);
        assert_eq!(backend.in_flight(), 0);
        backend.open_to_new();
        assert!(backend.admit().is_some());
    }

    #[test]
    fn an_unreachable_backend_is_avoided_until_it_answers_or_time_passes() {
        let backend = backend();
        assert!(!backend.avoided(10));
        backend.unreachable(10);
        assert!(backend.avoided(11) && backend.avoided(10 + AVOID_MILLIS - 1));
        assert!(!backend.avoided(10 + AVOID_MILLIS));
        backend.answered(200, Duration::from_millis(1));
        assert!(!backend.avoided(11));
        let counts = backend.counts();
        assert_eq!(
            (counts.failures, counts.requests, counts.classes),
            (1, 1, [0, 1, 0, 0, 0])
        );
    }
}
