//! One environment: what it is doing and what has happened.

use axum::{
    extract::{Path, Query, State},
    response::{IntoResponse, Response},
};
use beanpole_protocol::{Timestamp, api::EventQuery};
use serde::Serialize;

use super::{
    Tab,
    live::{self, Live},
};
use crate::{
    console::Console,
    failure::Failure,
    session::SignedIn,
    shell::{PageRequest, Section, Shell},
    show::event::EventRow,
    views::Template,
};

/// Events in the page at first; newer ones come by the stream.
const EVENTS: u32 = 60;

#[derive(Serialize)]
struct ShowPage {
    shell: Shell,
    tab: Tab,
    #[serde(flatten)]
    live: Live,
    /// Newest first.
    events: Vec<EventRow>,
    /// Where the stream goes on.
    last_event: i64,
}

impl Template for ShowPage {
    const FILE: &'static str = "environments/show.html";
}

pub async fn show(
    State(console): State<Console>,
    person: SignedIn,
    Path(name): Path<String>,
    Query(request): Query<PageRequest>,
) -> Result<Response, Failure> {
    let newest = EventQuery {
        limit: Some(EVENTS),
        ..EventQuery::default()
    };
    let (live, events) = tokio::try_join!(live::load(&person, &name), person.api.events(&name, &newest))?;
    let now = Timestamp::now();
    let page = ShowPage {
        shell: Shell::new(&person, Section::Environments, request.notice()),
        tab: Tab::Overview,
        live,
        last_event: events.items.iter().map(|event| event.id).max().unwrap_or(0),
        events: events
            .items
            .into_iter()
            .rev()
            .map(|event| EventRow::new(event, now))
            .collect(),
    };
    Ok(console.page(&page)?.into_response())
}
