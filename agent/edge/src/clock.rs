//! Milliseconds since the process first asked: what deadlines between tasks are kept in.
//!
//! Monotonic and cheap. Zero is never returned, so that zero can mean "not set" in an atomic.

use std::sync::OnceLock;
use std::time::Instant;

static START: OnceLock<Instant> = OnceLock::new();

/// Milliseconds since the first call, plus one.
pub fn millis() -> u64 {
    millis_at(Instant::now())
}

/// The same for an instant already at hand.
pub fn millis_at(at: Instant) -> u64 {
    let start = *START.get_or_init(|| at);
    u64::try_from(at.saturating_duration_since(start).as_millis()).unwrap_or(u64::MAX - 1) + 1
}
