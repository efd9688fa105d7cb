//! Whole-system tests: real Docker, real Postgres, the programs as they are shipped.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod aborts;
mod access_keys;
mod bad_input;
mod broken_versions;
mod cli;
mod collection;
mod console;
mod examples;
mod extensions;
mod instances;
mod leader;
mod pods;
mod policies;
mod recovery;
mod resources;
mod services;
