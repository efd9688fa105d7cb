//! A stand-in for the REST API: a real HTTP server with believable answers in the protocol's own types.
//!
//! It decides nothing; it answers what it is told to and remembers what it was asked.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    body::Body,
    extract::{FromRef, FromRequestParts, Path, Query, Request, State},
    http::{StatusCode, request::Parts},
    middleware::{self, Next},
    response::{IntoResponse, Response, Sse, sse},
    routing::{delete, get, post, put},
};
use beanpole_protocol::{Timestamp, api::*};
use futures_util::{Stream, StreamExt};
use serde_json::Value;
use tokio::{net::TcpListener, sync::broadcast, task::JoinHandle};

pub mod world;

pub use world::World;

/// One request that changed something.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub key: Option<String>,
    pub body: Value,
}

#[derive(Clone)]
pub struct Fake {
    pub world: Arc<World>,
    pub asked: Arc<Mutex<Vec<Asked>>>,
    pub uploads: Arc<Mutex<Vec<Result<u64, String>>>>,
    pub news: broadcast::Sender<Event>,
}

/// Serving until dropped.
pub struct FakeApi {
    pub url: String,
    pub fake: Fake,
    server: JoinHandle<()>,
}

impl Drop for FakeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl FakeApi {
    pub async fn start(world: World) -> Self {
        let fake = Fake {
            world: Arc::new(world),
            asked: Arc::default(),
            uploads: Arc::default(),
            news: broadcast::channel(64).0,
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let routes = routes(fake.clone());
        let server = tokio::spawn(async move {
            axum::serve(listener, routes).await.unwrap();
        });
        Self { url, fake, server }
    }
}

pub struct Refusal(Problem);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap();
        (status, Json(self.0)).into_response()
    }
}

fn problem(status: u16, kind: &str, message: &str) -> Refusal {
    Refusal(Problem {
        id: format!("err-{kind}"),
        kind: kind.to_owned(),
        status,
        message: message.to_owned(),
        field: None,
    })
}

/// Tokens are `<role>.jwt`.
struct Caller(Role);

impl<S: Send + Sync> FromRequestParts<S> for Caller
where
    Fake: FromRef<S>,
{
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let bearer = parts.headers.get("authorization").and_then(|v| v.to_str().ok());
        match bearer {
            Some("Bearer viewer.jwt") => Ok(Self(Role::Viewer)),
            Some("Bearer deployer.jwt") => Ok(Self(Role::Deployer)),
            Some("Bearer admin.jwt") => Ok(Self(Role::Admin)),
            _ => Err(problem(401, "unauthenticated", "sign in first")),
        }
    }
}

type Answer<T> = Result<Json<T>, Refusal>;

fn page<T>(items: Vec<T>) -> Json<Page<T>> {
    Json(Page { items, next: None })
}

fn routes(fake: Fake) -> Router {
    let api = Router::new()
        .route("/session", get(whoami).post(sign_in).delete(gone))
        .route("/applications", get(applications).post(create_application))
        .route("/applications/{name}", get(application).delete(gone))
        .route("/applications/{name}/versions", get(versions))
        .route(
            "/applications/{name}/versions/{label}",
            get(version).put(upload).delete(gone),
        )
        .route("/applications/{name}/versions/{label}/build-log", get(build_log))
        .route("/environments", get(environments).post(change_environment))
        .route(
            "/environments/{name}",
            get(environment)
                .patch(change_environment)
                .delete(change_environment),
        )
        .route("/environments/{name}/configuration", get(configuration))
        .route("/environments/{name}/instances", get(instances))
        .route("/environments/{name}/logs", post(logs))
        .route("/environments/{name}/events", get(events))
        .route("/environments/{name}/events/stream", get(event_stream))
        .route(
            "/environments/{name}/deployments",
            get(deployments).post(change_environment),
        )
        .route("/deployments/{id}", get(deployment))
        .route("/deployments/{id}/abort", post(deployment))
        .route("/hosts", get(hosts))
        .route("/hosts/join-tokens", post(join_token))
        .route("/hosts/{id}", delete(gone))
        .route("/tokens", get(tokens).post(create_token))
        .route("/tokens/{id}", delete(gone))
        .route("/users/{name}/password", put(gone))
        .layer(middleware::from_fn_with_state(fake.clone(), remember))
        .with_state(fake);
    Router::new().nest("/api/v1", api)
}

