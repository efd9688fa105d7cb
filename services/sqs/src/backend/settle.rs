//! What holders of receipt handles do: delete, or change the visibility timeout.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;

use super::{Backend, Failure, fifo, send::millis, standard};
use crate::{
    model::{Kind, Millis, Queue, Receipt},
    store::upkeep,
};

fn receipt(backend: &Backend, queue: &Queue, handle: &str) -> Result<Receipt, Failure> {
    let receipt = backend.handles.read(handle).ok_or(Failure::ReceiptInvalid)?;
    if receipt.queue == queue.id {
        Ok(receipt)
    } else {
        Err(Failure::ReceiptInvalid)
    }
}

pub async fn delete(backend: &Backend, queue: &Arc<Queue>, handles: &[String]) -> Vec<Result<(), Failure>> {
    let receipts: Vec<Result<Receipt, Failure>> = handles
        .iter()
        .map(|handle| receipt(backend, queue, handle))
        .collect();
    match queue.kind {
        Kind::Standard => {
            let ids: Vec<i64> = receipts.iter().flatten().map(|receipt| receipt.message).collect();
            let done = if ids.is_empty() {
                Ok(())
            } else {
                delete_all(backend, queue, ids).await
            };
            let each = |receipt: Result<Receipt, Failure>| match (receipt, &done) {
                (Err(failure), _) => Err(failure),
                (Ok(_), Ok(())) => Ok(()),
                (Ok(_), Err(failure)) => Err(Failure::unavailable(failure.to_string())),
            };
            receipts.into_iter().map(each).collect()
        }
        Kind::Fifo => {
            let wish = |_: usize| fifo::settle::Wish::Delete;
            settle_fifo(backend, queue, receipts, wish).await
        }
    }
}

async fn delete_all(backend: &Backend, queue: &Queue, ids: Vec<i64>) -> Result<(), Failure> {
    let ask = standard::delete::Ask { queue: queue.id, ids };
    backend.store(queue)?.delete.ask(ask).await
}

async fn settle_fifo(
    backend: &Backend,
    queue: &Arc<Queue>,
    receipts: Vec<Result<Receipt, Failure>>,
    wish: impl Fn(usize) -> fifo::settle::Wish,
) -> Vec<Result<(), Failure>> {
    let now = backend.now();
    let wish = &wish;
    let each = receipts.into_iter().enumerate().map(|(at, receipt)| async move {
        let ask = fifo::settle::Ask {
            receipt: receipt?,
            wish: wish(at),
            now,
        };
        let outcome = backend.store(queue)?.settle_fifo.ask(ask).await?;
        outcome.map_err(Failure::from)
    });
    let outcomes = join_all(each).await;
    // A group may have become free.
    backend.wakes.arrived(queue.id, outcomes.len());
    outcomes
}

pub async fn change_visibility(
    backend: &Backend,
    queue: &Arc<Queue>,
    changes: &[(String, Duration)],
) -> Vec<Result<(), Failure>> {
    let now = backend.now();
    let receipts: Vec<Result<Receipt, Failure>> = changes
        .iter()
        .map(|(handle, _)| receipt(backend, queue, handle))
        .collect();
    let until = |at: usize| now + millis(changes[at].1);
    if queue.kind == Kind::Fifo {
        let wish = |at: usize| fifo::settle::Wish::Hide(until(at));
        return settle_fifo(backend, queue, receipts, wish).await;
    }
    let each = receipts.into_iter().enumerate().map(|(at, receipt)| async move {
        let receipt = receipt?;
        hide(backend, queue, receipt.message, until(at), now).await
    });
    let outcomes = join_all(each).await;
    let shown = changes
        .iter()
        .zip(&outcomes)
        .filter(|((_, timeout), outcome)| timeout.is_zero() && outcome.is_ok())
        .count();
    if shown > 0 {
        backend.wakes.arrived(queue.id, shown);
    }
    outcomes
}

async fn hide(
    backend: &Backend,
    queue: &Queue,
    message: i64,
    until: Millis,
    now: Millis,
) -> Result<(), Failure> {
    let store = backend.store(queue)?;
    let ask = standard::hide::Ask {
        queue: queue.id,
        id: message,
        until,
        now,
    };
    if store.hide.ask(ask).await? {
        return Ok(());
    }
    let mut conn = store.pool.acquire().await?;
    let first = upkeep::in_flight_since(&mut conn, queue.id, message, now).await?;
    match first {
        Some(first) if until > first + fifo::settle::LONGEST => Err(Failure::VisibilityBeyondLimit),
        _ => Err(Failure::NotInFlight),
    }
}
