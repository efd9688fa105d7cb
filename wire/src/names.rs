//! How the members of an operation are named in the Query protocol, where that differs from JSON.

/// The form of a list or map in the Query protocol. A member that is not in the table has AWS's
/// ordinary form: `X.member.N` for a list, `X.entry.N.key` and `.value` for a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The same value under another name.
    Renamed,
    /// `X.N` in requests; the element itself repeated in answers.
    FlatList,
    /// `X.N.<key>` and `X.N.<value>` in requests; repeated elements in answers.
    FlatMap { key: &'static str, value: &'static str },
}

/// One member whose Query form is not the ordinary one, wherever it occurs in the operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// As in JSON: `AttributeNames`.
    pub name: &'static str,
    /// As in Query: `AttributeName`.
    pub query: &'static str,
    pub shape: Shape,
}

impl Member {
    pub const fn list(name: &'static str, query: &'static str) -> Self {
        let shape = Shape::FlatList;
        Self { name, query, shape }
    }

    pub const fn map(
        name: &'static str,
        query: &'static str,
        key: &'static str,
        value: &'static str,
    ) -> Self {
        let shape = Shape::FlatMap { key, value };
        Self { name, query, shape }
    }
}

/// The members of one direction of an operation.
pub type Names = &'static [Member];
