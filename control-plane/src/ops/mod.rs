//! Use cases: each owns its decisions and its statements' order; the caller owns the transaction.

pub mod abort;
pub mod begin;
pub mod create_environment;
pub mod deploy_version;
pub mod identity;
pub mod join_tokens;
pub mod make_way;
pub mod names;
pub mod record;
pub mod terminate;
pub mod update_environment;
pub mod views;
