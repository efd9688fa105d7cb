//! IAM policy documents: parsed once at the edge, matched many times, written back.
//!
//! Nothing of a document is passed over: an element, operator or principal that is not understood is
//! refused with its place. Whether policies together allow something is [`crate::decide`]'s.

mod condition;
mod context;
mod error;
mod operator;
mod parse;
mod pattern;
mod principal;
#[cfg(test)]
mod tests;
mod values;
mod write;

pub use condition::Clause;
pub use context::{Context, Transport, request_context};
pub use error::PolicyError;
pub use pattern::{ArnPattern, Pattern};
pub use principal::{Match, PrincipalPattern};

/// A parsed policy document.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    pub version: Version,
    pub id: Option<String>,
    pub statements: Vec<Statement>,
}

/// Which language a document is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// `2008-10-17`, also where a document names none: `${…}` is plain text.
    V2008,
    /// `2012-10-17`: with policy variables.
    V2012,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    pub sid: Option<String>,
    pub effect: Effect,
    /// None in identity policies.
    pub principals: Option<Listed<PrincipalPattern>>,
    pub actions: Listed<Pattern>,
    /// None in a resource's own policy: that resource.
    pub resources: Option<Listed<ArnPattern>>,
    /// All of them have to hold.
    pub conditions: Vec<Clause>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Allow,
    Deny,
}

/// `Action` or `NotAction`, and so on.
#[derive(Clone, Debug, PartialEq)]
pub enum Listed<T> {
    Among(Vec<T>),
    Except(Vec<T>),
}

impl<T> Listed<T> {
    /// What is listed, on either side.
    pub fn items(&self) -> &[T] {
        match self {
            Self::Among(items) | Self::Except(items) => items,
        }
    }

    fn covers(&self, matches: impl FnMut(&T) -> bool) -> bool {
        match self {
            Self::Among(items) => items.iter().any(matches),
            Self::Except(items) => !items.iter().any(matches),
        }
    }
}

impl Policy {
    /// A document of either kind; see [`Policy::identity`] and [`Policy::resource`] for what is
    /// attached to somebody or something.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        parse::document(text)
    }

    /// A document for a user, role or session: says nothing of principals, names resources.
    pub fn identity(text: &str) -> Result<Self, PolicyError> {
        let policy = Self::parse(text)?;
        for (at, statement) in policy.statements.iter().enumerate() {
            let place = format!("Statement[{at}]");
            if statement.principals.is_some() {
                return Err(PolicyError::at(
                    place,
                    "Principal has no place in a policy that is attached to a principal: take it out",
                ));
            }
            if statement.resources.is_none() {
                return Err(PolicyError::at(place, "Resource or NotResource is missing"));
            }
        }
        Ok(policy)
    }

    /// A document for a resource or a role's trust: every statement names its principals.
    pub fn resource(text: &str) -> Result<Self, PolicyError> {
        let policy = Self::parse(text)?;
        match policy.statements.iter().position(|one| one.principals.is_none()) {
            Some(at) => Err(PolicyError::at(
                format!("Statement[{at}]"),
                "Principal or NotPrincipal is missing",
            )),
            None => Ok(policy),
        }
    }
}

impl Statement {
    /// Whether the statement speaks of this action, resource and circumstances; whom it speaks to is
    /// asked by [`Statement::principal`].
    pub(crate) fn applies(&self, action: &str, resource: &str, context: &Context<'_>) -> bool {
        self.actions
            .covers(|pattern| pattern.matches_any_case(action, context))
            && self
                .resources
                .as_ref()
                .is_none_or(|listed| listed.covers(|pattern| pattern.matches(resource, context)))
            && self.conditions.iter().all(|clause| clause.holds(context))
    }
}
