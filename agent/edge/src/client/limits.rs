//! How long a client's connection may do nothing useful. Pure.
//!
//! A request that is being served has no limit here: long polls, event streams and slow downloads
//! go on as long as bytes move. Connections are looked at a few times a second, so a limit is kept
//! to within that.

/// Limits in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From the connection to the first complete request head, and from a later head's first byte
    /// to its last.
    pub header: u64,
    /// Between requests.
    pub idle: u64,
    /// A client that takes no bytes although there are some for it.
    pub stalled: u64,
}

/// What a connection did last; times in milliseconds, absent when not the case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Requests being served.
    pub active: u32,
    /// Requests begun since the connection was made.
    pub any_request: bool,
    /// HTTP/2 frames that are not requests come at any time, so their bytes begin no head.
    pub http2: bool,
    /// Since when no request is being served.
    pub quiet_since: u64,
    pub head_since: Option<u64>,
    pub blocked_since: Option<u64>,
}

/// Whether the connection has overstayed.
pub fn overdue(seen: Seen, limits: Limits, now: u64) -> bool {
    let over = |since: u64, limit: u64| now.saturating_sub(since) > limit;
    if seen
        .blocked_since
        .is_some_and(|since| over(since, limits.stalled))
    {
        return true;
    }
    if seen.active > 0 {
        return false;
    }
    match seen.head_since {
        _ if !seen.any_request => over(seen.quiet_since, limits.header),
        Some(since) if !seen.http2 => over(since, limits.header),
        _ => over(seen.quiet_since, limits.idle),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limits_apply_each_in_its_case() {
        let limits = Limits {
            header: 10,
            idle: 75,
            stalled: 60,
        };
        let fresh = Seen {
            quiet_since: 100,
            ..Seen::default()
        };
        let later = Seen {
            any_request: true,
            ..fresh
        };
        for (name, seen, last_good) in [
            ("silent from the start", fresh, 110),
            (
                "slow first head",
                Seen {
                    head_since: Some(108),
                    ..fresh
                },
                110,
            ),
            ("idle between requests", later, 175),
            (
                "slow later head",
                Seen {
                    head_since: Some(150),
                    ..later
                },
                160,
            ),
            (
                "http/2 frames between requests",
                Seen {
                    head_since: Some(150),
                    http2: true,
                    ..later
                },
                175,
            ),
            (
                "served but not reading",
                Seen {
                    active: 1,
                    blocked_since: Some(200),
                    ..later
                },
                260,
            ),
        ] {
            assert!(!overdue(seen, limits, last_good), "{name}");
            assert!(overdue(seen, limits, last_good + 1), "{name}");
        }
        assert!(
            !overdue(Seen { active: 1, ..later }, limits, u64::MAX),
            "being served"
        );
    }
}
