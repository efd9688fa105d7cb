//! Request bodies that a handler gave up on before they were whole, as it does when it refuses.
//!
//! Their rest is read and thrown away, within bounds, while the answer is on its way: a connection
//! that is closed with unread bytes is reset, and the client may never see why it was refused.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::body::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::task::JoinSet;

use crate::bundle::UPLOAD_LIMIT;

/// How long a client may go on sending what nobody wants.
const LONGEST: Duration = Duration::from_secs(30);

/// Owns the reading of rests on one connection; what still goes on ends with it.
#[derive(Clone, Default)]
pub struct Lingering(Arc<Mutex<JoinSet<()>>>);

impl Lingering {
    /// `body`, whose rest is read should it be dropped before its end.
    pub fn watch(&self, body: Incoming) -> Watched {
        Watched {
            body: Some(body),
            lingering: self.clone(),
        }
    }

    fn read_rest(&self, body: Incoming) {
        let mut rests = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while rests.try_join_next().is_some() {}
        rests.spawn(async move {
            let _ = tokio::time::timeout(LONGEST, discard(body)).await;
        });
    }
}

async fn discard(mut body: Incoming) {
    let mut left = UPLOAD_LIMIT;
    while let Some(Ok(frame)) = body.frame().await {
        let size = frame.data_ref().map_or(0, Bytes::len) as u64;
        left = match left.checked_sub(size) {
            Some(left) => left,
            None => return,
        };
    }
}

/// A request's body. Nothing of it after its end or an error.
pub struct Watched {
    body: Option<Incoming>,
    lingering: Lingering,
}

impl Body for Watched {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        let polled = Pin::new(body).poll_frame(context);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            self.body = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(body) = self.body.take()
            && !body.is_end_stream()
            && tokio::runtime::Handle::try_current().is_ok()
        {
            self.lingering.read_rest(body);
        }
    }
}
