//! The one task that owns what the agent knows: it takes news, decides with the pure [`crate::diff`],
//! and hands out work.
//!
//! It never waits for Docker or the server itself, so news is never kept waiting. Invariant: routes
//! that leave an instance out are on disk before that instance is stopped, and nothing is stopped
//! before a desired list is known.

mod news;
mod publish;
mod view;
mod watch;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use beanpole_protocol::{
    InstanceId, TaskId, Timestamp, VersionId,
    agent::{Desired, DesiredInstance, HostFacts},
    routes::{EdgeStatus, Routes},
};
use tokio::{
    sync::{Semaphore, mpsc, watch as watching},
    task::JoinSet,
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use crate::{
    apply::{Done, Hands, Holder, ImageNews},
    build::version::Workshop,
    diff::{Action, ImageRecord, World, diff},
    docker::stats::Sample,
    edge::Awaited,
    health::prober::Judged,
    ledger::Memory,
    life::Life,
    link::{Link, report::State, task},
    model::{Container, Status},
};

/// How often things that announce no change are looked at.
const TICK: Duration = Duration::from_secs(5);
/// How often the last words of instances that are not well are read.
const LISTEN: Duration = Duration::from_secs(1);
/// An image that left the desired list is kept a little, in case it comes back.
const UNWANTED_FOR: Duration = Duration::from_secs(60);

/// Where news comes from.
pub struct Inlets {
    pub desired: mpsc::Receiver<Desired>,
    pub seen: mpsc::Receiver<Vec<Container>>,
    pub edge: mpsc::Receiver<Option<EdgeStatus>>,
}

/// Where results go.
pub struct Outlets {
    pub report: watching::Sender<Option<State>>,
    pub memory: watching::Sender<Memory>,
    pub awaited: watching::Sender<Awaited>,
    /// The edge's file.
    pub routes: PathBuf,
}

/// What the keeper works with.
pub struct Tools {
    pub hands: Hands,
    pub workshop: Arc<Workshop>,
    pub link: Link,
    /// Where Docker keeps its data, to see how full that is.
    pub docker_root: Option<PathBuf>,
}

/// The owner of the agent's state.
pub struct Keeper {
    tools: Tools,
    outlets: Outlets,
    facts: HostFacts,
    /// None until the server or the ledger gave one.
    desired: Option<Desired>,
    /// None until Docker was seen.
    containers: Option<Vec<Container>>,
    lives: BTreeMap<InstanceId, Life>,
    images: BTreeMap<VersionId, ImageRecord>,
    /// Images asked about and not answered for yet; no report goes out meanwhile.
    unknown_images: BTreeSet<VersionId>,
    unwanted_images: BTreeMap<VersionId, Timestamp>,
    busy: BTreeSet<InstanceId>,
    samples: BTreeMap<InstanceId, Sample>,
    edge: Option<EdgeStatus>,
    written: Option<Routes>,
    /// The routes could not be written last time, and that was said.
    routes_trouble: bool,
    essence: Option<view::Essence>,
    /// Images that were here at some time, by version: what can be removed one day.
    known_images: BTreeMap<VersionId, String>,
    /// What builds with several stages left, by version: it goes with the version's image.
    stages: BTreeMap<VersionId, BTreeSet<String>>,
    swept_at: Option<Timestamp>,
    urgency: u64,
    wake: Option<Timestamp>,
    work: Work,
}

/// What goes on at the moment. Dropped, it is all ended; containers are not touched by that.
struct Work {
    actions: JoinSet<Done>,
    tails: JoinSet<(InstanceId, Option<String>)>,
    probers: BTreeMap<InstanceId, watch::Watched>,
    samplers: BTreeMap<InstanceId, watch::Watched>,
    builds: BTreeMap<VersionId, AbortOnDropHandle<()>>,
    tasks: BTreeMap<TaskId, AbortOnDropHandle<()>>,
    sweeps: JoinSet<Vec<VersionId>>,
    turn: Arc<Semaphore>,
    judged: mpsc::Sender<Judged>,
    image_news: mpsc::Sender<ImageNews>,
    sampled: mpsc::Sender<(InstanceId, Sample)>,
}

impl Keeper {
    /// A keeper that goes on from what the ledger has.
    pub fn resume(
        tools: Tools,
        outlets: Outlets,
        facts: HostFacts,
        desired: Option<Desired>,
        memory: Memory,
    ) -> KeeperStart {
        let (judged, judged_news) = mpsc::channel(256);
        let (image_news, image_inlet) = mpsc::channel(64);
        let (sampled, samples) = mpsc::channel(256);
        let work = Work {
            actions: JoinSet::new(),
            tails: JoinSet::new(),
            probers: BTreeMap::new(),
            samplers: BTreeMap::new(),
            builds: BTreeMap::new(),
            tasks: BTreeMap::new(),
            sweeps: JoinSet::new(),
            turn: Arc::new(Semaphore::new(1)),
            judged,
            image_news,
            sampled,
        };
        let keeper = Self {
            tools,
            outlets,
            facts,
            desired,
            containers: None,
            lives: memory.lives,
            images: memory.failed_images,
            unknown_images: BTreeSet::new(),
            unwanted_images: BTreeMap::new(),
            busy: BTreeSet::new(),
            samples: BTreeMap::new(),
            edge: None,
            written: None,
            routes_trouble: false,
            essence: None,
            known_images: memory.known_images,
            stages: memory.stages,
            swept_at: None,
            urgency: 0,
            wake: None,
            work,
        };
        KeeperStart {
            keeper,
            judged: judged_news,
            images: image_inlet,
            samples,
        }
    }

    /// Decides from what is known now, and sets things going.
    async fn step(&mut self) {
        if self.containers.is_none() {
            return;
        }
        let now = Timestamp::now();
        self.forget_undesired(now);
        self.watch_runs(now);
        self.write_routes().await;
        self.act(now);
        self.answer_tasks();
        self.publish(now);
    }

    fn forget_undesired(&mut self, now: Timestamp) {
        let Some(desired) = &self.desired else { return };
        let wanted: BTreeSet<&InstanceId> = desired.instances.iter().map(|instance| &instance.id).collect();
        self.lives.retain(|id, _| wanted.contains(id));
        self.samples.retain(|id, _| wanted.contains(id));
        let versions: BTreeSet<&VersionId> = desired.images.iter().map(|image| &image.version).collect();
        for version in self.images.keys().filter(|version| !versions.contains(version)) {
            self.unwanted_images.entry(version.clone()).or_insert(now);
        }
        self.images.retain(|version, _| versions.contains(version));
        self.unknown_images.retain(|version| versions.contains(version));
        self.work.builds.retain(|version, _| versions.contains(version));
        self.unwanted_images
            .retain(|version, since| !versions.contains(version) && now.since(*since) < UNWANTED_FOR);
        let tasks: BTreeSet<&TaskId> = desired.tasks.iter().map(|task| &task.id).collect();
        self.work.tasks.retain(|task, _| tasks.contains(task));
    }

    fn act(&mut self, now: Timestamp) {
        let (Some(desired), Some(containers)) = (&self.desired, &self.containers) else {
            return;
        };
        let plan = diff(World {
            desired,
            containers,
            lives: &self.lives,
            images: &self.images,
            busy: &self.busy,
            now,
        });
        self.wake = plan.wake;
        for action in plan.actions {
            self.perform(action);
        }
    }

    fn perform(&mut self, action: Action) {
        if let Some(instance) = action.instance() {
            self.busy.insert(instance.clone());
        }
        let hands = self.tools.hands.clone();
        match action {
            Action::Prepare { version } => self.prepare(version),
            Action::Launch { instance } => {
                if let Some(wanted) = self.wanted(&instance).cloned() {
                    tracing::info!(instance.id = %instance, version.id = %wanted.release.version, "launching an instance");
                    // A container that somebody removed is made anew: a restart just as well.
                    if let Some(life) = self.lives.get_mut(&instance).filter(|life| life.run.is_some()) {
                        life.restarted();
                    }
                    self.work.actions.spawn(hands.launch(wanted));
                }
            }
            Action::Start {
                instance,
                container,
                after_exit,
            } => {
                tracing::info!(instance.id = %instance, "starting an instance's container");
                self.work
                    .actions
                    .spawn(hands.start(instance, container, after_exit));
            }
            Action::Examine { instance, container } => {
                let found = self.containers.iter().flatten().find(|c| c.id == container);
                if let Some(Status::Exited(exit)) = found.map(|c| c.status.clone()) {
                    self.work.actions.spawn(hands.examine(instance, container, exit));
                }
            }
            Action::Gather {
                instance,
                container,
                run,
                stale,
                start,
            } => {
                if let Some(wanted) = self.wanted(&instance).cloned() {
                    tracing::info!(instance.id = %instance, containers = ?start, "starting containers of an instance");
                    let holder = Holder { container, run };
                    self.work
                        .actions
                        .spawn(hands.gather(wanted, holder, stale, start));
                }
            }
            Action::ExamineMember {
                instance,
                member,
                why,
            } => {
                self.work
                    .actions
                    .spawn(hands.examine_member(instance, member, why));
            }
            Action::Stop {
                instance,
                container,
                members,
                grace,
            } => {
                tracing::info!(instance.id = %instance, grace_seconds = grace, "stopping an instance");
                self.work
                    .actions
                    .spawn(hands.stop(instance, container, members, grace));
            }
        }
    }

    fn prepare(&mut self, version: VersionId) {
        let image = self
            .desired
            .iter()
            .flat_map(|desired| &desired.images)
            .find(|image| image.version == version);
        let Some(image) = image.cloned() else { return };
        let is_under_way = self
            .work
            .builds
            .get(&version)
            .is_some_and(|build| !build.is_finished());
        if is_under_way {
            return;
        }
        self.unknown_images.insert(version.clone());
        let workshop = Arc::clone(&self.tools.workshop);
        let work = crate::apply::prepare(
            workshop,
            Arc::clone(&self.work.turn),
            image,
            self.work.image_news.clone(),
        );
        self.work
            .builds
            .insert(version, AbortOnDropHandle::new(tokio::spawn(work)));
    }

    fn wanted(&self, instance: &InstanceId) -> Option<&DesiredInstance> {
        self.desired
            .as_ref()?
            .instances
            .iter()
            .find(|wanted| wanted.id == *instance)
    }

    fn answer_tasks(&mut self) {
        let Some(desired) = &self.desired else { return };
        for wanted in &desired.tasks {
            if self.work.tasks.contains_key(&wanted.id) {
                continue;
            }
            let beanpole_protocol::agent::TaskKind::LogTail { instance, .. } = &wanted.kind;
            let container = self
                .containers
                .iter()
                .flatten()
                .find(|c| c.instance == *instance)
                .map(Container::working);
            let answer = task::answer(
                self.tools.hands.engine.clone(),
                self.tools.link.clone(),
                wanted.clone(),
                container,
            );
            self.work
                .tasks
                .insert(wanted.id.clone(), AbortOnDropHandle::new(tokio::spawn(answer)));
        }
    }
}

/// A keeper with the inner channels that it reads once it runs.
pub struct KeeperStart {
    keeper: Keeper,
    judged: mpsc::Receiver<Judged>,
    images: mpsc::Receiver<ImageNews>,
    samples: mpsc::Receiver<(InstanceId, Sample)>,
}

impl KeeperStart {
    /// Works until told to stop. Containers go on.
    pub async fn run(mut self, mut inlets: Inlets, stop: CancellationToken) {
        let mut tick = tokio::time::interval(TICK);
        let mut listening = tokio::time::interval(LISTEN);
        listening.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let keeper = &mut self.keeper;
            let wake = keeper.wake;
            tokio::select! {
                () = stop.cancelled() => return,
                Some(desired) = inlets.desired.recv() => keeper.take_desired(desired),
                Some(seen) = inlets.seen.recv() => keeper.containers = Some(seen),
                Some(status) = inlets.edge.recv() => keeper.edge = status,
                Some(judged) = self.judged.recv() => keeper.take_judged(judged),
                Some(news) = self.images.recv() => keeper.take_image(news),
                Some((instance, sample)) = self.samples.recv() => {
                    keeper.samples.insert(instance, sample);
                    continue;
                }
                Some(done) = keeper.work.actions.join_next() => {
                    // The picture that goes with it was handed over before.
                    while let Ok(seen) = inlets.seen.try_recv() {
                        keeper.containers = Some(seen);
                    }
                    if let Ok(done) = done {
                        keeper.take_done(done);
                    }
                }
                Some(tail) = keeper.work.tails.join_next() => {
                    if let Ok((instance, Some(text))) = tail {
                        keeper.take_tail(&instance, text);
                    }
                }
                Some(gone) = keeper.work.sweeps.join_next() => keeper.take_sweep(gone.unwrap_or_default()),
                () = until(wake) => keeper.wake = None,
                _ = tick.tick() => keeper.look_around(),
                _ = listening.tick() => keeper.listen(),
            }
            self.keeper.step().await;
        }
    }
}

/// Waits for a moment of the wall clock; for ever when there is none.
async fn until(moment: Option<Timestamp>) {
    match moment {
        Some(moment) => tokio::time::sleep(moment.since(Timestamp::now())).await,
        None => std::future::pending().await,
    }
}
