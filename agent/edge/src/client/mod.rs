//! The side towards the clients: listening, connections and their limits in time.

pub mod connection;
pub mod io;
pub mod limits;
pub mod listen;
pub mod state;
