//! CloudFormation's functions, as far as text can be made of them here.

mod call;
mod evaluate;
mod find;
#[cfg(test)]
mod tests;

pub(crate) use self::{
    call::{Call, is_function},
    evaluate::{Evaluator, Trouble},
    find::parts,
};

/// What only the caller knows: the installation and, where there is one, the environment.
pub trait Lookup {
    /// The value of a pseudo parameter (`AWS::Region`), of a parameter that Beanstalk gives
    /// (`AWSEBEnvironmentName`) or of a queue that the files declare: its URL.
    fn reference(&self, name: &str) -> Option<String>;

    /// The value that an option of the environment is set to.
    fn option(&self, namespace: &str, name: &str) -> Option<String>;

    /// The value that an option has while it is set nowhere.
    fn default_of(&self, _namespace: &str, _name: &str) -> Option<String> {
        None
    }

    /// Whether [`Self::option`] answers for an environment: then an option that it does not know is not set.
    fn knows_environment(&self) -> bool {
        false
    }

    /// An attribute of a queue that the files declare, such as `Arn`.
    fn attribute(&self, _resource: &str, _attribute: &str) -> Option<String> {
        None
    }
}

/// What is known of the installation alone, whichever version and environment. 000000000000 is the account
/// that every installation has.
pub fn installation_reference(name: &str, region: &str) -> Option<String> {
    let value = match name {
        "AWS::Region" => region,
        "AWS::AccountId" => "000000000000",
        "AWS::Partition" => "aws",
        "AWS::URLSuffix" => "amazonaws.com",
        _ => "",
    };
    (!value.is_empty()).then(|| value.to_owned())
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
