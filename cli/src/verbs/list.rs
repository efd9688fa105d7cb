//! `bp list`: environments; the default one is marked.

use clap::Args;
use serde_json::json;

use crate::{
    context::Context,
    failure::Failure,
    output::{
        Hue,
        table::{self, number, text},
    },
    pages,
};

#[derive(Args)]
pub struct ListArgs {
    /// Of all applications, not only of this folder's
    #[arg(short, long)]
    all: bool,
}

pub async fn run(context: &Context, args: ListArgs) -> Result<(), Failure> {
    let application = match &context.project {
        Some(project) if !args.all => Some(project.settings.application.clone()),
        _ => None,
    };
    let client = context.client()?;
    let environments = pages::all(|page| {
        let (client, application) = (client.clone(), application.clone());
        async move { client.environments(application.as_deref(), &page).await }
    })
    .await?;
    let default = context.default_environment();
    let out = &context.out;
    out.document(&json!({ "items": environments, "default": default }));
    if environments.is_empty() {
        let of = application.map(|name| format!(" of {name}")).unwrap_or_default();
        out.line(
            out.paint
                .dim(&format!("There is no environment{of}. `bp create` launches one.")),
        );
        return Ok(());
    }
    let rows = environments
        .iter()
        .map(|environment| {
            let is_default = default.as_deref() == Some(environment.name.as_str());
            vec![
                text(if is_default { "*" } else { "" }).hue(Hue::Cyan),
                text(&environment.name),
                text(&environment.application),
                text(format!("{:?}", environment.status)).hue(environment.status),
                text(format!("{:?}", environment.health.status)).hue(environment.health.color),
                text(environment.version_label.as_deref().unwrap_or("-")),
                number(environment.desired_instances),
                text(&environment.url),
            ]
        })
        .collect();
    let header = [
        "",
        "ENVIRONMENT",
        "APPLICATION",
        "STATUS",
        "HEALTH",
        "VERSION",
        "INSTANCES",
        "URL",
    ];
    out.line(table::render(out.paint, &header, rows));
    Ok(())
}
