//! `beanpole openapi`

use std::io::Write;

use anyhow::Context;

pub fn run() -> anyhow::Result<()> {
    let document = beanpole_control_plane::api::openapi()
        .to_pretty_json()
        .context("the document cannot be written as JSON")?;
    match writeln!(std::io::stdout(), "{document}") {
        // Whoever reads has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("the document cannot be written"),
    }
}
