//! The load on a proxy: `wrk`, its figures, and the CPU time that the proxy took meanwhile.

use std::io::{Read, Write};
use std::net::TcpStream;

use anyhow::{Context, bail, ensure};

use super::Options;
use super::processes::{Core, cpu_seconds, pinned};
use super::report::Round;

/// The host name that the routes under test have.
pub const HOST: &str = "bench.test";

pub fn round(port: u16, process: u32, size: usize, options: &Options) -> anyhow::Result<Round> {
    let before = cpu_seconds(process)?;
    let (mut round, requests) = load(port, size, options.seconds, options.connections)?;
    round.cpu_us_per_request = (cpu_seconds(process)? - before) * 1e6 / requests;
    Ok(round)
}

/// Runs `wrk`; gives its figures and the number of requests.
pub fn load(port: u16, size: usize, seconds: u32, connections: u32) -> anyhow::Result<(Round, f64)> {
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

/// That a proxy answers with the body wanted.
pub fn check(port: u16, size: usize) -> anyhow::Result<()> {
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
