//! `bp platform`: what environments can run on.

use beanpole_protocol::Platform;
use clap::{Args, Subcommand};

use crate::{
    context::Context,
    exit::Exit,
    failure::Failure,
    output::{
        Hue, plain,
        table::{self, text},
    },
};

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct PlatformArgs {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Subcommand)]
enum Action {
    /// List platforms with branch and version
    List,
    /// Show what changed in a platform from version to version
    Show {
        /// Such as python
        platform: Platform,
    },
}

pub async fn run(context: &Context, args: PlatformArgs) -> Result<(), Failure> {
    let platforms = context.client()?.platforms().await?;
    let out = &context.out;
    match args.action {
        None | Some(Action::List) => {
            let rows = platforms
                .items
                .iter()
                .map(|platform| {
                    vec![
                        text(platform.name.name()).hue(Hue::Cyan),
                        text(&platform.branch),
                        text(&platform.version),
                    ]
                })
                .collect();
            out.line(table::render(out.paint, &["PLATFORM", "BRANCH", "VERSION"], rows));
            out.document(&platforms);
        }
        Some(Action::Show { platform }) => {
            let found = platforms.items.iter().find(|known| known.name == platform);
            let found = found.ok_or_else(|| {
                Failure::new(
                    Exit::Failed,
                    "platform_not_found",
                    format!("The server does not run {platform}."),
                )
            })?;
            out.line(plain(&found.changelog));
            out.document(found);
        }
    }
    Ok(())
}
