//! Performs one action against Docker. What it changed is in the observer's picture before it says done.

use std::{net::IpAddr, sync::Arc, time::Duration};

use beanpole_protocol::{
    HostId, InstanceId, VersionId,
    agent::{DesiredImage, DesiredInstance, ImageState},
    output,
};
use tokio::{sync::Semaphore, time::Instant};

mod pod;

pub use self::pod::Holder;
use crate::{
    build::version::{Built, Stages, Workshop},
    docker::{DockerError, Engine, containers::name, network::NetworkError},
    door::{
        Door,
        variables::{Already, for_init, reached, variables},
    },
    ending,
    model::Exit,
    observe::Eyes,
};

/// What Docker did not do is not asked of it again for so long.
const PAUSE: Duration = Duration::from_secs(1);

/// Lines of output kept with an instance that is not well.
const TAIL_LINES: u32 = 40;

/// How an action on an instance ended.
#[derive(Debug)]
pub struct Done {
    pub instance: InstanceId,
    pub outcome: Outcome,
}

#[derive(Debug)]
pub enum Outcome {
    /// It runs now; true when it had exited before.
    Started {
        after_exit: bool,
    },
    /// It could not be made or started.
    NotMade {
        why: String,
    },
    /// Its image is not on this host.
    NoImage {
        why: String,
    },
    /// It will not come up, with the last words of what failed.
    GaveUp {
        why: String,
        tail: Option<String>,
    },
    /// How its last run ended, with its last words.
    Examined {
        exit: Exit,
        tail: Option<String>,
    },
    Stopped,
    /// Docker did not do it; the next plan says whether it is still wanted.
    Undone,
}

/// The tools that actions use.
#[derive(Clone)]
pub struct Hands {
    pub engine: Engine,
    pub host: HostId,
    pub eyes: Eyes,
    /// The address of this host that applications are published on.
    pub publish: IpAddr,
    /// Where instances reach the server's AWS services.
    pub door: Door,
}

