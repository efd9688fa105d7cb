//! Beanpole's edge: an HTTP proxy from host names to instances.
//!
//! Responsible for passing requests on: HTTP/1.1, HTTP/2 and upgraded connections in, HTTP/1.1 to
//! the instances; weighted and sticky splits, draining, safe retries, counters and latencies by
//! version. It leaves to the agent which routes there are and which instances are healthy, and
//! knows neither the agent nor the server: it reads one file and answers on one admin socket.
//!
//! Invariants: a change of routes fails no request; a request is never repeated once a byte of an
//! answer was seen; whatever happens to the routes file, the last good routes stay in force.
//!
//! The way of a request: `client::listen` accepts, `client::connection` speaks HTTP with the
//! client, `proxy::service` finds the environment (`routes::table`) and an instance
//! (`routes::choice`), `proxy::attempt` sends it over an `upstream::connection`, `proxy::body`
//! streams the answer back. There is no task, timer or lock of its own per request: the
//! connection to the instance is driven by the client connection's task, and limits in time are
//! looked after by one keeper for all (`edge`).
//!
//! # Upgrading the edge itself
//! Listening sockets share their port. Start the new edge with the same options: once it listens
//! it tells the old one to stop by the admin socket, as SIGTERM would. The old one takes what the
//! kernel has queued for it, closes its listening socket, and answers what is open (and the next request on each kept-alive connection, with
//! `connection: close`) until its deadline. The admin socket's path belongs to the new edge from
//! its start; counts of the old one's last requests are no longer shown.

pub mod admin;
pub mod client;
pub mod clock;
pub mod edge;
pub mod options;
pub mod proxy;
pub mod routes;
pub mod upstream;

pub use edge::Edge;
pub use options::Options;
