//! The sentence of each reason: Beanstalk's own where it has one.

use std::fmt;

use super::{Left, Reason};
use crate::cause::{Cause, mebibytes, sentence};

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
            Reason::LaunchEnds { cause } => {
                write!(f, "{cause}. Removing the instances that were launched.")
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
            Reason::BackInService { instance } => {
                write!(f, "Instance {instance} takes traffic again.")
            }
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
            Reason::ReturnFailed {
                cause: cause @ Cause::Aborted { .. },
                because,
            } => write!(
                f,
                "{cause}. It could not go back to the version before. {because}."
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
                "{serving} instance(s) are in service and there is no earlier version to go back to: \
                 deploy one that works."
            ),
            Left::Nothing => write!(
                f,
                "No instance is left and there is no earlier version to go back to: deploy a version to launch \
                 the environment."
            ),
            Left::Mixed { new, old } => write!(
                f,
                "{new} instance(s) in service run the new version, {old} another; \
                 missing ones are replaced with the version before."
            ),
        }
    }
}
