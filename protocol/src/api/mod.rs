//! Types of the REST API under `/api/v1`: one file per resource, one view type per resource.
//!
//! Lists are `{items, next}`; errors are [`problem::Problem`] (`application/problem+json`).

pub mod access;
pub mod application;
pub mod deployment;
pub mod environment;
pub mod event;
pub mod finding;
pub mod host;
pub mod identity;
pub mod logs;
pub mod page;
pub mod plan;
pub mod platform;
pub mod problem;
pub mod queue;
pub mod version;

pub use self::{
    access::*, application::*, deployment::*, environment::*, event::*, finding::*, host::*, identity::*,
    logs::*, page::*, plan::*, platform::*, problem::*, queue::*, version::*,
};
