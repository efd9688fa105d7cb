//! What was looked up a moment ago, by access key.
//!
//! Invariant: nothing is returned that is older than [`GOOD_FOR`], nor, in this process, anything that
//! was read before the last [`Cache::forget`].

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{Arc, PoisonError, RwLock},
};

use tokio::sync::Mutex;

/// Seconds after which a key is looked up again: so long may another server's change go unnoticed.
pub(super) const GOOD_FOR: i64 = 5;

/// More keys than this in use within seconds are looked up more often.
const MOST: usize = 20_000;

/// Look-ups of different keys that may run at once.
const LANES: usize = 32;

struct Entry<V> {
    read_at: i64,
    value: Arc<V>,
}

struct Shelf<V> {
    /// Counts what was forgotten.
    age: u64,
    entries: HashMap<String, Entry<V>>,
}

pub(super) struct Cache<V> {
    shelf: RwLock<Shelf<V>>,
    /// Who looks up a key holds its lane, so that a crowd of calls becomes one look-up.
    lanes: [Mutex<()>; LANES],
    hasher: RandomState,
}

/// When a look-up began, seen from what was forgotten.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Age(u64);

impl<V> Cache<V> {
    pub fn new() -> Self {
        Self {
            shelf: RwLock::new(Shelf {
                age: 0,
                entries: HashMap::new(),
            }),
            lanes: std::array::from_fn(|_| Mutex::new(())),
            hasher: RandomState::new(),
        }
    }

    pub fn get(&self, key: &str, now: i64) -> Option<Arc<V>> {
        let shelf = self.shelf.read().unwrap_or_else(PoisonError::into_inner);
        let entry = shelf.entries.get(key)?;
        is_good(entry, now).then(|| entry.value.clone())
    }

    /// To be held while `key` is looked up; then ask [`Cache::get`] once more.
    pub fn lane(&self, key: &str) -> &Mutex<()> {
        let hash = self.hasher.hash_one(key);
        let at = usize::try_from(hash % LANES as u64).unwrap_or(0);
        &self.lanes[at]
    }

    /// To be taken before a look-up.
    pub fn age(&self) -> Age {
        Age(self.shelf.read().unwrap_or_else(PoisonError::into_inner).age)
    }

    /// Keeps what a look-up found, unless something was forgotten since it began.
    pub fn put(&self, key: &str, value: Arc<V>, now: i64, began: Age) {
        let mut shelf = self.shelf.write().unwrap_or_else(PoisonError::into_inner);
        if shelf.age != began.0 {
            return;
        }
        if shelf.entries.len() >= MOST {
            shelf.entries.retain(|_, entry| is_good(entry, now));
        }
        if shelf.entries.len() >= MOST {
            shelf.entries.clear();
        }
        shelf
            .entries
            .insert(key.to_owned(), Entry { read_at: now, value });
    }

    /// Forgets everything, also what is being looked up at this moment.
    pub fn forget(&self) {
        let mut shelf = self.shelf.write().unwrap_or_else(PoisonError::into_inner);
        shelf.age += 1;
        shelf.entries.clear();
    }
}

/// A clock that was set back makes entries old, not eternal.
fn is_good<V>(entry: &Entry<V>, now: i64) -> bool {
    (0..GOOD_FOR).contains(&(now - entry.read_at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_good_for_seconds_and_until_they_are_forgotten() {
        let cache = Cache::new();
        cache.put("a", Arc::new(1), 100, cache.age());
        for (now, expected) in [(100, Some(1)), (104, Some(1)), (105, None), (99, None)] {
            assert_eq!(cache.get("a", now).as_deref().copied(), expected, "{now}");
        }
        let began = cache.age();
        cache.forget();
        assert_eq!(cache.get("a", 100), None);
        cache.put("a", Arc::new(2), 100, began);
        assert_eq!(cache.get("a", 100), None, "it was read before something changed");
    }

    #[test]
    fn no_crowd_of_keys_grows_it_without_end() {
        let cache = Cache::new();
        for number in 0..=MOST {
            cache.put(&number.to_string(), Arc::new(()), 100, cache.age());
        }
        let held = cache.shelf.read().unwrap().entries.len();
        assert!(held <= MOST, "{held}");
        assert!(cache.get(&MOST.to_string(), 100).is_some());
    }
}
