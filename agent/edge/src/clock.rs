//! Milliseconds since the process first asked: what deadlines between tasks are kept in.
//!
//! Monotonic. Zero is never returned, so that zero can mean "not set" in an atomic. The coarse
//! reading costs a load instead of a system clock's reading; it is as old as the keeper's last
//! tick, a quarter of a second, which limits of whole seconds do not mind.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

static START: OnceLock<Instant> = OnceLock::new();
static LAST_TICK: AtomicU64 = AtomicU64::new(1);

/// Milliseconds since the first call, plus one.
pub fn millis() -> u64 {
    millis_at(Instant::now())
}

/// The same for an instant already at hand.
pub fn millis_at(at: Instant) -> u64 {
    let start = *START.get_or_init(|| at);
    u64::try_from(at.saturating_duration_since(start).as_millis()).unwrap_or(u64::MAX - 1) + 1
}

/// Reads the clock for [`coarse`], and returns what it read.
pub fn tick() -> u64 {
    let now = millis();
    LAST_TICK.fetch_max(now, Ordering::Relaxed);
    now
}

/// The time of the last [`tick`].
#[inline]
pub fn coarse() -> u64 {
    LAST_TICK.load(Ordering::Relaxed)
}
