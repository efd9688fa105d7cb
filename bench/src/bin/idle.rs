//! Idle memory of server, agent and edge: resident and proportional set size of each process of an
//! installation that has nothing to do, with one environment of one instance.

use std::fs;

use beanpole_protocol::api::DeploymentPolicy;
use beanpole_testkit::{World, apps, world::options};

/// A line `Name: N kB` of a /proc file, in MB.
fn megabytes(file: &str, name: &str) -> f64 {
    let text = fs::read_to_string(file).unwrap_or_default();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let kilobytes: f64 = line
        .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .unwrap_or(f64::NAN);
    kilobytes / 1024.0
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let world = World::start("bench-idle").await;
    world
        .launch("idle", apps::web("v1"), options(1, DeploymentPolicy::AllAtOnce))
        .await;
    println!("{:>8} {:>10} {:>10}", "process", "RSS MB", "PSS MB");
    for service in ["serve", "agent", "edge"] {
        let pid = fs::read_to_string(world.data().join(format!("run/{service}.pid")))?;
        let rss = megabytes(&format!("/proc/{}/status", pid.trim()), "VmRSS");
        let pss = megabytes(&format!("/proc/{}/smaps_rollup", pid.trim()), "Pss");
        println!("{service:>8} {rss:>10.1} {pss:>10.1}");
    }
    Ok(())
}
