//! Why a change was decided. Typed: the text is made here and nowhere else.
//!
//! Texts are Beanstalk's where it has one. `kind` is stable and machine-readable.

use std::fmt;

use beanpole_protocol::{HostId, InstanceId, api::Severity};
use serde::{Deserialize, Serialize};

use crate::cause::{Cause, mebibytes, sentence};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Reason {
    // Phases
    BatchStarting {
        number: u32,
        instances: u32,
    },
    CanaryStarting,
    NewGroupStarting {
        instances: u32,
    },
    EvaluationStarting {
        new_percent: u8,
        seconds: u64,
    },
    CleaningUp {
        instances: u32,
    },
    ReturnStarting {
        cause: Cause,
    },
    TerminationStarting {
        instances: u32,
    },

    // Launches
    LaunchedForDeployment {
        host: HostId,
    },
    LaunchedToScaleOut {
        host: HostId,
        desired: u32,
    },
    LaunchedInPlaceOf {
        host: HostId,
        instance: InstanceId,
    },
    LaunchedToReturn {
        host: HostId,
    },

    // Into and out of service
    PassedGate {
        instance: InstanceId,
    },
    HealthIgnored {
        instance: InstanceId,
        seconds: u64,
    },
    ReplacedByNewVersion {
        instance: InstanceId,
    },
    ReplacedByPreviousVersion {
        instance: InstanceId,
    },
    NewGroupLeaves {
        instance: InstanceId,
    },
    ScaledIn {
        instance: InstanceId,
        desired: u32,
    },
    EnvironmentTerminates {
        instance: InstanceId,
    },

    // Stops
    Drained {
        instance: InstanceId,
    },
    DrainTimeout {
        instance: InstanceId,
        seconds: u64,
    },
    /// Of a deployment that failed or was aborted; it never got traffic.
    LeftOver {
        instance: InstanceId,
    },
    /// It will not come up by itself.
    FailedInstance {
        instance: InstanceId,
        detail: String,
    },

    // Forgetting
    Stopped {
        instance: InstanceId,
    },
    HostLost {
        instance: InstanceId,
        host: HostId,
    },
    StopTimeout {
        instance: InstanceId,
        seconds: u64,
    },

    // Traffic
    SplitStarts {
        new_percent: u8,
    },
    AllTrafficToNew,
    AllTrafficToOld,
    SplitEnds,

    // Hindrances
    NoRoom {
        memory: u64,
    },
    NoHost,
    ImageUnavailable {
        host: HostId,
        detail: String,
    },

    // Ends
    Deployed {
        instances: u32,
        desired: u32,
    },
    /// The deployment succeeded; an abort came when the old instances were already leaving.
    DeployedDespiteAbort {
        instances: u32,
        desired: u32,
        by: String,
    },
    Launched {
        instances: u32,
        desired: u32,
    },
    Terminated,
    Failed {
        cause: Cause,
        left: Left,
    },
    RolledBack {
        cause: Cause,
    },
    /// It should have gone back to the release before and could not.
    ReturnFailed {
        cause: Cause,
        because: Cause,
    },
    Aborted {
        by: String,
        left: Left,
    },
}

/// What a deployment that did not succeed leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "left")]
pub enum Left {
    /// Nothing had been changed.
    Untouched,
    /// Every instance is on the release before.
    Previous,
    /// Nothing serves until instances of the release before have come up.
    NothingServes,
    /// No release has ever served well here; `serving` instances take traffic.
    NothingBefore { serving: u32 },
    /// `new` instances in service run the new version, `old` ones another.
    Mixed { new: u32, old: u32 },
}

