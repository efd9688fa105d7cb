//! All SQL of SQS, one file a table and kind of statement.
//!
//! What is called for each message goes through [`link`]s, connections of their own with prepared
//! statements; everything else through a pool. Invariant: an answer is given only after its commit.

pub mod link;
pub mod meta;
