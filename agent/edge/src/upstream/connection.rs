//! An HTTP/1.1 connection to an instance, driven by whoever uses it.
//!
//! There is no task per connection: the request's own task polls the connection while it sends and
//! while the answer's body is read, which spares two task switches a request. Since only that
//! polling makes progress, what waits for it inside is polled without a waker, and the connection
//! itself with its link's.

use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::backend::{Backend, Membership};
use super::link::{Link, LinkedStream};
use super::spare::Spare;
use crate::proxy::body::RequestBody;

/// How long to wait for the TCP handshake: instances are on this host or one hop away.
const CONNECT_LIMIT: Duration = Duration::from_secs(3);

type Driver = http1::Connection<TokioIo<LinkedStream>, RequestBody>;

/// A connection was not made.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error("connect to the instance")]
    Io(#[from] io::Error),
    #[error("connect to the instance: no answer within {} s", CONNECT_LIMIT.as_secs())]
    TimedOut,
    #[error("prepare the connection to the instance")]
    Http(#[from] hyper::Error),
}

/// An open connection.
pub struct Connection {
    pub address: SocketAddr,
    pub link: Arc<Link>,
    pub spare: Spare,
    /// The link as a waker.
    waker: Waker,
    sender: http1::SendRequest<RequestBody>,
    /// Absent once the connection has ended.
    driver: Option<Driver>,
    _membership: Membership,
}

/// A request got no answer.
#[derive(Debug)]
pub struct SendError {
    pub error: hyper::Error,
    /// The request itself, when not a byte of it was sent.
    pub unsent: Option<Request<RequestBody>>,
}

impl Connection {
    /// Connects to an instance.
    pub async fn open(backend: &Arc<Backend>, address: SocketAddr) -> Result<Box<Self>, ConnectError> {
        let stream = tokio::time::timeout(CONNECT_LIMIT, TcpStream::connect(address))
            .await
            .map_err(|_| ConnectError::TimedOut)??;
        stream.set_nodelay(true)?;
        let link = Arc::new(Link::default());
        let membership = backend.enrol(Arc::clone(&link));
        let io = TokioIo::new(LinkedStream::new(stream, Arc::clone(&link)));
        let (sender, driver) = http1::Builder::new().handshake(io).await?;
        let waker = Waker::from(Arc::clone(&link));
        Ok(Box::new(Self {
            address,
            link,
            spare: Spare::default(),
            waker,
            sender,
            driver: Some(driver),
            _membership: membership,
        }))
    }

    /// Drives the connection. True once it has ended, with or without an error: who waits for
    /// something from it hears of the error there.
    fn drive(&mut self, cx: &mut Context<'_>) -> bool {
        drive(&mut self.driver, &self.link, &self.waker, cx)
    }

    /// Sends a request and waits for the head of its answer.
    pub async fn send(&mut self, request: Request<RequestBody>) -> Result<Response<Incoming>, SendError> {
        self.link.begin();
        let mut answer = pin!(self.sender.try_send_request(request));
        let result = poll_fn(|cx| {
            let ended = drive(&mut self.driver, &self.link, &self.waker, cx);
            let mut quiet = Context::from_waker(Waker::noop());
            match answer.as_mut().poll(&mut quiet) {
                Poll::Ready(result) => Poll::Ready(result),
                Poll::Pending if ended => {
                    // What is still queued comes back when the connection goes.
                    self.driver = None;
                    answer.as_mut().poll(cx)
                }
                Poll::Pending => Poll::Pending,
            }
        })
        .await;
        self.link.head_received();
        result.map_err(|mut failed| {
            let unsent = failed.take_message();
            SendError {
                error: failed.into_error(),
                unsent,
            }
        })
    }

    /// Polls `body`, which comes from this connection, for its next frame.
    pub fn poll_body<T>(
        &mut self,
        cx: &mut Context<'_>,
        mut body: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        let mut quiet = Context::from_waker(Waker::noop());
        if let Poll::Ready(frame) = body(&mut quiet) {
            return Poll::Ready(frame);
        }
        let ended = self.drive(cx);
        match body(&mut quiet) {
            Poll::Pending if ended => {
                self.driver = None;
                body(cx)
            }
            other => other,
        }
    }

    /// Whether another request may be sent: the answer is complete and so is the request. The
    /// connection is then nobody's.
    pub fn reusable(&mut self) -> bool {
        let mut quiet = Context::from_waker(Waker::noop());
        let reusable = self.driver.is_some()
            && (self.sender.is_ready() || (!self.drive(&mut quiet) && self.sender.is_ready()));
        self.link.unused();
        reusable
    }

    /// After a "101 Switching Protocols": the bare stream and what was read of it already.
    pub async fn into_tunnel(mut self: Box<Self>) -> Option<Tunnel> {
        poll_fn(|cx| {
            if self.drive(cx) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
        let Connection {
            driver, _membership, ..
        } = *self;
        let parts = driver?.into_parts();
        Some(Tunnel {
            stream: parts.io.into_inner().by_hand(),
            already_read: parts.read_buf,
            _membership,
        })
    }
}

/// See [`Connection::drive`].
fn drive(driver: &mut Option<Driver>, link: &Link, waker: &Waker, cx: &mut Context<'_>) -> bool {
    match driver {
        None => true,
        Some(driver) => {
            link.used_by(cx.waker());
            driver
                .poll_without_shutdown(&mut Context::from_waker(waker))
                .is_ready()
        }
    }
}

/// A connection that no longer speaks HTTP.
pub struct Tunnel {
    pub stream: LinkedStream,
    pub already_read: Bytes,
    _membership: Membership,
}
