//! `bp plan`: what deploying this folder would change, compared with what runs.

use beanpole_protocol::api::{BundlePlan, FindingSeverity, Happened, OptionChange};
use clap::Args;
use tokio_util::io::ReaderStream;

use crate::{
    context::Context,
    exit::Exit,
    failure::Failure,
    output::{Hue, Output, plain},
    upload::{self, SourceArgs},
};

#[derive(Args)]
pub struct PlanArgs {
    /// The environment; the default one when absent
    environment: Option<String>,
    /// Pack what is staged in git rather than the last commit
    #[arg(long)]
    staged: bool,
    /// Look at another folder, or at a zip file as it is
    #[arg(long, value_name = "PATH", conflicts_with = "staged")]
    archive: Option<std::path::PathBuf>,
}

pub async fn run(context: &Context, args: PlanArgs) -> Result<(), Failure> {
    let name = context.environment(args.environment.as_deref())?;
    let client = context.client()?;
    let source = SourceArgs {
        staged: args.staged,
        archive: args.archive,
        ..SourceArgs::default()
    };
    let packed = upload::pack(context, &source).await?;
    let unreadable = |error| Failure::failed(format!("The bundle cannot be read: {error}."));
    let file = tokio::fs::File::open(packed.file.path())
        .await
        .map_err(unreadable)?;
    let plan = client
        .plan(&name, packed.size, ReaderStream::with_capacity(file, 64 << 10))
        .await?;
    show(&context.out, &name, &plan);
    if plan.refused {
        return Err(Failure::new(
            Exit::Failed,
            "plan_refused",
            "A deployment of this would be refused.",
        )
        .with("plan", &plan));
    }
    context.out.document(&plan);
    Ok(())
}

fn show(out: &Output, name: &str, plan: &BundlePlan) {
    let against = match &plan.version_label {
        Some(label) => format!("compared with version {}", plain(label)),
        None => "nothing runs there yet".to_owned(),
    };
    out.line(format!(
        "{} {}",
        out.paint.bold(Hue::Plain, name),
        out.paint.dim(&against)
    ));
    for finding in &plan.findings {
        let hue = match finding.severity {
            FindingSeverity::Error => Hue::Red,
            FindingSeverity::Warning => Hue::Yellow,
        };
        out.line(out.paint.text(hue, &plain(&finding.to_string())));
    }
    for change in &plan.options {
        out.line(option(out, change));
    }
    for entry in &plan.entries {
        let hue = match entry.happened {
            Happened::Added => Hue::Green,
            Happened::Removed => Hue::Red,
            Happened::Changed => Hue::Yellow,
        };
        out.line(out.paint.text(hue, &plain(&entry.summary)));
    }
    for queue in &plan.queues {
        let (sign, hue) = match queue.happened {
            Happened::Added => ('+', Hue::Green),
            Happened::Removed => ('-', Hue::Red),
            Happened::Changed => ('~', Hue::Yellow),
        };
        let text = format!(
            "{sign} queue {} ({}): {}",
            queue.logical_id, queue.name, queue.summary
        );
        out.line(out.paint.text(hue, &plain(&text)));
    }
    let is_same = plan.options.is_empty() && plan.entries.is_empty() && plan.queues.is_empty();
    if is_same && plan.findings.is_empty() {
        out.line(out.paint.dim("Neither options nor .ebextensions change."));
    }
}

fn option(out: &Output, change: &OptionChange) -> String {
    let OptionChange {
        namespace,
        name,
        before,
        after,
    } = change;
    let name = format!("{namespace}:{name}");
    let text = |value: &Option<String>| match value.as_deref() {
        None | Some("") => "nothing".to_owned(),
        Some(value) => plain(value),
    };
    let (sign, hue) = match (before, after) {
        (None, _) => ('+', Hue::Green),
        (_, None) => ('-', Hue::Red),
        _ => ('~', Hue::Yellow),
    };
    out.paint.text(
        hue,
        &format!("{sign} {name}: {} -> {}", text(before), text(after)),
    )
}
