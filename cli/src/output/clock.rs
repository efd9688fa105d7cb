//! Times as people read them: the local clock, and how long ago.

use std::{sync::OnceLock, time::Duration};

use beanpole_protocol::Timestamp;
use time::{OffsetDateTime, UtcOffset};

static OFFSET: OnceLock<UtcOffset> = OnceLock::new();

/// Asks the system for the local zone. To be called before any thread starts; UTC otherwise.
pub fn remember_local_offset() {
    let _ = OFFSET.set(UtcOffset::current_local_offset().unwrap_or(UtcOffset::UTC));
}

fn local(at: Timestamp) -> OffsetDateTime {
    let at = OffsetDateTime::from(at);
    at.to_offset(OFFSET.get().copied().unwrap_or(UtcOffset::UTC))
}

/// `2026-11-22 23:41:04`
pub fn date_time(at: Timestamp) -> String {
    let at = local(at);
    format!("{} {}", at.date(), clock_of(at))
}

/// `23:41:04`
pub fn clock(at: Timestamp) -> String {
    clock_of(local(at))
}

fn clock_of(at: OffsetDateTime) -> String {
    format!("{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second())
}

/// `261122_234104105`: the time in a version label.
pub fn compact(at: Timestamp) -> String {
    let at = local(at);
    format!(
        "{:02}{:02}{:02}_{:02}{:02}{:02}{:03}",
        at.year().rem_euclid(100),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second(),
        at.millisecond()
    )
}

/// `5 s`, `3 min`, `7 h`, `12 d`.
pub fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// `12 s ago`; `just now` for less than two seconds.
pub fn ago(now: Timestamp, at: Timestamp) -> String {
    let passed = now.since(at);
    if passed < Duration::from_secs(2) {
        "just now".to_owned()
    } else {
        format!("{} ago", span(passed))
    }
}

/// `1.2 s`, `48 s`, `2 min 5 s`: how long something took.
pub fn took(millis: u64) -> String {
    match millis {
        0..10_000 => format!("{}.{} s", millis / 1000, millis % 1000 / 100),
        10_000..60_000 => format!("{} s", millis / 1000),
        _ => format!("{} min {} s", millis / 60_000, millis % 60_000 / 1000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_as_written() {
        let at = Timestamp::from_millis(1_795_390_864_105);
        assert_eq!(date_time(at), "2026-11-22 23:41:04");
        assert_eq!(compact(at), "261122_234104105");
        assert_eq!(ago(at + Duration::from_secs(200), at), "3 min ago");
        assert_eq!(ago(at, at + Duration::from_secs(5)), "just now");
        assert_eq!(
            [took(1234), took(48_900), took(125_000)],
            ["1.2 s", "48 s", "2 min 5 s"]
        );
    }
}
