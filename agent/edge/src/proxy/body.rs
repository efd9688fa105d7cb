//! Bodies on their way through: streamed frame by frame, never gathered.
//!
//! A response body carries what must live as long as the answer does: the connection it comes
//! from, the place in the instance's count of open requests, and the client's.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use crate::client::state::OpenRequest;
use crate::clock;
use crate::upstream::backend::Ticket;
use crate::upstream::connection::Connection;

/// What is sent to an instance.
#[derive(Debug)]
pub enum RequestBody {
    None,
    Client(Incoming),
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match self.get_mut() {
            Self::None => Poll::Ready(None),
            Self::Client(body) => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::None => true,
            Self::Client(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::None => SizeHint::with_exact(0),
            Self::Client(body) => body.size_hint(),
        }
    }
}

/// What is sent to a client.
pub enum ResponseBody {
    /// The edge's own words.
    Own(Option<Bytes>, OpenRequest),
    /// An instance's.
    Instance(InstanceBody),
}

/// The body of an instance's answer.
pub struct InstanceBody {
    body: Incoming,
    source: Option<Source>,
    _open: OpenRequest,
}

/// Where an instance's body comes from.
struct Source {
    connection: Box<Connection>,
    ticket: Ticket,
}

impl InstanceBody {
    pub fn new(body: Incoming, connection: Box<Connection>, ticket: Ticket, open: OpenRequest) -> Self {
        let mut this = Self {
            body,
            source: Some(Source { connection, ticket }),
            _open: open,
        };
        if this.body.is_end_stream() {
            this.complete();
        }
        this
    }

    /// The body ended as it should: its connection may serve again.
    fn complete(&mut self) {
        if let Some(Source {
            mut connection,
            ticket,
        }) = self.source.take()
            && connection.reusable()
        {
            ticket.backend.give_back(connection, clock::coarse());
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let body = &mut self.body;
        let polled = match &mut self.source {
            Some(source) => source
                .connection
                .poll_body(cx, |cx| Pin::new(&mut *body).poll_frame(cx)),
            None => Pin::new(body).poll_frame(cx),
        };
        match &polled {
            Poll::Pending => {}
            Poll::Ready(None) => self.complete(),
            Poll::Ready(Some(Ok(_))) => {
                if self.body.is_end_stream() {
                    self.complete();
                }
            }
            Poll::Ready(Some(Err(error))) => {
                if let Some(source) = self.source.take() {
                    source.ticket.backend.failed();
                    tracing::debug!(
                        instance.id = %source.ticket.backend.instance,
                        cut = ?source.connection.link.was_cut(),
                        %error,
                        "the instance's answer broke off"
                    );
                }
            }
        }
        polled
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match self.get_mut() {
            Self::Own(text, _) => Poll::Ready(text.take().map(|text| Ok(Frame::data(text)))),
            Self::Instance(body) => body.poll(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Own(text, _) => text.is_none(),
            Self::Instance(body) => body.body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Own(text, _) => SizeHint::with_exact(text.as_ref().map_or(0, |text| text.len() as u64)),
            Self::Instance(body) => body.body.size_hint(),
        }
    }
}
