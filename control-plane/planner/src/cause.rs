//! Why a deployment does not go on: the typed cause behind a failure, a return or an abort.
//!
//! Sentences without a final stop, so that reasons can be built around them.

use std::fmt;

use beanpole_protocol::{HostId, InstanceId};
use serde::{Deserialize, Serialize};

/// Durations are whole seconds, memory is bytes. It is stored with the phase `Returning`, so variants
/// and fields are only added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "cause")]
pub enum Cause {
    /// The image cannot be made on any host that could run it. `detail` is the build's own text.
    ImageFailed { host: HostId, detail: String },
    /// Builds did not end in time.
    ImageNotReady { seconds: u64 },
    /// Alive hosts are full.
    NoRoom { memory: u64 },
    /// No host is alive.
    NoHost,
    /// An instance exits again and again, or its container cannot be made.
    InstanceFailed { instance: InstanceId, detail: String },
    /// An instance did not pass its health checks within the deployment's `Timeout`.
    NotHealthyInTime {
        instance: InstanceId,
        seconds: u64,
        detail: String,
    },
    /// A new instance stopped being healthy while it had its share of the traffic.
    UnhealthyInEvaluation { instance: InstanceId, detail: String },
    /// An agent did not stop an instance, so nothing could take its place.
    NotStopped { instance: InstanceId },
    /// Taking one more instance out of service would leave fewer healthy ones than the policy promises.
    TooFewHealthy { serving: u32, floor: u32 },
    /// The phase did not end in time, for none of the reasons above.
    Overdue { seconds: u64 },
    /// The stored phase is none of the policy's.
    StrayPhase { phase: String },
    /// Somebody asked for it.
    Aborted { by: String },
}

impl Cause {
    /// Stable name.
    pub const fn name(&self) -> &'static str {
        match self {
            Cause::ImageFailed { .. } => "image_failed",
            Cause::ImageNotReady { .. } => "image_not_ready",
            Cause::NoRoom { .. } => "no_room",
            Cause::NoHost => "no_host",
            Cause::InstanceFailed { .. } => "instance_failed",
            Cause::NotHealthyInTime { .. } => "not_healthy_in_time",
            Cause::UnhealthyInEvaluation { .. } => "unhealthy_in_evaluation",
            Cause::NotStopped { .. } => "not_stopped",
            Cause::TooFewHealthy { .. } => "too_few_healthy",
            Cause::Overdue { .. } => "overdue",
            Cause::StrayPhase { .. } => "stray_phase",
            Cause::Aborted { .. } => "aborted",
        }
    }

    /// The instance whose last output explains it, for `log_tail`.
    pub const fn instance(&self) -> Option<&InstanceId> {
        match self {
            Cause::InstanceFailed { instance, .. }
            | Cause::NotHealthyInTime { instance, .. }
            | Cause::UnhealthyInEvaluation { instance, .. } => Some(instance),
            _ => None,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::ImageFailed { host, detail } => {
                write!(
                    f,
                    "The image could not be built on host {host}: {}",
                    sentence(detail)
                )
            }
            Cause::ImageNotReady { seconds } => {
                write!(f, "No host had the image ready within {seconds} seconds")
            }
            Cause::NoRoom { memory } => {
                write!(
                    f,
                    "No host has {} MiB of memory free for another instance: add a host, or lower the number of \
                     instances or the memory each reserves",
                    mebibytes(*memory)
                )
            }
            Cause::NoHost => write!(f, "No host is alive"),
            Cause::InstanceFailed { instance, detail } => {
                write!(f, "Instance {instance} failed: {}", sentence(detail))
            }
            Cause::NotHealthyInTime {
                instance,
                seconds,
                detail,
            } => {
                write!(
                    f,
                    "Instance {instance} did not become healthy within {seconds} seconds"
                )?;
                match detail.is_empty() {
                    true => Ok(()),
                    false => write!(f, ": {}", sentence(detail)),
                }
            }
            Cause::UnhealthyInEvaluation { instance, detail } => {
                write!(
                    f,
                    "New instance {instance} became unhealthy under traffic: {}",
                    sentence(detail)
                )
            }
            Cause::NotStopped { instance } => {
                write!(
                    f,
                    "Instance {instance} was not stopped by its host, so nothing could take its place"
                )
            }
            Cause::TooFewHealthy { serving, floor } => write!(
                f,
                "{serving} instance(s) are healthy and the policy keeps {floor} in service, \
                 so no further one could be taken out"
            ),
            Cause::Overdue { seconds } => write!(f, "It did not get on within {seconds} seconds"),
            Cause::StrayPhase { phase } => {
                write!(
                    f,
                    "The deployment is recorded in phase {phase:?}, which its policy does not have"
                )
            }
            Cause::Aborted { by } => write!(f, "Aborted by {by}"),
        }
    }
}

/// Another's text without its last stop, so that ours can follow.
pub(crate) fn sentence(text: &str) -> &str {
    text.trim_end().trim_end_matches('.').trim_end()
}

/// Whole mebibytes, rounded up.
pub(crate) const fn mebibytes(bytes: u64) -> u64 {
    bytes.div_ceil(1 << 20)
}
