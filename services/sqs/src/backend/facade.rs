//! The backend as operations see it, and how it is set up and stopped.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use sqlx::PgPool;
use tokio::{sync::Mutex, task::JoinSet};
use tokio_util::sync::CancellationToken;

use super::{
    BadStore, Failure, Keys, MinuteRules, MoveTask, NewQueue, Page, StoreUrl, Wanted,
    clock::StoreClock,
    courier::Courier,
    directory::Directory,
    handles::Handles,
    moves::Moves,
    receive::Limits,
    seal::Bodies,
    stores::{Store, Stores},
    sweep::Sweeper,
    wake::Wakes,
};
use crate::{
    model::{Attributes, Delivered, Kind, Millis, Outgoing, Queue, QueueKey, Sent, queue::Counts},
    store::upkeep,
};

/// What a backend is made of.
#[derive(Debug)]
pub struct Setup {
    /// The first database, whose URL is that of the store [`super::MAIN`].
    pub pool: PgPool,
    /// [`super::MAIN`] and any further message stores.
    pub stores: Vec<StoreUrl>,
    pub keys: Keys,
    pub rules: MinuteRules,
    pub stopping: CancellationToken,
}

/// Queues and messages of every message store. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Backend {
    pub(super) directory: Directory,
    pub(super) stores: Stores,
    pub(super) wakes: Wakes,
    pub(super) handles: Handles,
    pub(super) bodies: Bodies,
    pub(super) limits: Limits,
    pub(super) courier: Courier,
    pub(super) moves: Moves,
    pub(super) stopping: CancellationToken,
    clock: StoreClock,
    tasks: Arc<Mutex<JoinSet<()>>>,
}

impl Backend {
    /// Starts lanes and loops. Nothing is connected until it is needed.
    pub fn start(setup: Setup) -> Result<Self, BadStore> {
        let mut tasks = JoinSet::new();
        let stores = Stores::open(&setup.stores, &mut tasks)?;
        let wakes = Wakes::default();
        let clock = StoreClock::default();
        let directory = Directory::new(setup.pool.clone(), stores.clone(), setup.rules);
        let courier = Courier {
            stores: stores.clone(),
            wakes: wakes.clone(),
        };
        let moves = Moves::new(
            setup.pool.clone(),
            directory.clone(),
            courier.clone(),
            clock.clone(),
        );
        let sweeper = Sweeper {
            pool: setup.pool.clone(),
            stores: stores.clone(),
            wakes: wakes.clone(),
            clock: clock.clone(),
        };
        let stopping = setup.stopping.clone();
        tasks.spawn(clock.clone().run(setup.pool.clone(), stopping.clone()));
        tasks.spawn(wakes.clone().run(setup.pool, stopping.clone()));
        tasks.spawn(moves.clone().run(stopping.clone()));
        tasks.spawn(sweeper.run(stopping.clone()));
        Ok(Self {
            directory,
            handles: Handles::new(&setup.keys),
            bodies: Bodies::new(setup.keys),
            limits: Limits::default(),
            courier,
            moves,
            stopping,
            stores,
            wakes,
            clock,
            tasks: Arc::new(Mutex::new(tasks)),
        })
    }

