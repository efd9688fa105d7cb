//! A cycle: messages sent, received and deleted by one connection, each call timed.

use std::{fmt::Write as _, net::SocketAddr, time::Instant};

use anyhow::Context;

use super::client::{Connection, texts};

/// Bytes of a message's body.
pub const BODY: usize = 1024;

/// The calls of a cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Send,
    Receive,
    Delete,
}

impl Step {
    pub const ALL: [Step; 3] = [Step::Send, Step::Receive, Step::Delete];
}

/// How long each call took, microseconds.
#[derive(Debug, Default)]
pub struct Timings(pub [Vec<u32>; 3]);

impl Timings {
    fn add(&mut self, step: Step, since: Instant) {
        let micros = u32::try_from(since.elapsed().as_micros()).unwrap_or(u32::MAX);
        self.0[step as usize].push(micros);
    }

    pub fn append(&mut self, other: Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            mine.extend(theirs);
        }
    }
}

/// One worker of a queue: it sends as many messages as it removes.
pub struct Worker {
    connection: Connection,
    batch: usize,
    send: String,
    /// Calls that ask for one message, two, and so on to the batch: nobody takes more than it sent,
    /// or another would wait for its share for ever.
    receives: Vec<String>,
    queue: String,
    delete: String,
}

impl Worker {
    pub async fn new(server: SocketAddr, queue: &str, batch: usize) -> anyhow::Result<Self> {
        let body = "x".repeat(BODY);
        let send = if batch == 1 {
            format!(r#"{{"QueueUrl":"{queue}","MessageBody":"{body}"}}"#)
        } else {
            let entries: Vec<_> = (0..batch)
                .map(|id| format!(r#"{{"Id":"{id}","MessageBody":"{body}"}}"#))
                .collect();
            format!(r#"{{"QueueUrl":"{queue}","Entries":[{}]}}"#, entries.join(","))
        };
        Ok(Self {
            connection: Connection::open(server).await?,
            batch,
            send,
            receives: (1..=batch)
                .map(|most| format!(r#"{{"QueueUrl":"{queue}","MaxNumberOfMessages":{most}}}"#))
                .collect(),
            queue: queue.to_owned(),
            delete: String::new(),
        })
    }

    /// Sends, then receives and deletes until as many are gone. `since` is when the cycle was due.
    pub async fn cycle(&mut self, since: Instant, timings: &mut Timings) -> anyhow::Result<()> {
        self.send_only(since, timings).await?;
        let mut left = self.batch;
        while left > 0 {
            let start = Instant::now();
            let receive = &self.receives[left - 1];
            let answer = self.connection.call("ReceiveMessage", receive).await?;
            let found = removal(&mut self.delete, &self.queue, self.batch, answer);
            timings.add(Step::Receive, start);
            if found == 0 {
                continue;
            }
            let start = Instant::now();
            let operation = if self.batch == 1 {
                "DeleteMessage"
            } else {
                "DeleteMessageBatch"
            };
            let answer = self.connection.call(operation, &self.delete).await?;
            anyhow::ensure!(!answer.contains("\"Failed\":[{"), "a delete failed: {answer}");
            timings.add(Step::Delete, start);
            left -= found;
        }
        Ok(())
    }

    pub async fn send_only(&mut self, since: Instant, timings: &mut Timings) -> anyhow::Result<()> {
        let operation = if self.batch == 1 {
            "SendMessage"
        } else {
            "SendMessageBatch"
        };
        let answer = self.connection.call(operation, &self.send).await?;
        anyhow::ensure!(!answer.contains("\"Failed\":[{"), "a send failed: {answer}");
        timings.add(Step::Send, since);
        Ok(())
    }
}

/// Writes the delete call of an answer's messages; how many they are.
fn removal(into: &mut String, queue: &str, batch: usize, answer: &str) -> usize {
    into.clear();
    let handles = texts(answer, "\"ReceiptHandle\"");
    if batch == 1 {
        let Some(handle) = handles.into_iter().next() else {
            return 0;
        };
        let _ = write!(into, r#"{{"QueueUrl":"{queue}","ReceiptHandle":"{handle}"}}"#);
        return 1;
    }
    let _ = write!(into, r#"{{"QueueUrl":"{queue}","Entries":["#);
    let mut found = 0;
    for handle in handles {
        let comma = if found == 0 { "" } else { "," };
        let _ = write!(into, r#"{comma}{{"Id":"{found}","ReceiptHandle":"{handle}"}}"#);
        found += 1;
    }
    into.push_str("]}");
    found
}

/// Makes a queue; its URL.
pub async fn queue(server: SocketAddr, name: &str) -> anyhow::Result<String> {
    let mut connection = Connection::open(server).await?;
    let body = format!(r#"{{"QueueName":"{name}","Attributes":{{"VisibilityTimeout":"600"}}}}"#);
    let answer = connection.call("CreateQueue", &body).await?;
    let url = texts(answer, "\"QueueUrl\"").next().context("no QueueUrl")?;
    Ok(url.to_owned())
}
