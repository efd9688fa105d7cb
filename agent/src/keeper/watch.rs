//! Keeps a prober and a statistics stream on every run of every wanted instance.

use std::net::SocketAddr;

use beanpole_protocol::{InstanceId, Timestamp, agent::DesiredState};
use futures_util::StreamExt;
use tokio_util::task::AbortOnDropHandle;

use super::Keeper;
use crate::{
    diff::container_of,
    health::{
        Judge,
        prober::{self, Judged},
    },
    model::Status,
};

/// A task on one run of one instance.
pub(super) struct Watched {
    pub run: String,
    address: SocketAddr,
    task: AbortOnDropHandle<()>,
}

/// A run to be watched.
struct Run {
    instance: InstanceId,
    container: String,
    run: String,
    address: SocketAddr,
}

impl Keeper {
    /// Starts watching runs that are new, stops watching those that are over.
    pub(super) fn watch_runs(&mut self, now: Timestamp) {
        let runs = self.runs();
        let is_current = |instance: &InstanceId, watched: &Watched| {
            runs.iter().any(|run| {
                run.instance == *instance && run.run == watched.run && run.address == watched.address
            })
        };
        self.work
            .probers
            .retain(|instance, watched| is_current(instance, watched));
        self.work
            .samplers
            .retain(|instance, watched| is_current(instance, watched) && !watched.task.is_finished());
        self.samples
            .retain(|instance, _| runs.iter().any(|run| run.instance == *instance));
        for run in runs {
            if !self.work.probers.contains_key(&run.instance) {
                self.probe(&run, now);
            }
            if !self.work.samplers.contains_key(&run.instance) {
                self.sample(&run);
            }
        }
    }

    fn runs(&self) -> Vec<Run> {
        let (Some(desired), Some(containers)) = (&self.desired, &self.containers) else {
            return Vec::new();
        };
        desired
            .instances
            .iter()
            .filter(|wanted| wanted.state == DesiredState::Running)
            .filter_map(|wanted| {
                let container = container_of(&wanted.id, containers)?;
                let address = container
                    .address
                    .filter(|_| container.status == Status::Running)?;
                Some(Run {
                    instance: wanted.id.clone(),
                    container: container.id.clone(),
                    run: container.run.clone(),
                    address,
                })
            })
            .collect()
    }

    fn probe(&mut self, run: &Run, now: Timestamp) {
        let Some(check) = self.wanted(&run.instance).map(|wanted| wanted.health.clone()) else {
            return;
        };
        let life = self.lives.entry(run.instance.clone()).or_default();
        let judge = match life.verdict_of(&run.run) {
            Some(verdict) => Judge::adopted(verdict.clone(), life.ever_healthy),
            None => Judge::fresh(life.ever_healthy),
        };
        life.judged(&run.run, judge.verdict().clone(), now);
        let judged = Judged {
            instance: run.instance.clone(),
            run: run.run.clone(),
            verdict: judge.verdict().clone(),
        };
        let task = prober::start(judged, judge, run.address, check, self.work.judged.clone());
        let watched = Watched {
            run: run.run.clone(),
            address: run.address,
            task,
        };
        self.work.probers.insert(run.instance.clone(), watched);
    }

    fn sample(&mut self, run: &Run) {
        let samples = self.tools.hands.engine.samples(&run.container);
        let (told, instance) = (self.work.sampled.clone(), run.instance.clone());
        let task = AbortOnDropHandle::new(tokio::spawn(async move {
            let mut samples = std::pin::pin!(samples);
            while let Some(sample) = samples.next().await {
                if told.send((instance.clone(), sample)).await.is_err() {
                    return;
                }
            }
        }));
        let watched = Watched {
            run: run.run.clone(),
            address: run.address,
            task,
        };
        self.work.samplers.insert(run.instance.clone(), watched);
    }
}
