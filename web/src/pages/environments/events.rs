//! An environment's events as they happen: the API's stream, each event made into a table row.
//!
//! Two messages an event: the row, which htmx puts on top of the table, and `changed`, on which the
//! rest of the page is fetched again. A stream that the API ends or refuses is closed after a hint to
//! wait; the browser comes back with the id of the last event it saw.

use std::{collections::VecDeque, convert::Infallible, pin::Pin, time::Duration};

use axum::{
    extract::{Path, Query, State},
    http::HeaderMap,
    response::{
        IntoResponse, Response, Sse,
        sse::{self, KeepAlive},
    },
};
use beanpole_protocol::{Timestamp, api::Event};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use serde::{Deserialize, Serialize};

use crate::{
    console::Console,
    failure::Failure,
    session::SignedIn,
    show::event::EventRow,
    sse::{Message, Reader},
    views::{Template, Views},
};

#[derive(Serialize)]
struct Row {
    event: EventRow,
}

impl Template for Row {
    const FILE: &'static str = "environments/event.html";
}

#[derive(Deserialize)]
pub struct StreamQuery {
    after: Option<i64>,
}

type ApiStream = Pin<Box<dyn Stream<Item = std::io::Result<Bytes>> + Send>>;

pub async fn stream(
    State(console): State<Console>,
    person: SignedIn,
    Path(name): Path<String>,
    Query(query): Query<StreamQuery>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let resumed = headers
        .get("last-event-id")
        .and_then(|id| id.to_str().ok()?.parse().ok());
    let after = resumed.or(query.after);
    let source: ApiStream = match person.api.event_stream(&name, after).await {
        Ok(stream) => Box::pin(stream),
        Err(error) if error.status().is_some_and(|status| status < 500) => return Err(error.into()),
        // The browser comes back to a stream that ends, but not to one that never began.
        Err(_) => Box::pin(futures_util::stream::empty()),
    };
    let relay = Relay {
        source,
        reader: Reader::default(),
        views: console.views,
        ready: VecDeque::new(),
        stage: Stage::Open,
    };
    let keep_alive = KeepAlive::new().interval(Duration::from_secs(15));
    Ok(Sse::new(relay.into_stream())
        .keep_alive(keep_alive)
        .into_response())
}

#[derive(PartialEq, Eq)]
enum Stage {
    Open,
    Ended,
}

struct Relay {
    source: ApiStream,
    reader: Reader,
    views: Views,
    ready: VecDeque<sse::Event>,
    stage: Stage,
}

impl Relay {
    fn into_stream(self) -> impl Stream<Item = Result<sse::Event, Infallible>> + Send {
        futures_util::stream::unfold(self, |mut relay| async move {
            loop {
                if let Some(event) = relay.ready.pop_front() {
                    return Some((Ok(event), relay));
                }
                if relay.stage == Stage::Ended {
                    return None;
                }
                relay.advance().await;
            }
        })
    }

    /// Takes the next bytes of the API's stream.
    async fn advance(&mut self) {
        let messages = match self.source.next().await {
            Some(Ok(piece)) => self.reader.push(&piece).map_err(|error| error.to_string()),
            Some(Err(error)) => Err(error.to_string()),
            None => Err("the API ended it".to_owned()),
        };
        match messages {
            Ok(messages) => {
                for message in messages {
                    self.ready
                        .extend(rendered(&self.views, &message, Timestamp::now()));
                }
            }
            Err(reason) => {
                tracing::debug!(%reason, "an event stream ended");
                self.stage = Stage::Ended;
                self.ready.push_back(wait());
            }
        }
    }
}

/// Not at once: the server may just be starting again.
fn wait() -> sse::Event {
    sse::Event::default()
        .event("interrupted")
        .retry(Duration::from_secs(3))
        .data("-")
}

fn rendered(views: &Views, message: &Message, now: Timestamp) -> Vec<sse::Event> {
    let event = match serde_json::from_str::<Event>(&message.data) {
        Ok(event) => event,
        Err(error) => {
            tracing::warn!(%error, "the API sent an event that the console does not understand");
            return Vec::new();
        }
    };
    let id = event.id.to_string();
    let row = Row {
        event: EventRow::new(event, now),
    };
    match views.render(&row) {
        Ok(html) => vec![
            // A carriage return would end a line of the stream.
            sse::Event::default().id(&id).data(html.replace('\r', " ")),
            sse::Event::default().id(&id).event("changed").data(&id),
        ],
        Err(error) => {
            tracing::error!(error = %error, "an event cannot be shown");
            Vec::new()
        }
    }
}
