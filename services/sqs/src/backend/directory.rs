//! Queues by name: kept in the first database, remembered here for a moment.
//!
//! A change is seen at once in the process that made it, and within [`FRESH`] in others, which is far
//! less than the minute that AWS allows itself.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use sqlx::{PgConnection, PgPool};

use super::{
    Failure, NewQueue, Page,
    stores::Stores,
    within::{self, dead_letter_arn, name, queue},
};
use crate::{
    model::{Attributes, Millis, Queue, QueueKey},
    store::{
        attributes::Stored,
        queues,
        upkeep::{self, Leftover},
    },
};

/// How long a copy of a queue is good.
const FRESH: Duration = Duration::from_secs(2);
/// Copies kept at most.
const COPIES: usize = 100_000;
/// A name may not be used again, and a queue not be purged again, for this long; milliseconds.
pub const MINUTE: Millis = 60_000;

/// Whether AWS's rules of 60 seconds hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MinuteRules {
    Kept,
    /// For development: names and purges are free at once.
    Waived,
}

type Copies = HashMap<QueueKey, (Arc<Queue>, Instant)>;

#[derive(Clone, Debug)]
pub struct Directory {
    pool: PgPool,
    stores: Stores,
    rules: MinuteRules,
    copies: Arc<Mutex<Copies>>,
}

impl Directory {
    pub fn new(pool: PgPool, stores: Stores, rules: MinuteRules) -> Self {
        Self {
            pool,
            stores,
            rules,
            copies: Arc::default(),
        }
    }

