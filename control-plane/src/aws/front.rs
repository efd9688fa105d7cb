//! From a request to a service's answer.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::Request,
    response::Response,
};
use beanpole_access::{Gate, sts};
use beanpole_sqs::Sqs;
use beanpole_wire::{AwsError, Call, Kind, Protocol, Service, codec, detect};
use http::{StatusCode, request::Parts};

/// Largest request, bytes: a batch of 1 MiB whose every character JSON escapes, and room to spare.
const LARGEST: usize = 8 * 1024 * 1024;

const TOO_LARGE: Kind = Kind::sender("RequestEntityTooLarge", 413);
const CUT_OFF: Kind = Kind::sender("IncompleteBody", 400);
const NOT_SERVED: Kind = Kind::sender("UnknownOperationException", 404).query("InvalidAction");

/// The services behind the port.
#[derive(Debug)]
struct Front {
    gate: Gate,
    sqs: Sqs,
}

/// What every request of the port meets first: AWS's are answered here, all others go on to the router.
///
/// Not a layer of the router: what is done for each message should not pay for the matching of paths.
#[derive(Clone, Debug)]
pub struct Entrance {
    front: Arc<Front>,
    router: Router,
}

impl Entrance {
    pub fn new(gate: Gate, sqs: Sqs, router: Router) -> Self {
        let front = Arc::new(Front { gate, sqs });
        Self { front, router }
    }
}

impl tower::Service<Request> for Entrance {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // As the router, which is ready always.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let (parts, body) = request.into_parts();
        if detect::service(&parts).is_none() {
            return Box::pin(self.router.call(Request::from_parts(parts, body)));
        }
        let front = Arc::clone(&self.front);
        Box::pin(async move { Ok(front.answer(parts, body).await.map(Body::from)) })
    }
}

/// As AWS's look.
fn request_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

impl Front {
    async fn answer(&self, parts: Parts, body: Body) -> http::Response<Bytes> {
        let id = request_id();
        let Ok(body) = to_bytes(body, LARGEST).await else {
            return unread(&parts, &id);
        };
        let call = match detect::call(&parts, body.clone(), id.clone()) {
            Ok(call) => call,
            Err((service, protocol, error)) => {
                return codec::encode_error_for(&service, protocol, &id, &error);
            }
        };
        let now = self.sqs.now_seconds();
        match self.gate.authenticate(&parts, &body, now).await {
            Ok(caller) => match call.service {
                Service::Sqs => self.sqs.handle(&call, &caller).await,
                Service::Sts => sts::handle(&self.gate, &call, &caller, now).await,
                _ => codec::encode_error(&call, &not_served(&call)),
            },
            Err(error) => codec::encode_error(&call, &error),
        }
    }
}

fn not_served(call: &Call) -> AwsError {
    let name = match &call.service {
        Service::Other(name) => name.clone(),
        known => format!("{known:?}").to_lowercase(),
    };
    NOT_SERVED.because(format!(
        "Beanpole does not serve {name} ({}) at this endpoint; it serves sqs and sts.",
        call.operation
    ))
}

/// A body that is too large, or whose client went away.
fn unread(parts: &Parts, id: &str) -> http::Response<Bytes> {
    let announced = parts
        .headers
        .get(http::header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    let error = if announced.is_none_or(|length| length > LARGEST) {
        TOO_LARGE.because(format!("A request may have {LARGEST} bytes at most."))
    } else {
        CUT_OFF.because("The request's body ended before its announced length.")
    };
    let service = detect::service(parts).unwrap_or(Service::Other(String::new()));
    let protocol = if parts.headers.contains_key("x-amz-target") {
        Protocol::Json10
    } else {
        Protocol::Query
    };
    let mut answer = codec::encode_error_for(&service, protocol, id, &error);
    *answer.status_mut() = StatusCode::from_u16(error.kind.status).unwrap_or(StatusCode::BAD_REQUEST);
    answer
}
