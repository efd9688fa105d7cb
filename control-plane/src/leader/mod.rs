//! `container_commands` with `leader_only`: which instance of a deployment runs one, so that it is run to
//! its end once.
//!
//! Every instance asks before each of them ([`api`]); a row a command holds who runs it, and the decision
//! is a function of that row ([`decision`]). Invariant: two instances that live never run one at a time,
//! and none runs one that has come to its end.

pub mod api;
pub mod decision;
#[cfg(test)]
mod tests;
