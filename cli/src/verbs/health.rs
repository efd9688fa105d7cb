//! `bp health`: an environment's instances: how they are, what they answer, what they use.

use std::time::Duration;

use beanpole_protocol::{
    Timestamp,
    api::{Environment, Instance, InstanceTraffic},
};
use clap::{Args, ValueEnum};
use serde_json::json;

use crate::{
    context::Context,
    failure::Failure,
    output::{
        Hue, Paint, clock, size,
        table::{self, Field, number, text},
    },
};

/// How often `--refresh` looks again.
const REFRESH: Duration = Duration::from_secs(2);

#[derive(Args)]
pub struct HealthArgs {
    /// The environment; the default one when absent
    environment: Option<String>,
    /// Show it again every two seconds until Ctrl-C; with --json one document a line
    #[arg(long)]
    refresh: bool,
    /// Which tables
    #[arg(long, value_enum, default_value_t = View::Split)]
    view: View,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum View {
    /// All tables
    Split,
    /// Status and cause
    Status,
    /// Requests and latency
    Request,
    /// Processor and memory
    Cpu,
}

pub async fn run(context: &Context, args: HealthArgs) -> Result<(), Failure> {
    let name = context.environment(args.environment.as_deref())?;
    let client = context.client()?;
    let out = &context.out;
    loop {
        let environment = client.environment(&name).await?;
        let instances = client.instances(&name).await?.items;
        let screen = screen(out.paint, &environment, &instances, args.view, Timestamp::now());
        let document = json!({ "environment": environment, "instances": instances });
        if !args.refresh {
            out.line(screen);
            out.document(&document);
            return Ok(());
        }
        // Up to the corner and clear below: steadier than clearing first.
        out.line(if out.paint.on() {
            format!(
                "\u{1b}[H\u{1b}[2J{screen}\n\n{}",
                out.paint.dim("Ctrl-C ends this.")
            )
        } else {
            screen
        });
        out.document_line(&document);
        tokio::select! {
            () = tokio::time::sleep(REFRESH) => {}
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
    }
}

fn screen(
    paint: Paint,
    environment: &Environment,
    instances: &[Instance],
    view: View,
    now: Timestamp,
) -> String {
    let health = &environment.health;
    let mut parts = vec![format!(
        "{}  {}  {}",
        paint.bold(Hue::Plain, &environment.name),
        paint.bold(health.color, &format!("{:?}", health.status)),
        paint.dim(&format!("{:?} · {}", environment.status, clock::clock(now)))
    )];
    for cause in &health.causes {
        parts.push(format!("  {}", paint.text(health.color, cause)));
    }
    if instances.is_empty() {
        parts.push(paint.dim("  No instances."));
        return parts.join("\n");
    }
    let mut tables = Vec::new();
    if matches!(view, View::Split | View::Status) {
        let header = [
            "INSTANCE",
            "STATUS",
            "STATE",
            "VERSION",
            "DEPLOYMENT",
            "RUNNING",
            "HOST",
            "CAUSE",
        ];
        let rows = instances.iter().map(|instance| status_row(instance, now));
        tables.push(table::render(paint, &header, rows.collect()));
    }
    if matches!(view, View::Split | View::Request) {
        let header = [
            "INSTANCE", "REQUESTS", "%2XX", "%3XX", "%4XX", "%5XX", "FAILED", "OPEN", "P50", "P90", "P99",
        ];
        let rows = instances.iter().map(request_row);
        tables.push(table::render(paint, &header, rows.collect()));
    }
    if matches!(view, View::Split | View::Cpu) {
        let header = ["INSTANCE", "CPU", "MEMORY", "RESTARTS"];
        let rows = instances.iter().map(cpu_row);
        tables.push(table::render(paint, &header, rows.collect()));
    }
    parts.push(String::new());
    parts.push(tables.join("\n\n"));
    parts.join("\n")
}

fn status_row(instance: &Instance, now: Timestamp) -> Vec<Field> {
    let cause = instance
        .health
        .causes
        .first()
        .cloned()
        .unwrap_or_else(|| instance.detail.clone());
    vec![
        text(instance.id.as_str()),
        text(format!("{:?}", instance.health.status)).hue(instance.health.color),
        text(format!("{:?}", instance.intent)),
        text(&instance.version_label),
        number(instance.deployment_number),
        number(clock::span(now.since(instance.launched_at))),
        text(&instance.host),
        text(cause),
    ]
}

fn request_row(instance: &Instance) -> Vec<Field> {
    let mut row = vec![text(instance.id.as_str())];
    let Some(traffic) = &instance.traffic else {
        row.extend((0..10).map(|_| number("-").hue(Hue::Dim)));
        return row;
    };
    row.push(number(traffic.requests));
    row.extend((1..5).map(|class| percent(traffic, class)));
    row.push(number(traffic.failures).hue(if traffic.failures > 0 {
        Hue::Red
    } else {
        Hue::Plain
    }));
    row.push(number(traffic.in_flight));
    row.extend([traffic.p50_ms, traffic.p90_ms, traffic.p99_ms].map(|ms| {
        if traffic.requests == 0 {
            number("-").hue(Hue::Dim)
        } else {
            number(latency(ms))
        }
    }));
    row
}

/// Share of answers of one class; `class` 1 is 2xx.
fn percent(traffic: &InstanceTraffic, class: usize) -> Field {
    let total: u64 = traffic.classes.iter().sum();
    let count = traffic.classes.get(class).copied().unwrap_or(0);
    if total == 0 {
        return number("-").hue(Hue::Dim);
    }
    #[expect(clippy::cast_precision_loss, reason = "one digit is shown")]
    let share = count as f64 * 100.0 / total as f64;
    let hue = match class {
        3 if count > 0 => Hue::Yellow,
        4 if count > 0 => Hue::Red,
        _ => Hue::Plain,
    };
    number(format!("{share:.1}")).hue(hue)
}

fn latency(ms: f64) -> String {
    if ms < 10.0 {
        format!("{ms:.1} ms")
    } else if ms < 10_000.0 {
        format!("{ms:.0} ms")
    } else {
        format!("{:.0} s", ms / 1000.0)
    }
}

fn cpu_row(instance: &Instance) -> Vec<Field> {
    let or_dash = |value: Option<String>| match value {
        Some(value) => number(value),
        None => number("-").hue(Hue::Dim),
    };
    vec![
        text(instance.id.as_str()),
        or_dash(instance.cpu_percent.map(|percent| format!("{percent:.1} %"))),
        or_dash(instance.memory_bytes.map(size::bytes)),
        number(instance.restarts).hue(if instance.restarts > 0 {
            Hue::Yellow
        } else {
            Hue::Plain
        }),
    ]
}
