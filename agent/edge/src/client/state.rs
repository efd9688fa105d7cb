//! What is known of one client connection, and the list of all of them.
//!
//! The connection's own task and its requests write it; the keeper looks at it a few times a
//! second and ends what overstayed. No timer per connection or request.

use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use futures_util::task::AtomicWaker;
use http::{HeaderValue, Version};

use super::limits::{Limits, Seen, overdue};
use crate::clock;
use crate::edge::Shared;
use crate::proxy::headers::Origin;

/// How long an answer may take before its client is looked after.
const LOOK_AFTER_MILLIS: u64 = 500;

/// What a connection is told from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signal {
    GoOn,
    /// Finish what is open, take nothing new.
    Finish,
    /// End now.
    Cut,
}

/// One client connection.
pub struct Client {
    pub shared: Arc<Shared>,
    pub origin: Origin,
    number: u64,
    signal: AtomicU8,
    waker: AtomicWaker,
    active: AtomicU32,
    any_request: AtomicBool,
    http2: AtomicBool,
    active_since: AtomicU64,
    quiet_since: AtomicU64,
    head_since: AtomicU64,
    blocked_since: AtomicU64,
    /// A second handle of the socket, to look whether the client has left; see [`Client::has_left`].
    socket: Option<TcpStream>,
}

fn text(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).unwrap_or_else(|_| HeaderValue::from_static("unknown"))
}

impl Client {
    /// Whom and what the connection is told; see [`Signal`].
    #[inline]
    pub fn signal(&self) -> Signal {
        match self.signal.load(Ordering::Acquire) {
            0 => Signal::GoOn,
            1 => Signal::Finish,
            _ => Signal::Cut,
        }
    }

    /// Tells the connection something; the stronger signal stands.
    pub fn tell(&self, signal: Signal) {
        self.signal.fetch_max(signal as u8, Ordering::AcqRel);
        self.waker.wake();
    }

    /// The task to wake when told something.
    pub fn register(&self, waker: &Waker) {
        self.waker.register(waker);
    }

    /// Bytes arrived.
    #[inline]
    pub fn received(&self) {
        if self.head_since.load(Ordering::Relaxed) == 0 && self.active.load(Ordering::Relaxed) == 0 {
            self.head_since.store(clock::coarse(), Ordering::Relaxed);
        }
    }

    /// The client takes no more bytes for now.
    #[inline]
    pub fn blocked(&self) {
        if self.blocked_since.load(Ordering::Relaxed) == 0 {
            self.blocked_since.store(clock::coarse(), Ordering::Relaxed);
        }
    }

    /// The client took bytes.
    #[inline]
    pub fn unblocked(&self) {
        if self.blocked_since.load(Ordering::Relaxed) != 0 {
            self.blocked_since.store(0, Ordering::Relaxed);
        }
    }

    /// Whether a client that waits for an answer has hung up.
    ///
    /// While an answer is awaited nothing reads from the connection (reading ahead for each
    /// request only to see that would cost more than the request), so it is looked after here,
    /// once the answer takes long.
    fn has_left(&self, now: u64) -> bool {
        let waits = self.active.load(Ordering::Acquire) > 0
            && now.saturating_sub(self.active_since.load(Ordering::Relaxed)) > LOOK_AFTER_MILLIS;
        let Some(socket) = self.socket.as_ref().filter(|_| waits) else {
            return false;
        };
        match socket.peek(&mut [0]) {
            Ok(count) => count == 0,
            Err(error) => error.kind() != io::ErrorKind::WouldBlock,
        }
    }

