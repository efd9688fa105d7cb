//! What a codec has to know of an operation.

use serde::{Serialize, de::DeserializeOwned};

use crate::Names;

/// The request type of one operation of a service; every protocol decodes into it and encodes its
/// output. Members have the names that AWS's model gives them (`#[serde(rename_all = "PascalCase")]`).
pub trait Operation: DeserializeOwned {
    /// `SendMessage`.
    const NAME: &'static str;
    /// Members of the request with a Query form of their own.
    const INPUT: Names = &[];
    /// Members of the answer with a Query form of their own.
    const OUTPUT: Names = &[];
    /// What answers it. `()` where AWS's model has no output.
    type Output: Serialize;
}
