//! How often a name may try to sign in with a password.
//!
//! Each name has a bucket of tries that refills slowly; a successful try costs nothing. Kept in this
//! process only: several servers each allow as much. Invariant: memory is bounded however many names
//! are tried, because names without a bucket of their own share one once there are too many.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use beanpole_protocol::Timestamp;

/// Tries at once.
const BURST: u32 = 10;
/// One try comes back after this long.
const REFILL: Duration = Duration::from_secs(30);
/// Names with a bucket of their own.
const NAMES: usize = 10_000;

/// A bucket as the moment at which it is full again; tries used up are time ahead of now.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    full_at: Timestamp,
}

impl Bucket {
    /// Takes a try, or says how long until there is one.
    fn take(self, now: Timestamp) -> Result<Bucket, Duration> {
        let from = self.full_at.max(now);
        let next = from + REFILL;
        let owed = next.since(now);
        let room = REFILL * BURST;
        if owed > room {
            Err(owed - room)
        } else {
            Ok(Bucket { full_at: next })
        }
    }
}

#[derive(Default)]
struct Buckets {
    by_name: HashMap<String, Bucket>,
    /// When full buckets were last cleared away; not more often than one can refill.
    swept_at: Option<Timestamp>,
}

impl Buckets {
    fn sweep(&mut self, now: Timestamp) {
        if self.swept_at.is_none_or(|at| now.since(at) >= REFILL) {
            self.by_name.retain(|_, bucket| bucket.full_at > now);
            self.swept_at = Some(now);
        }
    }
}

/// Tries to sign in, by name.
#[derive(Clone, Default)]
pub struct SignIns(Arc<Mutex<Buckets>>);

impl SignIns {
    /// Takes a try of `name`, or says how long it has to wait.
    pub fn take(&self, name: &str, now: Timestamp) -> Result<(), Duration> {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.by_name.len() >= NAMES {
            buckets.sweep(now);
        }
        let by_name = &mut buckets.by_name;
        // The empty name belongs to nobody.
        let name = if by_name.len() >= NAMES && !by_name.contains_key(name) {
            ""
        } else {
            name
        };
        let bucket = by_name.get(name).copied().unwrap_or(Bucket { full_at: now });
        by_name.insert(name.to_owned(), bucket.take(now)?);
        Ok(())
    }

    /// Gives the tries of a name back: it signed in.
    pub fn succeeded(&self, name: &str) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .by_name
            .remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_millis(1_000_000);

    #[test]
    fn ten_tries_and_then_one_every_thirty_seconds() {
        let tries = SignIns::default();
        for _ in 0..10 {
            assert_eq!(tries.take("ann", START), Ok(()));
        }
        assert_eq!(tries.take("ann", START), Err(REFILL));
        assert_eq!(tries.take("bob", START), Ok(()));
        let later = START + REFILL;
        assert_eq!(tries.take("ann", later), Ok(()));
        assert!(tries.take("ann", later).is_err());
    }

    #[test]
    fn success_forgets_what_went_before() {
        let tries = SignIns::default();
        for _ in 0..10 {
            assert_eq!(tries.take("ann", START), Ok(()));
        }
        tries.succeeded("ann");
        assert_eq!(tries.take("ann", START), Ok(()));
    }

    #[test]
    fn many_names_take_bounded_memory() {
        let tries = SignIns::default();
        for number in 0..NAMES + 500 {
            let _ = tries.take(&format!("name {number}"), START);
        }
        let count = || tries.0.lock().unwrap().by_name.len();
        assert_eq!(count(), NAMES + 1);
        // All but the shared bucket are full again by then.
        assert_eq!(tries.take("after a while", START + REFILL), Ok(()));
        assert_eq!(count(), 2);
    }
}
