//! What Beanpole knows about each platform: how a bundle is recognised, built and started.
//!
//! The data is in one folder a platform beside `src/`; the code here is pure: it turns file names and
//! texts into decisions and Dockerfiles, and leaves pulling, building and running to the agent.
//! Invariant: equal inputs give equal Dockerfiles and equal image tags, on every host.

pub mod detect;
pub mod dockerfile;
pub mod images;
mod nodejs;
pub mod plan;
pub mod procfile;
mod python;
pub mod source;
pub mod start;

pub use detect::{DetectError, detect};
pub use plan::{AppBuild, PlanError, plan};
pub use source::Source;
