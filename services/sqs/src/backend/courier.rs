//! Carries messages from one queue to another, also between message stores.
//!
//! Inside a store a message moves in one statement. Between stores it arrives before it leaves: a crash
//! in between leaves it in both, never in none; a FIFO queue takes it only once.

use std::sync::Arc;

use sqlx::PgConnection;

use super::{
    Failure,
    stores::{Store, Stores},
    wake::Wakes,
};
use crate::{
    model::{Kind, Millis, Queue},
    store::moving::{self, Arrival, Move, Parcel, Receives},
};

/// What of a message's history goes with it.
#[derive(Clone, Debug)]
pub struct Manner {
    pub now: Millis,
    pub receives: Receives,
    /// ARN that the message tells as the queue it came from.
    pub source: Option<String>,
}

#[derive(Clone, Debug)]
pub struct Courier {
    pub stores: Stores,
    pub wakes: Wakes,
}

impl Courier {
    pub fn store(&self, name: &str) -> Result<&Arc<Store>, Failure> {
        self.stores
            .get(name)
            .ok_or_else(|| Failure::unavailable(format!("no message store is named {name} here")))
    }

    /// Moves these messages of `from`, whose rows the caller may hold locked in `conn`'s transaction;
    /// the caller commits it. Answers how many were moved.
    pub async fn carry(
        &self,
        conn: &mut PgConnection,
        from: &Queue,
        to: &Queue,
        ids: &[i64],
        manner: &Manner,
    ) -> Result<u64, Failure> {
        let moved = if from.store == to.store && from.kind == Kind::Standard {
            let how = Move {
                from: from.id,
                to: to.id,
                now: manner.now,
                receives: manner.receives,
                source: manner.source.as_deref(),
            };
            u64::try_from(moving::within(conn, ids, how).await?).unwrap_or_default()
        } else {
            let parcels = match from.kind {
                Kind::Standard => moving::take_out(conn, from.id, ids).await?,
                Kind::Fifo => moving::take_out_fifo(conn, from.id, ids).await?,
            };
            if from.store == to.store {
                put_in(conn, to, &parcels, manner).await?;
            } else {
                let mut there = self.store(&to.store)?.pool.begin().await?;
                put_in(&mut there, to, &parcels, manner).await?;
                there.commit().await?;
            }
            parcels.len() as u64
        };
        if moved > 0 {
            self.wakes
                .arrived(to.id, usize::try_from(moved).unwrap_or(usize::MAX));
        }
        Ok(moved)
    }

    /// The same in a transaction of its own.
    pub async fn move_now(
        &self,
        from: &Queue,
        to: &Queue,
        ids: &[i64],
        manner: &Manner,
    ) -> Result<u64, Failure> {
        let mut transaction = self.store(&from.store)?.pool.begin().await?;
        let moved = self.carry(&mut transaction, from, to, ids, manner).await?;
        transaction.commit().await?;
        Ok(moved)
    }
}

async fn put_in(
    conn: &mut PgConnection,
    to: &Queue,
    parcels: &[Parcel],
    manner: &Manner,
) -> Result<(), Failure> {
    let how = Arrival {
        queue: to.id,
        now: manner.now,
        receives: manner.receives,
        source: manner.source.as_deref(),
    };
    match to.kind {
        Kind::Standard => moving::put_in(conn, parcels, how).await?,
        Kind::Fifo => moving::put_in_fifo(conn, parcels, how).await?,
    }
    Ok(())
}
