//! Amazon SQS on Postgres: every action of API version 2012-11-05.
//!
//! `operations/` is the API: one file an action with its types, its validation in AWS's order and
//! its run. `backend/` keeps queues and messages. In between stand plain values (`model/`) and what
//! actions decide with: `attributes/`, `message/`, `batch`, `permission`, `tags`, `paging`. [`handle`] takes a
//! call in and gives an answer; [`reach`] is whose queue it is and whether the caller may; [`declare`] is how
//! the platform itself makes an application's queues, and [`within`] how it does so in a transaction of its own.

pub mod attributes;
pub mod backend;
mod batch;
pub mod declare;
pub mod errors;
#[cfg(test)]
mod examples;
mod handle;
mod md5;
mod message;
pub mod model;
mod names;
pub mod operations;
mod paging;
mod permission;
mod reach;
mod store;
mod tags;
mod task_handle;
mod url;
pub mod within;

pub use handle::{Settings, Sqs};
