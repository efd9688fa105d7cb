//! The console over HTTP, on top of a stand-in API.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod fake_api;
mod forms;
mod headers;
mod live;
mod pages;
mod sign_in;
mod site;
mod uploads;