/// Why an instance's container was not made or started.
#[derive(Debug, thiserror::Error)]
enum NotMade {
    #[error(transparent)]
    Network(#[from] NetworkError),
    #[error(transparent)]
    Docker(#[from] DockerError),
}

impl Hands {
    /// Makes and starts a container.
    pub async fn launch(self, wanted: DesiredInstance) -> Done {
        let outcome = match self.make(&wanted).await {
            Ok(()) => Outcome::Started { after_exit: false },
            Err(NotMade::Network(error)) if error.is_unreachable() => Outcome::Undone,
            Err(NotMade::Docker(error)) if error.is_unreachable() => Outcome::Undone,
            Err(NotMade::Docker(error)) if error.is_not_found() => Outcome::NoImage {
                why: error.to_string(),
            },
            Err(error) => Outcome::NotMade {
                why: error.to_string(),
            },
        };
        self.settle(&name(&wanted.id), &outcome).await;
        Done {
            instance: wanted.id,
            outcome,
        }
    }

    async fn make(&self, wanted: &DesiredInstance) -> Result<(), NotMade> {
        let image = self.engine.image_facts(&wanted.image).await?;
        self.engine.ensure_network().await?;
        let already = Already {
            properties: &wanted.env,
            image: &image.variables,
        };
        let mut added = wanted
            .services
            .as_ref()
            .map(|access| variables(self.door.address, access, already))
            .unwrap_or_default();
        if let (true, Some(access)) = (image.has_init, &wanted.services) {
            added.extend(for_init(self.door.address, access));
        }
        let mut reaching = wanted.clone();
        if let Some(access) = &wanted.services {
            reaching.env = reached(self.door.address, access, already);
        }
        let container = self
            .engine
            .create_container(&self.host, self.publish, &reaching, &image, &added)
            .await?;
        Ok(self.engine.start_container(&container).await?)
    }

    pub async fn start(self, instance: InstanceId, container: String, after_exit: bool) -> Done {
        let outcome = match self.engine.start_container(&container).await {
            Ok(()) => Outcome::Started { after_exit },
            Err(error) if error.is_unreachable() => Outcome::Undone,
            Err(error) if error.is_not_found() => {
                // It is gone; or its network is, which it could be started on never again. Then it is made anew.
                tracing::warn!(instance.id = %instance, error = %error, "removing a container that cannot be started");
                let _ = self.engine.stop_and_remove(&container, 0).await;
                Outcome::Undone
            }
            Err(error) => Outcome::NotMade {
                why: error.to_string(),
            },
        };
        self.settle(&container, &outcome).await;
        Done { instance, outcome }
    }

    /// Has the picture brought up to date. The instance stays busy until this is over.
    async fn settle(&self, container: &str, outcome: &Outcome) {
        if matches!(outcome, Outcome::Undone) {
            tokio::time::sleep(PAUSE).await;
        }
        self.eyes.look(container).await;
    }

    pub async fn examine(self, instance: InstanceId, container: String, exit: Exit) -> Done {
        let tail = last_words(&self.engine, &[(None, container)]).await;
        Done {
            instance,
            outcome: Outcome::Examined { exit, tail },
        }
    }

    pub async fn stop(
        self,
        instance: InstanceId,
        container: String,
        members: Vec<String>,
        grace: u32,
    ) -> Done {
        let outcome = match self.stop_all(&container, &members, grace).await {
            Ok(()) => Outcome::Stopped,
            Err(error) => {
                tracing::warn!(instance.id = %instance, error = %error, "a container was not stopped");
                Outcome::Undone
            }
        };
        self.settle(&container, &outcome).await;
        Done { instance, outcome }
    }
}

/// The last lines of a container's output, cut to what a report can carry.
pub async fn last_words(engine: &Engine, containers: &[(Option<String>, String)]) -> Option<String> {
    let text = engine.log_tails(containers, TAIL_LINES).await.ok()?;
    Some(ending::of(&output::plain(&text), ending::LIMIT).to_owned())
}

/// News of an image.
#[derive(Debug)]
pub struct ImageNews {
    pub version: VersionId,
    pub attempt: u32,
    pub state: ImageState,
    /// What a build left, whether it succeeded or not.
    pub stages: Stages,
}

/// Looks whether an image is here and builds it when not, one build at a time. `tell` gets `Building`
/// first, unless the image is here.
pub async fn prepare(
    workshop: Arc<Workshop>,
    turn: Arc<Semaphore>,
    image: DesiredImage,
    tell: tokio::sync::mpsc::Sender<ImageNews>,
) {
    let news = |state| ImageNews {
        version: image.version.clone(),
        attempt: image.attempt,
        state,
        stages: Stages::default(),
    };
    let mut was_told = false;
    let is_here = loop {
        match workshop.engine.has_version(&image.image).await {
            Ok(is_here) => break is_here,
            // Reports wait for news of the image, and must not wait for Docker.
            Err(_) if !std::mem::replace(&mut was_told, true) => {
                let _ = tell.send(news(ImageState::Building)).await;
            }
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    };
    if is_here {
        let _ = tell.send(news(ImageState::Ready { build_ms: None })).await;
        return;
    }
    if tell.send(news(ImageState::Building)).await.is_err() {
        return;
    }
    let Ok(_turn) = turn.acquire().await else { return };
    let began = Instant::now();
    let Built { outcome, stages } = workshop.build(&image).await;
    let state = match outcome {
        Ok(()) => {
            let build_ms = u64::try_from(began.elapsed().as_millis()).ok();
            tracing::info!(version.id = %image.version, duration_ms = build_ms, "built an image");
            ImageState::Ready { build_ms }
        }
        Err(reason) => {
            tracing::warn!(version.id = %image.version, reason = %reason, "an image was not built");
            ImageState::Failed { reason }
        }
    };
    let _ = tell
        .send(ImageNews {
            stages,
            ..news(state)
        })
        .await;
}
