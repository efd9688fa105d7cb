//! Whole-system tests: real Docker, real Postgres, the programs as they are shipped.

mod bad_input;
mod broken_versions;
mod cli;
mod console;
mod examples;
mod instances;
mod policies;
mod recovery;
