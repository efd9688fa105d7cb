//! A registry in this process that holds one image and speaks just what a pull needs of the registry
//! protocol, version 2.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    io::Read,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, Response, StatusCode, body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;

const MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";

pub struct Registry {
    /// Where the image can be pulled from: `127.0.0.1:<port>/<name>`.
    pub image: String,
    asked: Arc<Mutex<Vec<String>>>,
    serving: tokio::task::JoinHandle<()>,
}

impl Registry {
    /// Serves what `docker save` wrote of one image as `name`, a repository and a tag.
    pub async fn start(saved: &[u8], name: &str) -> Self {
        let (repository, tag) = name.split_once(':').unwrap();
        let answers = Arc::new(answers(saved, repository, tag));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let image = format!("{}/{name}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&asked);
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answers, heard) = (Arc::clone(&answers), Arc::clone(&heard));
                let service = service_fn(move |request: Request<Incoming>| {
                    let path = request.uri().path().to_owned();
                    let answer = answer(&answers, &path);
                    heard.lock().unwrap().push(path);
                    async move { Ok::<_, Infallible>(answer) }
                });
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        Self {
            image,
            asked,
            serving,
        }
    }

    /// Paths that were asked for.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

type Answers = BTreeMap<String, (&'static str, Bytes)>;

fn answer(answers: &Answers, path: &str) -> Response<Full<Bytes>> {
    let Some((kind, body)) = answers.get(path) else {
        let mut nothing = Response::new(Full::default());
        *nothing.status_mut() = StatusCode::NOT_FOUND;
        return nothing;
    };
    Response::builder()
        .header("content-type", *kind)
        .header("docker-distribution-api-version", "registry/2.0")
        .header("docker-content-digest", digest(body))
        .body(Full::new(body.clone()))
        .unwrap()
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

/// What to say at which path.
fn answers(saved: &[u8], repository: &str, tag: &str) -> Answers {
    let files = unpack(saved);
    let listed: serde_json::Value = serde_json::from_slice(&files["manifest.json"]).unwrap();
    let file = |name: &serde_json::Value| files[name.as_str().unwrap()].clone();
    let layers: Vec<Bytes> = listed[0]["Layers"].as_array().unwrap().iter().map(file).collect();
    let config = file(&listed[0]["Config"]);
    let blob = |kind: &str, bytes: &Bytes| serde_json::json!({ "mediaType": kind, "size": bytes.len(), "digest": digest(bytes) });
    let manifest = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": blob("application/vnd.docker.container.image.v1+json", &config),
        "layers": layers
            .iter()
            .map(|layer| blob("application/vnd.docker.image.rootfs.diff.tar.gzip", layer))
            .collect::<Vec<_>>(),
    });
    let manifest = Bytes::from(manifest.to_string());
    let mut answers = Answers::from([("/v2/".to_owned(), ("application/json", Bytes::from("{}")))]);
    for name in [tag.to_owned(), digest(&manifest)] {
        let path = format!("/v2/{repository}/manifests/{name}");
        answers.insert(path, (MANIFEST, manifest.clone()));
    }
    for bytes in layers.into_iter().chain([config]) {
        let path = format!("/v2/{repository}/blobs/{}", digest(&bytes));
        answers.insert(path, ("application/octet-stream", bytes));
    }
    answers
}

fn unpack(saved: &[u8]) -> BTreeMap<String, Bytes> {
    let mut files = BTreeMap::new();
    for entry in tar::Archive::new(saved).entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().to_string_lossy().into_owned();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        files.insert(path, content.into());
    }
    files
}
