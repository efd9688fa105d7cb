//! Query requests: a form whose keys are paths, `Entry.1.Attribute.2.Name`.
//!
//! The form becomes a tree of its keys' parts; an operation's request is read from the tree.

use serde::de::DeserializeOwned;

use super::errors::{INVALID_VALUE, MISSING_PARAMETER};
use crate::{AwsError, Names};

mod error;
mod form;
mod list;
mod map;
mod reader;
#[cfg(test)]
mod tests;
mod tree;

use error::{Error, Reason};
pub(crate) use form::first;

pub fn decode<T: DeserializeOwned>(body: &[u8], names: Names) -> Result<T, AwsError> {
    let pairs = form::pairs(body)?;
    let tree = tree::grow(&pairs)?;
    T::deserialize(reader::Reader::root(&tree, names)).map_err(told)
}

fn told(error: Error) -> AwsError {
    let member = error.member();
    match error.reason {
        Reason::Missing => {
            MISSING_PARAMETER.because(format!("The request must contain the parameter {member}."))
        }
        Reason::Invalid(why) if member.is_empty() => INVALID_VALUE.because(why),
        Reason::Invalid(why) => INVALID_VALUE.because(format!(
            "The value of the parameter {member} is invalid. Reason: {why}"
        )),
    }
}
