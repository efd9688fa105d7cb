//! `bench-edge`: the edge against nginx on one machine, in one run.
//!
//! Both proxies get the same upstream (a static nginx on two ports, as the two sides of an even
//! split), one worker each, the same forwarded headers and keep-alive. Rounds alternate between
//! them; medians are reported. The edge runs as in production: sticky split and metrics on. With
//! two cores or more the proxy under test has one for itself, and load and upstream share another.
//! On a busy machine only the ratios mean anything.
//!
//! Needs `wrk`, `nginx` and a release build of `beanpole-edge`; takes about a minute.

mod load;
mod processes;
mod report;

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use beanpole_protocol::routes::{EnvironmentRoute, Routes, Stickiness, Target, TargetSet, TargetState};
use beanpole_protocol::{EnvironmentId, InstanceId};
use clap::Parser;

use load::{HOST, check, load, round};
use processes::{Core, Running, free_ports, nginx, pinned, rss_mb, wait_for};
use report::{Comparison, Report, median, ratio};

/// Bytes of the bodies served.
const SIZES: [usize; 2] = [128, 10 * 1024];

/// Measure beanpole-edge against nginx.
#[derive(Parser)]
struct Options {
    /// The edge to measure; by default the one beside this program, else the release build.
    #[arg(long)]
    edge: Option<PathBuf>,
    /// Rounds of each proxy and size.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds of each round.
    #[arg(long, default_value_t = 2)]
    seconds: u32,
    /// Connections kept open by the load.
    #[arg(long, default_value_t = 64)]
    connections: u32,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let edge = edge_program(options.edge.clone())?;
    let folder = tempfile::tempdir().context("make a folder for the bench")?;
    let report = measure(&options, &edge, folder.path())?;
    if options.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        report.print();
    }
    Ok(())
}

fn edge_program(asked: Option<PathBuf>) -> anyhow::Result<PathBuf> {
    let beside = std::env::current_exe()?;
    let profile = beside.parent().context("this program has no folder")?;
    let candidates = match asked {
        Some(path) => vec![path],
        None => vec![
            profile.join("../release/beanpole-edge"),
            profile.join("beanpole-edge"),
        ],
    };
    candidates
        .into_iter()
        .find(|path| path.is_file())
        .context("no beanpole-edge found: run `cargo build --release -p beanpole-edge` or give --edge")
}

fn measure(options: &Options, edge: &Path, folder: &Path) -> anyhow::Result<Report> {
    let [side_a, side_b, nginx_port, edge_port] = free_ports()?;
    for size in SIZES {
        fs::write(folder.join(size.to_string()), "x".repeat(size))?;
    }
    let upstream = format!(
        "server {{ listen 127.0.0.1:{side_a}; listen 127.0.0.1:{side_b}; root {}; \
         open_file_cache max=10; keepalive_requests 100000000; }}",
        folder.display()
    );
    let peer = format!(
        "upstream app {{ server 127.0.0.1:{side_a}; server 127.0.0.1:{side_b}; keepalive 128; \
         keepalive_requests 100000000; }}\n\
         server {{ listen 127.0.0.1:{nginx_port}; keepalive_requests 100000000; location / {{ proxy_pass http://app; \
         proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_set_header Host $host; \
         proxy_set_header X-Real-IP $remote_addr; \
         proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; \
         proxy_set_header X-Forwarded-Proto $scheme; proxy_set_header X-Forwarded-Host $host; \
         proxy_set_header X-Forwarded-Port $server_port; }} }}"
    );
    let _upstream = nginx(folder, "upstream", &upstream, Core::Load)?;
    let nginx = nginx(folder, "peer", &peer, Core::Proxy)?;
    // In a folder of its own, as in production: the edge watches it.
    let home = folder.join("edge");
    fs::create_dir_all(&home)?;
    let routes = home.join("routes.json");
    fs::write(&routes, serde_json::to_vec(&split([side_a, side_b]))?)?;
    let mut command = pinned(Core::Proxy, edge);
    command.args(["--workers", "1", "--listen", &format!("127.0.0.1:{edge_port}")]);
    command
        .arg("--routes")
        .arg(&routes)
        .arg("--admin")
        .arg(home.join("edge.sock"));
    let edge = Running(
        command
            .env("BEANPOLE_LOG", "warn")
            .spawn()
            .context("start beanpole-edge")?,
    );
    for port in [side_a, side_b, nginx_port, edge_port] {
        wait_for(port)?;
    }
    let edge_idle_rss_mb = rss_mb(edge.0.id())?;

    let proxies = [(edge_port, edge.0.id()), (nginx_port, nginx.0.id())];
    let mut sizes = Vec::new();
    for size in SIZES {
        for (port, _) in proxies {
            check(port, size)?;
            load(port, size, 1, options.connections)?;
        }
        let mut rounds = [Vec::new(), Vec::new()];
        for number in 0..options.rounds {
            // Each goes first every other time.
            for turn in [number % 2, 1 - number % 2] {
                let (port, process) = proxies[turn];
                rounds[turn].push(round(port, process, size, options)?);
                eprint!(".");
            }
        }
        let [edge, nginx] = rounds.map(|rounds| median(&rounds));
        sizes.push(Comparison {
            body_bytes: size,
            edge,
            nginx,
            ratio: ratio(edge, nginx),
        });
    }
    eprintln!();
    let Options {
        rounds,
        seconds,
        connections,
        ..
    } = *options;
    Ok(Report {
        rounds,
        seconds,
        connections,
        edge_idle_rss_mb,
        sizes,
    })
}

fn split(ports: [u16; 2]) -> Routes {
    let sets = ["v1", "v2"]
        .into_iter()
        .zip(ports)
        .map(|(version, port)| TargetSet {
            version: version.into(),
            weight: 50,
            targets: vec![Target {
                instance: InstanceId::random(),
                address: Some(SocketAddr::from(([127, 0, 0, 1], port))),
                state: TargetState::InService,
                healthy: true,
            }],
        });
    let environment = EnvironmentRoute {
        environment: EnvironmentId::random(),
        name: "bench".into(),
        hosts: vec![HOST.into()],
        sets: sets.collect(),
        stickiness: Some(Stickiness {
            duration_seconds: 3600,
            to_instance: false,
        }),
        deregistration_delay_seconds: 20,
    };
    Routes {
        generation: 1,
        environments: vec![environment],
    }
}
