//! `bp printenv`: environment properties, as a shell would take them.

use std::collections::BTreeMap;

use clap::Args;
use serde_json::json;

use crate::{context::Context, failure::Failure, options::PROPERTIES, output::plain};

#[derive(Args)]
pub struct PrintenvArgs {
    /// The environment; the default one when absent
    environment: Option<String>,
}

pub async fn run(context: &Context, args: PrintenvArgs) -> Result<(), Failure> {
    let name = context.environment(args.environment.as_deref())?;
    let configuration = context.client()?.configuration(&name).await?;
    let properties: BTreeMap<&str, &str> = configuration
        .options
        .iter()
        .filter(|option| option.namespace == PROPERTIES)
        .map(|option| (option.name.as_str(), option.value.as_str()))
        .collect();
    let out = &context.out;
    if properties.is_empty() {
        out.line(out.paint.dim(&format!("{name} has no environment properties.")));
    }
    for (property, value) in &properties {
        out.line(format!("{property}={}", plain(value)));
    }
    out.document(&json!({ "environment": name, "properties": properties }));
    Ok(())
}
