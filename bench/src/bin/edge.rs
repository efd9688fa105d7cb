//! `bench-edge`: the edge against nginx on one machine, in one run.
//!
//! Both proxies get the same upstream (a static nginx on two ports, as the two sides of an even
//! split), one worker each, the same forwarded headers and keep-alive. Rounds alternate between
//! them; medians are reported. The edge runs as in production: sticky split and metrics on. With
//! two cores or more the proxy under test has one for itself, and load and upstream share another.
//! On a busy machine only the ratios mean anything.
//!
//! Needs `wrk`, `nginx` and a release build of `beanpole-edge`; takes about a minute.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use beanpole_protocol::routes::{EnvironmentRoute, Routes, Stickiness, Target, TargetSet, TargetState};
use beanpole_protocol::{EnvironmentId, InstanceId};
use clap::Parser;
use serde::Serialize;

/// Bytes of the bodies served.
const SIZES: [usize; 2] = [128, 10 * 1024];
const HOST: &str = "bench.test";
/// `USER_HZ`, which Linux fixes at this for what `/proc` shows.
const TICKS_PER_SECOND: f64 = 100.0;

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

/// A process that ends with this program.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// One round's result.
#[derive(Clone, Copy, Debug, Serialize)]
struct Round {
    requests_per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    cpu_us_per_request: f64,
}

/// Medians of one size, and the edge's ratio to nginx.
#[derive(Debug, Serialize)]
struct Comparison {
    body_bytes: usize,
    edge: Round,
    nginx: Round,
    ratio: Round,
}

#[derive(Debug, Serialize)]
struct Report {
    rounds: usize,
    seconds: u32,
    connections: u32,
    edge_idle_rss_mb: f64,
    sizes: Vec<Comparison>,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let edge = edge_program(options.edge.clone())?;
    let folder = tempfile::tempdir().context("make a folder for the bench")?;
    let report = measure(&options, &edge, folder.path())?;
    if options.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print_table(&report);
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

/// What a process is pinned to, where there are two cores or more.
#[derive(Clone, Copy)]
enum Core {
    Proxy,
    Load,
}

fn pinned(core: Core, program: impl AsRef<std::ffi::OsStr>) -> Command {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let taskset = Path::new("/usr/bin/taskset");
    if cores < 2 || !taskset.exists() {
        return Command::new(program);
    }
    let mut command = Command::new(taskset);
    command
        .args(["-c", if matches!(core, Core::Proxy) { "0" } else { "1" }])
        .arg(program);
    command
}

fn nginx(folder: &Path, name: &str, server: &str, core: Core) -> anyhow::Result<Running> {
    let home = folder.join(name);
    fs::create_dir_all(&home)?;
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {}/{kind};\n", home.display()))
        .concat();
    // One process in the foreground: its times are the worker's times.
    let config = format!(
        "daemon off; master_process off; pid {home}/pid; error_log {home}/error.log;\n\
         events {{ worker_connections 8192; }}\n\
         http {{ access_log off; sendfile on; tcp_nodelay on; {temporary} {server} }}\n",
        home = home.display()
    );
    let file = home.join("nginx.conf");
    fs::write(&file, config)?;
    let mut command = pinned(core, "nginx");
    command
        .arg("-c")
        .arg(&file)
        .arg("-e")
        .arg(home.join("error.log"))
        .stdin(Stdio::null());
    Ok(Running(command.spawn().context("start nginx: is it installed?")?))
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

fn round(port: u16, process: u32, size: usize, options: &Options) -> anyhow::Result<Round> {
    let before = cpu_seconds(process)?;
    let (mut round, requests) = load(port, size, options.seconds, options.connections)?;
    round.cpu_us_per_request = (cpu_seconds(process)? - before) * 1e6 / requests;
    Ok(round)
}

/// Runs `wrk`; gives its figures and the number of requests.
fn load(port: u16, size: usize, seconds: u32, connections: u32) -> anyhow::Result<(Round, f64)> {
    let output = pinned(Core::Load, "wrk")
        .args([
            "-t1",
            "--latency",
            &format!("-c{connections}"),
            &format!("-d{seconds}s"),
        ])
        .args([
            "-H",
            &format!("Host: {HOST}"),
            &format!("http://127.0.0.1:{port}/{size}"),
        ])
        .output()
        .context("run wrk: is it installed?")?;
    let text = String::from_utf8_lossy(&output.stdout);
    ensure!(
        output.status.success(),
        "wrk failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    for trouble in ["Socket errors", "Non-2xx"] {
        if let Some(line) = text.lines().find(|line| line.contains(trouble)) {
            bail!("the load on port {port} saw errors: {}", line.trim());
        }
    }
    let word = |start: &str, index: usize| {
        text.lines()
            .map(str::trim)
            .find(|line| line.starts_with(start))
            .and_then(|line| line.split_whitespace().nth(index))
            .with_context(|| format!("no {start:?} in the output of wrk"))
    };
    let requests_line = text
        .lines()
        .find(|line| line.contains(" requests in "))
        .unwrap_or_default();
    let requests = requests_line
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .parse()?;
    let round = Round {
        requests_per_second: word("Requests/sec:", 1)?.parse()?,
        p50_ms: millis(word("50%", 1)?)?,
        p99_ms: millis(word("99%", 1)?)?,
        cpu_us_per_request: 0.0,
    };
    Ok((round, requests))
}

/// A duration as `wrk` writes it.
fn millis(text: &str) -> anyhow::Result<f64> {
    for (unit, factor) in [("us", 0.001), ("ms", 1.0), ("s", 1000.0)] {
        if let Some(number) = text.strip_suffix(unit) {
            return Ok(number.parse::<f64>().with_context(|| format!("read {text:?}"))? * factor);
        }
    }
    bail!("{text:?} is no duration")
}

/// User and system time of a process so far.
fn cpu_seconds(process: u32) -> anyhow::Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    let fields = stat.rsplit_once(')').context("odd /proc/stat")?.1;
    let ticks: Vec<f64> = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    Ok(ticks.iter().sum::<f64>() / TICKS_PER_SECOND)
}

fn rss_mb(process: u32) -> anyhow::Result<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .context("no VmRSS")?;
    let kilobytes: f64 = line.split_whitespace().nth(1).context("odd VmRSS")?.parse()?;
    Ok(kilobytes / 1024.0)
}

