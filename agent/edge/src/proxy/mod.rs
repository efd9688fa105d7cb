//! What happens to one request: find its environment, choose an instance, pass it on, pass the
//! answer back.

pub mod access;
pub mod answer;
pub mod attempt;
pub mod body;
pub mod headers;
pub mod host;
pub mod retry;
pub mod service;
pub mod tunnel;
