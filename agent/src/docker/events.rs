//! The Engine's stream of container events.

use std::collections::HashMap;

use beanpole_protocol::HostId;
use bollard::query_parameters::EventsOptionsBuilder;
use futures_util::{Stream, StreamExt};

use super::{Doing, Engine, Result};
use crate::labels;

impl Engine {
    /// Ids of this host's containers as something happens to them. Ends when the Engine goes away.
    pub fn container_events(&self, host: &HostId) -> impl Stream<Item = Result<String>> + Send + 'static {
        let filter = HashMap::from([
            ("type", vec!["container".to_owned()]),
            ("label", vec![format!("{}={host}", labels::HOST)]),
            (
                "event",
                [
                    "create",
                    "start",
                    "die",
                    "destroy",
                    "oom",
                    "pause",
                    "unpause",
                    "health_status",
                ]
                .map(str::to_owned)
                .to_vec(),
            ),
        ]);
        let options = EventsOptionsBuilder::default().filters(&filter).build();
        let api = self.api.clone();
        async_stream(api, options)
    }
}

fn async_stream(
    api: bollard::Docker,
    options: bollard::query_parameters::EventsOptions,
) -> impl Stream<Item = Result<String>> + Send + 'static {
    api.events(Some(options)).filter_map(|event| async move {
        match event.doing("listening to Docker's events") {
            Ok(event) => event.actor?.id.map(Ok),
            Err(error) => Some(Err(error)),
        }
    })
}
