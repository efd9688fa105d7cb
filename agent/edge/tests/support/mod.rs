//! A real edge on port 0, small real instances behind it, and clients that speak to it.

#![expect(dead_code, reason = "each test file uses its own part of this")]

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use beanpole_edge::{Edge, Options};
use beanpole_protocol::routes::{
    EdgeStatus, EnvironmentRoute, Routes, Stickiness, Target, TargetSet, TargetState,
};
use beanpole_protocol::{EnvironmentId, InstanceId};
use bytes::Bytes;
use clap::Parser;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

pub const HOST: &str = "shop.test";
/// Nothing in these tests takes this long unless it hangs.
pub const LIMIT: Duration = Duration::from_secs(20);

pub type Body = BoxBody<Bytes, hyper::Error>;

pub fn text(text: impl Into<Bytes>) -> Response<Body> {
    Response::new(Full::new(text.into()).map_err(|never| match never {}).boxed())
}

/// Waits until `check` holds.
pub async fn eventually(what: &str, mut check: impl AsyncFnMut() -> bool) {
    let limit = tokio::time::Instant::now() + LIMIT;
    while !check().await {
        assert!(tokio::time::Instant::now() < limit, "never: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, future)
        .await
        .unwrap_or_else(|_| panic!("took too long: {what}"))
}

/// An instance: an HTTP/1.1 server.
pub struct Instance {
    pub id: InstanceId,
    pub address: SocketAddr,
    pub requests: Arc<AtomicU64>,
    pub connections: Arc<AtomicU64>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Instance {
    /// Serves every request by `handler`.
    pub async fn start<H, F>(handler: H) -> Self
    where
        H: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Response<Body>> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::start_on(listener, handler)
    }

    pub fn start_on<H, F>(listener: TcpListener, handler: H) -> Self
    where
        H: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Response<Body>> + Send + 'static,
    {
        let address = listener.local_addr().unwrap();
        let (requests, connections) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let (counted, accepted) = (Arc::clone(&requests), Arc::clone(&connections));
        let task = tokio::spawn(async move {
            let mut open = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                accepted.fetch_add(1, Ordering::SeqCst);
                let (handler, counted) = (handler.clone(), Arc::clone(&counted));
                open.spawn(async move {
                    let service = service_fn(move |request| {
                        counted.fetch_add(1, Ordering::SeqCst);
                        let response = handler(request);
                        async move { Ok::<_, Infallible>(response.await) }
                    });
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .with_upgrades()
                        .await;
                });
            }
        });
        Self {
            id: InstanceId::random(),
            address,
            requests,
            connections,
            task,
        }
    }

    /// Answers every request with its name.
    pub async fn named(name: &'static str) -> Self {
        Self::start(move |_| async move { text(name) }).await
    }

    /// Answers with the request's head and body as text.
    pub async fn echo() -> Self {
        Self::start(|request| async move {
            let (parts, body) = request.into_parts();
            let mut out = format!("{} {} {:?}\n", parts.method, parts.uri, parts.version);
            for (name, value) in &parts.headers {
                out.push_str(&format!("{name}: {}\n", value.to_str().unwrap()));
            }
            let body = body.collect().await.unwrap();
            let trailers = body.trailers().cloned();
            out.push_str(&format!("\n{}", String::from_utf8_lossy(&body.to_bytes())));
            for (name, value) in &trailers.unwrap_or_default() {
                out.push_str(&format!("\ntrailer {name}: {}", value.to_str().unwrap()));
            }
            text(out)
        })
        .await
    }

    pub fn target(&self) -> Target {
        target(self.id.clone(), self.address)
    }

    pub fn draining(&self) -> Target {
        Target {
            state: TargetState::Draining,
            ..self.target()
        }
    }

    pub fn seen(&self) -> u64 {
        self.requests.load(Ordering::SeqCst)
    }
}

/// A target at an address of which nothing is known.
pub fn target(instance: InstanceId, address: SocketAddr) -> Target {
    Target {
        instance,
        address: Some(address),
        state: TargetState::InService,
        healthy: true,
    }
}

/// An address that refuses connections.
pub async fn refusing() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
}

