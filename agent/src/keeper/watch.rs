//! Keeps a prober and a statistics stream on every run of every wanted instance.

use std::net::SocketAddr;

use beanpole_protocol::{InstanceId, Timestamp, agent::DesiredState};
use futures_util::StreamExt;
use tokio_util::task::AbortOnDropHandle;

use super::Keeper;
use crate::{
    diff::container_of,
    docker::stats::Sample,
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
    containers: Vec<String>,
    task: AbortOnDropHandle<()>,
}

/// A run to be watched.
struct Run {
    instance: InstanceId,
    /// Those that do its work: several in a pod.
    containers: Vec<String>,
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
        let counts_all = |instance: &InstanceId, watched: &Watched| {
            runs.iter()
                .any(|run| run.instance == *instance && run.containers == watched.containers)
        };
        self.work.samplers.retain(|instance, watched| {
            is_current(instance, watched) && counts_all(instance, watched) && !watched.task.is_finished()
        });
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
                    containers: container.working().into_iter().map(|(_, id)| id).collect(),
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
            containers: Vec::new(),
            task,
        };
        self.work.probers.insert(run.instance.clone(), watched);
    }

    fn sample(&mut self, run: &Run) {
        let engine = &self.tools.hands.engine;
        let samples = run.containers.iter().enumerate().map(|(index, id)| {
            let samples = engine.samples(id).map(move |sample| (index, sample));
            Box::pin(samples)
        });
        let mut samples = futures_util::stream::select_all(samples);
        let mut latest = vec![None; run.containers.len()];
        let (told, instance) = (self.work.sampled.clone(), run.instance.clone());
        let task = AbortOnDropHandle::new(tokio::spawn(async move {
            while let Some((index, sample)) = samples.next().await {
                latest[index] = Some(sample);
                if told.send((instance.clone(), Sample::sum(&latest))).await.is_err() {
                    return;
                }
            }
        }));
        let watched = Watched {
            run: run.run.clone(),
            address: run.address,
            containers: run.containers.clone(),
            task,
        };
        self.work.samplers.insert(run.instance.clone(), watched);
    }
}
