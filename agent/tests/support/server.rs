//! A real HTTP server with just the agent API, told by the test what to want.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use beanpole_protocol::{
    HostId, Platform, TaskId, VersionId,
    agent::{Desired, JoinResponse, Report, TaskResult},
};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, Response, StatusCode, body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use sha2::{Digest, Sha256};
use tokio::{net::TcpListener, sync::watch};

#[derive(Default)]
struct Kept {
    bundles: BTreeMap<String, Vec<u8>>,
    logs: BTreeMap<String, String>,
    results: BTreeMap<String, TaskResult>,
    joined: u32,
}

struct Shared {
    host: HostId,
    desired: watch::Sender<Desired>,
    reports: watch::Sender<Vec<Report>>,
    /// While set, every answer is 503, as from a server that is going down.
    away: watch::Sender<bool>,
    kept: Mutex<Kept>,
}

/// The server; ends with its runtime.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Server {
    pub async fn start(host: HostId) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            host,
            desired: watch::Sender::new(Desired::default()),
            reports: watch::Sender::new(Vec::new()),
            away: watch::Sender::new(false),
            kept: Mutex::default(),
        });
        let serving = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&serving);
                let service = service_fn(move |request| {
                    let shared = Arc::clone(&shared);
                    async move { Ok::<_, Infallible>(answer(&shared, request).await) }
                });
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        Self { address, shared }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn joined(&self) -> u32 {
        self.shared.kept.lock().unwrap().joined
    }

    pub fn desired(&self) -> Desired {
        self.shared.desired.borrow().clone()
    }

    /// Changes what is wanted; answers its generation.
    pub fn want(&self, change: impl FnOnce(&mut Desired)) -> u64 {
        let mut generation = 0;
        self.shared.desired.send_modify(|desired| {
            change(desired);
            desired.generation += 1;
            generation = desired.generation;
        });
        generation
    }

    pub fn go_away(&self, away: bool) {
        self.shared.away.send_replace(away);
    }

    /// A version with this bundle, wanted as an image.
    pub fn version(&self, platform: Platform, files: &[(&str, &str)]) -> VersionId {
        let version = VersionId::random();
        let bytes = super::bundle(files);
        let sha256 = hex::encode(Sha256::digest(&bytes));
        self.shared
            .kept
            .lock()
            .unwrap()
            .bundles
            .insert(version.to_string(), bytes);
        self.want(|desired| desired.images.push(super::image(&version, platform, sha256)));
        version
    }

    pub fn log(&self, version: &VersionId) -> String {
        self.shared
            .kept
            .lock()
            .unwrap()
            .logs
            .get(version.as_str())
            .cloned()
            .unwrap_or_default()
    }

    pub fn result(&self, task: &TaskId) -> Option<TaskResult> {
        self.shared
            .kept
            .lock()
            .unwrap()
            .results
            .get(task.as_str())
            .cloned()
    }

    /// Every report so far.
    pub fn reports(&self) -> Vec<Report> {
        self.shared.reports.borrow().clone()
    }

    /// The first report, from the newest on, that is as wanted; waits up to two minutes for it.
    pub async fn report(&self, mut wanted: impl FnMut(&Report) -> bool) -> Report {
        let mut reports = self.shared.reports.subscribe();
        let found = tokio::time::timeout(Duration::from_secs(120), async {
            let reports = reports
                .wait_for(|reports| reports.last().is_some_and(&mut wanted))
                .await
                .unwrap();
            reports.last().unwrap().clone()
        });
        match found.await {
            Ok(report) => report,
            Err(_) => panic!("no such report; the last one: {:#?}", self.reports().last()),
        }
    }
}

async fn answer(shared: &Shared, request: Request<Incoming>) -> Response<Full<Bytes>> {
    if *shared.away.borrow() {
        return status(StatusCode::SERVICE_UNAVAILABLE);
    }
    let (parts, body) = request.into_parts();
    let path: Vec<String> = parts.uri.path().split('/').skip(3).map(str::to_owned).collect();
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let body = body
        .collect()
        .await
        .map(|body| body.to_bytes())
        .unwrap_or_default();
    let is_known = parts
        .headers
        .get("authorization")
        .is_some_and(|value| value == "Bearer secret");
    if path != ["join"] && !is_known {
        return status(StatusCode::UNAUTHORIZED);
    }
    match (parts.method, path.as_slice()) {
        (Method::POST, ["join"]) => {
            shared.kept.lock().unwrap().joined += 1;
            json(&JoinResponse {
                host: shared.host.clone(),
                credential: "secret".to_owned(),
            })
        }
        (Method::GET, ["desired"]) => {
            let query = parts.uri.query().unwrap_or_default();
            let known: u64 = query
                .strip_prefix("known=")
                .and_then(|text| text.parse().ok())
                .unwrap_or(0);
            let (mut desired, mut away) = (shared.desired.subscribe(), shared.away.subscribe());
            let newer = tokio::select! {
                newer = desired.wait_for(|desired| desired.generation != known) => newer.ok().map(|d| d.clone()),
                _ = away.wait_for(|away| *away) => return status(StatusCode::SERVICE_UNAVAILABLE),
                () = tokio::time::sleep(Duration::from_secs(30)) => None,
            };
            newer.map_or_else(|| status(StatusCode::NO_CONTENT), |desired| json(&desired))
        }
        (Method::POST, ["report"]) => {
            let report: Report = serde_json::from_slice(&body).unwrap();
            shared.reports.send_modify(|reports| reports.push(report));
            status(StatusCode::NO_CONTENT)
        }
        (Method::GET, ["bundles", version]) => match shared.kept.lock().unwrap().bundles.get(*version) {
            Some(bytes) => Response::new(Full::new(bytes.clone().into())),
            None => status(StatusCode::NOT_FOUND),
        },
        (Method::POST, ["builds", version, "log"]) => {
            let mut kept = shared.kept.lock().unwrap();
            kept.logs
                .entry((*version).to_owned())
                .or_default()
                .push_str(&String::from_utf8_lossy(&body));
            status(StatusCode::NO_CONTENT)
        }
        (Method::POST, ["tasks", task]) => {
            let result = serde_json::from_slice(&body).unwrap();
            shared
                .kept
                .lock()
                .unwrap()
                .results
                .insert((*task).to_owned(), result);
            status(StatusCode::NO_CONTENT)
        }
        _ => status(StatusCode::NOT_FOUND),
    }
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

fn json(value: &impl serde::Serialize) -> Response<Full<Bytes>> {
    Response::new(Full::new(serde_json::to_vec(value).unwrap().into()))
}
