//! Decides what a deployment does next: `plan(snapshot, now) -> changes, next wake`.
//!
//! Pure: no clock, no row, no network, no randomness. Each deployment policy is one file under
//! `policy/`. What it leaves to others: `reconcile` loads snapshots and stores plans, agents act.
//! Invariants (held by property tests and the simulator): serving instances never below the
//! policy's floor, instances never above its ceiling, phases never go back, every deployment
//! ends, a settled world plans nothing.

pub mod cause;
pub mod change;
pub mod closing;
mod draft;
mod ending;
mod gate;
mod group;
pub mod health;
mod in_place;
pub mod limits;
pub mod options;
mod patience;
mod placement;
mod plan;
pub mod policy;
mod preparing;
pub mod reason;
mod returning;
pub mod snapshot;
mod steady;
mod sweep;
mod terminating;

pub use cause::Cause;
pub use change::{Change, Phase, Plan, Purpose};
pub use closing::closing;
pub use options::DeploymentOptions;
pub use plan::plan;
pub use policy::Bounds;
pub use reason::{Left, Reason};
pub use snapshot::Snapshot;

#[cfg(test)]
mod sim;
