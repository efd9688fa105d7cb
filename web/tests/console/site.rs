//! A console and the API behind it, and a browser that follows nothing by itself.

use axum::http::{HeaderMap, StatusCode};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::fake_api::{Asked, FakeApi, World};

pub struct Site {
    pub api: FakeApi,
    pub url: String,
    pub http: reqwest::Client,
    server: JoinHandle<()>,
}

impl Drop for Site {
    fn drop(&mut self) {
        self.server.abort();
    }
}

pub struct Page {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Page {
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map(|value| value.to_str().unwrap())
            .unwrap_or_default()
    }

    #[track_caller]
    pub fn shows(&self, text: &str) -> &Self {
        assert!(self.body.contains(text), "no {text:?} in:\n{}", self.body);
        self
    }

    #[track_caller]
    pub fn lacks(&self, text: &str) -> &Self {
        assert!(!self.body.contains(text), "{text:?} in:\n{}", self.body);
        self
    }
}

impl Site {
    pub async fn start(world: World) -> Self {
        let api = FakeApi::start(world).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let console = beanpole_web::router(beanpole_web::Settings { api: api.url.clone() });
        let server = tokio::spawn(async move {
            axum::serve(listener, console).await.unwrap();
        });
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        Self {
            api,
            url,
            http,
            server,
        }
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Page {
        let response = request.send().await.unwrap();
        Page {
            status: response.status(),
            headers: response.headers().clone(),
            body: response.text().await.unwrap(),
        }
    }

    /// `who` is `viewer`, `deployer` or `admin`.
    pub fn request(&self, method: &str, who: &str, path: &str) -> reqwest::RequestBuilder {
        self.http
            .request(method.parse().unwrap(), format!("{}{path}", self.url))
            .header("cookie", format!("beanpole_session={who}.jwt"))
    }

    pub async fn get(&self, who: &str, path: &str) -> Page {
        self.send(self.request("GET", who, path)).await
    }

    pub async fn post(&self, who: &str, path: &str, form: &[(&str, &str)]) -> Page {
        self.send(
            self.request("POST", who, path)
                .header("content-type", "application/x-www-form-urlencoded")
                .body(encoded(form)),
        )
        .await
    }

    /// What the API was asked to change last.
    pub fn asked(&self) -> Asked {
        self.api.fake.asked.lock().unwrap().last().cloned().unwrap()
    }
}

pub fn encoded(form: &[(&str, &str)]) -> String {
    let segment = beanpole_protocol::client::segment;
    form.iter()
        .map(|(name, value)| format!("{}={}", segment(name), segment(value)))
        .collect::<Vec<_>>()
        .join("&")
}
