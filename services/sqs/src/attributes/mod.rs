//! Queue attributes: their names, how callers give them, what they become, how they are told.
//!
//! Pure: values in, values out. What depends on another queue (the target of a redrive policy) takes
//! that queue as it was found.

mod apply;
mod name;
mod parse;
pub mod redrive;
mod render;
#[cfg(test)]
mod tests;

pub use apply::{apply, first_difference, reset};
pub use name::{Access, Name, UnknownName};
pub use parse::{Change, Switch, changes, unknown};
pub use render::{render, stored, wanted};
