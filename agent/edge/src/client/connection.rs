//! Serves one client connection until it ends or is told to.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::TcpStream;

use super::io::ClientStream;
use super::state::{Client, Signal};
use crate::proxy::service;

/// A request head larger than this gets a 431.
const LARGEST_HEAD: usize = 64 * 1024;

/// The protocol settings of all connections.
pub fn protocol() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // Half-closed connections are let be here, which spares a read and a buffer per request: the
    // keeper looks after clients that left.
    builder.http1().max_buf_size(LARGEST_HEAD).half_close(true);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(256)
        .max_header_list_size(LARGEST_HEAD as u32)
        .keep_alive_interval(std::time::Duration::from_secs(30))
        .keep_alive_timeout(std::time::Duration::from_secs(20));
    builder
}

/// Serves a connection.
pub async fn serve(protocol: &auto::Builder<TokioExecutor>, stream: TcpStream, client: Arc<Client>) {
    let io = TokioIo::new(ClientStream::new(stream, Arc::clone(&client)));
    let owner = Arc::clone(&client);
    let service = service_fn(move |request| service::handle(Arc::clone(&owner), request));
    let mut connection = pin!(protocol.serve_connection_with_upgrades(io, service));
    let mut heard = None;
    let mut finishing = false;
    poll_fn(|cx| {
        // This future is a task's own, whose waker never changes: it is registered at first and
        // after each signal, which used it up.
        if heard != Some(client.signal()) {
            client.register(cx.waker());
            heard = Some(client.signal());
        }
        match heard {
            Some(Signal::Cut) => return Poll::Ready(()),
            Some(Signal::Finish) if !finishing => {
                connection.as_mut().graceful_shutdown();
                finishing = true;
            }
            _ => {}
        }
        connection.as_mut().poll(cx).map(|result| {
            if let Err(error) = result {
                tracing::debug!(client = ?client.origin.address, error, "a client's connection broke off");
            }
        })
    })
    .await;
}