/// A raw TCP server that hands each connection to `handler`, numbered from 0.
pub async fn raw_server<F>(handler: impl Fn(usize, TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        for number in 0.. {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(handler(number, stream));
        }
    });
    address
}

/// A server that reads a request's head, counts it, and leaves the rest to `then`.
pub async fn counting_server<F>(
    then: impl Fn(TcpStream) -> F + Send + Sync + 'static,
) -> (SocketAddr, Arc<AtomicUsize>)
where
    F: Future<Output = ()> + Send + 'static,
{
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&requests);
    let then = Arc::new(then);
    let address = raw_server(move |_, mut stream| {
        let (counted, then) = (Arc::clone(&counted), Arc::clone(&then));
        async move {
            read_head(&mut stream).await;
            counted.fetch_add(1, Ordering::SeqCst);
            then(stream).await;
        }
    })
    .await;
    (address, requests)
}

/// Reads until the blank line after a head.
pub async fn read_head(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&head).into_owned()
}

pub fn set(version: &str, weight: u8, targets: impl IntoIterator<Item = Target>) -> TargetSet {
    TargetSet {
        version: version.into(),
        weight,
        targets: targets.into_iter().collect(),
    }
}

/// One environment that answers for [`HOST`].
pub struct Shop {
    pub route: EnvironmentRoute,
}

impl Shop {
    /// One version with one instance at `address`.
    pub fn at(address: SocketAddr) -> Self {
        Self::new(vec![set("v1", 100, [target(InstanceId::random(), address)])])
    }

    pub fn new(sets: Vec<TargetSet>) -> Self {
        Self {
            route: EnvironmentRoute {
                environment: EnvironmentId::random(),
                name: "shop-prod".into(),
                hosts: vec![HOST.into()],
                sets,
                stickiness: None,
                deregistration_delay_seconds: 20,
            },
        }
    }

    pub fn of(instances: &[&Instance]) -> Self {
        Self::new(vec![set(
            "v1",
            100,
            instances.iter().map(|instance| instance.target()),
        )])
    }

    pub fn delay(mut self, seconds: u32) -> Self {
        self.route.deregistration_delay_seconds = seconds;
        self
    }

    pub fn sticky(mut self, to_instance: bool) -> Self {
        self.route.stickiness = Some(Stickiness {
            duration_seconds: 600,
            to_instance,
        });
        self
    }

    /// The same environment with other sets.
    pub fn with(&self, sets: Vec<TargetSet>) -> Self {
        Self {
            route: EnvironmentRoute {
                sets,
                ..self.route.clone()
            },
        }
    }
}

/// An edge with its routes file.
pub struct TestEdge {
    pub edge: Edge,
    pub folder: TempDir,
    pub routes: PathBuf,
    pub admin: PathBuf,
    generation: AtomicU64,
}

impl TestEdge {
    pub async fn start(shop: &Shop) -> Self {
        Self::start_with(Some(shop), &[]).await
    }

    pub async fn start_with(shop: Option<&Shop>, more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let admin = folder.path().join("edge.sock");
        Self::start_in(folder, shop, admin, more).await
    }

