//! For tests: a server's state on a database of its own, agents that only pretend, and a way to let
//! them all do their work without waiting for clocks.

mod fake_agent;
mod stage;

pub use self::{
    fake_agent::{FakeAgent, send},
    stage::{Stage, option},
};
