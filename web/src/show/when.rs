//! Points in time: how long ago, and exactly.

use beanpole_protocol::Timestamp;
use serde::Serialize;
use time::OffsetDateTime;

/// A time as a page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct When {
    /// For machines: RFC 3339.
    iso: String,
    /// `2026-11-22 23:41:04 UTC`
    exact: String,
    /// `23:41:04`
    clock: String,
    /// `3 min ago`, `in 2 h`
    relative: String,
}

impl When {
    pub fn new(at: Timestamp, now: Timestamp) -> Self {
        let date = OffsetDateTime::from(at);
        let clock = format!("{:02}:{:02}:{:02}", date.hour(), date.minute(), date.second());
        Self {
            iso: at.to_string(),
            exact: format!(
                "{:04}-{:02}-{:02} {clock} UTC",
                date.year(),
                u8::from(date.month()),
                date.day()
            ),
            clock,
            relative: relative(at, now),
        }
    }
}

fn relative(at: Timestamp, now: Timestamp) -> String {
    let seconds = (now.as_millis().saturating_sub(at.as_millis())) / 1000;
    if seconds.abs() < 5 {
        return "just now".to_owned();
    }
    let span = span(seconds.unsigned_abs());
    if seconds > 0 {
        format!("{span} ago")
    } else {
        format!("in {span}")
    }
}

/// One unit is enough for "how long ago".
fn span(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h", seconds / 3600),
        86_400..172_800 => "1 day".to_owned(),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn past_and_future_are_told_in_one_unit() {
        let now = Timestamp::from_millis(1_795_390_864_105);
        for (ago, said) in [
            (1_000, "just now"),
            (-2_000, "just now"),
            (59_000, "59 s ago"),
            (61_000, "1 min ago"),
            (3_600_000, "1 h ago"),
            (90_000_000, "1 day ago"),
            (864_000_000, "10 days ago"),
            (-7_300_000, "in 2 h"),
        ] {
            let at = Timestamp::from_millis(now.as_millis() - ago);
            assert_eq!(When::new(at, now).relative, said);
        }
        assert_eq!(When::new(now, now).exact, "2026-11-22 23:41:04 UTC");
    }
}
