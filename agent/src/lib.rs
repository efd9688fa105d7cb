//! Beanpole's agent: makes one Docker host match its desired list, and says what it sees.
//!
//! News comes in (the desired list, Docker's containers, health, builds, the edge) at [`keeper`], the
//! pure [`diff`] says what to do, [`apply`] does it, and the new state is reported and remembered. It
//! decides nothing about deployments: that is the server's.
//! Invariant: whatever stops this process, containers run on, and the next one goes on from the ledger.

pub mod apply;
pub mod build;
pub mod cli;
pub mod diff;
pub mod docker;
pub mod door;
pub mod edge;
pub mod ending;
pub mod gc;
pub mod health;
pub mod images;
pub mod keeper;
pub mod labels;
pub mod ledger;
pub mod life;
pub mod link;
pub mod model;
pub mod observe;
pub mod routes;
pub mod run;