    fn copies(&self) -> std::sync::MutexGuard<'_, Copies> {
        self.copies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, queue: Queue) -> Arc<Queue> {
        let queue = Arc::new(queue);
        let mut copies = self.copies();
        if copies.len() >= COPIES {
            copies.retain(|_, (_, at)| at.elapsed() < FRESH);
        }
        copies.insert(queue.key.clone(), (queue.clone(), Instant::now()));
        queue
    }

    pub async fn get(&self, key: &QueueKey) -> Result<Arc<Queue>, Failure> {
        if let Some((queue, at)) = self.copies().get(key)
            && at.elapsed() < FRESH
        {
            return Ok(queue.clone());
        }
        let mut conn = self.pool.acquire().await?;
        match queues::by_name(&mut conn, name(key)).await? {
            Some(row) => Ok(self.keep(queue(row)?)),
            None => {
                self.copies().remove(key);
                Err(Failure::NoSuchQueue)
            }
        }
    }

    pub async fn create(&self, new: NewQueue, now: Millis) -> Result<Arc<Queue>, Failure> {
        let mut transaction = self.pool.begin().await?;
        if let Some(row) = queues::by_name(&mut transaction, name(&new.key)).await? {
            return Err(Failure::Exists(Arc::new(queue(row)?)));
        }
        let deleted = queues::deleted_at(&mut transaction, name(&new.key)).await?;
        if self.rules == MinuteRules::Kept && deleted.is_some_and(|at| now < at + MINUTE) {
            return Err(Failure::DeletedRecently);
        }
        let key = new.key.clone();
        let made = within::insert(&mut transaction, &self.stores, new, now).await?;
        transaction.commit().await?;
        if let Some(queue) = made {
            return Ok(self.keep(queue));
        }
        // Somebody else made it in the meantime.
        let mut conn = self.pool.acquire().await?;
        match queues::by_name(&mut conn, name(&key)).await? {
            Some(row) => Err(Failure::Exists(Arc::new(queue(row)?))),
            None => Err(Failure::DeletedRecently),
        }
    }

    pub async fn change_attributes<E: From<Failure>>(
        &self,
        key: &QueueKey,
        now: Millis,
        change: impl FnOnce(&Queue) -> Result<Attributes, E> + Send,
    ) -> Result<Arc<Queue>, E> {
        let mut transaction = self.pool.begin().await.map_err(Failure::from)?;
        let row = queues::lock(&mut transaction, name(key))
            .await
            .map_err(Failure::from)?;
        let mut before = queue(row.ok_or(Failure::NoSuchQueue)?)?;
        let attributes = change(&before)?;
        let stored = Stored::from(&attributes);
        let dead_letter = dead_letter_arn(&attributes);
        queues::set_attributes(&mut transaction, before.id, &stored, dead_letter.as_deref(), now)
            .await
            .map_err(Failure::from)?;
        transaction.commit().await.map_err(Failure::from)?;
        before.attributes = attributes;
        before.modified_at = now;
        Ok(self.keep(before))
    }

    pub async fn change_tags(
        &self,
        key: &QueueKey,
        set: BTreeMap<String, String>,
        gone: &[String],
        check: fn(&BTreeMap<String, String>) -> bool,
    ) -> Result<bool, Failure> {
        let mut transaction = self.pool.begin().await?;
        let row = queues::lock(&mut transaction, name(key)).await?;
        let mut queue = queue(row.ok_or(Failure::NoSuchQueue)?)?;
        queue.tags.extend(set);
        queue.tags.retain(|tag, _| !gone.contains(tag));
        if !check(&queue.tags) {
            return Ok(false);
        }
        queues::set_tags(&mut transaction, queue.id, &queue.tags).await?;
        transaction.commit().await?;
        self.keep(queue);
        Ok(true)
    }

    pub async fn delete(&self, key: &QueueKey, now: Millis) -> Result<Arc<Queue>, Failure> {
        let mut transaction = self.pool.begin().await?;
        let queue = within::delete(&mut transaction, key, now).await?;
        transaction.commit().await?;
        self.copies().remove(key);
        Ok(Arc::new(queue))
    }

    /// Gives the queue a new id; what was sent through the old one, up to now, is left behind.
    pub async fn purge(&self, key: &QueueKey, now: Millis) -> Result<(), Failure> {
        let mut transaction = self.pool.begin().await?;
        let row = queues::lock(&mut transaction, name(key)).await?;
        let row = row.ok_or(Failure::NoSuchQueue)?;
        if self.rules == MinuteRules::Kept && row.purged_at.is_some_and(|at| now < at + MINUTE) {
            return Err(Failure::PurgedRecently);
        }
        let missing = || Failure::unavailable(format!("no message store is named {} here", row.store));
        let store = self.stores.get(&row.store).ok_or_else(missing)?;
        let mut there = store.pool.acquire().await?;
        let new = queues::fresh_id(&mut transaction).await?;
        let leftover = Leftover {
            queue_id: row.id,
            store: row.store.clone(),
            fifo: row.fifo,
            successor: Some(new),
            through: Some(upkeep::newest_id(&mut there).await?),
            since: now,
        };
        upkeep::leave(&mut transaction, &leftover).await?;
        queues::replace_id(&mut transaction, row.id, new, now).await?;
        transaction.commit().await?;
        self.copies().remove(key);
        Ok(())
    }

    pub async fn list(&self, account: &str, region: &str, page: &Page) -> Result<Vec<Arc<Queue>>, Failure> {
        let mut conn = self.pool.acquire().await?;
        let after = page.after.as_deref().unwrap_or_default();
        let limit = i64::from(page.limit);
        let rows = queues::page(&mut conn, (account, region), &page.prefix, after, limit).await?;
        rows.into_iter().map(|row| queue(row).map(Arc::new)).collect()
    }

    pub async fn sources_of(
        &self,
        dead_letter: &QueueKey,
        after: Option<&QueueKey>,
        limit: u32,
    ) -> Result<Vec<Arc<Queue>>, Failure> {
        let mut conn = self.pool.acquire().await?;
        let after = after.map(|key| key.name.as_str()).unwrap_or_default();
        let arn = dead_letter.arn();
        let rows = queues::sources_of(&mut conn, &arn.0, after, i64::from(limit)).await?;
        rows.into_iter().map(|row| queue(row).map(Arc::new)).collect()
    }

    pub async fn of_application(&self, application: &str) -> Result<Vec<Arc<Queue>>, Failure> {
        let mut conn = self.pool.acquire().await?;
        let found = of_applications(&mut conn, &[application]).await?;
        Ok(found.into_iter().map(Arc::new).collect())
    }
}

/// The queues of these applications, by name, as a transaction of the first database sees them.
pub async fn of_applications(conn: &mut PgConnection, applications: &[&str]) -> Result<Vec<Queue>, Failure> {
    let rows = queues::of_applications(conn, applications).await?;
    rows.into_iter().map(queue).collect()
}
