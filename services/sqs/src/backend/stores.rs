//! Message stores: the databases that messages are kept in, and the lanes into each.

use std::{collections::HashMap, fmt, sync::Arc, time::Duration};

use sqlx::{
    Executor, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::task::JoinSet;

use super::{
    fifo,
    lanes::Lanes,
    standard::{self, counting_lane},
};
use crate::store::{
    fifo as fifo_rows,
    link::{BadUrl, Commit, Link, PLANS, Way},
};

/// The store that is in the first database, where queues themselves are.
pub const MAIN: &str = "main";

/// Lanes of each kind: one works while the other commits.
const LANES: usize = 2;

/// Why stores cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum BadStore {
    #[error("message store {name}: {source}")]
    Url { name: String, source: BadUrl },
    #[error("message store {name}: its URL is not one of Postgres")]
    Options { name: String, source: sqlx::Error },
}

/// The URL of a store. Its `Debug` hides it.
#[derive(Clone)]
pub struct StoreUrl {
    pub name: String,
    pub url: String,
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreUrl({}, hidden)", self.name)
    }
}

/// One message store.
#[derive(Debug)]
pub struct Store {
    /// For everything that is not done for each message.
    pub pool: PgPool,
    pub send: Lanes<standard::send::Ask, ()>,
    pub receive: Lanes<standard::receive::Ask, standard::receive::Taken>,
    pub delete: Lanes<standard::delete::Ask, ()>,
    pub hide: Lanes<standard::hide::Ask, bool>,
    pub send_fifo: Lanes<fifo::send::Ask, Vec<fifo_rows::Kept>>,
    pub receive_fifo: Lanes<fifo::receive::Ask, Vec<fifo_rows::Row>>,
    pub settle_fifo: Lanes<fifo::settle::Ask, fifo::settle::Outcome>,
}

impl Store {
    pub fn open(store: &StoreUrl, tasks: &mut JoinSet<()>) -> Result<Self, BadStore> {
        let name = store.name.clone();
        let way = Way::new(&store.url).map_err(|source| BadStore::Url {
            name: name.clone(),
            source,
        })?;
        let options: Result<PgConnectOptions, _> = store.url.parse();
        let options = options.map_err(|source| BadStore::Options { name, source })?;
        let pool = PgPoolOptions::new()
            .max_connections(6)
            .acquire_timeout(Duration::from_secs(5))
            .idle_timeout(Duration::from_secs(60))
            .after_connect(|conn, _| Box::pin(async move { conn.execute(PLANS).await.map(drop) }))
            .connect_lazy_with(options.application_name("beanpole-messages"));
        let durable = || Link::new(way.clone(), Commit::Durable);
        // A receive that a crash takes back is merely made again.
        let relaxed = || Link::new(way.clone(), Commit::Relaxed);
        let lane = counting_lane;
        Ok(Self {
            pool,
            send: Lanes::start(
                each(|| standard::send::Sender {
                    link: durable(),
                    lane: lane(),
                }),
                tasks,
            ),
            receive: Lanes::start(
                each(|| standard::receive::Receiver {
                    link: relaxed(),
                    rotations: HashMap::new(),
                }),
                tasks,
            ),
            delete: Lanes::start(
                each(|| standard::delete::Deleter {
                    link: durable(),
                    lane: lane(),
                }),
                tasks,
            ),
            hide: Lanes::start(vec![standard::hide::Hider { link: durable() }], tasks),
            send_fifo: Lanes::start(
                each(|| fifo::send::Sender {
                    link: durable(),
                    lane: lane(),
                }),
                tasks,
            ),
            receive_fifo: Lanes::start(
                each(|| fifo::receive::Receiver {
                    link: durable(),
                    lane: lane(),
                }),
                tasks,
            ),
            settle_fifo: Lanes::start(
                each(|| fifo::settle::Settler {
                    link: durable(),
                    lane: lane(),
                }),
                tasks,
            ),
        })
    }

    /// No further calls; those inside are still answered.
    pub fn close(&self) {
        self.send.close();
        self.receive.close();
        self.delete.close();
        self.hide.close();
        self.send_fifo.close();
        self.receive_fifo.close();
        self.settle_fifo.close();
    }
}

fn each<W>(make: impl Fn() -> W) -> Vec<W> {
    (0..LANES).map(|_| make()).collect()
}

/// All stores by name.
#[derive(Clone, Debug)]
pub struct Stores(Arc<HashMap<String, Arc<Store>>>);

impl Stores {
    pub fn open(stores: &[StoreUrl], tasks: &mut JoinSet<()>) -> Result<Self, BadStore> {
        let open = |store: &StoreUrl| Ok((store.name.clone(), Arc::new(Store::open(store, tasks)?)));
        let stores: Result<HashMap<_, _>, BadStore> = stores.iter().map(open).collect();
        Ok(Self(Arc::new(stores?)))
    }

    pub fn get(&self, name: &str) -> Option<&Arc<Store>> {
        self.0.get(name)
    }

    pub fn all(&self) -> impl Iterator<Item = &Arc<Store>> {
        self.0.values()
    }

    /// The store for a new queue: the one with the fewest queues.
    pub fn place(&self, queues: &HashMap<String, i64>) -> String {
        let count = |name: &&String| (queues.get(*name).copied().unwrap_or(0), (*name).clone());
        let least = self.0.keys().min_by_key(count);
        least.cloned().unwrap_or_else(|| MAIN.to_owned())
    }
}
