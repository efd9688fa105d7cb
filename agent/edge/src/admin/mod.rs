//! Status and metrics for the host's agent and for operators, on a Unix socket.

pub mod metrics;
pub mod server;
pub mod status;
