//! Version images: one build per version, one at a time, its output kept and shown.
//!
//! Takes a bundle's zip apart by our own hand (names, links and sizes are checked before Docker sees
//! anything), plans with `beanpole-platforms`, builds with bounds on CPU and memory.

pub mod context;
pub mod dockerignore;
pub mod log;
mod pod;
pub mod registries;
pub mod version;
