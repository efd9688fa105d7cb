//! Why a document is refused.

/// A document that is no policy: what is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct PolicyError {
    /// `Statement[0].Condition.StringEquals`
    pub place: String,
    pub problem: String,
}

impl PolicyError {
    pub(super) fn at(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            problem: problem.into(),
        }
    }
}
