//! `bp status`: one environment, in the order of `eb status`.

use beanpole_protocol::{
    Timestamp,
    api::{Deployment, Environment, InstanceCondition, InstanceIntent},
};
use clap::Args;
use serde_json::json;

use crate::{
    context::Context,
    failure::Failure,
    follow::outcome,
    output::{Hue, Paint, clock, table},
};

#[derive(Args)]
pub struct StatusArgs {
    /// The environment; the default one when absent
    environment: Option<String>,
}

pub async fn run(context: &Context, args: StatusArgs) -> Result<(), Failure> {
    let name = context.environment(args.environment.as_deref())?;
    let client = context.client()?;
    let environment = client.environment(&name).await?;
    let deployment = match &environment.active_deployment {
        Some(id) => Some(client.deployment(id).await?),
        None => None,
    };
    let instances = client.instances(&name).await?.items;
    let healthy = instances
        .iter()
        .filter(|instance| {
            instance.intent == InstanceIntent::InService && instance.state == InstanceCondition::Healthy
        })
        .count();
    let out = &context.out;
    let paint = out.paint;
    out.line(format!(
        "{} {}",
        paint.dim("Environment"),
        paint.bold(Hue::Plain, &environment.name)
    ));
    let rows = rows(
        paint,
        &environment,
        deployment.as_ref(),
        healthy,
        Timestamp::now(),
    );
    out.line(table::fields(paint, &rows));
    out.document(&json!({
        "environment": environment,
        "active_deployment": deployment,
        "healthy_instances": healthy,
    }));
    Ok(())
}

fn rows(
    paint: Paint,
    environment: &Environment,
    deployment: Option<&Deployment>,
    healthy: usize,
    now: Timestamp,
) -> Vec<(&'static str, String)> {
    let version = match (&environment.version_label, environment.deployment_number) {
        (Some(label), Some(number)) => format!("{label} (deployment {number})"),
        (Some(label), None) => label.clone(),
        (None, _) => "none".to_owned(),
    };
    let capacity = if environment.min_instances == environment.max_instances {
        format!("{healthy} of {} in service", environment.desired_instances)
    } else {
        format!(
            "{healthy} of {} in service (from {} to {})",
            environment.desired_instances, environment.min_instances, environment.max_instances
        )
    };
    let mut rows = vec![
        ("Application", environment.application.clone()),
        ("Environment ID", environment.id.to_string()),
        ("Deployed version", version),
        ("Platform", environment.platform.to_string()),
        ("CNAME", environment.cname.clone()),
        ("URL", paint.text(Hue::Cyan, &environment.url)),
        (
            "Updated",
            format!(
                "{} ({})",
                clock::date_time(environment.updated_at),
                clock::ago(now, environment.updated_at)
            ),
        ),
        (
            "Status",
            paint.text(environment.status, &format!("{:?}", environment.status)),
        ),
        (
            "Health",
            paint.text(
                environment.health.color,
                &format!("{:?} ({:?})", environment.health.color, environment.health.status),
            ),
        ),
        ("Instances", capacity),
    ];
    rows.extend(
        environment
            .health
            .causes
            .iter()
            .map(|cause| ("Cause", cause.clone())),
    );
    if let Some(deployment) = deployment {
        let text = format!(
            "{} by {}: {} (for {})",
            outcome::subject(deployment),
            deployment.policy.name(),
            outcome::progress(deployment),
            clock::span(now.since(deployment.started_at))
        );
        rows.push(("Running", paint.text(Hue::Cyan, &text)));
    }
    rows
}
