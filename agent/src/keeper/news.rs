//! What the keeper does with each kind of news.

use std::{collections::BTreeSet, sync::Arc};

use beanpole_protocol::{
    InstanceId, Timestamp, VersionId,
    agent::{Desired, ImageState},
};

use super::Keeper;
use crate::{
    apply::{Done, ImageNews, Outcome, last_words},
    build::version::Stages,
    diff::ImageRecord,
    gc,
    health::prober::Judged,
    model::{Container, Status},
};

impl Keeper {
    pub(super) fn take_desired(&mut self, desired: Desired) {
        tracing::debug!(generation = desired.generation, "took a new desired list");
        self.desired = Some(desired);
    }

    pub(super) fn take_judged(&mut self, judged: Judged) {
        // A prober that was just replaced may still have had something to say.
        let is_current = self
            .work
            .probers
            .get(&judged.instance)
            .is_some_and(|watched| watched.run == judged.run);
        if !is_current {
            return;
        }
        let is_healthy = judged.verdict.is_healthy();
        let now = Timestamp::now();
        if let Some(life) = self.lives.get_mut(&judged.instance) {
            let was_healthy = life.healthy_since.is_some();
            if is_healthy != was_healthy {
                tracing::info!(instance.id = %judged.instance, verdict = ?judged.verdict, "an instance's health changed");
            }
            life.judged(&judged.run, judged.verdict, now);
        }
        if !is_healthy {
            self.fetch_tail(&judged.instance);
        }
    }

    pub(super) fn take_image(&mut self, news: ImageNews) {
        self.unknown_images.remove(&news.version);
        self.take_stages(&news.version, news.stages);
        let mut images = self.desired.iter().flat_map(|desired| &desired.images);
        let image = images.find(|image| image.version == news.version);
        if let Some(image) = image {
            if matches!(news.state, ImageState::Ready { .. }) {
                self.known_images
                    .insert(image.version.clone(), image.image.clone());
            }
            let record = ImageRecord {
                attempt: news.attempt,
                state: news.state,
            };
            self.images.insert(news.version, record);
        }
    }

    /// A stage that another build has made is remembered only if that build was one of ours.
    fn take_stages(&mut self, version: &VersionId, stages: Stages) {
        let is_ours = |id: &String| self.stages.values().any(|known| known.contains(id));
        let mut left: BTreeSet<String> = stages.reused.into_iter().filter(is_ours).collect();
        left.extend(stages.made);
        if !left.is_empty() {
            self.stages.entry(version.clone()).or_default().extend(left);
        }
    }

    pub(super) fn take_done(&mut self, done: Done) {
        let now = Timestamp::now();
        self.busy.remove(&done.instance);
        let version = self
            .wanted(&done.instance)
            .map(|wanted| wanted.release.version.clone());
        let Some(version) = version else { return };
        let life = self.lives.entry(done.instance.clone()).or_default();
        match done.outcome {
            Outcome::Started { after_exit: true } => life.restarted(),
            Outcome::Started { after_exit: false } | Outcome::Stopped | Outcome::Undone => {}
            Outcome::NotMade { why } => {
                tracing::warn!(instance.id = %done.instance, error = %why, "an instance was not started");
                life.not_made(why, now);
            }
            Outcome::NoImage { why } => {
                life.not_made(why, now);
                let is_ready = self
                    .images
                    .get(&version)
                    .is_some_and(|r| matches!(r.state, ImageState::Ready { .. }));
                // Somebody removed it: find that out properly, and build it again.
                if is_ready {
                    self.images.remove(&version);
                }
            }
            Outcome::GaveUp { why, tail } => {
                tracing::warn!(instance.id = %done.instance, error = %why, "an instance will not come up");
                life.gave_up(why, tail);
            }
            Outcome::Examined { exit, tail } => {
                tracing::warn!(instance.id = %done.instance, exit = %exit.words(), "an instance exited");
                life.exited(&exit, tail, now);
            }
        }
    }

    pub(super) fn take_tail(&mut self, instance: &InstanceId, text: String) {
        if let Some(life) = self.lives.get_mut(instance)
            && life.healthy_since.is_none()
            && life.tail.as_ref() != Some(&text)
        {
            life.tail = Some(text);
            // A deployment that gives up on it quotes these lines: the server should have them by then.
            self.essence = None;
        }
    }

    /// The last words of an instance, in the background.
    pub(super) fn fetch_tail(&mut self, instance: &InstanceId) {
        let container = self.containers.iter().flatten().find(|c| c.instance == *instance);
        let Some(containers) = container.map(Container::working) else {
            return;
        };
        let (engine, instance) = (self.tools.hands.engine.clone(), instance.clone());
        self.work.tails.spawn(async move {
            let tail = last_words(&engine, &containers).await;
            (instance, tail)
        });
    }

    /// Asks for the words of those that are not well: they speak without their verdict changing.
    pub(super) fn listen(&mut self) {
        let unwell: Vec<InstanceId> = self
            .containers
            .iter()
            .flatten()
            .filter(|container| container.status == Status::Running)
            .filter(|container| {
                self.lives
                    .get(&container.instance)
                    .is_some_and(|l| l.healthy_since.is_none())
            })
            .map(|container| container.instance.clone())
            .collect();
        for instance in unwell {
            self.fetch_tail(&instance);
        }
    }

    /// What announces no change: disk space, what can go.
    pub(super) fn look_around(&mut self) {
        let free = self
            .tools
            .docker_root
            .as_deref()
            .and_then(|root| rustix::fs::statvfs(root).ok());
        self.facts.disk_free_bytes = free
            .as_ref()
            .map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize));
        self.facts.services_trouble = self.tools.hands.door.trouble();
        self.sweep(free.map(|disk| disk.f_bavail.saturating_mul(100) / disk.f_blocks.max(1)));
    }

    /// Removes images that nobody wants, in the background. `free` is the disk's free part, percent.
    fn sweep(&mut self, free: Option<u64>) {
        let Some(desired) = &self.desired else { return };
        if !self.work.sweeps.is_empty() || !self.unknown_images.is_empty() {
            return;
        }
        let mut wanted: BTreeSet<_> = desired.images.iter().map(|image| image.version.clone()).collect();
        wanted.extend(self.unwanted_images.keys().cloned());
        wanted.extend(
            desired
                .instances
                .iter()
                .map(|instance| instance.release.version.clone()),
        );
        let now = Timestamp::now();
        let remove = gc::waste(&self.known_images, &self.stages, &wanted);
        let Some(remove) = gc::due(remove, self.swept_at, now) else {
            return;
        };
        self.swept_at = Some(now);
        let sweep = gc::Sweep {
            remove,
            free_percent: free,
        };
        self.work
            .sweeps
            .spawn(gc::sweep(Arc::clone(&self.tools.workshop), sweep));
    }

    pub(super) fn take_sweep(&mut self, gone: Vec<VersionId>) {
        for version in gone {
            self.known_images.remove(&version);
            self.stages.remove(&version);
            // It may have become wanted in between: then it is looked for, and built, again.
            self.images.remove(&version);
        }
    }
}
