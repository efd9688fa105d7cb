//! The routes in force and the running state of every instance they name or named.
//!
//! Order of a change: the new table is swapped in first, so that no new request reaches an
//! instance that leaves; then its open requests are waited for, outside any lock that requests
//! take, up to the deregistration delay, and cut after it. An instance that disappears from the
//! file is treated like one that drains, and forgotten once nothing of it is open.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use beanpole_protocol::InstanceId;
use beanpole_protocol::routes::{Routes, TargetState};

use super::table::{Conflict, Table};
use crate::upstream::backend::Backend;

/// The routes in force.
#[derive(Default)]
pub struct Registry {
    table: ArcSwap<Table>,
    entries: Mutex<BTreeMap<InstanceId, Entry>>,
}

struct Entry {
    backend: Arc<Backend>,
    listed: bool,
    service: Service,
    delay_millis: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Service {
    In,
    /// Left service; open requests are cut at this time.
    Leaving {
        cut_at: u64,
    },
    /// Left service and its open requests were cut.
    Cut,
}

/// What a change of routes did, for the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    pub generation: u64,
    pub hosts: usize,
    pub in_service: usize,
    pub joined: usize,
    pub left: usize,
    pub conflicts: Vec<Conflict>,
}

impl Registry {
    /// The table in force, for one quick look.
    pub fn table(&self) -> arc_swap::Guard<Arc<Table>> {
        self.table.load()
    }

    fn entries(&self) -> MutexGuard<'_, BTreeMap<InstanceId, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts new routes in force and begins to drain what left service.
    pub fn apply(&self, routes: &Routes, now: u64) -> Change {
        let mut entries = self.entries();
        let was_in: Vec<InstanceId> = entries
            .iter()
            .filter(|(_, entry)| entry.service == Service::In)
            .map(|(id, _)| id.clone())
            .collect();
        entries.values_mut().for_each(|entry| entry.listed = false);
        let mut in_service = Vec::new();
        let (table, conflicts) = Table::build(routes, |route, version, target| {
            let entry = entries.entry(target.instance.clone()).or_insert_with(|| Entry {
                backend: Arc::new(Backend::new(
                    target.instance.clone(),
                    route.environment.clone(),
                    version.to_owned(),
                )),
                listed: true,
                service: Service::Leaving { cut_at: now },
                delay_millis: 0,
            });
            entry.listed = true;
            entry.delay_millis = u64::from(route.deregistration_delay_seconds) * 1000;
            if target.state == TargetState::InService {
                in_service.push(target.instance.clone());
                entry.service = Service::In;
                entry.backend.open_to_new();
            }
            Arc::clone(&entry.backend)
        });
        in_service.sort_unstable();
        in_service.dedup();
        let mut change = Change {
            generation: routes.generation,
            hosts: table.host_count(),
            in_service: in_service.len(),
            joined: in_service
                .iter()
                .filter(|id| was_in.binary_search(id).is_err())
                .count(),
            left: was_in
                .iter()
                .filter(|id| in_service.binary_search(id).is_err())
                .count(),
            conflicts,
        };
        change.conflicts.dedup();
        self.table.store(Arc::new(table));
        for (id, entry) in entries.iter_mut() {
            if entry.service == Service::In && in_service.binary_search(id).is_err() {
                entry.backend.close_to_new();
                entry.service = Service::Leaving {
                    cut_at: now + entry.delay_millis,
                };
            } else if entry.service != Service::In {
                entry.backend.close_to_new();
            }
        }
        change
    }

    /// Ends what overstayed and forgets what has left. To be called a few times a second.
    pub fn tick(&self, now: u64, response_limit: u64) {
        let mut entries = self.entries();
        for entry in entries.values_mut() {
            entry.backend.tick(now, response_limit);
            if let Service::Leaving { cut_at } = entry.service
                && now >= cut_at
            {
                let open = entry.backend.in_flight();
                if open > 0 {
                    tracing::info!(
                        instance.id = %entry.backend.instance,
                        open,
                        "cut the requests that were open longer than the deregistration delay"
                    );
                }
                entry.service = Service::Cut;
            }
            if entry.service == Service::Cut {
                // Again at each tick: a request may have been connecting at the last one.
                entry.backend.cut_all();
            }
        }
        entries.retain(|_, entry| {
            entry.listed
                || match entry.service {
                    Service::In | Service::Leaving { .. } => entry.backend.in_flight() > 0,
                    Service::Cut => false,
                }
        });
    }

    /// Every instance with anything to tell, in the order of ids.
    pub fn backends(&self) -> Vec<Arc<Backend>> {
        self.entries()
            .values()
            .map(|entry| Arc::clone(&entry.backend))
            .collect()
    }
}
