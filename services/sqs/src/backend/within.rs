//! Queues in their table, within a transaction of the caller's. Nothing here is remembered.

use std::collections::BTreeMap;

use sqlx::PgConnection;

use super::{Backend, Failure, NewQueue, stores::Stores};
use crate::{
    model::{Attributes, Kind, Millis, Queue, QueueKey},
    store::{
        attributes::Stored,
        queues::{self, Name, QueueRow},
        upkeep::{self, Leftover},
    },
};

/// What a row is found by.
pub(super) fn name(key: &QueueKey) -> Name<'_> {
    Name {
        account: key.account.as_str(),
        region: &key.region,
        name: &key.name,
    }
}

/// The queue in a row.
pub(super) fn queue(row: QueueRow) -> Result<Queue, Failure> {
    let account = row.account.parse().map_err(Failure::unavailable)?;
    Ok(Queue {
        id: row.id,
        store: row.store,
        key: QueueKey {
            account,
            region: row.region,
            name: row.name,
        },
        kind: if row.fifo { Kind::Fifo } else { Kind::Standard },
        attributes: Attributes::try_from(&row.attributes.0).map_err(Failure::unavailable)?,
        tags: row.tags.0,
        application: row.application_id,
        created_at: row.created_at,
        modified_at: row.modified_at,
    })
}

pub(super) fn dead_letter_arn(attributes: &Attributes) -> Option<String> {
    let redrive = attributes.redrive.as_ref()?;
    Some(redrive.dead_letter_queue.arn().0)
}

/// Adds a queue; nothing when its name is taken.
pub(super) async fn insert(
    conn: &mut PgConnection,
    stores: &Stores,
    new: NewQueue,
    now: Millis,
) -> Result<Option<Queue>, Failure> {
    let counts = queues::by_store(conn).await?;
    let row = QueueRow {
        id: queues::fresh_id(conn).await?,
        account: new.key.account.to_string(),
        region: new.key.region,
        name: new.key.name,
        store: stores.place(&counts.into_iter().collect()),
        fifo: new.kind == Kind::Fifo,
        attributes: sqlx::types::Json(Stored::from(&new.attributes)),
        tags: sqlx::types::Json(new.tags),
        application_id: new.application,
        created_at: now,
        modified_at: now,
        purged_at: None,
    };
    let dead_letter = dead_letter_arn(&new.attributes);
    let added = queues::insert(conn, &row, dead_letter.as_deref()).await?;
    added.then(|| queue(row)).transpose()
}

/// The queue of this name as this transaction sees it.
pub async fn find(conn: &mut PgConnection, key: &QueueKey) -> Result<Option<Queue>, Failure> {
    queues::by_name(conn, name(key)).await?.map(queue).transpose()
}

/// The queue of this name as it is now, locked until the transaction ends.
pub async fn lock(conn: &mut PgConnection, key: &QueueKey) -> Result<Option<Queue>, Failure> {
    queues::lock(conn, name(key)).await?.map(queue).transpose()
}

/// Gives a queue that is locked other attributes and tags.
pub async fn change(
    conn: &mut PgConnection,
    queue: &Queue,
    (attributes, tags): (&Attributes, &BTreeMap<String, String>),
    now: Millis,
) -> Result<(), Failure> {
    let dead_letter = dead_letter_arn(attributes);
    queues::set_attributes(
        conn,
        queue.id,
        &Stored::from(attributes),
        dead_letter.as_deref(),
        now,
    )
    .await?;
    Ok(queues::set_tags(conn, queue.id, tags).await?)
}

/// Removes a queue, and leaves its messages to be swept: as it was.
pub async fn delete(conn: &mut PgConnection, key: &QueueKey, now: Millis) -> Result<Queue, Failure> {
    let row = queues::lock(conn, name(key)).await?;
    let row = row.ok_or(Failure::NoSuchQueue)?;
    let leftover = Leftover {
        queue_id: row.id,
        store: row.store.clone(),
        fifo: row.fifo,
        successor: None,
        through: None,
        since: now,
    };
    upkeep::leave(conn, &leftover).await?;
    queues::delete(conn, row.id, now).await?;
    queue(row)
}

impl Backend {
    /// Makes a queue in the caller's transaction, on the message store with the fewest queues.
    /// [`Failure::DeletedRecently`] stands for a name that somebody else takes at this moment.
    pub async fn create_within(
        &self,
        conn: &mut PgConnection,
        new: NewQueue,
        now: Millis,
    ) -> Result<Queue, Failure> {
        let made = insert(conn, &self.stores, new, now).await?;
        made.ok_or(Failure::DeletedRecently)
    }
}
