//! The edge's routes file: which instances answer for which host names.
//!
//! The server decides sets, weights and draining; the agent of the edge's host fills in addresses
//! and local health and swaps the file atomically; the edge reads it and nothing else.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::{EnvironmentId, InstanceId};

/// The whole of what one edge serves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Routes {
    /// The host generation this was made from; the edge reports it back once it serves it.
    pub generation: u64,
    pub environments: Vec<EnvironmentRoute>,
}

/// How the traffic of one environment is spread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentRoute {
    pub environment: EnvironmentId,
    pub name: String,
    /// Host names, lower case, without port.
    pub hosts: Vec<String>,
    /// Weights over all sets sum to 100 when any set has a target in service.
    pub sets: Vec<TargetSet>,
    /// Cookie that keeps a client on its instance, and on its side of a traffic split.
    pub stickiness: Option<Stickiness>,
    /// How long an open request may go on after its instance left service (`DeregistrationDelay`).
    pub deregistration_delay_seconds: u32,
}

/// Instances that share one weight: all of them in normal times, old and new during a split.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetSet {
    /// The application version label: the dimension of the edge's metrics.
    pub version: String,
    /// Percent of new requests, 0 to 100.
    pub weight: u8,
    pub targets: Vec<Target>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    pub instance: InstanceId,
    /// Where the instance listens; absent while the agent does not know it (the edge then skips it).
    pub address: Option<SocketAddr>,
    pub state: TargetState,
    /// False when the health checks fail at the moment. A set with no healthy target is served by
    /// all of them, as AWS's balancers do ("fail open").
    pub healthy: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetState {
    InService,
    /// Takes no new request; open ones may finish.
    Draining,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stickiness {
    /// `aws:elasticbeanstalk:environment:process:default` `StickinessLBCookieDuration`.
    pub duration_seconds: u32,
    /// True when single clients stick to single instances (`StickinessEnabled`); false when only
    /// the side of a traffic split is kept.
    pub to_instance: bool,
}

/// What an edge tells its agent, by `GET /status` on its admin socket.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EdgeStatus {
    /// The generation of the routes now served.
    pub generation: u64,
    pub targets: Vec<TargetStatus>,
}

/// Counters of one instance since the edge started. They only grow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetStatus {
    pub instance: InstanceId,
    pub environment: EnvironmentId,
    pub version: String,
    /// Requests and upgraded connections open now.
    pub in_flight: u64,
    pub requests: u64,
    /// Answers by status class: 1xx, 2xx, 3xx, 4xx, 5xx.
    pub classes: [u64; 5],
    /// Requests that got no answer from the instance (connect refused, reset, time-out).
    pub failures: u64,
    /// Latency in milliseconds to the end of the response head.
    pub p50_ms: f64,
    pub p90_ms: f64,
    pub p99_ms: f64,
}
