//! Option settings of environments: Beanstalk's namespaces, names, defaults and limits as data.
//!
//! [`OptionSet`] is what is set and stored; [`Settings`] is what it means, typed. No string of an
//! option travels past this module. Reading `.ebextensions` is not its business, what comes before what is ([`layers`]).
//! Invariant: an option is acted on or refused by name; none is taken and ignored.

pub mod catalogue;
mod container;
mod error;
mod layers;
mod nearest;
pub mod properties;
#[cfg(test)]
mod reference;
mod set;
mod settings;
mod statics;
#[cfg(test)]
mod tests;
mod unsupported;
mod values;

pub use self::{
    error::OptionError,
    layers::late,
    set::{Difference, OptionSet, Reveal, check_name},
    settings::{EnvironmentType, Settings, WhenBusy, check_policy},
};
