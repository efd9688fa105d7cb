//! What Beanpole's processes say to each other: ids, API types, agent messages, the edge's routes.
//!
//! Holds types and their (de)serialisation, and how output of programs is made plain text. It reads no clock, opens no socket and knows no
//! database; the one exception is the optional `client` feature, a thin typed REST client.
//! Invariant: a field is added with a default or in a new message, never given a new meaning.

pub mod agent;
pub mod api;
#[cfg(feature = "client")]
pub mod client;
pub mod ids;
pub mod output;
pub mod platform;
pub mod release;
pub mod routes;
pub mod time;

pub use ids::*;
pub use platform::Platform;
pub use release::Release;
pub use time::Timestamp;
