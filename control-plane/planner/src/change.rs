//! What a plan says: a small closed set of changes, each with a typed reason.
//!
//! The reason is the event's text, the log field and the test's assertion.

use beanpole_protocol::{HostId, InstanceId, Release, Timestamp, VersionId, api::DeploymentStatus};
use serde::{Deserialize, Serialize};

use crate::reason::Reason;

/// What to write down now, in this order and in one transaction, and when to look again at the
/// latest even if nothing is reported.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    pub changes: Vec<Change>,
    pub next_wake: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Have the version's image on the host (idempotent; the state comes back in the snapshot).
    PrepareImage {
        host: HostId,
        version: VersionId,
    },
    /// A new instance (`Intent::Standby`); the store gives it its id.
    Launch {
        host: HostId,
        release: Release,
        reason: Reason,
    },
    /// `Standby` to `InService`.
    PutInService {
        instance: InstanceId,
        reason: Reason,
    },
    /// `InService` to `Draining`.
    Drain {
        instance: InstanceId,
        reason: Reason,
    },
    /// Any to `Stopping`.
    Stop {
        instance: InstanceId,
        reason: Reason,
    },
    /// The row goes: its container is gone, or its host is lost for good.
    Forget {
        instance: InstanceId,
        reason: Reason,
    },
    /// Percent of traffic for the deployment's release; none ends the split.
    SetSplit {
        new_percent: Option<u8>,
        reason: Reason,
    },
    AdvancePhase {
        to: Phase,
        reason: Reason,
    },
    /// The deployment has ended. `current` is the release that a lost instance is replaced with
    /// from now on (and the environment's version label).
    Finish {
        status: DeploymentStatus,
        current: Option<Release>,
        reason: Reason,
    },
    /// Something a user should read although nothing changes (such as "no host has room").
    Note {
        reason: Reason,
    },
}

/// Where a deployment stands. `rank` only grows inside one deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "phase")]
pub enum Phase {
    /// Images are built wherever they will be needed; nothing else is touched.
    Preparing,
    /// In-place policies: batch `number` (from 1) is being replaced.
    Batch { number: u32 },
    /// Immutable: the first new instance proves itself.
    Canary,
    /// Immutable and TrafficSplitting: the rest of the new group comes up.
    NewGroup,
    /// TrafficSplitting: the new group has its share of traffic.
    Evaluating,
    /// The new release serves alone; what is left of the old one drains and goes.
    CleaningUp,
    /// It failed or was aborted; instances go back to `previous`.
    Returning { status: DeploymentStatus, cause: String },
    /// Terminating: everything goes.
    Terminating,
}
