//! Use cases: each owns its decisions and its statements' order; the caller owns the transaction.

pub mod abort;
pub mod access_keys;
pub mod access_roles;
pub mod accounts;
pub mod applications;
pub mod begin;
pub mod collect_blobs;
pub mod create_environment;
mod creation;
pub mod deploy_version;
pub mod find;
pub mod identity;
pub mod join_tokens;
pub mod last_good;
pub mod make_way;
pub mod names;
pub mod plan;
pub mod policies;
pub mod queues;
pub mod record;
pub mod remove_host;
pub mod request_logs;
pub mod terminate;
pub mod update_environment;
pub mod version_files;
pub mod versions;
pub mod views;