    /// Answers what is under way, then ends lanes and loops. The token of the setup is cancelled before.
    pub async fn stop(&self) {
        for store in self.stores.all() {
            store.close();
        }
        let mut tasks = self.tasks.lock().await;
        let ended = async { while tasks.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(Duration::from_secs(10), ended).await;
        tasks.shutdown().await;
        for store in self.stores.all() {
            store.pool.close().await;
        }
    }

    /// Milliseconds by the store's clock.
    pub fn now(&self) -> Millis {
        self.clock.now()
    }

    pub(super) fn store(&self, queue: &Queue) -> Result<&Arc<Store>, Failure> {
        self.courier.store(&queue.store)
    }

    /// The queue of this name.
    pub async fn queue(&self, key: &QueueKey) -> Result<Arc<Queue>, Failure> {
        self.directory.get(key).await
    }

    /// Makes a queue. [`Failure::Exists`] when there is one of this name, whatever its attributes.
    pub async fn create(&self, new: NewQueue, now: Millis) -> Result<Arc<Queue>, Failure> {
        self.directory.create(new, now).await
    }

    /// Changes the attributes by `change`, which sees those in force; nothing is lost between two
    /// changes at once. An error of `change` leaves all as it is.
    pub async fn change_attributes<E: From<Failure>>(
        &self,
        key: &QueueKey,
        now: Millis,
        change: impl FnOnce(&Queue) -> Result<Attributes, E> + Send,
    ) -> Result<Arc<Queue>, E> {
        self.directory.change_attributes(key, now, change).await
    }

    /// Adds tags and replaces those of the same key; removes `gone`. False when `check` refuses what
    /// would come of it.
    pub async fn change_tags(
        &self,
        key: &QueueKey,
        set: BTreeMap<String, String>,
        gone: &[String],
        check: fn(&BTreeMap<String, String>) -> bool,
    ) -> Result<bool, Failure> {
        self.directory.change_tags(key, set, gone, check).await
    }

    pub async fn delete_queue(&self, key: &QueueKey, now: Millis) -> Result<(), Failure> {
        let queue = self.directory.delete(key, now).await?;
        // Who waits for its messages is told that it is gone.
        self.wakes.arrived(queue.id, usize::MAX);
        Ok(())
    }

    /// Queues of an account and region in the order of their names.
    pub async fn list(&self, account: &str, region: &str, page: &Page) -> Result<Vec<Arc<Queue>>, Failure> {
        self.directory.list(account, region, page).await
    }

    /// Queues whose redrive policy names this one, in the order of their names.
    pub async fn sources_of(
        &self,
        dead_letter: &QueueKey,
        after: Option<&QueueKey>,
        limit: u32,
    ) -> Result<Vec<Arc<Queue>>, Failure> {
        self.directory.sources_of(dead_letter, after, limit).await
    }

    /// Queues that an application owns, in the order of their names.
    pub async fn of_application(&self, application: &str) -> Result<Vec<Arc<Queue>>, Failure> {
        self.directory.of_application(application).await
    }

    /// How many messages a queue has, by their state. Exact where nothing changes.
    pub async fn counts(&self, queue: &Queue) -> Result<Counts, Failure> {
        // Hidden messages are counted one by one, as far as there can be so many.
        const MOST: i64 = 250_000;
        let mut conn = self.store(queue)?.pool.acquire().await?;
        let now = self.now();
        let total = upkeep::total(&mut conn, queue.id).await?;
        let (in_flight, delayed) = match queue.kind {
            Kind::Standard => upkeep::hidden(&mut conn, queue.id, now, MOST).await?,
            Kind::Fifo => upkeep::hidden_fifo(&mut conn, queue.id, now, MOST).await?,
        };
        let count = |number: i64| u64::try_from(number).unwrap_or_default();
        Ok(Counts {
            visible: count(total - in_flight - delayed),
            in_flight: count(in_flight),
            delayed: count(delayed),
        })
    }

    /// Everything that was sent before is gone.
    pub async fn purge(&self, key: &QueueKey, now: Millis) -> Result<(), Failure> {
        self.directory.purge(key, now).await
    }

    /// Keeps messages durably before it answers; one result a message, in their order. All of a batch
    /// stand or fall together where storage fails.
    pub async fn send(&self, queue: &Arc<Queue>, messages: Vec<Outgoing>) -> Result<Vec<Sent>, Failure> {
        super::send::send(self, queue, messages).await
    }

    /// Hands out messages, and waits for the first one if asked to. Dropped while it waits, it
    /// swallows nothing.
    pub async fn receive(&self, queue: &Arc<Queue>, wanted: Wanted) -> Result<Vec<Delivered>, Failure> {
        super::receive::receive(self, queue, wanted).await
    }

    /// Deletes by receipt handles as text; one result each, in their order.
    pub async fn delete(&self, queue: &Arc<Queue>, handles: Vec<String>) -> Vec<Result<(), Failure>> {
        super::settle::delete(self, queue, &handles).await
    }

    /// Sets how long each message stays hidden from now on; one result each, in their order.
    pub async fn change_visibility(
        &self,
        queue: &Arc<Queue>,
        changes: Vec<(String, Duration)>,
    ) -> Vec<Result<(), Failure>> {
        super::settle::change_visibility(self, queue, &changes).await
    }

    /// Starts to move messages out of `source`. One task a source runs at a time.
    pub async fn start_move(
        &self,
        source: &Queue,
        destination: Option<&Queue>,
        rate: Option<u32>,
        now: Millis,
    ) -> Result<MoveTask, Failure> {
        let to_move = self.counts(source).await?.visible;
        self.moves.start(source, destination, rate, to_move, now).await
    }

    /// Asks a task to end; answers it as it stands.
    pub async fn cancel_move(&self, handle: &str) -> Result<MoveTask, Failure> {
        self.moves.cancel(handle).await
    }

    /// A task by its handle, also one that has ended.
    pub async fn move_task(&self, handle: &str) -> Result<MoveTask, Failure> {
        self.moves.by_handle(handle).await
    }

    /// Tasks of a source, newest first.
    pub async fn moves_of(&self, source: &QueueKey, limit: u32) -> Result<Vec<MoveTask>, Failure> {
        self.moves.of(source, limit).await
    }
}
