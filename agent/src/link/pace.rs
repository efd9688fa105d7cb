//! How long to wait before trying again: doubling pauses with jitter, so that a server that comes back
//! is not met by all its agents at once.

use std::time::Duration;

/// Pauses of one task, from 0.2 s to `longest`.
#[derive(Clone, Debug)]
pub struct Pace {
    failures: u32,
    longest: Duration,
}

impl Pace {
    pub fn new(longest: Duration) -> Self {
        Self { failures: 0, longest }
    }

    /// It worked.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// Whether the failure that comes is the first after a success.
    pub fn is_fresh(&self) -> bool {
        self.failures == 0
    }

    /// The pause after one more failure. `random` is in `0.0..1.0`.
    pub fn next(&mut self, random: f64) -> Duration {
        let base = Duration::from_millis(200).saturating_mul(1 << self.failures.min(16));
        self.failures = self.failures.saturating_add(1);
        base.min(self.longest).mul_f64(0.5 + random / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_their_bound_and_start_anew() {
        let mut pace = Pace::new(Duration::from_secs(5));
        let pauses: Vec<u128> = (0..7).map(|_| pace.next(1.0).as_millis()).collect();
        assert_eq!(pauses, [200, 400, 800, 1600, 3200, 5000, 5000]);
        pace.reset();
        assert_eq!(pace.next(0.0).as_millis(), 100);
    }
}
