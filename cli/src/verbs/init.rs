//! `bp init`: ties a folder to an application on a server.

use beanpole_protocol::{Platform, api::CreateApplication, client::Client};
use clap::Args;
use serde_json::json;

use super::ask;
use crate::{
    changes::idempotency_key,
    context::Context,
    failure::Failure,
    output::Hue,
    settings::project::{FOLDER, Project, ProjectSettings},
};

/// Safe to run again: what is not given stays as it was.
#[derive(Args)]
pub struct InitArgs {
    /// The application; the folder's name when absent
    application: Option<String>,
    /// Default environment of this folder
    #[arg(short, long, value_name = "NAME")]
    environment_name: Option<String>,
    /// Platform of its versions (such as python or nodejs); found out from the files when absent
    #[arg(short, long)]
    platform: Option<Platform>,
    /// Ask for everything
    #[arg(short, long)]
    interactive: bool,
}

pub async fn run(context: &Context, args: InitArgs) -> Result<(), Failure> {
    // A project above is another one, unless this is its top.
    let known = context
        .project
        .as_ref()
        .filter(|project| project.root == context.folder)
        .map(|project| project.settings.clone());
    let client = context.client()?;
    let folder_name = context
        .folder
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    let default = known
        .as_ref()
        .map(|settings| settings.application.clone())
        .or(folder_name);
    let application = match (args.application, default) {
        (Some(name), _) => name,
        (None, default) if args.interactive || default.is_none() => {
            ask::text(context, "Application", default.as_deref())?
        }
        (None, default) => default.unwrap_or_default(),
    };
    let created = ensure_application(&client, &application).await?;

    let before = known.unwrap_or_default();
    let moved = before.application != application;
    let mut settings = ProjectSettings {
        url: Some(client.base().to_owned()),
        platform: args.platform.or(before.platform),
        // Environments of another application are no defaults of this one.
        environment: before.environment.filter(|_| !moved),
        branches: if moved {
            Default::default()
        } else {
            before.branches
        },
        application,
    };
    if let Some(name) = args.environment_name {
        settings.environment = Some(name);
    }
    let project = Project {
        root: context.folder.clone(),
        settings,
    };
    project.save()?;

    let out = &context.out;
    let application = &project.settings.application;
    let verb = if created { "Created" } else { "Uses" };
    out.line(out.paint.text(
        Hue::Green,
        &format!("{verb} the application {application} on {}.", client.base()),
    ));
    out.line(format!(
        "Settings are in {FOLDER}/config.toml. Next: `bp create` launches an environment with what is here."
    ));
    out.document(&json!({
        "created": created,
        "folder": project.root,
        "settings": project.settings,
    }));
    Ok(())
}

/// True when it had to be created.
pub async fn ensure_application(client: &Client, name: &str) -> Result<bool, Failure> {
    match client.application(name).await {
        Ok(_) => return Ok(false),
        Err(error) if error.status() == Some(404) => {}
        Err(error) => return Err(error.into()),
    }
    let request = CreateApplication {
        name: name.to_owned(),
        description: String::new(),
    };
    client.create_application(&idempotency_key(), &request).await?;
    Ok(true)
}
