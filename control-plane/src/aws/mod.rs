//! What AWS's services need of the control plane: keys to seal with, and credentials for instances.
//!
//! Who calls and what they may do is `beanpole_access`'s.

pub mod credentials;
mod seal;
#[cfg(test)]
mod tests;

pub use self::seal::AccessSeal;
