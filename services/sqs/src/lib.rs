//! Amazon SQS on Postgres: every action of API version 2012-11-05.
//!
//! `operations/` is the API: one file an action with its types, its validation in AWS's order and
//! its run. `backend/` keeps queues and messages. In between stand plain values (`model/`).

pub mod backend;
pub mod model;
