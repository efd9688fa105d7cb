//! A simulated world for the planner: hosts that die and return, agents that report late, edges that
//! drain, applications that never come up. Deterministic for a scenario and its seed.
//!
//! `scenario` says what happens, `world` is what is, `store` applies plans as reconcile would,
//! `check` holds every plan against what the planner promises, `run` turns the clock. `properties`
//! drives generated scenarios through it, `golden` a few told ones whose whole course is recorded.

mod check;
mod generate;
mod golden;
mod properties;
mod run;
pub mod scenario;
mod store;
pub mod world;
