//! `beanpole up`: everything on one host, supervised.
//!
//! Starts a private PostgreSQL, `beanpole serve`, `beanpole-agent` and `beanpole-edge`, restarts
//! what exits, and stops them in order. It holds no state of its own: a killed `up` is repaired by
//! the next one, which takes over or replaces what the first left running. Applications'
//! containers belong to Docker and go on whatever happens here.

mod folder;
mod leftover;
mod service;
mod supervisor;

pub use folder::Folder;
pub use service::Service;
pub use supervisor::{Supervisor, UpError};
