//! Deploy time beyond what Docker itself takes: Beanpole's AllAtOnce against bare Docker calls that
//! do the same (build with only the source layer changed, stop the old, start the new, first 200).

use std::time::{Duration, Instant};

use anyhow::Context;
use beanpole_bench::floor::{Bare, Floor};
use beanpole_protocol::api::{DeploymentPolicy, DeploymentStatus};
use beanpole_testkit::{
    World, bundle,
    world::{option, options},
};
use clap::Parser;

#[derive(Parser)]
#[command(about = "Deploy time against bare Docker")]
struct Arguments {
    /// Numbers of instances to measure
    #[arg(long, value_delimiter = ',', default_value = "1,4,10")]
    instances: Vec<u32>,
    /// Rounds for each number; medians are printed
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    #[arg(long)]
    json: bool,
}

const PORT: u16 = 8080;

/// A Dockerfile and a small server; only the server's text changes between versions.
fn files(round: usize) -> Vec<(&'static str, String)> {
    let server = format!(
        r#"import http.server, os, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"round {round}"
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args): pass
http.server.ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
"#
    );
    let dockerfile = "FROM debian:bookworm-slim\n\
        RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends python3-minimal libpython3-stdlib\n\
        COPY server.py /server.py\nEXPOSE 8080\nCMD [\"python3\", \"/server.py\"]\n";
    vec![("Dockerfile", dockerfile.to_owned()), ("server.py", server)]
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let world = World::start("bench-deploy").await;
    let mut bare = Bare::connect().await?;
    let mut rows = Vec::new();
    let mut round = 0;
    for &instances in &arguments.instances {
        let name = format!("bench-{instances:02}");
        let mut settings = options(instances, DeploymentPolicy::AllAtOnce);
        settings.retain(|option| {
            option.name != "GatePasses"
                && option.name != "GateInterval"
                && option.name != "Memory"
                && option.name != "MaxSize"
        });
        settings.push(option("beanpole:deployment", "GatePasses", 1));
        settings.push(option("beanpole:deployment", "GateInterval", 50));
        settings.push(option("beanpole:instance", "Memory", 64));
        settings.push(option("aws:autoscaling:asg", "MaxSize", instances.max(4)));
        let launched = world.launch(&name, archive(round), settings).await;
        anyhow::ensure!(
            launched.status == DeploymentStatus::Succeeded,
            "{:?}",
            launched.reason
        );
        bare.replace(&files(round), PORT, instances as usize).await?;
        let (mut floors, mut totals) = (Vec::new(), Vec::new());
        for _ in 0..arguments.rounds {
            round += 1;
            floors.push(bare.replace(&files(round), PORT, instances as usize).await?);
            // The same source again for Beanpole would find the image in the cache: another round, another text.
            round += 1;
            totals.push(beanpole(&world, &name, round).await?);
        }
        rows.push(Row::new(instances, &floors, totals));
        let change = world.client.terminate_environment(&name).await?;
        world
            .result(&change.deployment.context("a terminate deployment")?)
            .await;
    }
    bare.clean().await?;
    print(&rows, arguments.json);
    Ok(())
}

fn archive(round: usize) -> Vec<u8> {
    let files = files(round);
    let borrowed: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    bundle::zip(&borrowed)
}

/// From the accepted call until the result is known to the caller.
async fn beanpole(world: &World, name: &str, round: usize) -> anyhow::Result<Duration> {
    let label = format!("r{round}");
    world.upload(name, &label, archive(round)).await;
    let began = Instant::now();
    let deployment = world.deploy(name, &label, None).await;
    let result = world.client.deployment_result(&deployment.id, 120).await?;
    anyhow::ensure!(
        result.status == DeploymentStatus::Succeeded,
        "{:?}",
        result.reason
    );
    Ok(began.elapsed())
}

#[derive(serde::Serialize)]
struct Row {
    instances: u32,
    floor_ms: u128,
    floor_build_ms: u128,
    floor_stop_ms: u128,
    floor_boot_ms: u128,
    beanpole_ms: u128,
    own_ms: i128,
    own_percent_of_floor: f64,
}

impl Row {
    fn new(instances: u32, floors: &[Floor], totals: Vec<Duration>) -> Self {
        let of = |part: fn(&Floor) -> Duration| median(floors.iter().map(part).collect()).as_millis();
        let (floor_ms, beanpole_ms) = (of(Floor::total), median(totals).as_millis());
        let own_ms = beanpole_ms as i128 - floor_ms as i128;
        Self {
            instances,
            floor_ms,
            floor_build_ms: of(|floor| floor.build),
            floor_stop_ms: of(|floor| floor.stop),
            floor_boot_ms: of(|floor| floor.boot),
            beanpole_ms,
            own_ms,
            own_percent_of_floor: own_ms as f64 * 100.0 / floor_ms.max(1) as f64,
        }
    }
}

fn print(rows: &[Row], json: bool) {
    if json {
        println!("{}", serde_json::json!({ "bench": "deploy", "rows": rows }));
        return;
    }
    println!("Milliseconds, medians. Floor: bare Docker calls; own: Beanpole's total less the floor.");
    println!(
        "{:>9} {:>7} {:>7} {:>7} {:>7} {:>9} {:>7} {:>8}",
        "instances", "build", "stop", "boot", "floor", "Beanpole", "own", "own/floor"
    );
    for row in rows {
        println!(
            "{:>9} {:>7} {:>7} {:>7} {:>7} {:>9} {:>7} {:>7.0}%",
            row.instances,
            row.floor_build_ms,
            row.floor_stop_ms,
            row.floor_boot_ms,
            row.floor_ms,
            row.beanpole_ms,
            row.own_ms,
            row.own_percent_of_floor
        );
    }
}
