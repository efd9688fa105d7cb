//! `bp open`: the application in a browser, where there is one; its address in any case.

use std::process::{Command, Stdio};

use clap::Args;
use serde_json::json;

use crate::{context::Context, failure::Failure, output::Hue};

#[derive(Args)]
pub struct OpenArgs {
    /// The environment; the default one when absent
    environment: Option<String>,
}

pub async fn run(context: &Context, args: OpenArgs) -> Result<(), Failure> {
    let name = context.environment(args.environment.as_deref())?;
    let environment = context.client()?.environment(&name).await?;
    let opened = !context.out.is_json() && has_screen() && open(&environment.url);
    let out = &context.out;
    out.line(out.paint.text(Hue::Cyan, &environment.url));
    if !opened {
        out.progress(
            out.progress_paint()
                .dim("No browser here: open the address elsewhere."),
        );
    }
    out.document(&json!({ "url": environment.url, "opened": opened }));
    Ok(())
}

fn has_screen() -> bool {
    cfg!(target_os = "macos")
        || ["DISPLAY", "WAYLAND_DISPLAY", "BROWSER"]
            .iter()
            .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

fn open(url: &str) -> bool {
    let program = if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    Command::new(program)
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
