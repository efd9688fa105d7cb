//! The accept loop: connections, their limits, and an end that always comes.
//!
//! A connection that has not sent a whole request head in time is closed, a cap bounds how many are
//! open, and a stop gives open requests a deadline after which they are cut.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    body::Body,
    extract::{ConnectInfo, Request},
    response::Response,
};
use hyper::body::{Body as _, Incoming};
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
use tower::{Service, ServiceExt};

use super::linger::Lingering;

/// [`Limits::head`] of a server that people and programs use.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// Bounds of the accept loop.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Open connections at most.
    pub connections: usize,
    /// How long open requests may take after the stop.
    pub drain: Duration,
    /// How long a client may take to send a request's head, and how long a connection may lie idle.
    pub head: Duration,
}

/// Serves `service`, a router or what stands before one, until `stop`, then lets open requests finish
/// within the deadline.
pub async fn serve<S>(listener: TcpListener, service: S, limits: Limits, stop: CancellationToken)
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let permits = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    while let Some((stream, peer, permit)) = accept(&listener, &permits, &stop).await {
        while connections.try_join_next().is_some() {}
        connections.spawn(connection(
            stream,
            peer,
            service.clone(),
            graceful.watcher(),
            permit,
            limits.head,
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

async fn connection<S>(
    stream: TcpStream,
    peer: SocketAddr,
    serves: S,
    watcher: Watcher,
    permit: OwnedSemaphorePermit,
    head: Duration,
) where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    // Fails only when the peer has gone, which the next read tells as well.
    let _ = stream.set_nodelay(true);
    let begun = Arc::new(AtomicBool::new(false));
    let begins = Arc::clone(&begun);
    let lingering = Lingering::default();
    let service = hyper::service::service_fn(move |mut request: http::Request<Incoming>| {
        begins.store(true, Ordering::Relaxed);
        request.extensions_mut().insert(ConnectInfo(peer));
        let request = match request.body().is_end_stream() {
            true => request.map(|_| Body::empty()),
            false => request.map(|body| Body::new(lingering.watch(body))),
        };
        serves.clone().oneshot(request)
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(head)
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
    let first_request = tokio::time::sleep(head);
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

#[cfg(test)]
mod tests {
    use axum::{Router, routing::get};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    struct Running {
        address: SocketAddr,
        stop: CancellationToken,
        serving: tokio::task::JoinHandle<()>,
    }

    async fn run(limits: Limits) -> Running {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let slow = || async {
            tokio::time::sleep(Duration::from_millis(700)).await;
            "done"
        };
        let router = Router::new()
            .route("/", get(|| async { "hello" }))
            .route("/slow", get(slow))
            .route("/never", get(std::future::pending::<&str>));
        let serving = tokio::spawn(serve(listener, router, limits, stop.clone()));
        Running {
            address,
            stop,
            serving,
        }
    }

    const LIMITS: Limits = Limits {
        connections: 100,
        drain: Duration::from_secs(5),
        head: Duration::from_millis(300),
    };

    async fn open(server: &Running, bytes: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream
    }

    /// All that comes until the server closes.
    async fn rest(mut stream: TcpStream) -> String {
        let mut bytes = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut bytes)).await;
        // A reset is an end as well.
        let _ = read.expect("the server closes");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    #[tokio::test]
    async fn clients_that_do_not_finish_their_request_head_are_cut_off() {
        let server = run(LIMITS).await;
        for begun in [&b""[..], b"PRI * HTTP/2", b"GET / HTTP/1.1\r\nhost:"] {
            rest(open(&server, begun).await).await;
        }
        let answered = rest(open(&server, b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await).await;
        assert!(answered.ends_with("hello"), "{answered}");
        // A request that is at work longer than that is not.
        let slow = rest(open(&server, b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await).await;
        assert!(slow.ends_with("done"), "{slow}");
        server.stop.cancel();
        server.serving.await.unwrap();
    }

    #[tokio::test]
    async fn more_connections_than_allowed_wait_their_turn() {
        let server = run(Limits {
            connections: 1,
            ..LIMITS
        })
        .await;
        let idle = open(&server, b"").await;
        let second = open(&server, b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
        rest(idle).await;
        assert!(rest(second).await.ends_with("hello"));
        server.stop.cancel();
        server.serving.await.unwrap();
    }

    #[tokio::test]
    async fn a_stop_waits_for_open_requests_and_no_longer_than_its_deadline() {
        let server = run(LIMITS).await;
        let mut slow = open(&server, b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\nGET /").await;
        // The answer to a first request on another connection tells that both were accepted.
        rest(open(&server, b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await).await;
        server.stop.cancel();
        let mut bytes = Vec::new();
        slow.read_to_end(&mut bytes).await.unwrap();
        assert!(String::from_utf8_lossy(&bytes).contains("done"));
        server.serving.await.unwrap();

        let server = run(Limits {
            drain: Duration::from_millis(200),
            ..LIMITS
        })
        .await;
        let never = open(&server, b"GET /never HTTP/1.1\r\nhost: x\r\n\r\n").await;
        rest(open(&server, b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await).await;
        server.stop.cancel();
        tokio::time::timeout(Duration::from_secs(5), server.serving)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(rest(never).await, "");
    }
}
