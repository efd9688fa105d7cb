//! What the end of a deployment means for the user and for the exit code.

use beanpole_protocol::api::{Deployment, DeploymentKind, DeploymentStatus};

use crate::{
    exit::Exit,
    failure::{Failure, sentence},
    output::clock::took,
};

/// A sentence about a success, or the failure.
pub fn judge(deployment: &Deployment) -> Result<String, Failure> {
    let what = subject(deployment);
    let environment = &deployment.environment;
    let reason = deployment.reason.as_deref().map(headline).unwrap_or_default();
    let failure = |exit, kind, message: String| {
        let message = format!("{message} {reason}");
        Err(Failure::new(exit, kind, message.trim_end()).with("deployment", deployment))
    };
    match deployment.status {
        DeploymentStatus::Succeeded => {
            let time = deployment
                .timings
                .total_ms
                .map(|millis| format!(" in {}", took(millis)))
                .unwrap_or_default();
            Ok(match deployment.kind {
                DeploymentKind::Launch => format!(
                    "{environment} is launched with {}{time}.",
                    deployment.version_label
                ),
                DeploymentKind::Version => format!("{environment} runs {}{time}.", deployment.version_label),
                DeploymentKind::Configuration => {
                    format!("{environment} runs with the new configuration{time}.")
                }
                DeploymentKind::Terminate => format!("{environment} is terminated{time}."),
            })
        }
        DeploymentStatus::Failed => failure(Exit::Failed, "deployment_failed", format!("{what} failed.")),
        DeploymentStatus::RolledBack => {
            let back = match &deployment.previous_version_label {
                Some(label) if deployment.kind == DeploymentKind::Version => label,
                _ => "what ran before",
            };
            failure(
                Exit::Failed,
                "deployment_rolled_back",
                format!("{what} failed and was rolled back to {back}."),
            )
        }
        DeploymentStatus::Aborted => failure(
            Exit::Overtaken,
            "deployment_aborted",
            format!("{what} was aborted."),
        ),
        DeploymentStatus::Superseded => failure(
            Exit::Overtaken,
            "deployment_superseded",
            format!("{what} was superseded."),
        ),
        // Callers judge what has ended; this is what to say if one has not.
        DeploymentStatus::Running => failure(Exit::TimedOut, "timeout", format!("{what} is still running.")),
    }
}

/// The first line of a reason; the lines of a log that may follow it are shown apart.
fn headline(reason: &str) -> String {
    sentence(reason.lines().next().unwrap_or_default())
}

/// `Deployment 4 of v2 to guestbook-dev`, with what suits its kind.
pub fn subject(deployment: &Deployment) -> String {
    let Deployment {
        number,
        environment,
        version_label,
        ..
    } = deployment;
    match deployment.kind {
        DeploymentKind::Launch => format!("The launch of {environment} with {version_label}"),
        DeploymentKind::Version => format!("Deployment {number} of {version_label} to {environment}"),
        DeploymentKind::Configuration => {
            format!("Deployment {number} of a new configuration to {environment}")
        }
        DeploymentKind::Terminate => format!("The termination of {environment}"),
    }
}

/// The phase in words, for the line that shows progress.
pub fn phase(deployment: &Deployment) -> String {
    match deployment.phase.as_str() {
        "preparing" => "Preparing the image".to_owned(),
        "batch" => "Replacing a batch".to_owned(),
        "canary" => "Proving one new instance".to_owned(),
        "new_group" => "Starting the new instances".to_owned(),
        "evaluating" => "Evaluating the new version".to_owned(),
        "cleaning_up" => "Draining the old instances".to_owned(),
        "returning" => "Going back".to_owned(),
        "terminating" => "Terminating".to_owned(),
        other => sentence(&other.replace('_', " "))
            .trim_end_matches('.')
            .to_owned(),
    }
}

/// The line that shows progress, without its spinner.
pub fn progress(deployment: &Deployment) -> String {
    let mut parts = vec![phase(deployment)];
    if deployment.instances_total > 0 && deployment.kind != DeploymentKind::Terminate {
        parts.push(format!(
            "{}/{} instances",
            deployment.instances_done, deployment.instances_total
        ));
        parts.push(format!("{} % of traffic", deployment.new_version_percent));
    }
    parts.join(" · ")
}

#[cfg(test)]
pub mod tests {
    use beanpole_protocol::{
        DeploymentId, Timestamp,
        api::{DeploymentPolicy, DeploymentTimings},
    };

    use super::*;

    /// A deployment to vary.
    pub fn deployment(status: DeploymentStatus) -> Deployment {
        Deployment {
            id: "d-1".parse::<DeploymentId>().unwrap(),
            environment: "web-dev".into(),
            number: 4,
            kind: DeploymentKind::Version,
            version_label: "v2".into(),
            previous_version_label: Some("v1".into()),
            policy: DeploymentPolicy::Rolling,
            status,
            phase: "new_group".into(),
            reason: Some("no instance became healthy".into()),
            log_tail: None,
            instances_total: 4,
            instances_done: 1,
            new_version_percent: 25,
            started_at: Timestamp::from_millis(0),
            finished_at: None,
            timings: DeploymentTimings {
                total_ms: Some(2500),
                ..Default::default()
            },
        }
    }

    #[test]
    fn every_end_has_its_exit_code() {
        use DeploymentStatus::*;
        for (status, code) in [
            (Succeeded, 0),
            (Failed, 1),
            (RolledBack, 1),
            (Aborted, 3),
            (Superseded, 3),
            (Running, 6),
        ] {
            let judged = judge(&deployment(status)).map_err(|failure| failure.exit.code());
            assert_eq!(judged.err().unwrap_or(0), code, "{status:?}");
        }
    }

    #[test]
    fn ends_are_told_in_sentences() {
        assert_eq!(
            judge(&deployment(DeploymentStatus::Succeeded)).unwrap(),
            "web-dev runs v2 in 2.5 s."
        );
        assert_eq!(
            judge(&deployment(DeploymentStatus::RolledBack))
                .unwrap_err()
                .message,
            "Deployment 4 of v2 to web-dev failed and was rolled back to v1. No instance became healthy."
        );
        assert_eq!(
            progress(&deployment(DeploymentStatus::Running)),
            "Starting the new instances · 1/4 instances · 25 % of traffic"
        );
    }
}
