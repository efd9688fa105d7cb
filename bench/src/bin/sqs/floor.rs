//! The two floors: our HTTP stack with a handler that does nothing, and Postgres doing the same row
//! work with nothing around it.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::Context;
use axum::{Router, body::Bytes};
use beanpole_control_plane::http::server::{self, HEAD_TIMEOUT, Limits};
use futures_util::future::try_join_all;
use tokio::net::TcpListener;
use tokio_postgres::{Client, NoTls};
use tokio_util::sync::CancellationToken;

use super::{client::Connection, cycle::BODY};

/// Serves the floor until it is killed. Its answer is what SendMessage answers.
pub async fn serve(address: SocketAddr) -> anyhow::Result<()> {
    let answer = r#"{"MD5OfMessageBody":"00000000000000000000000000000000","MessageId":"00000000-0000-0000-0000-000000000000"}"#;
    let handler =
        move |_body: Bytes| async move { ([("content-type", "application/x-amz-json-1.0")], answer) };
    let limits = Limits {
        connections: 4096,
        drain: Duration::from_secs(1),
        head: HEAD_TIMEOUT,
    };
    let router = Router::new().fallback(handler);
    let listener = TcpListener::bind(address).await?;
    server::serve(listener, router, limits, CancellationToken::new()).await;
    Ok(())
}

/// Calls a second of the HTTP floor, each with a message of the usual size.
pub async fn http(address: SocketAddr, connections: usize, seconds: f64) -> anyhow::Result<f64> {
    let body = format!(
        r#"{{"QueueUrl":"{address}/000000000000/q","MessageBody":"{}"}}"#,
        "x".repeat(BODY)
    );
    let start = Instant::now();
    let end = start + Duration::from_secs_f64(seconds);
    let workers = (0..connections).map(|_| {
        let body = body.clone();
        tokio::spawn(async move {
            let mut connection = Connection::open(address).await?;
            let mut calls = 0_usize;
            while Instant::now() < end {
                connection.call("SendMessage", &body).await?;
                calls += 1;
            }
            anyhow::Ok(calls)
        })
    });
    let mut calls = 0;
    for done in try_join_all(workers).await? {
        calls += done?;
    }
    Ok(calls as f64 / start.elapsed().as_secs_f64())
}

const TABLE: &str = "create schema if not exists floor; drop table if exists floor.messages; \
     create table floor.messages (like messaging.messages including all)";
const SEND: &str = "insert into floor.messages (queue_id, id, visible_at, sent_at, message_id, meta, body) \
     select 1, nextval('messaging.message_ids'), 0, 0, gen_random_uuid(), ''::bytea, $1 from generate_series(1, $2)";
const RECEIVE: &str = "update floor.messages m set visible_at = 9, receive_count = receive_count + 1, first_received_at = 1 \
     from (select id from floor.messages where queue_id = 1 and visible_at <= 1 order by visible_at limit $1 \
     for update skip locked) found where m.queue_id = 1 and m.id = found.id returning m.id, m.body";
const DELETE: &str = "delete from floor.messages where queue_id = 1 and id = any($1)";

/// Messages a second that so many connections insert, claim and delete, each call of `batch` messages
/// in a transaction of its own, with nothing but Postgres at work: sends and deletes are durable,
/// claims are not, as in the server.
pub async fn postgres(url: &str, connections: usize, batch: usize, seconds: f64) -> anyhow::Result<f64> {
    connect(url).await?.batch_execute(TABLE).await?;
    let mut clients = Vec::new();
    for _ in 0..connections {
        clients.push((connect(url).await?, connect(url).await?));
    }
    let start = Instant::now();
    let end = start + Duration::from_secs_f64(seconds);
    let workers = clients
        .into_iter()
        .map(|(durable, relaxed)| tokio::spawn(cycles(durable, relaxed, batch, end)));
    let mut messages = 0;
    for done in try_join_all(workers).await? {
        messages += done.context("the floor's cycles")?;
    }
    Ok(messages as f64 / start.elapsed().as_secs_f64())
}

async fn cycles(durable: Client, relaxed: Client, batch: usize, end: Instant) -> anyhow::Result<usize> {
    let send = durable.prepare(SEND).await?;
    let delete = durable.prepare(DELETE).await?;
    relaxed.batch_execute("set synchronous_commit = off").await?;
    let receive = relaxed.prepare(RECEIVE).await?;
    let body = vec![b'x'; BODY];
    let mut messages = 0;
    while Instant::now() < end {
        durable.execute(&send, &[&body, &i32::try_from(batch)?]).await?;
        let mut left = batch;
        while left > 0 {
            let rows = relaxed.query(&receive, &[&i64::try_from(left)?]).await?;
            let ids: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
            durable.execute(&delete, &[&ids]).await?;
            left -= ids.len();
        }
        messages += batch;
    }
    Ok(messages)
}

async fn connect(url: &str) -> anyhow::Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    client
        .batch_execute("set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set enable_bitmapscan = off; set jit = off")
        .await?;
    Ok(client)
}