async fn remember(State(fake): State<Fake>, request: Request, next: Next) -> Response {
    if request.method() == "GET" || request.method() == "PUT" {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let key = parts.headers.get("idempotency-key");
    fake.asked.lock().unwrap().push(Asked {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        key: key.map(|key| key.to_str().unwrap().to_owned()),
        body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
    });
    next.run(Request::from_parts(parts, Body::from(bytes))).await
}

async fn sign_in(Json(how): Json<SignIn>) -> Answer<Session> {
    let role = match how {
        SignIn::Password { name, password } if password == "correct horse" => name,
        SignIn::Code { code } if code == "one-time-code" => "admin".to_owned(),
        _ => return Err(problem(401, "wrong_credentials", "wrong name or password")),
    };
    Ok(Json(Session {
        token: format!("{role}.jwt"),
        expires_at: Timestamp::now() + Duration::from_secs(12 * 3600),
        user: Principal {
            user: role,
            role: Role::Admin,
            token: None,
        },
    }))
}

async fn whoami(State(fake): State<Fake>, caller: Caller) -> Json<Principal> {
    Json(Principal {
        user: fake.world.user.clone(),
        role: caller.0,
        token: None,
    })
}

async fn gone(_: Caller) -> StatusCode {
    StatusCode::NO_CONTENT
}

async fn applications(State(fake): State<Fake>, _: Caller) -> Json<Page<Application>> {
    page(fake.world.applications())
}

async fn create_application(
    State(fake): State<Fake>,
    _: Caller,
    Json(body): Json<CreateApplication>,
) -> Answer<Application> {
    if body.name == fake.world.application {
        return Err(problem(
            409,
            "application_exists",
            "an application with this name exists",
        ));
    }
    let mut application = fake.world.applications().remove(0);
    application.name = body.name;
    Ok(Json(application))
}

async fn application(State(fake): State<Fake>, _: Caller, Path(name): Path<String>) -> Answer<Application> {
    fake.world
        .applications()
        .into_iter()
        .find(|application| application.name == name)
        .map(Json)
        .ok_or_else(|| problem(404, "no_such_application", "there is no such application"))
}

async fn versions(State(fake): State<Fake>, _: Caller) -> Json<Page<ApplicationVersion>> {
    page(fake.world.versions())
}

async fn version(
    State(fake): State<Fake>,
    _: Caller,
    Path((_, label)): Path<(String, String)>,
) -> Answer<ApplicationVersion> {
    fake.world
        .versions()
        .into_iter()
        .find(|version| version.label == label)
        .map(Json)
        .ok_or_else(|| problem(404, "no_such_version", "there is no such version"))
}

/// Noted when the request ends, also when that is because its connection did.
struct Receipt<'a>(&'a Fake, Result<u64, String>);

impl Drop for Receipt<'_> {
    fn drop(&mut self) {
        self.0.uploads.lock().unwrap().push(self.1.clone());
    }
}

async fn upload(
    State(fake): State<Fake>,
    caller: Caller,
    Path((_, label)): Path<(String, String)>,
    body: Body,
) -> Answer<ApplicationVersion> {
    if caller.0 < Role::Deployer {
        return Err(problem(403, "forbidden", "this needs the role deployer"));
    }
    fake.asked.lock().unwrap().push(Asked {
        method: "PUT".to_owned(),
        path: label.clone(),
        key: None,
        body: Value::Null,
    });
    let mut receipt = Receipt(&fake, Err("cut short".to_owned()));
    let mut stream = body.into_data_stream();
    let mut size = 0;
    while let Some(piece) = stream.next().await {
        size += piece
            .map_err(|_| problem(400, "cut_short", "the bundle ended early"))?
            .len() as u64;
    }
    receipt.1 = Ok(size);
    drop(receipt);
    if label == "taken" {
        return Err(problem(409, "version_exists", "version taken exists already"));
    }
    let mut version = fake.world.versions().remove(0);
    version.label = label;
    version.size_bytes = size;
    Ok(Json(version))
}

async fn build_log(State(fake): State<Fake>, _: Caller) -> Json<BuildLog> {
    Json(BuildLog {
        text: fake.world.build_log(),
    })
}

async fn environments(State(fake): State<Fake>, _: Caller) -> Json<Page<Environment>> {
    page(fake.world.environments())
}

fn find_environment(fake: &Fake, name: &str) -> Result<Environment, Refusal> {
    fake.world
        .environments()
        .into_iter()
        .find(|environment| environment.name == name)
        .ok_or_else(|| problem(404, "no_such_environment", "there is no such environment"))
}

