//! Whether an instance is well: a pure judge, probes over the network, and a task that joins them.

pub mod judge;
pub mod probe;
pub mod prober;

pub use judge::{Judge, Verdict};
