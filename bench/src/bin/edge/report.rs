//! What was measured, as medians and ratios, for people and for programs.

use serde::Serialize;

/// One round's result.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Round {
    pub requests_per_second: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub cpu_us_per_request: f64,
}

/// Medians of one size, and the edge's ratio to nginx.
#[derive(Debug, Serialize)]
pub struct Comparison {
    pub body_bytes: usize,
    pub edge: Round,
    pub nginx: Round,
    pub ratio: Round,
}

#[derive(Debug, Serialize)]
pub struct Report {
    pub rounds: usize,
    pub seconds: u32,
    pub connections: u32,
    pub edge_idle_rss_mb: f64,
    pub sizes: Vec<Comparison>,
}

impl Report {
    /// A table on stdout.
    pub fn print(&self) {
        println!(
            "{} rounds of {} s, {} connections, medians; edge idle: {:.1} MB",
            self.rounds, self.seconds, self.connections, self.edge_idle_rss_mb
        );
        println!(
            "{:>8}  {:<7} {:>10} {:>8} {:>8} {:>12}",
            "body", "proxy", "req/s", "p50 ms", "p99 ms", "cpu us/req"
        );
        for size in &self.sizes {
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
}

pub fn median(rounds: &[Round]) -> Round {
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

pub fn ratio(edge: Round, nginx: Round) -> Round {
    Round {
        requests_per_second: edge.requests_per_second / nginx.requests_per_second,
        p50_ms: edge.p50_ms / nginx.p50_ms,
        p99_ms: edge.p99_ms / nginx.p99_ms,
        cpu_us_per_request: edge.cpu_us_per_request / nginx.cpu_us_per_request,
    }
}
