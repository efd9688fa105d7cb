//! The last event of an operation: the severity and the text that `eb` and other clients wait for.
//!
//! Texts are wire constants. Why a deployment ended is the reason of its `Finish`, not this.

use beanpole_protocol::api::{DeploymentKind, DeploymentStatus, Severity};

/// The closing event of a deployment of `kind` in `environment`; none while it runs and when a
/// newer deployment took its place (that one closes the operation).
pub fn closing(
    kind: DeploymentKind,
    status: DeploymentStatus,
    environment: &str,
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
        (Failed | RolledBack | Aborted, Launch) => (Severity::Error, "Failed to launch environment.".into()),
        (Failed | RolledBack | Aborted, Version) => (Severity::Error, "Failed to deploy application.".into()),
        (RolledBack, Configuration) => (
            Severity::Error,
            "The environment was reverted to the previous configuration setting.".into(),
        ),
        (Failed | Aborted, Configuration) => (Severity::Error, "Failed to deploy configuration.".into()),
        (Failed | RolledBack | Aborted, Terminate) => {
            (Severity::Error, "Failed to terminate environment.".into())
        }
    };
    Some((severity, text))
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
            (Version, Aborted, "Failed to deploy application."),
            (Launch, Failed, "Failed to launch environment."),
            (Configuration, Failed, "Failed to deploy configuration."),
            (
                Configuration,
                RolledBack,
                "The environment was reverted to the previous configuration setting.",
            ),
        ];
        for (kind, status, expected) in table {
            let (severity, text) = closing(kind, status, "shop").expect("a closing event");
            assert_eq!(text, expected);
            assert_eq!(severity == Severity::Error, status != Succeeded, "{text}");
        }
    }

    #[test]
    fn a_deployment_that_runs_or_was_superseded_closes_nothing() {
        for status in [Running, Superseded] {
            assert_eq!(closing(Version, status, "shop"), None);
        }
    }
}
