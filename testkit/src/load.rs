//! Open-loop load: requests leave on time whether or not the ones before have been answered.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::{sync::watch, task::JoinHandle};

/// What became of the requests.
#[derive(Clone, Debug, Default)]
pub struct LoadReport {
    pub sent: u64,
    pub answered: u64,
    /// Answers other than 200 and requests without an answer, with how often each was seen.
    pub failures: BTreeMap<String, u64>,
    /// Answers by body: who or which version answered.
    pub bodies: BTreeMap<String, u64>,
    /// From the first failed request sent to the last one sent.
    pub failing_for: Duration,
    first_failure: Option<Instant>,
}

impl LoadReport {
    pub fn failed(&self) -> u64 {
        self.failures.values().sum()
    }
}

/// A load that runs until it is stopped.
pub struct Load {
    stop: watch::Sender<bool>,
    report: Arc<Mutex<LoadReport>>,
    task: JoinHandle<()>,
}

impl Load {
    /// `per_second` requests to `/` over kept-alive connections and, each second, one to `/slow`
    /// (three seconds), through the edge at `edge` for the host name `host`.
    pub fn start(edge: std::net::SocketAddr, host: &str, per_second: u32) -> Self {
        let (stop, stopped) = watch::channel(false);
        let report = Arc::new(Mutex::new(LoadReport::default()));
        let task = tokio::spawn(run(edge, host.to_owned(), per_second, stopped, report.clone()));
        Self { stop, report, task }
    }

    /// A copy of the figures so far.
    pub fn so_far(&self) -> LoadReport {
        self.report.lock().expect("no panic while counting").clone()
    }

    /// Sends no more, waits for the answers of what was sent, and tells.
    pub async fn stop(self) -> LoadReport {
        self.stop.send_replace(true);
        self.task.await.expect("the load task does not panic");
        Arc::into_inner(self.report)
            .expect("the task has ended")
            .into_inner()
            .expect("no panic while counting")
    }
}

async fn run(
    edge: std::net::SocketAddr,
    host: String,
    per_second: u32,
    mut stopped: watch::Receiver<bool>,
    report: Arc<Mutex<LoadReport>>,
) {
    beanpole_protocol::client::install_tls_provider();
    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(30))
        .build()
        .expect("a plain client");
    let mut tick = tokio::time::interval(Duration::from_secs(1) / per_second);
    let mut open = FuturesUnordered::new();
    let mut sent = 0u64;
    loop {
        tokio::select! {
            _ = stopped.wait_for(|stop| *stop) => break,
            Some(()) = open.next(), if !open.is_empty() => {}
            _ = tick.tick() => {
                let slow = sent.is_multiple_of(u64::from(per_second));
                sent += 1;
                let path = if slow { "/slow" } else { "/" };
                report.lock().expect("no panic while counting").sent += 1;
                open.push(one(client.clone(), format!("http://{edge}{path}"), host.clone(), report.clone()));
            }
        }
    }
    while open.next().await.is_some() {}
}

async fn one(client: reqwest::Client, url: String, host: String, report: Arc<Mutex<LoadReport>>) {
    let sent = Instant::now();
    let answer = async {
        let response = client.get(&url).header("host", &host).send().await?;
        let status = response.status();
        let kind = response
            .headers()
            .get("x-beanpole-edge-error")
            .map(|kind| kind.to_str().unwrap_or("?").to_owned());
        Ok::<_, reqwest::Error>((status, kind, response.text().await?))
    };
    let outcome = match answer.await {
        Ok((status, _, body)) if status.as_u16() == 200 => Ok(body),
        Ok((status, kind, _)) => Err(format!("{} {}", status.as_u16(), kind.unwrap_or_default())),
        Err(error) => Err(source_text(&error)),
    };
    let mut report = report.lock().expect("no panic while counting");
    match outcome {
        Ok(body) => {
            report.answered += 1;
            *report.bodies.entry(body).or_default() += 1;
        }
        Err(what) => {
            *report.failures.entry(what).or_default() += 1;
            let first = *report.first_failure.get_or_insert(sent);
            report.failing_for = report.failing_for.max(sent.saturating_duration_since(first));
        }
    }
}

fn source_text(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(deeper) = source {
        text = deeper.to_string();
        source = deeper.source();
    }
    text
}
