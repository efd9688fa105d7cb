//! The accept loop: connections, their limits, and an end that always comes.
//!
//! A connection that has not sent a whole request head in time is closed, a cap bounds how many are
//! open, and a stop gives open requests a deadline after which they are cut.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Body, extract::ConnectInfo};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{
        conn::auto::Builder,
        graceful::{GracefulShutdown, Watcher},
    },
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// How long a client may take to send a request's head, and how long a connection may lie idle.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);

/// Bounds of the accept loop.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Open connections at most.
    pub connections: usize,
    /// How long open requests may take after the stop.
    pub drain: Duration,
}

/// Serves `router` until `stop`, then lets open requests finish within the deadline.
pub async fn serve(listener: TcpListener, router: Router, limits: Limits, stop: CancellationToken) {
    let permits = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    while let Some((stream, peer, permit)) = accept(&listener, &permits, &stop).await {
        while connections.try_join_next().is_some() {}
        connections.spawn(connection(
            stream,
            peer,
            router.clone(),
            graceful.watcher(),
            permit,
        ));
    }
    drop(listener);
    let open = graceful.count();
    tracing::debug!(connections = open, "no more connections are taken");
    if tokio::time::timeout(limits.drain, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!(
            connections = connections.len(),
            duration_ms = limits.drain.as_millis() as u64,
            "requests that did not finish in time were cut off"
        );
    }
    connections.shutdown().await;
}

/// The next connection, when there is room for it; none at the stop.
async fn accept(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
    stop: &CancellationToken,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    loop {
        let next = async {
            let permit = Arc::clone(permits).acquire_owned().await.ok()?;
            Some((listener.accept().await, permit))
        };
        let (accepted, permit) = tokio::select! {
            () = stop.cancelled() => return None,
            next = next => next?,
        };
        match accepted {
            Ok((stream, peer)) => return Some((stream, peer, permit)),
            Err(error) => {
                // Out of file descriptors, or the peer was faster than us: neither ends the server.
                tracing::warn!(error.cause = %error, "a connection could not be accepted");
                drop(permit);
                let pause = tokio::time::sleep(Duration::from_millis(50));
                tokio::select! { () = stop.cancelled() => return None, () = pause => {} }
            }
        }
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    watcher: Watcher,
    permit: OwnedSemaphorePermit,
) {
    // Fails only when the peer has gone, which the next read tells as well.
    let _ = stream.set_nodelay(true);
    let begun = Arc::new(AtomicBool::new(false));
    let begins = Arc::clone(&begun);
    let service = hyper::service::service_fn(move |mut request: http::Request<Incoming>| {
        begins.store(true, Ordering::Relaxed);
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request.map(Body::new))
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(30))
        .max_concurrent_streams(256);
    let serving = watcher.watch(
        builder
            .serve_connection_with_upgrades(TokioIo::new(stream), service)
            .into_owned(),
    );
    tokio::pin!(serving);
    let first_request = tokio::time::sleep(HEADER_TIMEOUT);
    tokio::select! {
        result = &mut serving => log_end(peer, result),
        () = first_request => {
            if begun.load(Ordering::Relaxed) {
                log_end(peer, serving.await);
            }
        }
    }
    drop(permit);
}

fn log_end(peer: SocketAddr, result: Result<(), Box<dyn std::error::Error + Send + Sync>>) {
    if let Err(error) = result {
        tracing::debug!(peer = %peer, error.cause = %error, "a connection ended early");
    }
}
