//! System tests' ground: a whole Beanpole of its own for each test, on real Docker and Postgres.
//!
//! Holds the world, sample applications, load and waiting; the tests are in `tests/`. Everything a
//! world starts ends with it, also when the test panics; what a failed test leaves for reading is
//! in `target/test-scratch/<test>`.

pub mod apps;
pub mod browser;
pub mod bundle;
pub mod load;
pub mod servers;
pub mod sqs;
pub mod wait;
pub mod world;

pub use load::{Load, LoadReport};
pub use servers::Servers;
pub use wait::eventually;
pub use world::World;