impl Reason {
    /// Stable snake_case name: the event's kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Reason::BatchStarting { .. } => "batch_starting",
            Reason::CanaryStarting => "canary_starting",
            Reason::NewGroupStarting { .. } => "new_group_starting",
            Reason::EvaluationStarting { .. } => "evaluation_starting",
            Reason::CleaningUp { .. } => "cleaning_up",
            Reason::ReturnStarting { .. } => "return_starting",
            Reason::TerminationStarting { .. } => "termination_starting",
            Reason::LaunchedForDeployment { .. } => "launched_for_deployment",
            Reason::LaunchedToScaleOut { .. } => "launched_to_scale_out",
            Reason::LaunchedInPlaceOf { .. } => "launched_in_place_of",
            Reason::LaunchedToReturn { .. } => "launched_to_return",
            Reason::PassedGate { .. } => "passed_gate",
            Reason::HealthIgnored { .. } => "health_ignored",
            Reason::ReplacedByNewVersion { .. } => "replaced_by_new_version",
            Reason::ReplacedByPreviousVersion { .. } => "replaced_by_previous_version",
            Reason::NewGroupLeaves { .. } => "new_group_leaves",
            Reason::ScaledIn { .. } => "scaled_in",
            Reason::EnvironmentTerminates { .. } => "environment_terminates",
            Reason::Drained { .. } => "drained",
            Reason::DrainTimeout { .. } => "drain_timeout",
            Reason::LeftOver { .. } => "left_over",
            Reason::FailedInstance { .. } => "failed_instance",
            Reason::Stopped { .. } => "stopped",
            Reason::HostLost { .. } => "host_lost",
            Reason::StopTimeout { .. } => "stop_timeout",
            Reason::SplitStarts { .. } => "split_starts",
            Reason::AllTrafficToNew => "all_traffic_to_new",
            Reason::AllTrafficToOld => "all_traffic_to_old",
            Reason::SplitEnds => "split_ends",
            Reason::NoRoom { .. } => "no_room",
            Reason::NoHost => "no_host",
            Reason::ImageUnavailable { .. } => "image_unavailable",
            Reason::Deployed { .. } => "deployed",
            Reason::DeployedDespiteAbort { .. } => "deployed_despite_abort",
            Reason::Launched { .. } => "launched",
            Reason::Terminated => "terminated",
            Reason::Failed { .. } => "failed",
            Reason::RolledBack { .. } => "rolled_back",
            Reason::ReturnFailed { .. } => "return_failed",
            Reason::Aborted { .. } => "aborted",
        }
    }

    /// Error only where something really failed; steps of single instances are for those who debug.
    pub const fn severity(&self) -> Severity {
        match self {
            Reason::Failed { .. } | Reason::RolledBack { .. } | Reason::ReturnFailed { .. } => {
                Severity::Error
            }
            Reason::ReturnStarting {
                cause: Cause::Aborted { .. },
            } => Severity::Info,
            Reason::ReturnStarting { .. } => Severity::Error,
            Reason::NoRoom { .. }
            | Reason::NoHost
            | Reason::ImageUnavailable { .. }
            | Reason::FailedInstance { .. }
            | Reason::HostLost { .. }
            | Reason::HealthIgnored { .. }
            | Reason::DrainTimeout { .. }
            | Reason::StopTimeout { .. }
            | Reason::DeployedDespiteAbort { .. }
            | Reason::Aborted { .. } => Severity::Warn,
            Reason::Deployed { instances, desired } | Reason::Launched { instances, desired }
                if *instances < *desired =>
            {
                Severity::Warn
            }
            Reason::BatchStarting { .. }
            | Reason::CanaryStarting
            | Reason::NewGroupStarting { .. }
            | Reason::EvaluationStarting { .. }
            | Reason::CleaningUp { .. }
            | Reason::TerminationStarting { .. }
            | Reason::LaunchedForDeployment { .. }
            | Reason::LaunchedToScaleOut { .. }
            | Reason::LaunchedInPlaceOf { .. }
            | Reason::LaunchedToReturn { .. }
            | Reason::PassedGate { .. }
            | Reason::ScaledIn { .. }
            | Reason::SplitStarts { .. }
            | Reason::AllTrafficToNew
            | Reason::AllTrafficToOld
            | Reason::Deployed { .. }
            | Reason::Launched { .. }
            | Reason::Terminated => Severity::Info,
            Reason::ReplacedByNewVersion { .. }
            | Reason::ReplacedByPreviousVersion { .. }
            | Reason::NewGroupLeaves { .. }
            | Reason::EnvironmentTerminates { .. }
            | Reason::LeftOver { .. }
            | Reason::Drained { .. }
            | Reason::Stopped { .. }
            | Reason::SplitEnds => Severity::Debug,
        }
    }

    /// What lies behind a failure, a return or an abort.
    pub const fn cause(&self) -> Option<&Cause> {
        match self {
            Reason::Failed { cause, .. }
            | Reason::RolledBack { cause }
            | Reason::ReturnFailed { cause, .. }
            | Reason::ReturnStarting { cause } => Some(cause),
            _ => None,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::BatchStarting { number, instances } => {
                write!(
                    f,
                    "Batch {number}: Starting application deployment on {instances} instance(s)."
                )
            }
            Reason::CanaryStarting => {
                write!(
                    f,
                    "Deploying new version to instance(s): launching one instance that has to prove itself."
                )
            }
            Reason::NewGroupStarting { instances } => {
                write!(
                    f,
                    "Deploying new version to instance(s): launching a new group of {instances}."
                )
            }
            Reason::EvaluationStarting { new_percent, seconds } => write!(
                f,
                "The new group is healthy. It gets {new_percent} percent of the traffic for {seconds} seconds."
            ),
            Reason::CleaningUp { instances } => {
                write!(f, "The new version serves. Removing {instances} old instance(s).")
            }
            Reason::ReturnStarting {
                cause: cause @ Cause::Aborted { .. },
            } => {
                write!(f, "{cause}. Going back to the version before.")
            }
            Reason::ReturnStarting { cause } => {
                write!(
                    f,
                    "Instance deployment failed. {cause}. Going back to the version before."
                )
            }
            Reason::TerminationStarting { instances } => {
                write!(
                    f,
                    "terminateEnvironment is starting. {instances} instance(s) will be removed."
                )
            }
            Reason::LaunchedForDeployment { host } => {
                write!(f, "Launching an instance with the new version on host {host}.")
            }
            Reason::LaunchedToScaleOut { host, desired } => {
                write!(f, "Launching an instance on host {host}: {desired} should run.")
            }
            Reason::LaunchedInPlaceOf { host, instance } => {
                write!(f, "Launching an instance on host {host} in place of {instance}.")
            }
            Reason::LaunchedToReturn { host } => {
                write!(f, "Launching an instance with the version before on host {host}.")
            }
            Reason::PassedGate { instance } => {
                write!(
                    f,
                    "Instance {instance} passed its health checks and takes traffic."
                )
            }
            Reason::HealthIgnored { instance, seconds } => write!(
                f,
                "Instance {instance} did not become healthy within {seconds} seconds; it takes traffic \
                 all the same, as IgnoreHealthCheck asks."
            ),
            Reason::ReplacedByNewVersion { instance } => {
                write!(f, "Replacing instance {instance} with the new version.")
            }
            Reason::ReplacedByPreviousVersion { instance } => {
                write!(f, "Replacing instance {instance} with the version before.")
            }
            Reason::NewGroupLeaves { instance } => {
                write!(f, "Taking new instance {instance} out of service.")
            }
            Reason::ScaledIn { instance, desired } => {
                write!(
                    f,
                    "Taking instance {instance} out of service: {desired} should run."
                )
            }
            Reason::EnvironmentTerminates { instance } => {
                write!(
                    f,
                    "Taking instance {instance} out of service: the environment terminates."
                )
            }
            Reason::Drained { instance } => {
                write!(f, "Stopping instance {instance}: it has no open request.")
            }
            Reason::DrainTimeout { instance, seconds } => write!(
                f,
                "Stopping instance {instance}: requests were still open after the {seconds} seconds of \
                 DeregistrationDelay, or not every proxy answered."
            ),
            Reason::LeftOver { instance } => {
                write!(
                    f,
                    "Stopping instance {instance}: the deployment it was launched for has ended."
                )
            }
            Reason::FailedInstance { instance, detail } => {
                write!(
                    f,
                    "Stopping instance {instance}: it failed: {}.",
                    sentence(detail)
                )
            }
            Reason::Stopped { instance } => write!(f, "Instance {instance} has stopped."),
            Reason::HostLost { instance, host } => {
                write!(
                    f,
                    "Instance {instance} is given up: its host {host} does not answer."
                )
            }
            Reason::StopTimeout { instance, seconds } => write!(
                f,
                "Instance {instance} is given up: its host did not report it stopped within {seconds} seconds."
            ),
            Reason::SplitStarts { new_percent } => {
                write!(
                    f,
                    "Sending {new_percent} percent of the traffic to the new version."
                )
            }
            Reason::AllTrafficToNew => write!(f, "Sending all traffic to the new version."),
            Reason::AllTrafficToOld => write!(f, "Sending all traffic back to the version before."),
            Reason::SplitEnds => write!(f, "Traffic is no longer split."),
            Reason::NoRoom { memory } => write!(
                f,
                "No host has {} MiB of memory free for another instance. Add a host, or lower the number of \
                 instances or the memory each reserves.",
                mebibytes(*memory)
            ),
            Reason::NoHost => write!(f, "No host is alive: start beanpole-agent on one."),
            Reason::ImageUnavailable { host, detail } => {
                write!(
                    f,
                    "The image could not be built on host {host}: {}.",
                    sentence(detail)
                )
            }
            Reason::Deployed { instances, desired } => {
                write!(
                    f,
                    "New application version was deployed to {instances} running instance(s)."
                )?;
                short_of(f, *instances, *desired)
            }
            Reason::DeployedDespiteAbort {
                instances,
                desired,
                by,
            } => {
                write!(
                    f,
                    "New application version was deployed to {instances} running instance(s)."
                )?;
                short_of(f, *instances, *desired)?;
                write!(f, " The abort by {by} came too late.")
            }
            Reason::Launched { instances, desired } => {
                write!(
                    f,
                    "Application version was deployed to {instances} new instance(s)."
                )?;
                short_of(f, *instances, *desired)
            }
            Reason::Terminated => write!(f, "All instances are gone."),
            Reason::Failed { cause, left } => write!(f, "Instance deployment failed. {cause}. {left}"),
            Reason::RolledBack { cause } => write!(
                f,
                "Instance deployment failed. {cause}. Every instance is back on the version before."
            ),
            Reason::ReturnFailed { cause, because } => write!(
                f,
                "Instance deployment failed. {cause}. It could not go back to the version before either. {because}."
            ),
            Reason::Aborted { by, left } => write!(f, "Aborted by {by}. {left}"),
        }
    }
}

fn short_of(f: &mut fmt::Formatter<'_>, instances: u32, desired: u32) -> fmt::Result {
    match instances < desired {
        true => write!(f, " {desired} should run; the others follow as hosts have room."),
        false => Ok(()),
    }
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Left::Untouched => write!(f, "No instance was touched."),
            Left::Previous => write!(f, "Every instance is on the version before."),
            Left::NothingServes => {
                write!(
                    f,
                    "No instance is in service; instances with the version before are launched."
                )
            }
            Left::NothingBefore { serving } => write!(
                f,
                "{serving} instance(s) are in service and there is no version before to go back to: \
                 deploy one that works."
            ),
            Left::Mixed { new, old } => write!(
                f,
                "{new} instance(s) in service run the new version, {old} another; \
                 missing ones are replaced with the version before."
            ),
        }
    }
}
