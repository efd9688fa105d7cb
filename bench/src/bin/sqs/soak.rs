//! Whether tables stay small: hours of sends, receives and deletes in little, with what Postgres keeps
//! of them.

use std::{net::SocketAddr, path::Path};

use anyhow::Context;
use tokio_postgres::NoTls;

use super::{
    cycle,
    load::{Load, Pace},
    programs::{self, Database},
};

const SIZES: &str = "select c.relname::text, pg_total_relation_size(c.oid), coalesce(s.n_dead_tup, 0), \
     coalesce(s.n_live_tup, 0) from pg_class c join pg_namespace n on n.oid = c.relnamespace \
     left join pg_stat_user_tables s on s.relid = c.oid \
     where n.nspname = 'messaging' and c.relname in ('messages', 'queue_counts') order by 1";

/// Runs full load in intervals and prints, after each, the rate and the size of the tables.
pub async fn run(folder: &Path, intervals: usize, seconds: f64, backlog: usize) -> anyhow::Result<()> {
    let database = Database::start(folder)?;
    let server = programs::beanpole(folder, &database).await?;
    let queue = cycle::queue(server.address, "soak").await?;
    fill(server.address, &queue, backlog).await?;
    println!(
        "interval  msg/s   p99 ms   MB (messages, with indexes and bodies)   dead rows   MB (queue_counts)"
    );
    for interval in 1..=intervals {
        let load = Load {
            server: server.address,
            queue: &queue,
            connections: 64,
            batch: 10,
            seconds,
            watched: &server.watched,
        };
        let measured = load.run(Pace::Closed).await?;
        let (client, connection) = tokio_postgres::connect(&database.cluster.url(), NoTls).await?;
        tokio::spawn(connection);
        let rows = client.query(SIZES, &[]).await?;
        let of = |name: &str| {
            let row = rows.iter().find(|row| row.get::<_, String>(0) == name);
            row.map(|row| (row.get::<_, i64>(1) as f64 / 1e6, row.get::<_, i64>(2)))
        };
        let (megabytes, dead) = of("messages").context("no table of messages")?;
        let (counts, _) = of("queue_counts").context("no table of counts")?;
        println!(
            "{interval:>8}  {:>6.0}  {:>6.2}  {megabytes:>8.1}  {dead:>40}  {counts:>8.2}",
            measured.messages_per_second, measured.p99
        );
    }
    Ok(())
}

/// Sends messages until the queue has so many.
pub async fn fill(server: SocketAddr, queue: &str, messages: usize) -> anyhow::Result<()> {
    const SENDERS: usize = 32;
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..SENDERS {
        let queue = queue.to_owned();
        running.spawn(async move {
            let mut worker = cycle::Worker::new(server, &queue, 10).await?;
            let mut timings = cycle::Timings::default();
            for _ in 0..messages.div_ceil(SENDERS * 10) {
                worker.send_only(std::time::Instant::now(), &mut timings).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(done) = running.join_next().await {
        done??;
    }
    Ok(())
}
