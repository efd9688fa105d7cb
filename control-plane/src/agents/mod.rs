//! The agent API under `/agent/v1`: what hosts should have, and what they say they have.
//!
//! The messages are `beanpole_protocol::agent`. Nothing here decides; a report is written down and
//! wakes reconcile. Invariant: of two reports of a host the later one, by `(boot, sequence)`, holds.

mod build_events;
mod builds;
mod credential;
mod desired;
mod join;
pub mod list;
pub mod observe;
pub mod report;
mod tasks;

use axum::{
    Router,
    routing::{get, post},
};

use crate::App;

pub use self::desired::current as desired_now;

/// All routes that agents use.
pub fn router() -> Router<App> {
    Router::new()
        // Open to all: the join token in its body is the credential.
        .route("/agent/v1/join", post(join::join))
        .route("/agent/v1/desired", get(desired::desired))
        .route("/agent/v1/report", post(report::report))
        .route("/agent/v1/bundles/{version}", get(builds::bundle))
        .route("/agent/v1/builds/{version}/log", post(builds::append_log))
        .route("/agent/v1/tasks/{id}", post(tasks::answer))
}
