//! All SQL of this crate: one file a table of the schema `access`, one statement a function.

pub mod access_keys;
pub mod accounts;
pub mod roles;
pub mod standing;
#[cfg(test)]
mod tests;
pub mod user_policies;
