//! What Beanpole knows about each platform: how a bundle is recognised, built and started.
//!
//! The data is in one folder a platform beside `src/`; the code here is pure: it turns file names and
//! texts into decisions and Dockerfiles, and leaves pulling, building and running to the agent.
//! Invariant: equal inputs give equal Dockerfiles and equal image tags, on every host.

pub mod buildfile;
pub mod changelog;
pub mod detect;
#[path = "../docker/dockerfile.rs"]
pub mod dockerfile;
pub mod extensions;
pub mod images;
pub mod layers;
pub mod plan;
pub mod platform;
pub mod pod;
pub mod procfile;
pub mod source;
pub mod start;
#[cfg(test)]
mod testing;

pub use beanpole_instance::words;
pub use detect::{DetectError, detect};
pub use plan::{AppBuild, PlanError, plan};
pub use platform::{
    Images, definition,
    docker::{FILES as DOCKER_FILES, containers},
};
pub use source::Source;
