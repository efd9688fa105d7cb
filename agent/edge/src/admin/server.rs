//! The HTTP server on the admin socket: `GET /status`, `/metrics`, `/healthz`, `POST /stop`.
//!
//! Who may open the socket's file may ask; its mode is 0600. A new edge takes the path over: it
//! tells the edge that answers there, if one does, to stop, so that no forgotten edge goes on
//! sharing the port with old routes. The old one's end then leaves the new socket file alone.

use std::convert::Infallible;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;

use super::{metrics, status};
use crate::edge::Shared;

/// How long an older edge has to say that it heard.
const HEARING: Duration = Duration::from_secs(2);
/// Connections served at a time.
const MOST: usize = 32;

/// The admin socket could not be made.
#[derive(Debug, thiserror::Error)]
#[error("make the admin socket {}", path.display())]
pub struct AdminError {
    pub path: PathBuf,
    pub source: io::Error,
}

/// The socket's file, removed when dropped unless another edge has taken its path.
pub struct SocketFile {
    path: PathBuf,
    inode: u64,
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if std::fs::symlink_metadata(&self.path).is_ok_and(|found| found.ino() == self.inode) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Makes the socket, in place of an older edge's if there is one, which is told to stop: call it
/// once the new edge listens.
pub async fn take_over(path: &Path) -> Result<(SocketFile, UnixListener), AdminError> {
    let make = async || {
        // Beside it and renamed, so that the path always leads to a listening socket.
        let mut fresh = path.as_os_str().to_owned();
        fresh.push(format!(".{}", std::process::id()));
        let fresh = PathBuf::from(fresh);
        let _ = std::fs::remove_file(&fresh);
        let listener = UnixListener::bind(&fresh)?;
        std::fs::set_permissions(&fresh, std::fs::Permissions::from_mode(0o600))?;
        let inode = std::fs::symlink_metadata(&fresh)?.ino();
        if let Ok(Ok(())) = tokio::time::timeout(HEARING, ask_to_stop(path)).await {
            tracing::info!("an older edge was told to stop");
        }
        std::fs::rename(&fresh, path)?;
        Ok((
            SocketFile {
                path: path.to_owned(),
                inode,
            },
            listener,
        ))
    };
    make().await.map_err(|source| AdminError {
        path: path.to_owned(),
        source,
    })
}

/// Tells the edge that serves a socket to stop, and waits until it has heard.
async fn ask_to_stop(path: &Path) -> io::Result<()> {
    let mut stream = UnixStream::connect(path).await?;
    stream
        .write_all(b"POST /stop HTTP/1.1\r\nhost: edge\r\nconnection: close\r\n\r\n")
        .await?;
    stream.read_to_end(&mut Vec::new()).await?;
    Ok(())
}

/// Serves the socket for ever.
pub async fn serve(listener: UnixListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        while connections.len() >= MOST {
            connections.join_next().await;
        }
        while connections.try_join_next().is_some() {}
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "an admin connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            let service = service_fn(move |request: Request<Incoming>| {
                let response = answer(&shared, &request);
                async move { Ok::<_, Infallible>(response) }
            });
            let served = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(Duration::from_secs(60))
                .serve_connection(TokioIo::new(stream), service)
                .await;
            if let Err(error) = served {
                tracing::debug!(%error, "an admin connection broke off");
            }
        });
    }
}

fn answer(shared: &Shared, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let (status, kind, text) = match (request.method(), request.uri().path()) {
        (&Method::GET, "/status") => match serde_json::to_vec(&status::status(shared)) {
            Ok(json) => (StatusCode::OK, "application/json", json),
            Err(error) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "text/plain",
                format!("{error}\n").into_bytes(),
            ),
        },
        (&Method::GET, "/metrics") => (
            StatusCode::OK,
            "text/plain; version=0.0.4",
            metrics::text(shared).into_bytes(),
        ),
        (&Method::GET, "/healthz") => (StatusCode::OK, "text/plain", b"ok\n".to_vec()),
        (&Method::POST, "/stop") => {
            shared.stop_asked.notify_one();
            (StatusCode::ACCEPTED, "text/plain", b"stopping\n".to_vec())
        }
        _ => (
            StatusCode::NOT_FOUND,
            "text/plain",
            b"there is GET /status, GET /metrics, GET /healthz and POST /stop\n".to_vec(),
        ),
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
