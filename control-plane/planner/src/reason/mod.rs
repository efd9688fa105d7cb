//! Why a change was decided. Typed: `kind` is stable and machine-readable, the text is made in
//! `text` and nowhere else.

mod text;

use beanpole_protocol::{HostId, InstanceId, api::Severity};
use serde::{Deserialize, Serialize};

use crate::cause::Cause;

/// Grouped by what it explains. Durations are whole seconds, memory is bytes. It is stored with a
/// hindrance, so variants and fields are only added.
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
    /// An aborted launch has nothing to go back to: what it launched goes.
    LaunchEnds {
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
    /// It was draining when the deployment turned back.
    BackInService {
        instance: InstanceId,
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
    /// No release has ever served well here, and what was launched is gone.
    Nothing,
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
            Reason::LaunchEnds { .. } => "launch_ends",
            Reason::TerminationStarting { .. } => "termination_starting",
            Reason::LaunchedForDeployment { .. } => "launched_for_deployment",
            Reason::LaunchedToScaleOut { .. } => "launched_to_scale_out",
            Reason::LaunchedInPlaceOf { .. } => "launched_in_place_of",
            Reason::LaunchedToReturn { .. } => "launched_to_return",
            Reason::PassedGate { .. } => "passed_gate",
            Reason::HealthIgnored { .. } => "health_ignored",
            Reason::BackInService { .. } => "back_in_service",
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
            }
            | Reason::LaunchEnds { .. } => Severity::Info,
            Reason::ReturnStarting { .. } => Severity::Error,
            Reason::NoRoom { .. }
            | Reason::NoHost
            | Reason::ImageUnavailable { .. }
            | Reason::FailedInstance { .. }
            | Reason::HostLost { .. }
            | Reason::HealthIgnored { .. }
            | Reason::DrainTimeout { .. }
            | Reason::StopTimeout { .. } => Severity::Warn,
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
            | Reason::BackInService { .. }
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
            | Reason::SplitEnds
            // The closing event says the same.
            | Reason::Aborted { .. } => Severity::Debug,
        }
    }

    /// What lies behind a failure, a return or an abort.
    pub const fn cause(&self) -> Option<&Cause> {
        match self {
            Reason::Failed { cause, .. }
            | Reason::RolledBack { cause }
            | Reason::ReturnFailed { cause, .. }
            | Reason::ReturnStarting { cause }
            | Reason::LaunchEnds { cause } => Some(cause),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_sort() -> Vec<Reason> {
        let instance: InstanceId = "i-1".parse().expect("an id");
        let host: HostId = "h-1".parse().expect("an id");
        let cause = Cause::InstanceFailed {
            instance: instance.clone(),
            detail: "exited with status 1.\n".into(),
        };
        vec![
            Reason::BatchStarting {
                number: 1,
                instances: 2,
            },
            Reason::ReturnStarting {
                cause: Cause::Aborted { by: "ada".into() },
            },
            Reason::LaunchedInPlaceOf { host, instance },
            Reason::NoRoom { memory: 1 },
            Reason::Failed {
                cause: cause.clone(),
                left: Left::Mixed { new: 1, old: 3 },
            },
            Reason::ReturnFailed {
                cause: cause.clone(),
                because: Cause::NoHost,
            },
            Reason::ReturnFailed {
                cause: Cause::Aborted { by: "ada".into() },
                because: cause.clone(),
            },
            Reason::RolledBack { cause },
        ]
    }

    #[test]
    fn a_reason_survives_being_stored() {
        for reason in every_sort() {
            let json = serde_json::to_value(&reason).expect("it serialises");
            assert_eq!(json["kind"], reason.kind());
            assert_eq!(
                serde_json::from_value::<Reason>(json).expect("it reads back"),
                reason
            );
        }
    }

    #[test]
    fn every_text_is_whole_sentences() {
        for reason in every_sort() {
            let text = reason.to_string();
            assert!(
                text.ends_with('.') && !text.contains("..") && !text.contains('\n'),
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_batch_starts_with_the_text_that_beanstalk_uses() {
        let reason = Reason::BatchStarting {
            number: 1,
            instances: 2,
        };
        assert_eq!(
            reason.to_string(),
            "Batch 1: Starting application deployment on 2 instance(s)."
        );
        assert_eq!(
            (reason.kind(), reason.severity()),
            ("batch_starting", Severity::Info)
        );
    }
}
