//! How many connections go through the door: so many in all, and so many of one instance, so that none
//! can shut out the others.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

/// Connections at most.
#[derive(Clone, Copy, Debug)]
pub struct Most {
    pub in_all: usize,
    pub of_one: usize,
}

/// Who is inside. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Crowd {
    most: Most,
    inside: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// A place inside, free again when dropped.
#[derive(Debug)]
pub struct Place {
    crowd: Crowd,
    who: IpAddr,
}

impl Crowd {
    pub fn new(most: Most) -> Self {
        Self {
            most,
            inside: Arc::default(),
        }
    }

    fn inside(&self) -> std::sync::MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for one more connection of `who`; none when there is no room.
    pub fn enter(&self, who: IpAddr) -> Option<Place> {
        let mut inside = self.inside();
        let own = inside.get(&who).copied().unwrap_or_default();
        if own >= self.most.of_one || inside.values().sum::<usize>() >= self.most.in_all {
            return None;
        }
        inside.insert(who, own + 1);
        Some(Place {
            crowd: self.clone(),
            who,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut inside = self.crowd.inside();
        match inside.get_mut(&self.who) {
            Some(own) if *own > 1 => *own -= 1,
            _ => {
                inside.remove(&self.who);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_more_than_their_share_and_places_come_back() {
        let crowd = Crowd::new(Most { in_all: 3, of_one: 2 });
        let [one, other] = ["169.254.170.3", "169.254.170.4"].map(|ip| ip.parse::<IpAddr>().unwrap());
        let first = crowd.enter(one).unwrap();
        let _second = crowd.enter(one).unwrap();
        assert!(crowd.enter(one).is_none());
        let _third = crowd.enter(other).unwrap();
        assert!(crowd.enter(other).is_none(), "three are the most");
        drop(first);
        assert!(crowd.enter(other).is_some());
    }
}
