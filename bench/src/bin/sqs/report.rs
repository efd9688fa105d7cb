//! What the bench prints.

use super::load::Measured;

/// A line of the table: one way to call, of one server.
#[derive(Debug, serde::Serialize)]
pub struct Row {
    pub what: &'static str,
    pub backlog: usize,
    #[serde(flatten)]
    pub measured: Measured,
    /// Calls a second over those of the HTTP floor with as many connections.
    pub of_http_floor: f64,
    /// Messages a second over those of Postgres by itself with as many connections.
    pub of_postgres_floor: Option<f64>,
}

pub fn head() {
    println!(
        "{:<9} {:>8} {:>5} {:>5} {:>9} {:>9} {:>7} {:>7} {:>22} {:>8} {:>6} {:>6}",
        "server",
        "backlog",
        "conns",
        "batch",
        "msg/s",
        "calls/s",
        "p50 ms",
        "p99 ms",
        "p99 send/receive/delete",
        "µs/msg",
        "/http",
        "/pg"
    );
}

impl Row {
    pub fn print(&self) {
        let one = &self.measured;
        let [send, receive, delete] = one.p99_of_steps;
        println!(
            "{:<9} {:>8} {:>5} {:>5} {:>9.0} {:>9.0} {:>7.2} {:>7.2} {:>23} {:>8.0} {:>6.2} {:>6}",
            self.what,
            self.backlog,
            one.connections,
            one.batch,
            one.messages_per_second,
            one.calls_per_second,
            one.p50,
            one.p99,
            format!("{send:.1} / {receive:.1} / {delete:.1}"),
            one.cpu_micros_per_message,
            self.of_http_floor,
            self.of_postgres_floor
                .map_or_else(String::new, |ratio| format!("{ratio:.2}")),
        );
    }
}
