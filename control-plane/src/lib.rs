//! The control plane: REST API, agent API and console over Postgres, and the loops that reconcile.
//!
//! A server process keeps no truth of its own: any number of them may share one database, and each
//! may be killed at any instruction. Decisions live in `beanpole-planner`; containers are the agents'.

pub mod agents;
pub mod api;
pub mod auth;
pub mod aws;
pub mod blobs;
pub mod bundle;
pub mod config;
pub mod configurations;
mod housekeeping;
pub mod http;
pub mod idempotency;
pub mod instance_keys;
pub mod leader;
pub mod migrate;
pub mod notices;
pub mod ops;
pub mod options;
pub mod problem;
pub mod reconcile;
pub mod resources;
mod rounds;
pub mod secrets;
pub mod serve;
pub mod state;
pub mod store;
#[cfg(test)]
mod testing;
pub mod up;

pub use beanpole_postgres as postgres;
pub use config::{Config, ServeOptions};
pub use problem::ApiError;
pub use state::App;
