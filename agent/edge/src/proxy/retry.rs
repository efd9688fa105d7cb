//! What may be tried again after a request to an instance failed.
//!
//! Pure. Invariant: never once a byte of an answer was seen, and a request that may have effects
//! never once a byte of it was sent.

use http::Method;

/// Other instances tried after the first one refused the connection.
pub const OTHER_INSTANCES: usize = 2;
/// Other instances tried when one closed the connection on a request that was sent: kept at one,
/// so that a request which brings an application down does so twice at most.
pub const OTHER_INSTANCES_AFTER_SENDING: usize = 1;
/// A request that cannot be repeated goes over an idle connection only if that idled no longer,
/// in milliseconds: the instance is then not about to close it.
pub const FRESH_IDLE_MILLIS: u64 = 1_000;

/// Whether sending a request twice is as good as once (RFC 9110, 9.2.2) and possible: the body
/// of a request is not kept.
pub fn repeatable(method: &Method, has_body: bool) -> bool {
    !has_body && method.is_idempotent()
}

/// How far a request got before it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// No connection was made.
    NotConnected,
    /// Not a byte was sent.
    Unsent,
    /// Something was sent; nothing came back.
    Sent,
    /// Some of an answer came.
    Answered,
}

/// Where the connection came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connected {
    /// It had served another request before.
    Reused,
    Fresh,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The same instance by a new connection.
    Reconnect,
    /// Another instance, if there is one.
    OtherInstance,
    GiveUp,
}

/// Decides after a failure. `others_tried` counts the instances tried before this one.
pub fn next(progress: Progress, connected: Connected, repeatable: bool, others_tried: usize) -> Next {
    match (progress, connected) {
        (Progress::Answered, _) => Next::GiveUp,
        (Progress::Unsent, Connected::Reused) => Next::Reconnect,
        (Progress::Sent, Connected::Reused) if repeatable => Next::Reconnect,
        (Progress::NotConnected | Progress::Unsent, _) if others_tried < OTHER_INSTANCES => {
            Next::OtherInstance
        }
        (Progress::Sent, Connected::Fresh) if repeatable && others_tried < OTHER_INSTANCES_AFTER_SENDING => {
            Next::OtherInstance
        }
        _ => Next::GiveUp,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_table() {
        use Connected::*;
        use Next::*;
        use Progress::*;
        for (progress, connected, repeatable, tried, wanted) in [
            (NotConnected, Fresh, false, 0, OtherInstance),
            (NotConnected, Fresh, false, 1, OtherInstance),
            (NotConnected, Fresh, true, 2, GiveUp),
            (Unsent, Reused, false, 0, Reconnect),
            (Unsent, Reused, false, 2, Reconnect),
            (Unsent, Fresh, false, 0, OtherInstance),
            (Sent, Reused, true, 0, Reconnect),
            (Sent, Reused, false, 0, GiveUp),
            (Sent, Fresh, true, 0, OtherInstance),
            (Sent, Fresh, true, 1, GiveUp),
            (Sent, Fresh, false, 0, GiveUp),
            (Answered, Reused, true, 0, GiveUp),
            (Answered, Fresh, true, 0, GiveUp),
        ] {
            assert_eq!(
                next(progress, connected, repeatable, tried),
                wanted,
                "{progress:?} {connected:?} {repeatable} {tried}"
            );
        }
    }

    #[test]
    fn only_idempotent_requests_without_body_are_repeatable() {
        assert!(repeatable(&Method::GET, false));
        assert!(repeatable(&Method::DELETE, false));
        assert!(!repeatable(&Method::PUT, true));
        assert!(!repeatable(&Method::POST, false));
        assert!(!repeatable(&Method::PATCH, false));
    }
}
