//! `beanpole openapi`

use anyhow::Context;

pub fn run() -> anyhow::Result<()> {
    let document = beanpole_control_plane::api::openapi()
        .to_pretty_json()
        .context("the document cannot be written as JSON")?;
    println!("{document}");
    Ok(())
}
