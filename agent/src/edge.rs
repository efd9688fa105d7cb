//! Asks this host's edge how it is doing, over its admin socket.
//!
//! The server waits for the edge to serve a generation and to empty a target, so after a change of
//! routes and while something drains the edge is asked often; otherwise once a second.

use std::{path::PathBuf, time::Duration};

use beanpole_protocol::routes::EdgeStatus;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::{Request, StatusCode, body::Bytes, header};
use hyper_util::rt::TokioIo;
use tokio::{
    net::UnixStream,
    sync::{mpsc, watch},
    time::timeout,
};
use tokio_util::task::AbortOnDropHandle;

const CALM: Duration = Duration::from_secs(1);
const EAGER: Duration = Duration::from_millis(20);
const DRAINING: Duration = Duration::from_millis(100);
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
const LARGEST_ANSWER: usize = 8 << 20;

/// What the agent waits for at the edge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Awaited {
    pub generation: u64,
    pub draining: bool,
}

/// Follows the edge at `socket`; every answer that differs from the last goes to `told`, none when it
/// does not answer.
pub fn follow(
    socket: PathBuf,
    mut awaited: watch::Receiver<Awaited>,
    told: mpsc::Sender<Option<EdgeStatus>>,
) -> AbortOnDropHandle<()> {
    AbortOnDropHandle::new(tokio::spawn(async move {
        let mut last = None;
        let mut eager_polls = 0u32;
        loop {
            let status = match timeout(ANSWER_WITHIN, ask(&socket)).await {
                Ok(Ok(status)) => Some(status),
                Ok(Err(_)) | Err(_) => None,
            };
            let want = *awaited.borrow_and_update();
            let lags = status
                .as_ref()
                .is_some_and(|status| status.generation != want.generation);
            if status != last {
                last = status.clone();
                if told.send(status).await.is_err() {
                    return;
                }
            }
            // An edge that refuses a generation must not be asked fifty times a second for ever.
            eager_polls = if lags { eager_polls.saturating_add(1) } else { 0 };
            let pause = match (lags && eager_polls < 100, want.draining) {
                (true, _) => EAGER,
                (false, true) => DRAINING,
                (false, false) => CALM,
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                changed = awaited.changed() => if changed.is_err() { return },
            }
        }
    }))
}

async fn ask(socket: &PathBuf) -> Result<EdgeStatus, Box<dyn std::error::Error + Send + Sync>> {
    let stream = UnixStream::connect(socket).await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake::<_, Empty<Bytes>>(TokioIo::new(stream)).await?;
    let request = Request::get("/status")
        .header(header::HOST, "edge")
        .body(Empty::new())?;
    let exchange = async {
        let answer = sender.send_request(request).await?;
        if answer.status() != StatusCode::OK {
            return Err(format!("the edge answered {}", answer.status()).into());
        }
        let body = Limited::new(answer.into_body(), LARGEST_ANSWER)
            .collect()
            .await?
            .to_bytes();
        Ok(serde_json::from_slice(&body)?)
    };
    let mut exchange = std::pin::pin!(exchange);
    tokio::select! {
        biased;
        answer = &mut exchange => answer,
        _ = connection => exchange.await,
    }
}
