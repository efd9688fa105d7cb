//! CloudFormation's functions, as far as text can be made of them here.

mod call;
mod evaluate;
mod find;
#[cfg(test)]
mod tests;

pub(crate) use self::{
    call::{Call, is_function},
    evaluate::{Evaluator, Scope, Trouble},
    find::parts,
};

/// What only the caller knows: the installation and, where there is one, the environment.
pub trait Lookup {
    /// The value of a pseudo parameter (`AWS::Region`), of a parameter that Beanstalk gives
    /// (`AWSEBEnvironmentName`) or of a resource that exists.
    fn reference(&self, name: &str) -> Option<String>;

    /// The value of an option of the environment.
    fn option(&self, namespace: &str, name: &str) -> Option<String>;

    /// An attribute of a resource that exists. None do yet.
    fn attribute(&self, _resource: &str, _attribute: &str) -> Option<String> {
        None
    }
}

/// Knows nothing.
pub struct Unknown;

impl Lookup for Unknown {
    fn reference(&self, _: &str) -> Option<String> {
        None
    }

    fn option(&self, _: &str, _: &str) -> Option<String> {
        None
    }
}
