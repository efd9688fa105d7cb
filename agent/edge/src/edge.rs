//! The whole edge: starts its parts, owns their tasks, stops them in order.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::admin::server::{self as admin, AdminError};
use crate::client::limits::Limits;
use crate::client::listen::{self, ListenError};
use crate::client::state::{Clients, Signal};
use crate::clock;
use crate::options::Options;
use crate::proxy::answer::KINDS;
use crate::routes::registry::Registry;
use crate::routes::watch::RoutesFile;

/// How often limits in time are looked after.
const KEEP_EVERY: Duration = Duration::from_millis(250);
/// At a stop, how long clients with an idle connection have for a last request: whoever is about
/// to send one gets an answer that says "close" instead of a reset.
const LAST_REQUESTS: Duration = Duration::from_secs(1);

/// What does not change while the edge runs.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub access_log: bool,
    pub limits: Limits,
    /// Milliseconds.
    pub response_limit: u64,
}

impl From<&Options> for Settings {
    fn from(options: &Options) -> Self {
        let millis = |seconds: u32| u64::from(seconds) * 1000;
        Self {
            access_log: options.access_log,
            limits: Limits {
                header: millis(options.header_timeout),
                idle: millis(options.idle_timeout),
                stalled: 60_000,
            },
            response_limit: millis(options.response_timeout),
        }
    }
}

/// What all parts share.
pub struct Shared {
    pub settings: Settings,
    pub registry: Arc<Registry>,
    pub clients: Clients,
    /// Client connections and tunnels.
    pub tasks: TaskTracker,
    /// Answers in the edge's own name, by `Trouble::index`.
    pub troubles: [AtomicU64; KINDS.len()],
    /// Contents of the routes file that could not be used.
    pub refused_routes: Arc<AtomicU64>,
    /// Told when somebody asks the edge to stop by its admin socket.
    pub stop_asked: Notify,
    stopping: AtomicBool,
}

impl Shared {
    /// Whether the edge is about to leave.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}

/// The edge did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error(transparent)]
    Admin(#[from] AdminError),
}

/// A running edge.
pub struct Edge {
    pub shared: Arc<Shared>,
    /// The addresses it really listens on.
    pub addresses: Vec<SocketAddr>,
    stop_accepting: CancellationToken,
    accepting: JoinSet<()>,
    background: JoinSet<()>,
    _admin: Option<admin::SocketFile>,
}

impl Edge {
    /// Starts with the routes there are and returns once it listens.
    pub async fn start(options: &Options) -> Result<Self, StartError> {
        let registry = Arc::new(Registry::default());
        let refused_routes = Arc::new(AtomicU64::new(0));
        let shared = Arc::new(Shared {
            settings: Settings::from(options),
            registry: Arc::clone(&registry),
            clients: Clients::default(),
            tasks: TaskTracker::new(),
            troubles: Default::default(),
            refused_routes: Arc::clone(&refused_routes),
            stop_asked: Notify::new(),
            stopping: AtomicBool::new(false),
        });
        let mut background = JoinSet::new();
        let mut routes = RoutesFile::new(options.routes.clone(), registry, refused_routes);
        // Before listening: the first request already finds the routes.
        routes.look();
        let listeners = options
            .listen
            .iter()
            .map(|address| listen::bind(*address))
            .collect::<Result<Vec<_>, _>>()?;
        let admin = match &options.admin {
            None => None,
            Some(path) => {
                let (file, listener) = admin::take_over(path).await?;
                background.spawn(admin::serve(listener, Arc::clone(&shared)));
                Some(file)
            }
        };
        background.spawn(routes.follow());
        background.spawn(keep(Arc::clone(&shared)));
        let room = Arc::new(Semaphore::new(options.max_connections as usize));
        let stop_accepting = CancellationToken::new();
        let mut accepting = JoinSet::new();
        let mut addresses = Vec::new();
        for (listener, asked) in listeners.into_iter().zip(&options.listen) {
            addresses.push(listener.local_addr().unwrap_or(*asked));
            let (shared, room) = (Arc::clone(&shared), Arc::clone(&room));
            accepting.spawn(listen::accept(listener, shared, room, stop_accepting.clone()));
        }
        tracing::info!(
            listen = ?addresses,
            routes = %options.routes.display(),
            workers = options.worker_count(),
            generation = shared.registry.table().generation,
            "the edge serves"
        );
        Ok(Self {
            shared,
            addresses,
            stop_accepting,
            accepting,
            background,
            _admin: admin,
        })
    }

    /// Stops: takes no new connection, finishes what is open, cuts what is still open at the
    /// deadline. True when nothing had to be cut.
    pub async fn stop(mut self, deadline: Duration) -> bool {
        let ends = tokio::time::Instant::now() + deadline;
        self.shared.stopping.store(true, Ordering::Relaxed);
        self.stop_accepting.cancel();
        while self.accepting.join_next().await.is_some() {}
        let tasks = &self.shared.tasks;
        tasks.close();
        let (connections, requests) = self.shared.clients.count();
        tracing::info!(connections, requests, "stops: finishing what is open");
        self.shared.clients.finish_http2();
        let _ = tokio::time::timeout(LAST_REQUESTS.min(deadline / 2), tasks.wait()).await;
        self.shared.clients.tell_all(Signal::Finish);
        let complete = tokio::time::timeout_at(ends, tasks.wait()).await.is_ok();
        if !complete {
            tracing::warn!(left = tasks.len(), "cut what was still open at the deadline");
            self.shared.clients.tell_all(Signal::Cut);
        }
        self.background.shutdown().await;
        complete
    }
}

async fn keep(shared: Arc<Shared>) {
    let mut tick = tokio::time::interval(KEEP_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let now = clock::tick();
        shared.registry.tick(now, shared.settings.response_limit);
        shared.clients.tick(shared.settings.limits, now);
    }
}
