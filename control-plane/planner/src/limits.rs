//! Every bound that is not an option: how long the planner waits before it decides otherwise.

use std::time::Duration;

use beanpole_protocol::Timestamp;

use crate::options::DeploymentOptions;

/// Builds of a deployment may take this long, then it fails with nothing touched.
pub const PREPARE_LIMIT: Duration = Duration::from_secs(3600);

/// A phase that needs room for an instance where no host has any waits this long for some: other
/// environments' deployments free theirs, and a host may be on its way back.
pub const ROOM_PATIENCE: Duration = Duration::from_secs(60);

/// What a phase allows for stopping containers, on top of draining and the gate.
pub const STOP_ALLOWANCE: Duration = Duration::from_secs(120);

/// An instance that its agent does not report gone this long after it was told to stop it is given
/// up; what is not on a host's list is removed there anyway.
pub const STOP_LIMIT: Duration = Duration::from_secs(900);

/// A failed instance of the current release is replaced no sooner than this after its launch: one
/// that ran for long at once, one that never comes up once per this time.
pub const RESTART_BACKOFF: Duration = Duration::from_secs(300);

/// Outside a deployment a failed build is tried again after this.
pub const IMAGE_RETRY: Duration = Duration::from_secs(300);

/// An end is told once every edge has the instances it speaks of; one that does not take them over is
/// waited for this long.
pub const ROUTES_PATIENCE: Duration = Duration::from_secs(30);

/// Phases one plan may pass through; the next plan, made at once, goes on.
pub const MAX_STEPS: usize = 16;

/// When a phase that replaces instances has taken too long, whatever it waits for, if nothing moved
/// after `since`.
pub fn phase_deadline(since: Timestamp, options: &DeploymentOptions) -> Timestamp {
    since + options.deregistration_delay + STOP_ALLOWANCE + options.timeout
}
