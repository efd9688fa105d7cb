//! How long to wait before the next try: doubling, bounded, never in step with other clients.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(3);

#[derive(Debug)]
pub struct Backoff {
    next: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { next: FIRST }
    }
}

impl Backoff {
    /// The next wait. `chance` is from 0 to 1: the wait is between half of the step and all of it.
    pub fn step(&mut self, chance: f64) -> Duration {
        let step = self.next;
        self.next = (step * 2).min(LONGEST);
        step / 2 + (step / 2).mul_f64(chance.clamp(0.0, 1.0))
    }

    pub fn reset(&mut self) {
        self.next = FIRST;
    }

    /// Waits, then doubles.
    pub async fn pause(&mut self) {
        tokio::time::sleep(self.step(rand::random())).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_bound_and_start_again() {
        let mut backoff = Backoff::default();
        let steps: Vec<u128> = (0..6).map(|_| backoff.step(1.0).as_millis()).collect();
        assert_eq!(steps, [200, 400, 800, 1600, 3000, 3000]);
        backoff.reset();
        assert_eq!(backoff.step(0.0).as_millis(), 100);
    }
}
