//! `bench-sqs`: SQS as clients meet it, over HTTP, beside what bounds it and a peer, in one run.
//!
//! Each connection sends, receives and deletes messages of 1 KB in calls of one and of ten, on a queue
//! that is empty but for them and on one with a deep backlog. Beside it: the same HTTP stack with a
//! handler that does nothing, Postgres by itself doing the same row work, and moto's server. All share
//! the machine with the load, so only the ratios mean much.

mod client;
mod cpu;
mod cycle;
mod floor;
mod load;
mod programs;
mod report;
mod soak;

use std::net::SocketAddr;

use clap::{Parser, Subcommand};

use load::{Load, Measured, Pace};
use programs::{Database, Served};
use report::Row;

/// Measure SQS against its floors and a peer.
#[derive(Parser)]
struct Options {
    #[command(subcommand)]
    command: Option<Command>,
    /// Connections of the load.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16, 64])]
    connections: Vec<usize>,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 4.0)]
    seconds: f64,
    /// Messages of the deep backlog.
    #[arg(long, default_value_t = 1_000_000)]
    backlog: usize,
    /// Leave the peer out.
    #[arg(long)]
    no_peer: bool,
    /// Print a JSON object a line instead of a table.
    #[arg(long)]
    json: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Load one queue for long and print the size of its tables.
    Soak {
        #[arg(long, default_value_t = 20)]
        intervals: usize,
        #[arg(long, default_value_t = 15.0)]
        seconds: f64,
        #[arg(long, default_value_t = 0)]
        backlog: usize,
    },
    /// Serve the floor of the HTTP stack (the bench starts this itself).
    #[command(hide = true)]
    Floor { address: SocketAddr },
}

/// Floors with as many connections: calls a second of HTTP, messages a second of Postgres by batch.
struct Floors {
    connections: usize,
    http: f64,
    postgres: [(usize, f64); 2],
}

const BATCHES: [usize; 2] = [1, 10];

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let folder = tempfile::tempdir()?;
    match options.command {
        Some(Command::Floor { address }) => floor::serve(address).await,
        Some(Command::Soak {
            intervals,
            seconds,
            backlog,
        }) => soak::run(folder.path(), intervals, seconds, backlog).await,
        None => measure(&options, folder.path()).await,
    }
}

async fn measure(options: &Options, folder: &std::path::Path) -> anyhow::Result<()> {
    let database = Database::start(folder)?;
    let server = programs::beanpole(folder, &database).await?;
    let floors = floors(options, &database).await?;
    if !options.json {
        for one in &floors {
            let [(_, single), (_, ten)] = one.postgres;
            println!(
                "floors, {:>2} connections: HTTP {:.0} calls/s; Postgres {single:.0} msg/s one by one, {ten:.0} msg/s by ten",
                one.connections, one.http
            );
        }
        report::head();
    }
    let queue = cycle::queue(server.address, "empty").await?;
    let best = cells(options, &floors, "beanpole", &server, &queue, 0).await?;
    for (batch, cycles) in best {
        let load = load(options, &server, &queue, 64, batch);
        let measured = load.run(Pace::Open(cycles / 2.0)).await?;
        show(options, &floors, "half load", 0, measured)?;
    }
    if options.backlog > 0 {
        let queue = cycle::queue(server.address, "deep").await?;
        soak::fill(server.address, &queue, options.backlog).await?;
        cells(options, &floors, "beanpole", &server, &queue, options.backlog).await?;
    }
    drop(server);
    if !options.no_peer {
        let moto = programs::moto().await?;
        let queue = cycle::queue(moto.address, "empty").await?;
        cells(options, &floors, "moto", &moto, &queue, 0).await?;
    }
    Ok(())
}

async fn floors(options: &Options, database: &Database) -> anyhow::Result<Vec<Floors>> {
    let http = programs::floor().await?;
    let mut floors = Vec::new();
    for &connections in &options.connections {
        let mut postgres = [(0, 0.0); 2];
        for (place, batch) in postgres.iter_mut().zip(BATCHES) {
            // Two sessions a worker: more than 40 workers do not fit, and more are not faster.
            let workers = connections.min(40);
            let rate = floor::postgres(&database.cluster.url(), workers, batch, options.seconds).await?;
            *place = (batch, rate);
        }
        let http = floor::http(http.address, connections, options.seconds).await?;
        floors.push(Floors {
            connections,
            http,
            postgres,
        });
    }
    Ok(floors)
}

/// Every number of connections and size of call; the best cycles a second of each size.
async fn cells(
    options: &Options,
    floors: &[Floors],
    what: &'static str,
    server: &Served,
    queue: &str,
    backlog: usize,
) -> anyhow::Result<Vec<(usize, f64)>> {
    let mut best = Vec::new();
    for batch in BATCHES {
        let mut cycles = 0.0_f64;
        for &connections in &options.connections {
            let load = load(options, server, queue, connections, batch);
            let measured = load.run(Pace::Closed).await?;
            cycles = cycles.max(measured.messages_per_second / batch as f64);
            show(options, floors, what, backlog, measured)?;
        }
        best.push((batch, cycles));
    }
    Ok(best)
}

fn load<'a>(
    options: &Options,
    server: &'a Served,
    queue: &'a str,
    connections: usize,
    batch: usize,
) -> Load<'a> {
    Load {
        server: server.address,
        queue,
        connections,
        batch,
        seconds: options.seconds,
        watched: &server.watched,
    }
}

fn show(
    options: &Options,
    floors: &[Floors],
    what: &'static str,
    backlog: usize,
    measured: Measured,
) -> anyhow::Result<()> {
    let floor = floors.iter().find(|one| one.connections == measured.connections);
    let raw = floor.and_then(|one| one.postgres.iter().find(|(batch, _)| *batch == measured.batch));
    let row = Row {
        what,
        backlog,
        of_http_floor: floor.map_or(f64::NAN, |one| measured.calls_per_second / one.http),
        of_postgres_floor: raw.map(|(_, rate)| measured.messages_per_second / rate),
        measured,
    };
    if options.json {
        println!("{}", serde_json::to_string(&row)?);
    } else {
        row.print();
    }
    Ok(())
}
