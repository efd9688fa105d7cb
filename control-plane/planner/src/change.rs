//! What a plan says: a small closed set of changes, each with a typed reason.
//!
//! The reason is the event's text, the log field and the test's assertion.
//!
//! For those who load snapshots and write plans:
//! * `Launch` says for what; the deployment an instance is recorded under follows from that.
//! * `SetHindrance` is kept by the store and handed back as `Snapshot::hindrance`; it is an event
//!   when it is set, none when it is lifted.
//! * `PrepareImage` on a failed image asks for another attempt; from then on it is `Building`.
//! * A `Finish` is the last change that concerns its deployment; the event that closes the whole
//!   operation (what `eb` waits for) is `closing()`.
//! * After `AdvancePhase` and `Finish` the plan is to be made again at once: `next_wake` is `now`.

use beanpole_protocol::{HostId, InstanceId, Release, Timestamp, VersionId, api::DeploymentStatus};
use serde::{Deserialize, Serialize};

use crate::{cause::Cause, reason::Reason};

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
        purpose: Purpose,
        reason: Reason,
    },
    /// `Standby` to `InService`; on the way back also `Draining` to `InService`.
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
    /// What keeps the environment from what it should be (such as "no host has room") has changed.
    SetHindrance {
        reason: Option<Reason>,
    },
}

impl Change {
    /// Why; none for image preparation and for a hindrance that was lifted.
    pub fn reason(&self) -> Option<&Reason> {
        match self {
            Change::PrepareImage { .. } => None,
            Change::SetHindrance { reason } => reason.as_ref(),
            Change::Launch { reason, .. }
            | Change::PutInService { reason, .. }
            | Change::Drain { reason, .. }
            | Change::Stop { reason, .. }
            | Change::Forget { reason, .. }
            | Change::SetSplit { reason, .. }
            | Change::AdvancePhase { reason, .. }
            | Change::Finish { reason, .. } => Some(reason),
        }
    }
}

/// What an instance is launched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// It is one of the running deployment's new instances: recorded under that deployment.
    Deployment,
    /// It keeps the last good release at strength, or brings it back: recorded under the deployment
    /// that made its release the current one (or, where none is known, the latest before the
    /// running one).
    Upkeep,
}

/// Where a deployment stands. `rank` only grows inside one deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "phase")]
pub enum Phase {
    /// Images are built wherever they will be needed; the deployment touches nothing else.
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
    /// It failed or was aborted; instances go back to `previous`. `status` is how it will end.
    Returning { status: DeploymentStatus, cause: Cause },
    /// Terminating: everything goes.
    Terminating,
}

impl Phase {
    /// Stable name, for the API and for logs.
    pub const fn name(&self) -> &'static str {
        match self {
            Phase::Preparing => "preparing",
            Phase::Batch { .. } => "batch",
            Phase::Canary => "canary",
            Phase::NewGroup => "new_group",
            Phase::Evaluating => "evaluating",
            Phase::CleaningUp => "cleaning_up",
            Phase::Returning { .. } => "returning",
            Phase::Terminating => "terminating",
        }
    }

    /// Order inside one deployment: only ever grows.
    pub const fn rank(&self) -> u64 {
        const LAST: u64 = u32::MAX as u64 + 100;
        match self {
            Phase::Preparing => 0,
            Phase::Canary => 1,
            Phase::NewGroup => 2,
            Phase::Evaluating => 3,
            Phase::Batch { number } => 10 + *number as u64,
            Phase::CleaningUp => LAST,
            Phase::Returning { .. } => LAST + 1,
            Phase::Terminating => LAST + 2,
        }
    }

    /// Whether an abort asked for now changes the course: not of what goes back already, nor of a
    /// termination.
    pub const fn abort_turns_back(&self) -> bool {
        match self {
            Phase::Preparing
            | Phase::Batch { .. }
            | Phase::Canary
            | Phase::NewGroup
            | Phase::Evaluating
            | Phase::CleaningUp => true,
            Phase::Returning { .. } | Phase::Terminating => false,
        }
    }
}
