//! Which instance gets a request: the routes file, the table made from it, the choice.
//!
//! Leaves connections and counters to `upstream`.

pub mod choice;
pub mod registry;
pub mod sticky;
pub mod table;
pub mod watch;
