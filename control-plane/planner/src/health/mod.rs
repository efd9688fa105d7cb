//! Rolls what is known of instances up to Beanstalk's colours, statuses and causes.
//!
//! AWS publishes no thresholds; ours, by the share of desired instances that are not as they should
//! be (not healthy, or on another version than the last good one):
//!
//! | share | status |
//! |---|---|
//! | none | `Ok` |
//! | up to a quarter | `Warning` |
//! | up to three quarters, or fewer healthy ones than `MinSize` | `Degraded` |
//! | more, or none healthy at all | `Severe` |
//!
//! Instances that were launched less than `STARTING_LIMIT` ago and are still coming up count apart:
//! they make it `Info`. While a deployment runs its progress decides: `Pending` for a launch or a
//! termination, `Info` otherwise, `Warning` when a phase takes longer than it may. Debouncing is the
//! agent's (its thresholds of checks in a row). Invariant: the same snapshot, the same health.

mod environment;
mod instance;
#[cfg(test)]
mod tests;

use std::time::Duration;

use beanpole_protocol::api::{Health, HealthColor, HealthStatus};

pub use environment::{Expected, environment};
pub use instance::instance;

/// An instance may take this long to become healthy before that counts as trouble.
pub const STARTING_LIMIT: Duration = Duration::from_secs(600);

/// The colour that Beanstalk shows for a status.
pub const fn color(status: HealthStatus) -> HealthColor {
    match status {
        HealthStatus::Ok | HealthStatus::Info => HealthColor::Green,
        HealthStatus::Warning => HealthColor::Yellow,
        HealthStatus::Degraded | HealthStatus::Severe => HealthColor::Red,
        HealthStatus::Pending | HealthStatus::Unknown | HealthStatus::NoData => HealthColor::Grey,
    }
}

fn health(status: HealthStatus, causes: Vec<String>) -> Health {
    Health {
        color: color(status),
        status,
        causes,
    }
}

/// How bad a status is, for "the worst of"; the grey ones are decided apart.
const fn weight(status: HealthStatus) -> u8 {
    match status {
        HealthStatus::Ok => 0,
        HealthStatus::Info => 1,
        HealthStatus::Pending | HealthStatus::Unknown => 2,
        HealthStatus::NoData => 3,
        HealthStatus::Warning => 4,
        HealthStatus::Degraded => 5,
        HealthStatus::Severe => 6,
    }
}

fn worse(one: HealthStatus, other: HealthStatus) -> HealthStatus {
    if weight(other) > weight(one) { other } else { one }
}

/// `1 hour`, `12 minutes`, `40 seconds`: the largest unit only.
fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (count, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3600 => (seconds / 60, "minute"),
        3600..86_400 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}
