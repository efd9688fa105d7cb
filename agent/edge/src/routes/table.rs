//! The routes as requests need them: by host name, with only the targets that may be chosen.
//!
//! Immutable; a change of routes makes a new table. Holds no counters of its own but the turn of
//! each set. Draining targets and those without an address are not in it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use beanpole_protocol::EnvironmentId;
use beanpole_protocol::routes::{EnvironmentRoute, Routes, TargetState};
use http::HeaderValue;

use super::choice::{self, Standing};
use super::sticky::{self, Assignment};
use crate::upstream::backend::Backend;

/// All routes of one generation.
#[derive(Default)]
pub struct Table {
    pub generation: u64,
    hosts: HashMap<Box<str>, Arc<Environment>>,
}

/// How the requests of one environment are spread.
pub struct Environment {
    pub id: EnvironmentId,
    pub name: String,
    sets: Vec<Set>,
    sticky: Option<Sticky>,
}

/// What the cookie keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sticky {
    Side,
    Instance,
}

struct Set {
    weight: u32,
    side: u64,
    turn: AtomicUsize,
    members: Vec<Member>,
}

/// A target that may be chosen.
pub struct Member {
    pub backend: Arc<Backend>,
    pub address: SocketAddr,
    /// Sent with the answer when the environment is sticky.
    pub cookie: Option<HeaderValue>,
    healthy: bool,
    number: u64,
}

impl Member {
    fn standing(&self, now: u64) -> Standing {
        if self.backend.was_unreachable() && self.backend.avoided(now) {
            Standing::Unreachable
        } else if self.healthy {
            Standing::Healthy
        } else {
            Standing::Unhealthy
        }
    }
}

/// Something in a routes file that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    pub host: String,
    pub environment: String,
}

impl Table {
    /// Builds the table. `backend` gives the running state of a target. A host name that two
    /// environments claim stays with the first of them; the rest is returned.
    pub fn build(
        routes: &Routes,
        mut backend: impl FnMut(&EnvironmentRoute, &str, &beanpole_protocol::routes::Target) -> Arc<Backend>,
    ) -> (Self, Vec<Conflict>) {
        let mut hosts: HashMap<Box<str>, Arc<Environment>> = HashMap::new();
        let mut conflicts = Vec::new();
        for route in &routes.environments {
            let environment = Arc::new(Environment::build(route, &mut backend));
            for host in &route.hosts {
                let name = host.trim_end_matches('.').to_ascii_lowercase().into_boxed_str();
                match hosts.get(&name) {
                    None => {
                        hosts.insert(name, Arc::clone(&environment));
                    }
                    Some(other) if other.id == route.environment => {}
                    Some(_) => conflicts.push(Conflict {
                        host: host.clone(),
                        environment: route.environment.to_string(),
                    }),
                }
            }
        }
        (
            Self {
                generation: routes.generation,
                hosts,
            },
            conflicts,
        )
    }

    /// The environment that answers for a name as `proxy::host::name` gives it.
    pub fn find(&self, host: &str) -> Option<&Environment> {
        self.hosts.get(host).map(Arc::as_ref)
    }

    /// How many host names are served.
    pub fn host_count(&self) -> usize {
        self.hosts.len()
    }
}

impl Environment {
    fn build(
        route: &EnvironmentRoute,
        backend: &mut impl FnMut(&EnvironmentRoute, &str, &beanpole_protocol::routes::Target) -> Arc<Backend>,
    ) -> Self {
        let sticky = route
            .stickiness
            .as_ref()
            .map(|stickiness| match stickiness.to_instance {
                true => Sticky::Instance,
                false => Sticky::Side,
            });
        let sets = route.sets.iter().map(|set| {
            let side = sticky::side(&route.environment, &set.version);
            let members = set.targets.iter().filter_map(|target| {
                let backend = backend(route, &set.version, target);
                let number = sticky::instance(&route.environment, &target.instance);
                let cookie = route.stickiness.as_ref().and_then(|stickiness| {
                    let instance = if stickiness.to_instance { number } else { 0 };
                    sticky::set_cookie(Assignment { side, instance }, stickiness.duration_seconds)
                });
                let address = target
                    .address
                    .filter(|_| target.state == TargetState::InService)?;
                Some(Member {
                    backend,
                    address,
                    cookie,
                    healthy: target.healthy,
                    number,
                })
            });
            let members = members.collect();
            Set {
                weight: u32::from(set.weight),
                side,
                turn: AtomicUsize::new(0),
                members,
            }
        });
        Self {
            id: route.environment.clone(),
            name: route.name.clone(),
            sets: sets.collect(),
            sticky,
        }
    }

    /// Whether a client's cookie matters here.
    pub fn is_sticky(&self) -> bool {
        self.sticky.is_some()
    }

    /// Chooses a target for a new request: the cookie's side and instance while they are in
    /// service, else a set by weight and in it the least busy target. `tried` tells which must
    /// not be chosen again, `draw(n)` is an even draw below `n`.
    pub fn pick(
        &self,
        cookie: Option<Assignment>,
        now: u64,
        tried: impl Fn(&Backend) -> bool,
        mut draw: impl FnMut(u32) -> u32,
    ) -> Option<&Member> {
        let usable = |set: &Set| set.weight > 0 && set.members.iter().any(|member| !tried(&member.backend));
        if let (Some(sticky), Some(cookie)) = (self.sticky, cookie) {
            let own_side = |set: &Set| set.side == cookie.side && usable(set);
            if sticky == Sticky::Instance
                && let Some(member) = self.sets.iter().filter(|set| own_side(set)).find_map(|set| {
                    let own = set
                        .members
                        .iter()
                        .find(|member| member.number == cookie.instance)?;
                    (own.standing(now) == Standing::Healthy && !tried(&own.backend)).then_some(own)
                })
            {
                return Some(member);
            }
            if let Some(member) = self.pick_among(own_side, now, &tried, &mut draw) {
                return Some(member);
            }
        }
        self.pick_among(usable, now, &tried, &mut draw)
    }

    fn pick_among(
        &self,
        eligible: impl Fn(&Set) -> bool,
        now: u64,
        tried: &impl Fn(&Backend) -> bool,
        draw: &mut impl FnMut(u32) -> u32,
    ) -> Option<&Member> {
        let weight = |set: &Set| if eligible(set) { set.weight } else { 0 };
        let sum: u32 = self.sets.iter().map(weight).sum();
        let set = match sum {
            0 => return None,
            // The usual case of one set needs no draw.
            _ if self.sets.iter().filter(|set| weight(set) > 0).count() == 1 => {
                self.sets.iter().find(|set| weight(set) > 0)?
            }
            _ => &self.sets[choice::by_weight(self.sets.iter().map(weight), draw(sum))?],
        };
        let turn = set.turn.fetch_add(1, Ordering::Relaxed);
        let chosen = choice::by_load(set.members.len(), turn, |index| {
            let member = &set.members[index];
            (!tried(&member.backend)).then(|| (member.standing(now), member.backend.in_flight()))
        })?;
        set.members.get(chosen)
    }
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