async fn environment(State(fake): State<Fake>, _: Caller, Path(name): Path<String>) -> Answer<Environment> {
    if name == "broken-server" {
        return Err(problem(500, "internal", "something broke in the server"));
    }
    find_environment(&fake, &name).map(Json)
}

async fn change_environment(
    State(fake): State<Fake>,
    caller: Caller,
    request: Request,
) -> Result<Response, Refusal> {
    if caller.0 < Role::Deployer {
        return Err(problem(403, "forbidden", "this needs the role deployer"));
    }
    let bytes = axum::body::to_bytes(request.into_body(), 1 << 20).await.unwrap();
    let body: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    if body["version_label"] == "busy" {
        return Err(problem(
            409,
            "environment_busy",
            "the environment is Updating: wait for deployment 7 or abort it",
        ));
    }
    if body["set"][0]["value"] == "999" {
        return Err(problem(
            422,
            "bad_option",
            "999 is not a percentage from 1 to 100",
        ));
    }
    let capacity_only = body["set"].as_array().is_some_and(|set| {
        set.iter()
            .all(|setting| setting["namespace"] == "aws:autoscaling:asg")
    });
    let change = EnvironmentChange {
        environment: fake.world.environments().remove(0),
        deployment: (!capacity_only).then(|| fake.world.active()),
    };
    Ok(Json(change).into_response())
}

async fn configuration(State(fake): State<Fake>, caller: Caller) -> Json<Configuration> {
    Json(fake.world.configuration(caller.0))
}

async fn instances(State(fake): State<Fake>, _: Caller) -> Json<Page<Instance>> {
    page(fake.world.instances())
}

async fn logs(State(fake): State<Fake>, _: Caller) -> Json<Page<InstanceLog>> {
    page(fake.world.logs())
}

async fn events(State(fake): State<Fake>, _: Caller) -> Json<Page<Event>> {
    page(fake.world.events())
}

/// First what is newer than `after`, then the news.
async fn event_stream(
    State(fake): State<Fake>,
    _: Caller,
    Path(name): Path<String>,
    Query(query): Query<EventQuery>,
) -> Result<Sse<impl Stream<Item = Result<sse::Event, Infallible>>>, Refusal> {
    find_environment(&fake, &name)?;
    let after = query.after.unwrap_or(0);
    let mut news = fake.news.subscribe();
    let old: Vec<Event> = fake
        .world
        .events()
        .into_iter()
        .filter(|event| event.id > after)
        .collect();
    let live = async_stream(move |sender| async move {
        for event in old {
            if sender.send(event).await.is_err() {
                return;
            }
        }
        while let Ok(event) = news.recv().await {
            if sender.send(event).await.is_err() {
                return;
            }
        }
    });
    let messages = live.map(|event| {
        let id = event.id.to_string();
        Ok(sse::Event::default().id(id).json_data(event).unwrap())
    });
    Ok(Sse::new(messages).keep_alive(sse::KeepAlive::new().interval(Duration::from_millis(200))))
}

fn async_stream<F, W>(work: W) -> impl Stream<Item = Event>
where
    W: FnOnce(tokio::sync::mpsc::Sender<Event>) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let (sender, receiver) = tokio::sync::mpsc::channel(16);
    tokio::spawn(work(sender));
    tokio_stream::wrappers::ReceiverStream::new(receiver)
}

async fn deployments(State(fake): State<Fake>, _: Caller) -> Json<Page<Deployment>> {
    page(fake.world.deployments())
}

async fn deployment(State(fake): State<Fake>, _: Caller) -> Json<Deployment> {
    Json(fake.world.active())
}

async fn hosts(State(fake): State<Fake>, _: Caller) -> Json<Page<Host>> {
    page(fake.world.hosts())
}

async fn join_token(caller: Caller) -> Answer<JoinToken> {
    if caller.0 < Role::Admin {
        return Err(problem(403, "forbidden", "this needs the role admin"));
    }
    Ok(Json(JoinToken {
        token: "join-7f3k9q2m4x8d".to_owned(),
        expires_at: Timestamp::now() + Duration::from_secs(3600),
    }))
}

async fn tokens(State(fake): State<Fake>, _: Caller) -> Json<Page<ApiToken>> {
    page(fake.world.tokens())
}

async fn create_token(State(fake): State<Fake>, _: Caller, Json(body): Json<CreateToken>) -> Json<NewToken> {
    let mut token = fake.world.tokens().remove(0);
    token.name = body.name;
    Json(NewToken {
        token,
        secret: "bp_3vq8s6m0c2d9x7k1".to_owned(),
    })
}
