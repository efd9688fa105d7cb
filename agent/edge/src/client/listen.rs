//! Listening sockets and the loop that accepts from them.
//!
//! The sockets share their port (`SO_REUSEPORT`): a new edge listens beside the old one, which is
//! then told to stop. Before it closes its socket the old one takes what the kernel had already
//! queued for it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use super::connection;
use super::state::Clients;
use crate::edge::Shared;

const BACKLOG: u32 = 4096;
/// A wait after an error of `accept`, such as no free file descriptor.
const PAUSE: Duration = Duration::from_millis(50);

/// An address could not be listened on.
#[derive(Debug, thiserror::Error)]
#[error("listen on {address}: is another program using the port?")]
pub struct ListenError {
    pub address: SocketAddr,
    pub source: io::Error,
}

/// Listens on an address, beside other edges if there are any.
pub fn bind(address: SocketAddr) -> Result<TcpListener, ListenError> {
    let open = || {
        let socket = if address.is_ipv4() {
            TcpSocket::new_v4()?
        } else {
            TcpSocket::new_v6()?
        };
        socket.set_reuseaddr(true)?;
        socket.set_reuseport(true)?;
        // Inherited by accepted connections: a tunnel whose client vanished ends some day.
        socket.set_keepalive(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    open().map_err(|source| ListenError { address, source })
}

/// Accepts connections until told to stop.
pub async fn accept(
    listener: TcpListener,
    shared: Arc<Shared>,
    room: Arc<Semaphore>,
    stop: CancellationToken,
) {
    let protocol = Arc::new(connection::protocol());
    let start = |stream: TcpStream, peer: SocketAddr, permit: OwnedSemaphorePermit| {
        // Errors here mean a client that has already gone.
        let Ok(local) = stream.local_addr() else { return };
        let _ = stream.set_nodelay(true);
        let client = Clients::add(&shared, &stream, peer, local);
        let protocol = Arc::clone(&protocol);
        shared.tasks.spawn(async move {
            connection::serve(&protocol, stream, client).await;
            drop(permit);
        });
    };
    loop {
        let permit = tokio::select! {
            () = stop.cancelled() => break,
            permit = Arc::clone(&room).acquire_owned() => permit,
        };
        let Ok(permit) = permit else { return };
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => start(stream, peer, permit),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    // What is in the queue was accepted by the kernel in our name: closing would reset it.
    while let Ok(permit) = Arc::clone(&room).try_acquire_owned() {
        match listener.accept().now_or_never() {
            Some(Ok((stream, peer))) => start(stream, peer, permit),
            _ => break,
        }
    }
}
