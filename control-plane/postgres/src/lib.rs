//! The private PostgreSQL of a one-host installation.
//!
//! Runs the system's own binaries in a directory of ours as a plain user, reachable only through a
//! Unix socket inside that directory. Leaves restarts to the supervisor (`up`) and the schema to
//! `migrate`. Invariant: `fsync` is never off, and a directory is either a whole cluster or none.

mod account;
mod binaries;
mod cluster;

pub use account::Account;
pub use binaries::{Binaries, BinariesError};
pub use cluster::{Cluster, ClusterError};
