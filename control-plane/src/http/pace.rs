//! How slowly a large body may come in: a bound on silence, and on the average once some time has
//! been allowed.
//!
//! Only time spent waiting for the client counts; what the server needs to write the body down does
//! not. Invariant: with any bound above zero a body ends, whole or refused, in a time that its
//! largest size bounds.

use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes};
use futures_util::StreamExt;
use tokio::time::Instant;

use crate::ApiError;

/// What is asked of whoever sends a large body.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Longest silence.
    pub idle: Duration,
    /// For so long any rate will do: networks and proxies need a moment to get going.
    pub grace: Duration,
    /// Bytes a second on average from then on.
    pub least_rate: u64,
}

impl Pace {
    /// Of bundles: what the slowest of today's lines does several times over.
    pub const UPLOAD: Pace = Pace {
        idle: Duration::from_secs(30),
        grace: Duration::from_secs(60),
        least_rate: 8 * 1024,
    };
}

/// Which bound was hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slow {
    Silent,
    BelowRate,
}

/// A body that is read at a pace.
pub struct Paced {
    chunks: BodyDataStream,
    pace: Pace,
    taken: u64,
    waited: Duration,
}

impl Paced {
    pub fn new(body: Body, pace: Pace) -> Self {
        Self {
            chunks: body.into_data_stream(),
            pace,
            taken: 0,
            waited: Duration::ZERO,
        }
    }

    /// The next piece; none at the end. 408 for a client that is too slow, 400 for one that breaks off.
    pub async fn next(&mut self) -> Result<Option<Bytes>, ApiError> {
        let (patience, bound) = patience(self.pace, self.taken, self.waited);
        let since = Instant::now();
        let next = tokio::time::timeout(patience, self.chunks.next()).await;
        self.waited = self.waited.saturating_add(since.elapsed());
        match next {
            Err(_) => Err(self.too_slow(bound)),
            Ok(None) => Ok(None),
            Ok(Some(Ok(chunk))) => {
                self.taken += chunk.len() as u64;
                Ok(Some(chunk))
            }
            Ok(Some(Err(_))) => Err(ApiError::bad_request(
                "body_cut_off",
                "the upload ended before it was whole; send it again",
            )),
        }
    }

    fn too_slow(&self, bound: Slow) -> ApiError {
        let (kind, message) = match bound {
            Slow::Silent => (
                "upload_stalled",
                format!(
                    "nothing came for {:?} in the middle of the upload; send it again",
                    self.pace.idle
                ),
            ),
            Slow::BelowRate => (
                "upload_too_slow",
                format!(
                    "{} bytes in {} s are less than the {} bytes a second that an upload needs; send it again \
                     over a faster line, or leave out what the application does not need (.ebignore)",
                    self.taken,
                    self.waited.as_secs(),
                    self.pace.least_rate
                ),
            ),
        };
        ApiError::new(http::StatusCode::REQUEST_TIMEOUT, kind, message)
    }
}

/// How long to wait for more when `taken` bytes came in `waited`, and what it means if none does.
fn patience(pace: Pace, taken: u64, waited: Duration) -> (Duration, Slow) {
    let earned = Duration::from_millis(taken.saturating_mul(1000) / pace.least_rate.max(1));
    let left = pace.grace.max(earned).saturating_sub(waited);
    match left < pace.idle {
        true => (left, Slow::BelowRate),
        false => (pace.idle, Slow::Silent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_bounded_and_the_average_after_the_grace() {
        let pace = Pace {
            idle: Duration::from_secs(30),
            grace: Duration::from_secs(60),
            least_rate: 1000,
        };
        // bytes, seconds waited -> seconds left, bound
        let table = [
            (0, 0, 30, Slow::Silent),
            (1, 30, 30, Slow::Silent),
            (2, 59, 1, Slow::BelowRate),
            (2, 60, 0, Slow::BelowRate),
            (60_000, 60, 0, Slow::BelowRate),
            (70_000, 60, 10, Slow::BelowRate),
            (1_000_000, 60, 30, Slow::Silent),
        ];
        for (taken, waited, left, bound) in table {
            let found = patience(pace, taken, Duration::from_secs(waited));
            assert_eq!(
                found,
                (Duration::from_secs(left), bound),
                "{taken} bytes in {waited} s"
            );
        }
    }

    #[test]
    fn a_byte_now_and_then_does_not_hold_an_upload_open() {
        let pace = Pace::UPLOAD;
        let (mut taken, mut waited) = (0, Duration::ZERO);
        while let (left, Slow::Silent) = patience(pace, taken, waited) {
            // One byte just before patience ends.
            waited += left - Duration::from_millis(1);
            taken += 1;
        }
        assert!(waited <= pace.grace, "{waited:?}");
    }
}
