//! The task that probes one run of one instance and tells when the verdict changes.

use std::net::SocketAddr;

use beanpole_protocol::{InstanceId, agent::HealthCheck};
use tokio::{sync::mpsc, time::Instant};
use tokio_util::task::AbortOnDropHandle;

use super::{Judge, Verdict, probe::probe};

/// A verdict about one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    pub instance: InstanceId,
    /// The run's name, as in [`crate::model::Container::run`].
    pub run: String,
    pub verdict: Verdict,
}

/// Probes until dropped; the receiver gets every change of the verdict.
pub fn start(
    judged: Judged,
    mut judge: Judge,
    address: SocketAddr,
    check: HealthCheck,
    told: mpsc::Sender<Judged>,
) -> AbortOnDropHandle<()> {
    AbortOnDropHandle::new(tokio::spawn(async move {
        let began = Instant::now();
        let mut last = judged.verdict.clone();
        loop {
            let probe_began = Instant::now();
            judge.take(probe(address, &check).await, &check);
            if *judge.verdict() != last {
                last = judge.verdict().clone();
                if told
                    .send(Judged {
                        verdict: last.clone(),
                        ..judged.clone()
                    })
                    .await
                    .is_err()
                {
                    return;
                }
            }
            tokio::time::sleep_until(probe_began + judge.next_probe(&check, began.elapsed())).await;
        }
    }))
}
