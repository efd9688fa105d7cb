//! `bp appversion`: lists, creates and deletes versions, and shows how one was built.

use beanpole_protocol::{
    Timestamp,
    api::{ApplicationVersion, BuildStatus},
    client::Client,
};
use clap::Args;
use serde_json::json;

use super::init::ensure_application;
use crate::{
    context::Context,
    failure::Failure,
    output::{
        Hue, clock, plain, size,
        table::{self, number, text},
    },
    pages,
    upload::{SourceArgs, upload},
};

/// Without a flag: lists the versions, newest first.
#[derive(Args)]
pub struct AppversionArgs {
    /// Create a version of this folder without deploying it
    #[arg(short, long, conflicts_with_all = ["delete", "build_log"])]
    create: bool,
    /// Delete a version
    #[arg(short, long, value_name = "LABEL", conflicts_with = "build_log")]
    delete: Option<String>,
    /// Show the build's output of a version
    #[arg(long, value_name = "LABEL")]
    build_log: Option<String>,
    /// The application; this folder's when absent
    #[arg(short, long, value_name = "NAME")]
    application: Option<String>,
    #[command(flatten)]
    source: SourceArgs,
}

pub async fn run(context: &Context, args: AppversionArgs) -> Result<(), Failure> {
    let application = context.application(args.application.as_deref())?;
    let has_source = args.source.label.is_some()
        || args.source.message.is_some()
        || args.source.staged
        || args.source.archive.is_some();
    if has_source && !args.create {
        return Err(Failure::usage(
            "--label, --message, --staged and --archive say what to upload: they need --create.",
        ));
    }
    let client = context.client()?;
    let out = &context.out;
    if args.create {
        ensure_application(&client, &application).await?;
        let version = upload(context, &client, &application, &args.source, None).await?;
        out.line(out.paint.text(
            Hue::Green,
            &format!(
                "{application} has a version {0}. Deploy it with `bp deploy --version {0}`.",
                version.label
            ),
        ));
        out.document(&json!({ "version": version }));
    } else if let Some(label) = &args.delete {
        client.delete_version(&application, label).await?;
        out.line(out.paint.text(
            Hue::Green,
            &format!("The version {label} of {application} is deleted."),
        ));
        out.document(&json!({ "deleted": { "application": application, "label": label } }));
    } else if let Some(label) = &args.build_log {
        let log = client.build_log(&application, label).await?;
        out.line(plain(log.text.trim_end()));
        out.document(&log);
    } else {
        list(context, &client, &application).await?;
    }
    Ok(())
}

async fn list(context: &Context, client: &Client, application: &str) -> Result<(), Failure> {
    let mut versions = pages::all(|page| {
        let client = client.clone();
        async move { client.versions(application, &page).await }
    })
    .await?;
    versions.sort_by_key(|version| std::cmp::Reverse(version.created_at));
    let out = &context.out;
    out.document(&json!({ "items": versions }));
    if versions.is_empty() {
        out.line(out.paint.dim(&format!("{application} has no version yet.")));
        return Ok(());
    }
    let now = Timestamp::now();
    let rows = versions
        .iter()
        .map(|version| {
            let (built, hue) = built(version);
            vec![
                text(&version.label),
                text(version.platform.name()),
                number(size::bytes(version.size_bytes)),
                text(built).hue(hue),
                text(clock::ago(now, version.created_at)),
                text(&version.description),
            ]
        })
        .collect();
    let header = ["VERSION", "PLATFORM", "SIZE", "BUILD", "CREATED", "DESCRIPTION"];
    out.line(table::render(out.paint, &header, rows));
    Ok(())
}

fn built(version: &ApplicationVersion) -> (&'static str, Hue) {
    let any = |status| version.builds.iter().any(|build| build.status == status);
    if any(BuildStatus::Failed) {
        ("failed", Hue::Red)
    } else if any(BuildStatus::Building) {
        ("building", Hue::Cyan)
    } else if any(BuildStatus::Ready) {
        ("ready", Hue::Green)
    } else {
        ("not built", Hue::Dim)
    }
}
