//! System tests' ground: a whole Beanpole of its own for each test, on real Docker and Postgres, or a
//! server alone where SQS is all that is tested.
//!
//! Holds the world, sample applications, load, other people's clients and waiting; the tests are in
//! `tests/`. Everything that is started ends with its test, also when that panics; what a failed test
//! leaves for reading is in `target/test-scratch/<test>`.

pub mod apps;
pub mod browser;
pub mod bundle;
pub mod load;
pub mod packages;
mod ports;
pub mod program;
pub mod queues;
pub mod servers;
pub mod sqs;
pub mod wait;
pub mod world;

pub use load::{Load, LoadReport};
pub use queues::Queues;
pub use servers::Servers;
pub use wait::eventually;
pub use world::World;
