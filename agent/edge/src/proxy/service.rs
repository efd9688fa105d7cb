//! One request: find its environment, choose an instance, send, retry where safe, answer.
//!
//! Thin on purpose: host names, headers, the choice and what may be retried are decided by pure
//! functions next door. Adds no task, no timer and no lock per request.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use http::header::{CONNECTION, HeaderValue, SET_COOKIE};
use http::{HeaderMap, Method, Request, Response, StatusCode, Version, response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;

use super::access::Entry;
use super::answer::{Trouble, accepts_html};
use super::attempt::{Attempt, Failed};
use super::body::{InstanceBody, RequestBody, ResponseBody};
use super::headers::{self, Exchange};
use super::{host, retry, tunnel};
use crate::client::state::{Client, OpenRequest};
use crate::clock;
use crate::edge::Shared;
use crate::routes::sticky;
use crate::upstream::backend::{Backend, Ticket};
use crate::upstream::connection::Connection;

/// Serves one request. Never an error: whatever goes wrong becomes an answer.
pub async fn handle(
    client: Arc<Client>,
    request: Request<Incoming>,
) -> Result<Response<ResponseBody>, Infallible> {
    let started = Instant::now();
    let version = request.version();
    let open = OpenRequest::begin(client, version);
    let html = accepts_html(request.headers());
    let entry = open
        .client()
        .shared
        .settings
        .access_log
        .then(|| Entry::new(&request));
    let outcome = forward(open.client(), request, started).await;
    let client = Arc::clone(open.client());
    let mut response = match outcome {
        Ok(Outcome::Answer {
            head,
            body,
            connection,
            ticket,
        }) => {
            let body = InstanceBody::new(body, connection, ticket, open);
            Response::from_parts(head, ResponseBody::Instance(body))
        }
        Ok(Outcome::Switched { head }) => Response::from_parts(head, ResponseBody::Own(None, open)),
        Err(trouble) => {
            client.shared.troubles[trouble.index()].fetch_add(1, Ordering::Relaxed);
            trouble.answer(html, open)
        }
    };
    let switched = response.status() == StatusCode::SWITCHING_PROTOCOLS;
    if client.shared.is_stopping() && version != Version::HTTP_2 && !switched {
        response
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));
    }
    if let Some(entry) = entry {
        entry.write(&response, &client, started.elapsed());
    }
    Ok(response)
}

/// What came of a request that an instance answered.
enum Outcome {
    Answer {
        head: response::Parts,
        body: Incoming,
        connection: Box<Connection>,
        ticket: Ticket,
    },
    /// The connection changed protocol; its tunnel runs.
    Switched { head: response::Parts },
}

async fn forward(
    client: &Arc<Client>,
    request: Request<Incoming>,
    started: Instant,
) -> Result<Outcome, Trouble> {
    let shared = &client.shared;
    if request.method() == Method::CONNECT {
        return Err(Trouble::TunnelMethod);
    }
    let (mut parts, body) = request.into_parts();
    let authority = host::authority(&parts).map_err(Trouble::BadHost)?;
    let name = host::name(&authority).map_err(Trouble::BadHost)?;
    let exchange = headers::exchange(&parts);
    let upgrade = parts.extensions.remove::<OnUpgrade>();
    let has_body = !body.is_end_stream();
    headers::to_instance(&mut parts, authority.clone(), &client.origin, exchange, has_body);
    let repeatable = retry::repeatable(&parts.method, has_body);
    let body = if has_body {
        RequestBody::Client(body)
    } else {
        RequestBody::None
    };
    let mut request = Request::from_parts(parts, body);

    let mut tried = Tried::default();
    let mut last = None;
    loop {
        let chosen = choose(shared, &name, request.headers(), started, &tried)
            // No other instance: what the one before did is the better answer.
            .map_err(|trouble| last.take().unwrap_or(trouble))?;
        let attempt = Attempt {
            backend: &chosen.ticket.backend,
            address: chosen.address,
            repeatable,
            others_tried: tried.count(),
        };
        match attempt.send(request, started).await {
            Ok((response, connection)) => {
                return answered(client, response, connection, chosen, exchange, upgrade, started);
            }
            Err(Failed {
                trouble,
                again: Some(again),
            }) => {
                last = Some(trouble);
                request = again;
                tried.add(chosen.ticket);
            }
            Err(Failed { trouble, again: None }) => return Err(trouble),
        }
    }
}

/// An instance that a request may go to.
struct Chosen {
    ticket: Ticket,
    address: std::net::SocketAddr,
    cookie: Option<HeaderValue>,
}

/// The instances that this request failed at.
#[derive(Default)]
struct Tried([Option<Arc<Backend>>; retry::OTHER_INSTANCES]);

impl Tried {
    fn add(&mut self, ticket: Ticket) {
        if let Some(free) = self.0.iter_mut().find(|place| place.is_none()) {
            *free = Some(Arc::clone(&ticket.backend));
        }
    }

    fn has(&self, backend: &Backend) -> bool {
        self.0
            .iter()
            .flatten()
            .any(|tried| std::ptr::eq(Arc::as_ptr(tried), backend))
    }

    fn count(&self) -> usize {
        self.0.iter().flatten().count()
    }
}

fn choose(
    shared: &Shared,
    name: &str,
    headers: &HeaderMap,
    started: Instant,
    tried: &Tried,
) -> Result<Chosen, Trouble> {
    let now = clock::millis_at(started);
    loop {
        let table = shared.registry.table();
        let environment = table
            .find(name)
            .ok_or_else(|| Trouble::UnknownHost(name.to_owned()))?;
        let cookie = if environment.is_sticky() {
            sticky::read(headers)
        } else {
            None
        };
        let member = environment
            .pick(
                cookie,
                now,
                |backend| tried.has(backend),
                |below| rand::random_range(0..below),
            )
            .ok_or_else(|| Trouble::NoInstance(environment.name.clone()))?;
        // None: it left service in this very moment, so there is a newer table to choose from.
        if let Some(ticket) = member.backend.admit() {
            return Ok(Chosen {
                ticket,
                address: member.address,
                cookie: member.cookie.clone(),
            });
        }
    }
}

fn answered(
    client: &Arc<Client>,
    response: Response<Incoming>,
    connection: Box<Connection>,
    chosen: Chosen,
    exchange: Exchange,
    upgrade: Option<OnUpgrade>,
    started: Instant,
) -> Result<Outcome, Trouble> {
    let Chosen { ticket, cookie, .. } = chosen;
    let (mut head, body) = response.into_parts();
    ticket.backend.answered(head.status.as_u16(), started.elapsed());
    head.version = Version::HTTP_11;
    let switched = head.status == StatusCode::SWITCHING_PROTOCOLS;
    headers::to_client(
        &mut head.headers,
        if switched { exchange } else { Exchange::Plain },
    );
    if let Some(cookie) = cookie {
        head.headers.append(SET_COOKIE, cookie);
    }
    match (switched, exchange, upgrade) {
        (false, ..) => Ok(Outcome::Answer {
            head,
            body,
            connection,
            ticket,
        }),
        (true, Exchange::Upgrade, Some(upgrade)) => {
            client
                .shared
                .tasks
                .spawn(tunnel::run(upgrade, connection, ticket));
            Ok(Outcome::Switched { head })
        }
        // Nobody asked for another protocol.
        (true, ..) => Err(Trouble::BadAnswer),
    }
}
