//! Sending: a message is made ready here, and kept by a lane.

use std::{sync::Arc, time::Duration};

use uuid::Uuid;

use super::{
    Backend, Failure, fifo,
    standard::{self, send::Prepared},
};
use crate::{
    model::{Kind, Millis, Outgoing, Queue, Sent, queue::DeduplicationScope},
    store::meta::Meta,
};

/// The 20 digits of a sequence number.
pub fn sequence_number(id: i64) -> String {
    let first = 10_000_000_000_000_000_000_u64;
    (first + u64::try_from(id).unwrap_or_default()).to_string()
}

pub fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}

pub async fn send(
    backend: &Backend,
    queue: &Arc<Queue>,
    messages: Vec<Outgoing>,
) -> Result<Vec<Sent>, Failure> {
    let now = backend.now();
    match queue.kind {
        Kind::Standard => standard(backend, queue, messages, now).await,
        Kind::Fifo => ordered(backend, queue, messages, now).await,
    }
}

fn prepare(backend: &Backend, queue: &Queue, message: &Outgoing, now: Millis) -> Prepared {
    let attributes = &queue.attributes;
    let message_id = Uuid::new_v4();
    let delay = message.delay.unwrap_or(attributes.delay);
    let body = message.body.as_bytes();
    Prepared {
        message_id,
        visible_at: now + millis(delay),
        sent_at: now,
        group: message.group.clone(),
        meta: Meta::of(message).write(),
        body: backend.bodies.seal(body, message_id, &attributes.encryption, now),
    }
}

async fn standard(
    backend: &Backend,
    queue: &Arc<Queue>,
    messages: Vec<Outgoing>,
    now: Millis,
) -> Result<Vec<Sent>, Failure> {
    let messages: Vec<Prepared> = messages
        .iter()
        .map(|message| prepare(backend, queue, message, now))
        .collect();
    let sent = messages.iter().map(|message| Sent {
        message_id: message.message_id.to_string(),
        sequence_number: None,
    });
    let sent: Vec<Sent> = sent.collect();
    let visible = messages
        .iter()
        .filter(|message| message.visible_at <= now)
        .count();
    if messages.iter().any(|message| message.group.is_some()) {
        backend.limits.saw_groups(queue.id);
    }
    let ask = standard::send::Ask {
        queue: queue.id,
        messages,
    };
    backend.store(queue)?.send.ask(ask).await?;
    if visible > 0 {
        backend.wakes.arrived(queue.id, visible);
    }
    Ok(sent)
}

async fn ordered(
    backend: &Backend,
    queue: &Arc<Queue>,
    messages: Vec<Outgoing>,
    now: Millis,
) -> Result<Vec<Sent>, Failure> {
    let by_group = queue.attributes.deduplication_scope == DeduplicationScope::MessageGroup;
    let messages: Vec<fifo::send::Ordered> = messages
        .iter()
        .map(|message| {
            let group = message.group.clone().unwrap_or_default();
            fifo::send::Ordered {
                message: prepare(backend, queue, message, now),
                scope: if by_group { group.clone() } else { String::new() },
                group,
                deduplication_id: message.deduplication_id.clone().unwrap_or_default(),
            }
        })
        .collect();
    let ask = fifo::send::Ask {
        queue: queue.id,
        messages,
        now,
    };
    let kept = backend.store(queue)?.send_fifo.ask(ask).await?;
    backend.wakes.arrived(queue.id, kept.len());
    let sent = kept.into_iter().map(|kept| Sent {
        message_id: kept.message_id.to_string(),
        sequence_number: Some(sequence_number(kept.id)),
    });
    Ok(sent.collect())
}
