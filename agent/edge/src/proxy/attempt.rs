//! One request at one instance: over an idle connection if there is a good one, else a new one.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use http::{Request, Response};
use hyper::body::Incoming;

use super::answer::Trouble;
use super::body::RequestBody;
use super::retry::{self, Connected, Next, Progress};
use crate::clock;
use crate::upstream::backend::{Backend, IDLE_LIMIT_MILLIS};
use crate::upstream::connection::{ConnectError, Connection, SendError};
use crate::upstream::link::Cut;

/// Where a request goes, and what may be done if that fails.
pub struct Attempt<'a> {
    pub backend: &'a Arc<Backend>,
    pub address: SocketAddr,
    /// See [`retry::repeatable`].
    pub repeatable: bool,
    /// Instances that this request failed at before.
    pub others_tried: usize,
}

/// The instance did not answer.
pub struct Failed {
    pub trouble: Trouble,
    /// The request, if another instance may be tried.
    pub again: Option<Request<RequestBody>>,
}

impl Attempt<'_> {
    /// Sends the request and waits for the head of the answer.
    pub async fn send(
        &self,
        mut request: Request<RequestBody>,
        started: Instant,
    ) -> Result<(Response<Incoming>, Box<Connection>), Failed> {
        let longest = if self.repeatable {
            IDLE_LIMIT_MILLIS
        } else {
            retry::FRESH_IDLE_MILLIS
        };
        let mut idle = self
            .backend
            .take_idle(self.address, longest, clock::millis_at(started));
        loop {
            let (mut connection, connected) = match idle.take() {
                Some(connection) => (connection, Connected::Reused),
                None => match Connection::open(self.backend, self.address).await {
                    Ok(connection) => (connection, Connected::Fresh),
                    Err(error) => return Err(self.not_connected(&error, request)),
                },
            };
            if self.repeatable {
                connection.spare.keep(&request);
            }
            let SendError { error, unsent } = match connection.send(request).await {
                Ok(response) => {
                    connection.spare.forget();
                    return Ok((response, connection));
                }
                Err(failed) => failed,
            };
            let progress = match unsent {
                Some(_) => Progress::Unsent,
                None if connection.link.answered() => Progress::Answered,
                None => Progress::Sent,
            };
            let next = match connection.link.was_cut() {
                Some(_) => Next::GiveUp,
                None if error.is_user() => Next::GiveUp,
                None => retry::next(progress, connected, self.repeatable, self.others_tried),
            };
            let again = unsent.or_else(|| connection.spare.take());
            let how = (progress, connected);
            match (next, again) {
                (Next::Reconnect, Some(again)) => request = again,
                (Next::OtherInstance, again) => {
                    return Err(self.no_answer(&error, &connection, how, again));
                }
                (_, _) => return Err(self.no_answer(&error, &connection, how, None)),
            }
        }
    }

    fn not_connected(&self, error: &ConnectError, request: Request<RequestBody>) -> Failed {
        self.backend.unanswered();
        self.backend.unreachable(clock::millis());
        tracing::debug!(instance.id = %self.backend.instance, address = %self.address, %error, "no connection");
        let next = retry::next(
            Progress::NotConnected,
            Connected::Fresh,
            self.repeatable,
            self.others_tried,
        );
        Failed {
            trouble: Trouble::NotConnected {
                timed_out: matches!(error, ConnectError::TimedOut),
            },
            again: (next == Next::OtherInstance).then_some(request),
        }
    }

    fn no_answer(
        &self,
        error: &hyper::Error,
        connection: &Connection,
        how: (Progress, Connected),
        again: Option<Request<RequestBody>>,
    ) -> Failed {
        let trouble = match connection.link.was_cut() {
            Some(Cut::Drained) => Trouble::Drained,
            Some(Cut::ResponseTimeout) => Trouble::ResponseTimeout,
            None if error.is_user() => Trouble::ClientBody,
            None if error.is_parse() => Trouble::BadAnswer,
            None => Trouble::NoAnswer,
        };
        self.backend.unanswered();
        match trouble {
            Trouble::ClientBody => {}
            // Accepted and closed without a word: as good as refused, and what a port forwarder
            // does whose instance does not listen.
            Trouble::NoAnswer if how == (Progress::Sent, Connected::Fresh) => {
                self.backend.unreachable(clock::millis());
            }
            _ => self.backend.failed(),
        }
        tracing::debug!(
            instance.id = %self.backend.instance, kind = trouble.kind(), %error, "no answer from the instance"
        );
        Failed { trouble, again }
    }
}
