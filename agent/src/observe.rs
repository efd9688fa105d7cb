//! Watches the Engine and keeps a picture of this host's containers: events drive, a list every few
//! seconds corrects.
//!
//! One task looks, one look after the other, so that pictures are in the order of what happened.
//! While the Engine is away there is no new picture: nothing seen is not the same as nothing there.

use std::{collections::BTreeMap, time::Duration};

use beanpole_protocol::HostId;
use futures_util::StreamExt;
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::AbortOnDropHandle;

use crate::{
    docker::{DockerError, Engine, Result},
    model::{Container, Found, gathered},
};

const LIST_EVERY: Duration = Duration::from_secs(5);
const RETRY: Duration = Duration::from_millis(500);

/// The watching task.
pub struct Observer {
    eyes: Eyes,
    _task: AbortOnDropHandle<()>,
}

/// A way to have one container looked at now.
#[derive(Clone)]
pub struct Eyes {
    asked: mpsc::Sender<(String, oneshot::Sender<()>)>,
}

impl Eyes {
    /// Returns when a picture with this container as it is now was handed over, or when Docker does
    /// not answer.
    pub async fn look(&self, container: &str) {
        let (done, seen) = oneshot::channel();
        if self.asked.send((container.to_owned(), done)).await.is_ok() {
            let _ = seen.await;
        }
    }
}

impl Observer {
    /// Every changed picture goes to `seen`; the first comes as soon as the Engine answers.
    pub fn start(engine: Engine, host: HostId, seen: mpsc::Sender<Vec<Container>>) -> Self {
        let (ask, asked) = mpsc::channel(64);
        let watch = Watch {
            engine,
            host,
            seen,
            picture: BTreeMap::new(),
            was_told: false,
        };
        let eyes = Eyes { asked: ask };
        Self {
            eyes,
            _task: AbortOnDropHandle::new(tokio::spawn(watch.run(asked))),
        }
    }

    pub fn eyes(&self) -> Eyes {
        self.eyes.clone()
    }
}

struct Watch {
    engine: Engine,
    host: HostId,
    seen: mpsc::Sender<Vec<Container>>,
    /// By container id, with the fingerprint that the list had when it was looked at.
    picture: BTreeMap<String, (String, Found)>,
    was_told: bool,
}

impl Watch {
    async fn run(mut self, mut asked: mpsc::Receiver<(String, oneshot::Sender<()>)>) {
        let mut is_away = false;
        loop {
            let mut events = std::pin::pin!(self.engine.container_events(&self.host));
            let outcome = async {
                // The stream is asked for first, so that nothing between list and stream is missed.
                let mut ticks = tokio::time::interval(LIST_EVERY);
                loop {
                    tokio::select! {
                        _ = ticks.tick() => self.list().await?,
                        Some((id, done)) = asked.recv() => {
                            self.look(&id).await?;
                            let _ = done.send(());
                        }
                        event = events.next() => match event {
                            Some(id) => self.look(&id?).await?,
                            None => return Ok::<(), DockerError>(()),
                        },
                    }
                    if std::mem::take(&mut is_away) {
                        tracing::info!("docker answers again");
                    }
                }
            };
            if let Err(error) = outcome.await
                && !is_away
            {
                tracing::warn!(error = %error, "docker does not answer: running applications are left alone");
            }
            if self.seen.is_closed() {
                return;
            }
            is_away = true;
            tokio::time::sleep(RETRY).await;
        }
    }

    async fn list(&mut self) -> Result<()> {
        let listed = self.engine.list_containers(&self.host).await?;
        let mut changed = !self.was_told;
        let before = self.picture.len();
        self.picture
            .retain(|id, _| listed.iter().any(|entry| entry.id == *id));
        changed |= self.picture.len() != before;
        for entry in listed {
            let is_known = self
                .picture
                .get(&entry.id)
                .is_some_and(|(print, _)| *print == entry.fingerprint);
            if !is_known {
                changed |= self.inspect(&entry.id, entry.fingerprint).await?;
            }
        }
        if changed {
            self.tell().await;
        }
        Ok(())
    }

    async fn look(&mut self, id: &str) -> Result<()> {
        // No fingerprint: the next list looks once more, which costs a millisecond.
        if self.inspect(id, String::new()).await? {
            self.tell().await;
        }
        Ok(())
    }

    /// Answers whether the picture changed.
    async fn inspect(&mut self, id: &str, fingerprint: String) -> Result<bool> {
        let Some(found) = self.engine.inspect_container(id).await? else {
            return Ok(self.picture.remove(id).is_some());
        };
        let changed = self.picture.get(id).is_none_or(|(_, known)| *known != found);
        let id = match &found {
            Found::Instance(container) => container.id.clone(),
            Found::Member(member) => member.id.clone(),
        };
        self.picture.insert(id, (fingerprint, found));
        Ok(changed)
    }

    async fn tell(&mut self) {
        self.was_told = true;
        let picture = gathered(self.picture.values().map(|(_, found)| found.clone()));
        // A closed channel means that the agent is stopping.
        let _ = self.seen.send(picture).await;
    }
}
