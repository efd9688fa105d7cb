//! `/api/v1/environments/{name}/events`: what happened, and what happens.

use std::{collections::VecDeque, convert::Infallible, time::Duration};

use axum::{
    extract::State,
    response::{
        Sse,
        sse::{self, KeepAlive},
    },
};
use beanpole_protocol::{
    EnvironmentId, Timestamp,
    api::{Event, EventQuery, Page, Severity},
};
use futures_util::{Stream, stream};
use http::HeaderMap;
use serde::Deserialize;
use tokio::time::Instant;

use super::paging;
use crate::{
    ApiError, App,
    auth::Viewer,
    http::extract::{Json, Path, Query},
    notices::{Notice, Waiter},
    ops,
    store::{environments, events},
};

/// Notices can be lost; new events are looked for this often.
const LOOK: Duration = Duration::from_secs(2);
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// A stream ends after this long; the client comes back with the last id, and is asked who it is again.
const LIFETIME: Duration = Duration::from_secs(3600);
const AT_ONCE: i64 = 500;

/// Events, oldest first: those after an id, or the newest ones.
#[utoipa::path(
    get, path = "/api/v1/environments/{name}/events", tag = "environments",
    params(("name" = String, Path), EventQuery),
    responses((status = 200, description = "A page of events", body = Page<Event>))
)]
pub async fn list(
    _: Viewer,
    State(app): State<App>,
    Path(name): Path<String>,
    Query(query): Query<EventQuery>,
) -> Result<Json<Page<Event>>, ApiError> {
    let limit = i64::from(paging::limit(query.limit)?);
    let severity = query.severity.unwrap_or(Severity::Trace);
    let mut connection = app.pool.acquire().await?;
    let environment = ops::find::environment(&mut connection, &name, Timestamp::now()).await?;
    let Some(after) = query.after else {
        let items = events::newest(&mut connection, &environment.id, severity, limit).await?;
        return Ok(Json(Page { items, next: None }));
    };
    let items = events::after(&mut connection, &environment.id, after, severity, limit + 1).await?;
    Ok(Json(paging::page(items, limit + 1, |event: &Event| {
        event.id.to_string()
    })))
}

/// Where a stream begins.
#[derive(Deserialize, utoipa::IntoParams)]
pub struct From {
    /// Only events with a greater id. Absent: those that happen from now on.
    #[serde(default)]
    after: Option<i64>,
}

/// Events as they happen, as server-sent events: `id` is the event's id, `data` its JSON. A header
/// `Last-Event-ID` goes on where another stream ended.
#[utoipa::path(
    get, path = "/api/v1/environments/{name}/events/stream", tag = "environments",
    params(("name" = String, Path), From),
    responses((status = 200, description = "The stream", body = String, content_type = "text/event-stream"))
)]
pub async fn follow(
    _: Viewer,
    State(app): State<App>,
    Path(name): Path<String>,
    Query(from): Query<From>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<sse::Event, Infallible>>>, ApiError> {
    let waiter = app.notices.subscribe();
    let mut connection = app.pool.acquire().await?;
    let environment = ops::find::environment(&mut connection, &name, Timestamp::now()).await?;
    let last_seen = headers
        .get("last-event-id")
        .and_then(|id| id.to_str().ok()?.parse().ok());
    let last = match last_seen.or(from.after) {
        Some(id) => id,
        None => {
            let newest = events::newest(&mut connection, &environment.id, Severity::Trace, 1).await?;
            newest.last().map_or(0, |event| event.id)
        }
    };
    drop(connection);
    let follower = Follower {
        environment: environment.id,
        last,
        waiting: VecDeque::new(),
        waiter,
        end: Instant::now() + LIFETIME,
        app,
    };
    let stream = stream::unfold(follower, |mut follower| async move {
        let event = follower.next().await?;
        let shown = sse::Event::default()
            .id(event.id.to_string())
            .data(serde_json::to_string(&event).unwrap_or_default());
        Some((Ok(shown), follower))
    });
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

struct Follower {
    app: App,
    environment: EnvironmentId,
    /// Id of the last event given out.
    last: i64,
    waiting: VecDeque<Event>,
    waiter: Waiter,
    end: Instant,
}

impl Follower {
    /// The next event; none when the stream should end: the server stops, the environment is
    /// terminated and all was told, or the stream has lasted long enough.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                self.last = event.id;
                return Some(event);
            }
            if self.app.stopping.is_cancelled() || Instant::now() >= self.end {
                return None;
            }
            match self.read().await {
                Ok(true) => return None,
                Ok(false) if !self.waiting.is_empty() => continue,
                Ok(false) => {}
                Err(error) => {
                    tracing::debug!(error.cause = %error, "a follower of events could not read; it waits");
                }
            }
            let look = Instant::now() + LOOK;
            let environment = &self.environment;
            tokio::select! {
                () = self.app.stopping.cancelled() => {}
                () = self.waiter.wait(look, |notice| {
                    matches!(notice, Notice::Events(id) if id == environment)
                }) => {}
            }
        }
    }

    /// Reads what is new: whether there is nothing and never will be.
    async fn read(&mut self) -> sqlx::Result<bool> {
        let mut connection = self.app.pool.acquire().await?;
        // The status before the events: a terminated environment gets no event after it.
        let row = environments::by_id(&mut connection, &self.environment).await?;
        let new = events::after(
            &mut connection,
            &self.environment,
            self.last,
            Severity::Trace,
            AT_ONCE,
        );
        self.waiting.extend(new.await?);
        Ok(self.waiting.is_empty() && row.is_none_or(|row| row.terminated_at.is_some()))
    }
}
