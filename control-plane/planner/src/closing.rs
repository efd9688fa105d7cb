//! The last event of an operation: the severity and the text that `eb` and other clients wait for.
//!
//! Texts that Beanstalk has are wire constants. Why a deployment ended is the reason of its `Finish`,
//! not this; only of an abort, which is nobody's failure, it says all there is to say.

use beanpole_protocol::api::{DeploymentKind, DeploymentStatus, Severity};

use crate::reason::{Left, Reason};

/// The closing event of a deployment of `kind` in `environment` that ended for `reason`; none while
/// it runs and when a newer deployment took its place (that one closes the operation).
pub fn closing(
    kind: DeploymentKind,
    status: DeploymentStatus,
    environment: &str,
    reason: &Reason,
) -> Option<(Severity, String)> {
    use DeploymentKind::{Configuration, Launch, Terminate, Version};
    use DeploymentStatus::{Aborted, Failed, RolledBack, Running, Succeeded, Superseded};
    let (severity, text) = match (status, kind) {
        (Running | Superseded, _) => return None,
        (Succeeded, Launch) => (
            Severity::Info,
            format!("Successfully launched environment: {environment}"),
        ),
        (Succeeded, Version) => (
            Severity::Info,
            "Environment update completed successfully.".into(),
        ),
        (Succeeded, Configuration) => (
            Severity::Info,
            "Successfully deployed new configuration to environment.".into(),
        ),
        (Succeeded, Terminate) => (
            Severity::Info,
            "terminateEnvironment completed successfully.".into(),
        ),
        (Failed | RolledBack, Launch) => (Severity::Error, "Failed to launch environment.".into()),
        (Failed | RolledBack, Version) => (Severity::Error, "Failed to deploy application.".into()),
        (RolledBack, Configuration) => (Severity::Error, REVERTED.into()),
        (Failed, Configuration) => (Severity::Error, "Failed to deploy configuration.".into()),
        (Failed | RolledBack, Terminate) => (Severity::Error, "Failed to terminate environment.".into()),
        (Aborted, kind) => (Severity::Warn, aborted(kind, reason)),
    };
    Some((severity, text))
}

/// Beanstalk's text for a configuration that was taken back, by failure or abort.
const REVERTED: &str = "The environment was reverted to the previous configuration setting.";

fn aborted(kind: DeploymentKind, reason: &Reason) -> String {
    let what = match kind {
        DeploymentKind::Launch => "The launch",
        DeploymentKind::Version => "The deployment",
        DeploymentKind::Configuration => "The change of configuration",
        DeploymentKind::Terminate => "The termination",
    };
    match reason {
        Reason::Aborted {
            left: Left::Untouched | Left::Previous,
            ..
        } if kind == DeploymentKind::Configuration => REVERTED.into(),
        Reason::Aborted { by, left } => format!("{what} was aborted by {by}. {left}"),
        // An end of another sort says itself what it is.
        other => format!("{what} was aborted. {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use DeploymentKind::{Configuration, Launch, Terminate, Version};
    use DeploymentStatus::{Aborted, Failed, RolledBack, Running, Succeeded, Superseded};

    #[test]
    fn the_texts_are_those_that_eb_waits_for() {
        let table = [
            (Version, Succeeded, "Environment update completed successfully."),
            (
                Configuration,
                Succeeded,
                "Successfully deployed new configuration to environment.",
            ),
            (Launch, Succeeded, "Successfully launched environment: shop"),
            (
                Terminate,
                Succeeded,
                "terminateEnvironment completed successfully.",
            ),
            (Version, Failed, "Failed to deploy application."),
            (Version, RolledBack, "Failed to deploy application."),
            (Launch, Failed, "Failed to launch environment."),
            (Configuration, Failed, "Failed to deploy configuration."),
            (
                Configuration,
                RolledBack,
                "The environment was reverted to the previous configuration setting.",
            ),
        ];
        for (kind, status, expected) in table {
            let (severity, text) = closing(kind, status, "shop", &Reason::NoHost).expect("a closing event");
            assert_eq!(text, expected);
            assert_eq!(severity == Severity::Error, status != Succeeded, "{text}");
        }
    }

    #[test]
    fn a_deployment_that_runs_or_was_superseded_closes_nothing() {
        for status in [Running, Superseded] {
            assert_eq!(closing(Version, status, "shop", &Reason::NoHost), None);
        }
    }

    #[test]
    fn an_abort_is_no_failure_and_says_who_and_what_is_left() {
        let table = [
            (
                Version,
                Left::Mixed { new: 1, old: 3 },
                "The deployment was aborted by ann. 1 instance(s) in service run the new version, 3 another; \
                 missing ones are replaced with the version before.",
            ),
            (
                Version,
                Left::Previous,
                "The deployment was aborted by ann. Every instance is on the version before.",
            ),
            (
                Launch,
                Left::Untouched,
                "The launch was aborted by ann. No instance was touched.",
            ),
            (Configuration, Left::Previous, REVERTED),
        ];
        for (kind, left, expected) in table {
            let reason = Reason::Aborted {
                by: "ann".into(),
                left,
            };
            let told = closing(kind, Aborted, "shop", &reason);
            assert_eq!(told, Some((Severity::Warn, expected.to_owned())));
        }
    }
}
