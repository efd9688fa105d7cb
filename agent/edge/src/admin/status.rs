//! The answer to `GET /status`.

use beanpole_protocol::routes::{EdgeStatus, TargetStatus};

use crate::edge::Shared;
use crate::upstream::latency::Quantiles;

/// What the edge serves now and counted so far.
pub fn status(shared: &Shared) -> EdgeStatus {
    // Read before the counters: who sees a generation sees counts at least as new.
    let generation = shared.registry.table().generation;
    let targets = shared.registry.backends().into_iter().map(|backend| {
        let counts = backend.counts();
        let mut quantiles = Quantiles::default();
        backend.latency.add_to(&mut quantiles);
        TargetStatus {
            instance: backend.instance.clone(),
            environment: backend.environment.clone(),
            version: backend.version.clone(),
            in_flight: counts.in_flight,
            requests: counts.requests,
            classes: counts.classes,
            failures: counts.failures,
            p50_ms: quantiles.millis(0.5),
            p90_ms: quantiles.millis(0.9),
            p99_ms: quantiles.millis(0.99),
        }
    });
    EdgeStatus {
        generation,
        targets: targets.collect(),
    }
}
