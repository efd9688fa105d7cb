//! The answer to `GET /metrics`: Prometheus text.
//!
//! Counters are per instance, latencies per application version.

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::sync::atomic::Ordering;

use crate::edge::Shared;
use crate::proxy::answer::KINDS;
use crate::upstream::latency::Quantiles;

/// A label value with what the format reserves escaped.
struct Label<'a>(&'a str);

impl fmt::Display for Label<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for char in self.0.chars() {
            match char {
                '\\' => f.write_str("\\\\")?,
                '"' => f.write_str("\\\"")?,
                '\n' => f.write_str("\\n")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

/// All metrics as text.
pub fn text(shared: &Shared) -> String {
    let mut out = String::with_capacity(4096);
    // Writing to a String cannot fail.
    let _ = write_all(&mut out, shared);
    out
}

fn head(out: &mut String, name: &str, kind: &str, help: &str) -> fmt::Result {
    writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}")
}

fn write_all(out: &mut String, shared: &Shared) -> fmt::Result {
    let (connections, requests) = shared.clients.count();
    for (name, kind, help, value) in [
        (
            "beanpole_edge_routes_generation",
            "gauge",
            "Generation of the routes in force.",
            shared.registry.table().generation,
        ),
        (
            "beanpole_edge_routes_refused_total",
            "counter",
            "Contents of the routes file that could not be used.",
            shared.refused_routes.load(Ordering::Relaxed),
        ),
        (
            "beanpole_edge_client_connections",
            "gauge",
            "Open client connections.",
            connections as u64,
        ),
        (
            "beanpole_edge_client_requests",
            "gauge",
            "Requests being served.",
            requests,
        ),
    ] {
        head(out, name, kind, help)?;
        writeln!(out, "{name} {value}")?;
    }
    head(
        out,
        "beanpole_edge_own_answers_total",
        "counter",
        "Answers in the edge's own name, by kind.",
    )?;
    for (kind, count) in KINDS.iter().zip(&shared.troubles) {
        writeln!(
            out,
            "beanpole_edge_own_answers_total{{kind=\"{kind}\"}} {}",
            count.load(Ordering::Relaxed)
        )?;
    }
    write_backends(out, shared)
}

fn write_backends(out: &mut String, shared: &Shared) -> fmt::Result {
    let backends = shared.registry.backends();
    let seen: Vec<_> = backends
        .iter()
        .map(|backend| {
            let labels = format!(
                "environment=\"{}\",version=\"{}\",instance=\"{}\"",
                Label(backend.environment.as_str()),
                Label(&backend.version),
                Label(backend.instance.as_str())
            );
            (labels, backend.counts(), backend.connections())
        })
        .collect();
    head(
        out,
        "beanpole_edge_requests_total",
        "counter",
        "Answers of instances, by status class.",
    )?;
    for (labels, counts, _) in &seen {
        for (class, count) in (1..).zip(counts.classes) {
            writeln!(
                out,
                "beanpole_edge_requests_total{{{labels},class=\"{class}xx\"}} {count}"
            )?;
        }
    }
    head(
        out,
        "beanpole_edge_failures_total",
        "counter",
        "Requests that instances did not answer.",
    )?;
    for (labels, counts, _) in &seen {
        writeln!(
            out,
            "beanpole_edge_failures_total{{{labels}}} {}",
            counts.failures
        )?;
    }
    head(
        out,
        "beanpole_edge_in_flight",
        "gauge",
        "Requests and tunnels open at instances.",
    )?;
    for (labels, counts, _) in &seen {
        writeln!(out, "beanpole_edge_in_flight{{{labels}}} {}", counts.in_flight)?;
    }
    head(
        out,
        "beanpole_edge_instance_connections",
        "gauge",
        "Connections to instances, idle ones included.",
    )?;
    for (labels, _, connections) in &seen {
        writeln!(
            out,
            "beanpole_edge_instance_connections{{{labels}}} {connections}"
        )?;
    }

    let mut versions: BTreeMap<(&str, &str), Quantiles> = BTreeMap::new();
    for backend in &backends {
        let sum = versions
            .entry((backend.environment.as_str(), &backend.version))
            .or_default();
        backend.latency.add_to(sum);
    }
    let name = "beanpole_edge_latency_seconds";
    head(
        out,
        name,
        "summary",
        "Time to the head of the answer, by version.",
    )?;
    for ((environment, version), quantiles) in &versions {
        let labels = format!(
            "environment=\"{}\",version=\"{}\"",
            Label(environment),
            Label(version)
        );
        for quantile in [0.5, 0.9, 0.99] {
            let seconds = quantiles.millis(quantile) / 1000.0;
            writeln!(out, "{name}{{{labels},quantile=\"{quantile}\"}} {seconds}")?;
        }
        writeln!(out, "{name}_sum{{{labels}}} {}", quantiles.total_seconds())?;
        writeln!(out, "{name}_count{{{labels}}} {}", quantiles.count())?;
    }
    Ok(())
}
