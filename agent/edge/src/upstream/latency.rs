//! Latencies of one instance: a histogram per worker thread, merged when somebody asks.
//!
//! Recording takes a lock that only its own thread takes, save for the moment of a merge.
//! Values are microseconds with an error below one percent, up to ten minutes.

use std::cell::Cell;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hdrhistogram::Histogram;

/// More worker threads than this share.
const SHARDS: usize = 8;
const LONGEST_MICROS: u64 = 600_000_000;

#[derive(Default)]
#[repr(align(64))]
struct Shard(Mutex<Option<Histogram<u32>>>);

/// Latencies, to be recorded by many threads.
#[derive(Default)]
pub struct Latency {
    shards: [Shard; SHARDS],
}

/// Which shard the running thread records into.
fn own_shard() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static OWN: Cell<usize> = const { Cell::new(usize::MAX) };
    }
    OWN.with(|own| {
        if own.get() == usize::MAX {
            own.set(NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS);
        }
        own.get()
    })
}

fn empty<C: hdrhistogram::Counter>() -> Option<Histogram<C>> {
    Histogram::new_with_bounds(1, LONGEST_MICROS, 2).ok()
}

impl Latency {
    /// Adds one request. What is longer than ten minutes counts as ten minutes.
    pub fn record(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros())
            .unwrap_or(LONGEST_MICROS)
            .clamp(1, LONGEST_MICROS);
        let Ok(mut shard) = self.shards[own_shard()].0.lock() else {
            return;
        };
        if shard.is_none() {
            *shard = empty();
        }
        if let Some(histogram) = shard.as_mut() {
            histogram.saturating_record(micros);
        }
    }

    /// Adds everything recorded so far to `sum`.
    pub fn add_to(&self, sum: &mut Quantiles) {
        let Some(total) = sum.0.as_mut() else { return };
        for shard in &self.shards {
            let Ok(shard) = shard.0.lock() else { continue };
            for value in shard.iter().flat_map(|histogram| histogram.iter_recorded()) {
                total.saturating_record_n(value.value_iterated_to(), u64::from(value.count_at_value()));
            }
        }
    }
}

/// Merged latencies of one or more instances.
pub struct Quantiles(Option<Histogram<u64>>);

impl Default for Quantiles {
    fn default() -> Self {
        Self(empty())
    }
}

impl Quantiles {
    /// The latency in milliseconds that the share `quantile` (0 to 1) of requests did not exceed;
    /// zero without requests.
    pub fn millis(&self, quantile: f64) -> f64 {
        match &self.0 {
            Some(histogram) if !histogram.is_empty() => histogram.value_at_quantile(quantile) as f64 / 1000.0,
            _ => 0.0,
        }
    }

    /// How many requests were recorded.
    pub fn count(&self) -> u64 {
        self.0.as_ref().map_or(0, Histogram::len)
    }

    /// The sum of all latencies, in seconds.
    pub fn total_seconds(&self) -> f64 {
        self.0
            .as_ref()
            .map_or(0.0, |histogram| histogram.mean() * histogram.len() as f64 / 1e6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_within_one_percent_over_all_threads() {
        let latency = Latency::default();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (1..=1000).for_each(|ms| latency.record(Duration::from_millis(ms))));
            }
        });
        let mut sum = Quantiles::default();
        latency.add_to(&mut sum);
        assert_eq!(sum.count(), 4000);
        for (quantile, wanted) in [(0.5, 500.0), (0.9, 900.0), (0.99, 990.0)] {
            let got = sum.millis(quantile);
            assert!((got - wanted).abs() / wanted < 0.01, "{quantile}: {got}");
        }
        assert!((sum.total_seconds() - 2002.0).abs() < 20.0);
    }

    #[test]
    fn nothing_recorded_is_zero() {
        assert_eq!(Quantiles::default().millis(0.99), 0.0);
    }
}
