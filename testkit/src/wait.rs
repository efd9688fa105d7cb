//! Waiting on a predicate with a bound: the only way a test waits.

use std::{
    future::Future,
    time::{Duration, Instant},
};

/// Calls `check` until it gives something, at most `limit`; `what` is for the message.
///
/// # Panics
/// When the time is over.
pub async fn eventually<T, F, Fut>(what: &str, limit: Duration, mut check: F) -> T
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Option<T>>,
{
    let started = Instant::now();
    let mut tick = tokio::time::interval(Duration::from_millis(25));
    loop {
        tick.tick().await;
        if let Some(value) = check().await {
            return value;
        }
        assert!(started.elapsed() < limit, "waited {limit:?} in vain for: {what}");
    }
}
