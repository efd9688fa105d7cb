//! An IAM policy document.

/// A parsed policy document.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {}
