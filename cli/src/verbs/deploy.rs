//! `bp deploy`: a new version of this folder, or an existing one, to an environment.

use beanpole_protocol::api::{CreateDeployment, DeploymentPolicy, EnvironmentStatus};
use clap::Args;

use crate::{
    args::Waiting,
    changes::{self, Done, idempotency_key, patiently},
    context::Context,
    exit::Exit,
    failure::Failure,
    output::Hue,
    upload::{SourceArgs, upload},
};

#[derive(Args)]
pub struct DeployArgs {
    /// The environment; the default one when absent
    environment: Option<String>,
    /// Deploy this existing version instead of the folder
    #[arg(long, value_name = "LABEL", conflicts_with_all = ["label", "message", "staged", "archive"])]
    version: Option<String>,
    #[command(flatten)]
    source: SourceArgs,
    /// For this deployment only: AllAtOnce, Rolling, RollingWithAdditionalBatch, Immutable or
    /// TrafficSplitting
    #[arg(long, value_parser = parse_policy)]
    policy: Option<DeploymentPolicy>,
    #[command(flatten)]
    waiting: Waiting,
}

fn parse_policy(text: &str) -> Result<DeploymentPolicy, String> {
    let fold = |name: &str| name.replace(['-', '_'], "").to_ascii_lowercase();
    DeploymentPolicy::ALL
        .into_iter()
        .find(|policy| fold(policy.name()) == fold(text))
        .ok_or_else(|| {
            let names: Vec<&str> = DeploymentPolicy::ALL.iter().map(|policy| policy.name()).collect();
            format!("choose one of {}", names.join(", "))
        })
}

pub async fn run(context: &Context, args: DeployArgs) -> Result<(), Failure> {
    let name = context.environment(args.environment.as_deref())?;
    let client = context.client()?;
    let environment = client.environment(&name).await?;
    if matches!(
        environment.status,
        EnvironmentStatus::Terminating | EnvironmentStatus::Terminated
    ) {
        return Err(Failure::new(
            Exit::Failed,
            "environment_terminated",
            format!("{name} is terminated: nothing can be deployed to it."),
        )
        .hint("`bp create` launches a new environment."));
    }
    let version_label = match args.version {
        Some(label) => label,
        None => {
            upload(context, &client, &environment.application, &args.source, None)
                .await?
                .label
        }
    };
    let after = changes::newest_event(&client, &name).await?;
    let key = idempotency_key();
    let request = CreateDeployment {
        version_label,
        policy: args.policy,
    };
    let change = patiently(|| client.deploy(&name, &key, &request)).await?;
    let done = changes::finish(context, &client, change, after, &args.waiting).await?;
    print(context, &done);
    Ok(())
}

/// The message and where to see it.
pub fn print(context: &Context, done: &Done) {
    done.print(&context.out);
    let out = &context.out;
    if done
        .deployment
        .as_ref()
        .is_some_and(|deployment| deployment.status.is_terminal())
    {
        out.line(out.paint.text(Hue::Cyan, &done.environment.url));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_read_in_any_case() {
        assert_eq!(parse_policy("rolling"), Ok(DeploymentPolicy::Rolling));
        assert_eq!(
            parse_policy("traffic-splitting"),
            Ok(DeploymentPolicy::TrafficSplitting)
        );
        assert!(parse_policy("blue").unwrap_err().contains("Immutable"));
    }
}
