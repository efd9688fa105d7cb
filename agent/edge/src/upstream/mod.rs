//! The side towards the instances: connections, their pool, counters and latencies.
//!
//! Leaves the choice of an instance to `routes` and what may be retried to `proxy`.

pub mod backend;
pub mod connection;
pub mod latency;
pub mod link;
pub mod spare;
