//! Load on one queue: as fast as it goes, or at a given rate.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

use super::{
    cpu::Watched,
    cycle::{Step, Timings, Worker},
};

/// What a run of load found.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Measured {
    pub connections: usize,
    /// Messages of each call.
    pub batch: usize,
    /// Messages sent, received and deleted a second.
    pub messages_per_second: f64,
    /// Calls a second.
    pub calls_per_second: f64,
    /// Processor time of the server and its database for one message's cycle, microseconds.
    pub cpu_micros_per_message: f64,
    /// Of all calls, milliseconds.
    pub p50: f64,
    pub p99: f64,
    /// p99 of sends, receives and deletes, milliseconds.
    pub p99_of_steps: [f64; 3],
}

/// How the load comes.
#[derive(Clone, Copy)]
pub enum Pace {
    /// The next cycle when the last is done.
    Closed,
    /// So many cycles a second over all connections, due at fixed times whatever came before.
    Open(f64),
}

pub struct Load<'a> {
    pub server: SocketAddr,
    pub queue: &'a str,
    pub connections: usize,
    pub batch: usize,
    pub seconds: f64,
    pub watched: &'a Watched,
}

impl Load<'_> {
    pub async fn run(&self, pace: Pace) -> anyhow::Result<Measured> {
        let mut workers = Vec::new();
        for _ in 0..self.connections {
            workers.push(Worker::new(self.server, self.queue, self.batch).await?);
        }
        let cpu = self.watched.cpu_seconds()?;
        let start = Instant::now();
        let end = start + Duration::from_secs_f64(self.seconds);
        let mut running = JoinSet::new();
        for (number, worker) in workers.into_iter().enumerate() {
            let due = Due::new(pace, number, self.connections, start);
            running.spawn(work(worker, due, end));
        }
        let (mut cycles, mut timings) = (0, Timings::default());
        while let Some(done) = running.join_next().await {
            let (count, times) = done??;
            cycles += count;
            timings.append(times);
        }
        let seconds = start.elapsed().as_secs_f64();
        let cpu = self.watched.cpu_seconds()? - cpu;
        Ok(self.measured(cycles, seconds, cpu, timings))
    }

    fn measured(&self, cycles: usize, seconds: f64, cpu: f64, mut timings: Timings) -> Measured {
        let messages = (cycles * self.batch) as f64;
        for times in &mut timings.0 {
            times.sort_unstable();
        }
        let p99_of_steps = Step::ALL.map(|step| percentile(&timings.0[step as usize], 0.99));
        let mut all = timings.0.concat();
        all.sort_unstable();
        Measured {
            connections: self.connections,
            batch: self.batch,
            messages_per_second: messages / seconds,
            calls_per_second: all.len() as f64 / seconds,
            cpu_micros_per_message: cpu * 1e6 / messages.max(1.0),
            p50: percentile(&all, 0.5),
            p99: percentile(&all, 0.99),
            p99_of_steps,
        }
    }
}

/// When a worker's cycles are due.
struct Due {
    next: Instant,
    every: Option<Duration>,
}

impl Due {
    fn new(pace: Pace, number: usize, workers: usize, start: Instant) -> Self {
        match pace {
            Pace::Closed => Self {
                next: start,
                every: None,
            },
            Pace::Open(rate) => {
                let every = Duration::from_secs_f64(workers as f64 / rate);
                Self {
                    next: start + every.mul_f64(number as f64 / workers as f64),
                    every: Some(every),
                }
            }
        }
    }

    async fn next(&mut self) -> Instant {
        let Some(every) = self.every else {
            return Instant::now();
        };
        let due = self.next;
        self.next += every;
        tokio::time::sleep_until(due.into()).await;
        due
    }
}

async fn work(mut worker: Worker, mut due: Due, end: Instant) -> anyhow::Result<(usize, Timings)> {
    let (mut cycles, mut timings) = (0, Timings::default());
    loop {
        let since = due.next().await;
        if since >= end {
            return Ok((cycles, timings));
        }
        // The timer is a millisecond coarse; only what is later than that is the server's.
        let since = if due.every.is_some() && since.elapsed() < Duration::from_millis(2) {
            Instant::now()
        } else {
            since
        };
        worker.cycle(since, &mut timings).await?;
        cycles += 1;
    }
}

/// Of sorted microseconds, in milliseconds.
fn percentile(sorted: &[u32], part: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let index = ((sorted.len() as f64 * part) as usize).min(last);
    f64::from(sorted.get(index).copied().unwrap_or(0)) / 1000.0
}
