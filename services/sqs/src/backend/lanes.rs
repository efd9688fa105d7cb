//! Coalescing: calls of one kind that wait at the same time become one statement and one commit.
//!
//! A lane is a task with a connection of its own. While it commits, further calls gather, and the next
//! free lane takes them all. Invariant: a job that was taken is answered or dropped with its batch, and
//! a batch runs to its end whoever still waits for it.

use std::future::Future;

use tokio::{sync::oneshot, task::JoinSet};

use super::Failure;

/// Calls that wait for a lane at most; more wait where they are made.
const WAITING: usize = 4096;

/// One call on its way through a lane.
pub struct Job<Q, A> {
    pub ask: Q,
    answer: oneshot::Sender<Result<A, Failure>>,
}

impl<Q, A> Job<Q, A> {
    /// Gives the answer back when nobody waits for it any more.
    pub fn answer(self, answer: Result<A, Failure>) -> Result<(), Option<A>> {
        self.answer.send(answer).map_err(Result::ok)
    }

    /// Whether somebody still waits.
    pub fn is_wanted(&self) -> bool {
        !self.answer.is_closed()
    }
}

/// What a lane does with the calls it took.
pub trait Worker: Send + 'static {
    type Ask: Send + 'static;
    type Answer: Send + 'static;
    /// Weight at which a batch is full.
    const FULL: usize;

    fn weight(ask: &Self::Ask) -> usize;
    /// Answers every job.
    fn work(&mut self, jobs: Vec<Job<Self::Ask, Self::Answer>>) -> impl Future<Output = ()> + Send;
}

/// The entrance to the lanes of one kind.
pub struct Lanes<Q, A> {
    sender: async_channel::Sender<Job<Q, A>>,
}

impl<Q, A> Clone for Lanes<Q, A> {
    fn clone(&self) -> Self {
        Self {
            sender: self.sender.clone(),
        }
    }
}

impl<Q, A> std::fmt::Debug for Lanes<Q, A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Lanes({} waiting)", self.sender.len())
    }
}

impl<Q: Send + 'static, A: Send + 'static> Lanes<Q, A> {
    /// Starts a lane for each worker; they end when [`Lanes::close`] is called and all is answered.
    pub fn start<W>(workers: Vec<W>, tasks: &mut JoinSet<()>) -> Self
    where
        W: Worker<Ask = Q, Answer = A>,
    {
        let (sender, receiver) = async_channel::bounded(WAITING);
        for worker in workers {
            tasks.spawn(run(worker, receiver.clone()));
        }
        Self { sender }
    }

    /// Waits for the answer of a lane.
    pub async fn ask(&self, ask: Q) -> Result<A, Failure> {
        let (answer, answered) = oneshot::channel();
        let job = Job { ask, answer };
        let stopping = || Failure::unavailable("the server is stopping");
        self.sender.send(job).await.map_err(|_| stopping())?;
        answered.await.map_err(|_| stopping())?
    }

    /// No further calls; those inside are still answered.
    pub fn close(&self) {
        self.sender.close();
    }
}

async fn run<W: Worker>(mut worker: W, jobs: async_channel::Receiver<Job<W::Ask, W::Answer>>) {
    while let Ok(first) = jobs.recv().await {
        // Whoever is about to call gets as far as the queue: a larger batch for no wait.
        tokio::task::yield_now().await;
        let mut weight = W::weight(&first.ask);
        let mut batch = vec![first];
        while weight < W::FULL {
            match jobs.try_recv() {
                Ok(next) => {
                    weight += W::weight(&next.ask);
                    batch.push(next);
                }
                Err(_) => break,
            }
        }
        worker.work(batch).await;
    }
}

/// Answers all jobs alike.
pub fn refuse_all<Q, A>(jobs: Vec<Job<Q, A>>, why: &dyn std::fmt::Display) {
    let text = why.to_string();
    for job in jobs {
        let _ = job.answer(Err(Failure::unavailable(text.clone())));
    }
}
