//! `bp abort`: stops the deployment that runs, and waits until the environment is back.

use beanpole_protocol::api::DeploymentStatus;
use clap::Args;
use serde_json::json;

use crate::{
    args::Waiting,
    changes::{self, patiently},
    context::Context,
    exit::Exit,
    failure::Failure,
    follow::outcome,
    output::Hue,
};

#[derive(Args)]
pub struct AbortArgs {
    /// The environment; the default one when absent
    environment: Option<String>,
    #[command(flatten)]
    waiting: Waiting,
}

pub async fn run(context: &Context, args: AbortArgs) -> Result<(), Failure> {
    let name = context.environment(args.environment.as_deref())?;
    let client = context.client()?;
    let environment = client.environment(&name).await?;
    let Some(id) = environment.active_deployment else {
        return Err(Failure::new(
            Exit::Failed,
            "nothing_to_abort",
            format!("No deployment is running on {name}."),
        ));
    };
    let after = changes::newest_event(&client, &name).await?;
    // Asking twice is asking once.
    let mut deployment = patiently(|| client.abort(&id)).await?;
    let out = &context.out;
    let going_back = deployment.phase == "returning";
    if going_back && !deployment.status.is_terminal() {
        let what = outcome::subject(&deployment);
        out.progress(format!("{what} is already going back."));
    }
    if !args.waiting.nohang && !deployment.status.is_terminal() {
        deployment = changes::attend(context, &client, &name, deployment, after, &args.waiting).await?;
    }
    let what = outcome::subject(&deployment);
    let message = match deployment.status {
        DeploymentStatus::Aborted => format!("{what} was aborted."),
        DeploymentStatus::Running if going_back => format!("{what} is already going back."),
        DeploymentStatus::Running => format!("{what} is being aborted."),
        // It ended by itself before the abort came, or goes back for another reason.
        _ => {
            let ended = outcome::judge(&deployment);
            let told = ended.unwrap_or_else(|failure| failure.message);
            return Err(Failure::new(
                Exit::Failed,
                "not_aborted",
                match going_back {
                    true => format!("It was going back already. {told}"),
                    false => format!("There was nothing left to abort. {told}"),
                },
            )
            .with("deployment", &deployment));
        }
    };
    out.line(out.paint.text(Hue::Green, &message));
    out.document(&json!({ "deployment": deployment }));
    Ok(())
}