/// Ports nobody listens on at the moment.
fn free_ports() -> anyhow::Result<[u16; 4]> {
    let listeners: Vec<TcpListener> = (0..4)
        .map(|_| TcpListener::bind("127.0.0.1:0"))
        .collect::<Result<_, _>>()?;
    let ports: Vec<u16> = listeners
        .iter()
        .map(|one| one.local_addr().map(|address| address.port()))
        .collect::<Result<_, _>>()?;
    ports.try_into().map_err(|_| anyhow::anyhow!("four ports wanted"))
}

fn wait_for(port: u16) -> anyhow::Result<()> {
    let limit = Instant::now() + Duration::from_secs(10);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        ensure!(
            Instant::now() < limit,
            "nothing listens on port {port} after 10 s"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// That a proxy answers with the body wanted.
fn check(port: u16, size: usize) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    write!(
        stream,
        "GET /{size} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let body = answer.split_once("\r\n\r\n").map_or(0, |(_, body)| body.len());
    ensure!(
        answer.starts_with("HTTP/1.1 200") && body == size,
        "port {port} answers {answer:.200}"
    );
    Ok(())
}

fn median(rounds: &[Round]) -> Round {
    let of = |value: fn(&Round) -> f64| {
        let mut values: Vec<f64> = rounds.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        match values.len() {
            0 => 0.0,
            odd if odd % 2 == 1 => values[middle],
            _ => (values[middle - 1] + values[middle]) / 2.0,
        }
    };
    Round {
        requests_per_second: of(|round| round.requests_per_second),
        p50_ms: of(|round| round.p50_ms),
        p99_ms: of(|round| round.p99_ms),
        cpu_us_per_request: of(|round| round.cpu_us_per_request),
    }
}

fn ratio(edge: Round, nginx: Round) -> Round {
    Round {
        requests_per_second: edge.requests_per_second / nginx.requests_per_second,
        p50_ms: edge.p50_ms / nginx.p50_ms,
        p99_ms: edge.p99_ms / nginx.p99_ms,
        cpu_us_per_request: edge.cpu_us_per_request / nginx.cpu_us_per_request,
    }
}

fn print_table(report: &Report) {
    println!(
        "{} rounds of {} s, {} connections, medians; edge idle: {:.1} MB",
        report.rounds, report.seconds, report.connections, report.edge_idle_rss_mb
    );
    println!(
        "{:>8}  {:<7} {:>10} {:>8} {:>8} {:>12}",
        "body", "proxy", "req/s", "p50 ms", "p99 ms", "cpu us/req"
    );
    for size in &report.sizes {
        for (name, round) in [("edge", &size.edge), ("nginx", &size.nginx)] {
            println!(
                "{:>8}  {:<7} {:>10.0} {:>8.2} {:>8.2} {:>12.1}",
                size.body_bytes,
                name,
                round.requests_per_second,
                round.p50_ms,
                round.p99_ms,
                round.cpu_us_per_request
            );
        }
        let ratio = &size.ratio;
        println!(
            "{:>8}  {:<7} {:>10.2} {:>8.2} {:>8.2} {:>12.2}",
            "", "ratio", ratio.requests_per_second, ratio.p50_ms, ratio.p99_ms, ratio.cpu_us_per_request
        );
    }
}
