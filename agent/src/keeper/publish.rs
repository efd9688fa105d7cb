//! Where the keeper's knowledge goes: the edge's routes, the reporter, the ledger.

use beanpole_protocol::{Timestamp, agent::Desired};

use super::{Keeper, view};
use crate::{
    edge::Awaited,
    ledger::{self, Memory},
    link::report::State,
    routes,
};

impl Keeper {
    /// Swaps the edge's file when it would say something else now.
    pub(super) async fn write_routes(&mut self) {
        let Some(desired) = &self.desired else { return };
        let local = view::local(
            desired,
            self.containers.as_deref().unwrap_or_default(),
            &self.lives,
        );
        let routes = routes::materialise(desired, &local);
        if self.written.as_ref() == Some(&routes) {
            return;
        }
        let path = self.outlets.routes.clone();
        let bytes = match serde_json::to_vec(&routes) {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::error!(error = %error, "the routes cannot be written down");
                return;
            }
        };
        let written = tokio::task::spawn_blocking(move || ledger::replace(&path, &bytes, 0o644)).await;
        match written {
            Ok(Ok(())) => {
                let awaited = Awaited {
                    generation: routes.generation,
                    draining: routes::any_draining(&routes),
                };
                self.outlets.awaited.send_replace(awaited);
                self.written = Some(routes);
                self.routes_trouble = false;
            }
            Ok(Err(error)) if !std::mem::replace(&mut self.routes_trouble, true) => {
                tracing::error!(path = %self.outlets.routes.display(), error = %error, "the edge's routes cannot be written");
            }
            // Said before, or the runtime is being shut down.
            Ok(Err(_)) | Err(_) => {}
        }
    }

    /// Hands the state to the reporter and to the ledger.
    pub(super) fn publish(&mut self, now: Timestamp) {
        let memory = Memory {
            lives: self.lives.clone(),
            failed_images: view::failed(&self.images),
            known_images: self.known_images.clone(),
            stages: self.stages.clone(),
        };
        self.outlets.memory.send_if_modified(|kept| {
            let is_new = *kept != memory;
            if is_new {
                *kept = memory;
            }
            is_new
        });
        if !self.unknown_images.is_empty() {
            return;
        }
        let nothing = Desired::default();
        let desired = self.desired.as_ref().unwrap_or(&nothing);
        let shown = view::View {
            desired,
            containers: self.containers.as_deref().unwrap_or_default(),
            lives: &self.lives,
            images: &self.images,
            busy: &self.busy,
            samples: &self.samples,
            now,
        };
        let mut state = State {
            generation: desired.generation,
            facts: self.facts.clone(),
            images: shown.images(),
            instances: shown.instances(),
            edge: self.edge.clone(),
            urgency: self.urgency,
        };
        let essence = view::essence(&state, &desired.routes);
        if self.essence.as_ref() != Some(&essence) {
            self.essence = Some(essence);
            self.urgency += 1;
            state.urgency = self.urgency;
        }
        self.outlets.report.send_replace(Some(state));
    }
}
