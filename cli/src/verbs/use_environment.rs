//! `bp use`: which environment verbs mean when none is named; per git branch where there is one.

use clap::Args;
use serde_json::json;

use super::ask;
use crate::{context::Context, failure::Failure, output::Hue, pages};

#[derive(Args)]
pub struct UseArgs {
    /// The environment; asked for when absent
    environment: Option<String>,
}

pub async fn run(context: &Context, args: UseArgs) -> Result<(), Failure> {
    let mut project = context.project()?.clone();
    let client = context.client()?;
    let name = match args.environment {
        Some(name) => name,
        None => {
            let application = &project.settings.application;
            let found = pages::all(|page| {
                let (client, application) = (client.clone(), application.clone());
                async move { client.environments(Some(&application), &page).await }
            })
            .await?;
            if found.is_empty() {
                return Err(Failure::failed(format!("{application} has no environment yet."))
                    .hint("`bp create` launches one."));
            }
            let names = found.into_iter().map(|environment| environment.name).collect();
            ask::choice(context, "Environment", names)?
        }
    };
    let environment = client.environment(&name).await?;
    if environment.application != project.settings.application {
        return Err(Failure::failed(format!(
            "{name} belongs to the application {}, this folder to {}.",
            environment.application, project.settings.application
        )));
    }
    let branch = context.branch();
    project.settings.set_default(branch.as_deref(), &name);
    project.save()?;
    let place = match &branch {
        Some(branch) => format!("the branch {branch}"),
        None => "this folder".to_owned(),
    };
    let out = &context.out;
    out.line(
        out.paint
            .text(Hue::Green, &format!("{name} is the default of {place}.")),
    );
    out.document(&json!({ "environment": name, "branch": branch }));
    Ok(())
}
