//! A connection that changed protocol, such as a WebSocket: bytes both ways until either side ends.
//!
//! Counts as open at its instance until then; when the instance's deregistration delay runs out
//! its side is cut, and with it the tunnel.

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncWriteExt, copy_bidirectional};

use crate::upstream::backend::Ticket;
use crate::upstream::connection::Connection;

/// Runs a tunnel between a client, once its side has changed protocol, and an instance.
pub async fn run(client: OnUpgrade, connection: Box<Connection>, ticket: Ticket) {
    let instance = ticket.backend.instance.clone();
    let Some(mut tunnel) = connection.into_tunnel().await else {
        tracing::debug!(instance.id = %instance, "the instance's connection ended as it changed protocol");
        return;
    };
    let mut client = match client.await {
        Ok(upgraded) => TokioIo::new(upgraded),
        Err(error) => {
            tracing::debug!(instance.id = %instance, %error, "the client left as its connection changed protocol");
            return;
        }
    };
    if !tunnel.already_read.is_empty() && client.write_all(&tunnel.already_read).await.is_err() {
        return;
    }
    // Either side may end it at any time: an error here is a tunnel's usual end.
    if let Err(error) = copy_bidirectional(&mut client, &mut tunnel.stream).await {
        tracing::debug!(instance.id = %instance, %error, "a tunnel broke off");
    }
    drop(ticket);
}
