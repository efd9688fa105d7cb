//! Hosts: the list, a token for one more, remove one.

use axum::{
    Router,
    extract::{Path, Query, State},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use beanpole_protocol::{
    HostId, Timestamp,
    api::{Host, JoinToken, PageQuery},
};
use http::{HeaderMap, header};
use serde::Serialize;

use crate::{
    console::Console,
    failure::{Failure, Trouble},
    form,
    session::{SignedIn, Transport},
    shell::{Notice, PageRequest, Section, Shell},
    show::{Badge, Tone, badge, quantity, when::When},
    views::Template,
};

pub fn routes() -> Router<Console> {
    Router::new()
        .route("/hosts", get(list))
        .route("/hosts/join-tokens", post(create_token))
        .route("/hosts/{id}/remove", post(remove))
}

#[derive(Serialize)]
struct HostRow {
    id: String,
    name: String,
    state: Badge,
    last_seen: Option<When>,
    cpus: u32,
    memory: String,
    docker: String,
    agent: String,
    instances: u32,
    services_trouble: Option<String>,
    joined: When,
}

impl HostRow {
    fn new(host: Host, now: Timestamp) -> Self {
        Self {
            id: host.id.to_string(),
            name: host.name,
            state: if host.online {
                badge("online", Tone::Good)
            } else {
                badge("offline", Tone::Bad)
            },
            last_seen: host.last_seen_at.map(|at| When::new(at, now)),
            cpus: host.cpus,
            memory: quantity::bytes(host.memory_bytes),
            docker: host.docker_version,
            agent: host.agent_version,
            instances: host.instances,
            services_trouble: host.services_trouble,
            joined: When::new(host.joined_at, now),
        }
    }
}

/// Shown once, in the answer to the form that asked for it.
#[derive(Serialize)]
struct NewJoinToken {
    command: String,
    expires: When,
}

#[derive(Serialize)]
struct ListPage {
    shell: Shell,
    hosts: Vec<HostRow>,
    next: Option<String>,
    token: Option<NewJoinToken>,
    trouble: Option<Trouble>,
}

impl Template for ListPage {
    const FILE: &'static str = "hosts/list.html";
}

async fn list_page(person: &SignedIn, request: &PageRequest) -> Result<ListPage, Failure> {
    let query = PageQuery {
        after: request.after.clone(),
        limit: None,
    };
    let page = person.api.hosts(&query).await?;
    let now = Timestamp::now();
    Ok(ListPage {
        shell: Shell::new(person, Section::Hosts, request.notice()),
        hosts: page
            .items
            .into_iter()
            .map(|host| HostRow::new(host, now))
            .collect(),
        next: page.next,
        token: None,
        trouble: None,
    })
}

async fn list(
    State(console): State<Console>,
    person: SignedIn,
    Query(request): Query<PageRequest>,
) -> Result<Response, Failure> {
    let page = list_page(&person, &request).await?;
    Ok(console.page(&page)?.into_response())
}

/// The address the browser used is one that this server answers at. The token goes through a file, where
/// other users of the host do not see it among the processes.
fn join_command(headers: &HeaderMap, token: &JoinToken) -> String {
    let scheme = match Transport::of(headers) {
        Transport::Http => "http",
        Transport::Https => "https",
    };
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .filter(|host| {
            host.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b))
        })
        .unwrap_or("localhost:8000");
    format!(
        "(umask 077; echo {} > join-token)\nbeanpole-agent run --server {scheme}://{host} --join-token-file join-token",
        token.token
    )
}

async fn create_token(
    State(console): State<Console>,
    person: SignedIn,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let answer = person.api.create_join_token().await;
    let mut page = list_page(&person, &PageRequest::default()).await?;
    match answer {
        Ok(token) => {
            page.token = Some(NewJoinToken {
                command: join_command(&headers, &token),
                expires: When::new(token.expires_at, Timestamp::now()),
            });
            Ok(console.page(&page)?.into_response())
        }
        Err(error) => refused(&console, page, Trouble::of(error)?),
    }
}

async fn remove(
    State(console): State<Console>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id: HostId = id.parse().map_err(|_| Failure::NoSuchPage)?;
    match person.api.remove_host(&id).await {
        Ok(()) => Ok(form::done("/hosts", Notice::HostRemoved)),
        Err(error) => {
            let trouble = Trouble::of(error)?;
            let page = list_page(&person, &PageRequest::default()).await?;
            refused(&console, page, trouble)
        }
    }
}

fn refused(console: &Console, page: ListPage, trouble: Trouble) -> Result<Response, Failure> {
    let status = trouble.status;
    let page = ListPage {
        trouble: Some(trouble),
        ..page
    };
    Ok((status, console.page(&page)?).into_response())
}
