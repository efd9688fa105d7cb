//! From a folder to an application version on the server.

use std::path::PathBuf;

use beanpole_protocol::{
    Platform, Timestamp,
    api::{ApplicationVersion, UploadQuery},
    client::{Client, ClientError},
};
use clap::Args;
use futures_util::TryStreamExt;
use tokio_util::io::ReaderStream;

use crate::{
    context::Context,
    exit::Exit,
    failure::Failure,
    follow::backoff::Backoff,
    output::{Hue, size},
    source::{self, Choice, Packed, SourceError, label::default_label},
};

/// As `eb`, which cuts there too.
const LONGEST_MESSAGE: usize = 200;
const TRIES: usize = 3;
const PIECE: usize = 64 << 10;

/// What to upload and under which name.
#[derive(Args, Clone, Default)]
pub struct SourceArgs {
    /// Label of the new version; app-<commit>-<time> when absent
    #[arg(short, long, value_name = "LABEL")]
    pub label: Option<String>,
    /// Description of the new version; the commit's first line when absent
    #[arg(short, long, value_name = "TEXT")]
    pub message: Option<String>,
    /// Pack what is staged in git rather than the last commit
    #[arg(long)]
    pub staged: bool,
    /// Pack another folder, or upload a zip file as it is
    #[arg(long, value_name = "PATH", conflicts_with = "staged")]
    pub archive: Option<PathBuf>,
}

/// Packs and uploads; the new version.
pub async fn upload(
    context: &Context,
    client: &Client,
    application: &str,
    args: &SourceArgs,
    platform: Option<Platform>,
) -> Result<ApplicationVersion, Failure> {
    if let Some(label) = &args.label {
        refuse_existing(client, application, label).await?;
    }
    let packed = pack(context, args).await?;
    let label = args
        .label
        .clone()
        .unwrap_or_else(|| default_label(packed.commit.as_deref(), Timestamp::now()));
    let message = args.message.clone().or_else(|| packed.subject.clone());
    let query = UploadQuery {
        description: message
            .unwrap_or_default()
            .chars()
            .take(LONGEST_MESSAGE)
            .collect(),
        platform: platform.or_else(|| context.project.as_ref()?.settings.platform),
    };
    let version = send(context, client, application, &label, &query, &packed).await?;
    context.out.progress(format!(
        "Uploaded version {} ({}).",
        context.out.progress_paint().bold(Hue::Plain, &version.label),
        version.platform
    ));
    for note in &version.notes {
        context.out.warn(note);
    }
    for finding in &version.findings {
        context.out.warn(finding.to_string());
    }
    Ok(version)
}

async fn refuse_existing(client: &Client, application: &str, label: &str) -> Result<(), Failure> {
    match client.version(application, label).await {
        Ok(_) => Err(Failure::new(
            Exit::Failed,
            "version_exists",
            format!("{application} already has a version {label}."),
        )
        .hint(format!(
            "Deploy it with `bp deploy --version {label}`, or choose another label."
        ))),
        Err(error) if error.status() == Some(404) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The folder or zip that is meant, packed.
pub async fn pack(context: &Context, args: &SourceArgs) -> Result<Packed, Failure> {
    let bar = context.out.spinner("Packing");
    let root = match &args.archive {
        Some(path) => path.clone(),
        // Without `bp init`, as in CI, this folder: who gets here has named what to deploy to.
        None => context
            .project
            .as_ref()
            .map_or(&context.folder, |project| &project.root)
            .clone(),
    };
    let given = args.archive.is_some();
    let choice = if args.staged {
        Choice::Staged
    } else {
        Choice::Default
    };
    let packing = tokio::task::spawn_blocking(move || {
        if given {
            source::pack_given(&root)
        } else {
            source::pack(&root, choice)
        }
    });
    let packed = packing.await;
    bar.finish_and_clear();
    let packed: Result<Packed, SourceError> =
        packed.map_err(|_| Failure::failed("Packing stopped half-way; please report this as a bug."))?;
    let packed = packed?;
    context.out.progress(format!(
        "Packed {}: {}.",
        packed.summary,
        size::bytes(packed.size)
    ));
    for warning in &packed.warnings {
        context.out.warn(warning);
    }
    Ok(packed)
}

/// Uploads, again when the server went away meanwhile. The label is new, so that a version of that
/// name is ours.
async fn send(
    context: &Context,
    client: &Client,
    application: &str,
    label: &str,
    query: &UploadQuery,
    packed: &Packed,
) -> Result<ApplicationVersion, Failure> {
    let mut backoff = Backoff::default();
    for attempt in 1.. {
        match send_once(context, client, application, label, query, packed).await {
            Err(SendError::Client(ClientError::Unreachable { .. })) if attempt < TRIES => {
                backoff.pause().await;
                if let Ok(version) = client.version(application, label).await {
                    return Ok(version);
                }
            }
            Ok(version) => return Ok(version),
            Err(SendError::Client(error)) => return Err(error.into()),
            Err(SendError::File(error)) => {
                return Err(Failure::failed(format!("The bundle cannot be read: {error}.")));
            }
        }
    }
    Err(Failure::failed("The bundle was not uploaded."))
}

enum SendError {
    Client(ClientError),
    File(std::io::Error),
}

async fn send_once(
    context: &Context,
    client: &Client,
    application: &str,
    label: &str,
    query: &UploadQuery,
    packed: &Packed,
) -> Result<ApplicationVersion, SendError> {
    let file = tokio::fs::File::open(packed.file.path())
        .await
        .map_err(SendError::File)?;
    let bar = context.out.byte_bar(packed.size, "Uploading");
    let moved = bar.clone();
    let body =
        ReaderStream::with_capacity(file, PIECE).inspect_ok(move |piece| moved.inc(piece.len() as u64));
    let answer = client
        .upload_version(application, label, query, packed.size, body)
        .await;
    bar.finish_and_clear();
    answer.map_err(SendError::Client)
}