    fn seen(&self) -> Seen {
        let time = |atomic: &AtomicU64| Some(atomic.load(Ordering::Relaxed)).filter(|at| *at != 0);
        Seen {
            active: self.active.load(Ordering::Acquire),
            any_request: self.any_request.load(Ordering::Relaxed),
            http2: self.http2.load(Ordering::Relaxed),
            quiet_since: self.quiet_since.load(Ordering::Relaxed),
            head_since: time(&self.head_since),
            blocked_since: time(&self.blocked_since),
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.shared.clients.lock().remove(&self.number);
    }
}

/// A request being served; ends when dropped, at the end of its answer.
pub struct OpenRequest {
    client: Arc<Client>,
}

impl OpenRequest {
    pub fn begin(client: Arc<Client>, version: Version) -> Self {
        if client.active.fetch_add(1, Ordering::AcqRel) == 0 {
            client.active_since.store(clock::coarse(), Ordering::Relaxed);
        }
        client.head_since.store(0, Ordering::Relaxed);
        if !client.any_request.load(Ordering::Relaxed) {
            client.http2.store(version == Version::HTTP_2, Ordering::Relaxed);
            client.any_request.store(true, Ordering::Relaxed);
        }
        Self { client }
    }

    pub fn client(&self) -> &Arc<Client> {
        &self.client
    }
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        if self.client.active.load(Ordering::Relaxed) == 1 {
            self.client.quiet_since.store(clock::coarse(), Ordering::Relaxed);
        }
        self.client.active.fetch_sub(1, Ordering::AcqRel);
    }
}

/// All client connections.
#[derive(Default)]
pub struct Clients {
    open: Mutex<HashMap<u64, std::sync::Weak<Client>>>,
    next: AtomicU64,
}

impl Clients {
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, std::sync::Weak<Client>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a connection; it leaves the list when dropped.
    pub fn add(
        shared: &Arc<Shared>,
        stream: &tokio::net::TcpStream,
        peer: SocketAddr,
        local: SocketAddr,
    ) -> Arc<Client> {
        let clients = &shared.clients;
        let number = clients.next.fetch_add(1, Ordering::Relaxed);
        let client = Arc::new(Client {
            shared: Arc::clone(shared),
            origin: Origin {
                address: text(&peer.ip().to_canonical().to_string()),
                port: text(&local.port().to_string()),
                scheme: HeaderValue::from_static("http"),
            },
            number,
            signal: AtomicU8::new(Signal::GoOn as u8),
            waker: AtomicWaker::new(),
            active: AtomicU32::new(0),
            any_request: AtomicBool::new(false),
            http2: AtomicBool::new(false),
            active_since: AtomicU64::new(0),
            quiet_since: AtomicU64::new(clock::millis()),
            head_since: AtomicU64::new(0),
            blocked_since: AtomicU64::new(0),
            socket: rustix::io::fcntl_dupfd_cloexec(stream, 0)
                .ok()
                .map(TcpStream::from),
        });
        clients.lock().insert(number, Arc::downgrade(&client));
        client
    }

    /// How many connections are open, and the requests in them.
    pub fn count(&self) -> (usize, u64) {
        let all = self.all();
        let active = all
            .iter()
            .map(|client| u64::from(client.active.load(Ordering::Relaxed)))
            .sum();
        (all.len(), active)
    }

    fn all(&self) -> Vec<Arc<Client>> {
        // Dropping a client takes the lock again: never drop one under it.
        self.lock()
            .values()
            .filter_map(std::sync::Weak::upgrade)
            .collect()
    }

    /// Tells all connections something.
    pub fn tell_all(&self, signal: Signal) {
        for client in self.all() {
            client.tell(signal);
        }
    }

    /// Tells the HTTP/2 connections to finish: unlike HTTP/1.1 it can do so without the risk that
    /// a request comes in at the same moment.
    pub fn finish_http2(&self) {
        for client in self.all() {
            if client.http2.load(Ordering::Relaxed) {
                client.tell(Signal::Finish);
            }
        }
    }

    /// Ends the connections that overstayed or were left.
    pub fn tick(&self, limits: Limits, now: u64) {
        for client in self.all() {
            if overdue(client.seen(), limits, now) || client.has_left(now) {
                client.tell(Signal::Cut);
            }
        }
    }
}