    /// With its admin socket elsewhere.
    pub async fn start_at(shop: Option<&Shop>, admin: &str, more: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), shop, admin.into(), more).await
    }

    async fn start_in(folder: TempDir, shop: Option<&Shop>, admin: PathBuf, more: &[&str]) -> Self {
        let routes = folder.path().join("routes.json");
        if let Some(shop) = shop {
            write_routes(
                &routes,
                &Routes {
                    generation: 1,
                    environments: vec![shop.route.clone()],
                },
            );
        }
        let mut arguments = vec!["beanpole-edge", "--listen", "127.0.0.1:0"];
        arguments.extend([
            "--routes",
            routes.to_str().unwrap(),
            "--admin",
            admin.to_str().unwrap(),
        ]);
        arguments.extend(more);
        let edge = Edge::start(&Options::parse_from(arguments)).await.unwrap();
        Self {
            edge,
            folder,
            routes,
            admin,
            generation: AtomicU64::new(1),
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.edge.addresses[0]
    }

    /// Puts new routes in force, by the file as the agent does.
    pub async fn put(&self, shop: &Shop) {
        let generation = self.generation.fetch_add(1, Ordering::SeqCst) + 1;
        write_routes(
            &self.routes,
            &Routes {
                generation,
                environments: vec![shop.route.clone()],
            },
        );
        self.serves(generation).await;
    }

    pub async fn serves(&self, generation: u64) {
        eventually("the routes are in force", async || {
            self.generation_now() == generation
        })
        .await;
    }

    pub fn generation_now(&self) -> u64 {
        self.edge.shared.registry.table().generation
    }

    pub async fn status(&self) -> EdgeStatus {
        let answer = self.ask_admin("/status").await;
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
    }

    pub async fn ask_admin(&self, path: &str) -> String {
        let mut stream = tokio::net::UnixStream::connect(&self.admin).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: edge\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    pub async fn client(&self) -> Client {
        Client::connect(self.address()).await
    }

    /// One request on a connection of its own.
    pub async fn get(&self, path: &str) -> Answer {
        self.client().await.get(path).await
    }

    /// Sends raw bytes, and reads until the edge closes.
    pub async fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address()).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        let _ = within("the raw answer", stream.read_to_end(&mut answer)).await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Open requests of one instance.
    pub async fn in_flight(&self, instance: &Instance) -> Option<u64> {
        let status = self.status().await;
        status
            .targets
            .iter()
            .find(|one| one.instance == instance.id)
            .map(|one| one.in_flight)
    }
}

pub fn write_routes(path: &std::path::Path, routes: &Routes) {
    replace(path, &serde_json::to_vec(routes).unwrap());
}

pub fn replace(path: &std::path::Path, content: &[u8]) {
    let fresh = path.with_extension("new");
    std::fs::write(&fresh, content).unwrap();
    std::fs::rename(&fresh, path).unwrap();
}

/// An answer read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The pair of the edge's cookie, to be sent back.
    pub fn cookie(&self) -> String {
        self.header("set-cookie").split(';').next().unwrap().to_owned()
    }
}

/// A client with one kept-alive HTTP/1.1 connection.
pub struct Client {
    sender: http1::SendRequest<Body>,
    _driver: tokio::task::JoinHandle<()>,
}

impl Client {
    pub async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        let (sender, driver) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        let driver = tokio::spawn(async move {
            let _ = driver.with_upgrades().await;
        });
        Self {
            sender,
            _driver: driver,
        }
    }

    pub async fn try_send(&mut self, request: Request<Body>) -> hyper::Result<Response<Incoming>> {
        self.sender.ready().await?;
        within("an answer", self.sender.send_request(request)).await
    }

    pub async fn try_get(&mut self, path: &str) -> hyper::Result<Answer> {
        let response = self.try_send(get(path)).await?;
        let (head, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        let body = String::from_utf8_lossy(&body).into_owned();
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body,
        })
    }

    pub fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.try_get(path).await.unwrap()
    }

    pub async fn send(&mut self, request: Request<Body>) -> Answer {
        let (head, body) = self.try_send(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer {
            status: head.status,
            headers: head.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }
}

pub fn empty() -> Body {
    Empty::new().map_err(|never| match never {}).boxed()
}

pub fn full(body: impl Into<Bytes>) -> Body {
    Full::new(body.into()).map_err(|never| match never {}).boxed()
}

pub fn get(path: &str) -> Request<Body> {
    Request::builder()
        .uri(path)
        .header("host", HOST)
        .body(empty())
        .unwrap()
}

pub fn post(path: &str, body: impl Into<Bytes>) -> Request<Body> {
    Request::builder()
        .method("POST")
        .uri(path)
        .header("host", HOST)
        .body(full(body))
        .unwrap()
}

/// Counts equal bodies.
pub fn count(answers: &[Answer]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for answer in answers {
        *counts.entry(answer.body.as_str()).or_default() += 1;
    }
    counts
}
