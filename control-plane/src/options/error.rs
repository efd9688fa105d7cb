//! What can be wrong with option settings.

use super::properties::MAX_TOTAL;

/// One option setting that cannot be accepted. Always names the option and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OptionError {
    #[error("there is no option namespace {namespace:?} (option {name:?}); did you mean {nearest}?")]
    UnknownNamespace {
        namespace: String,
        name: String,
        nearest: String,
    },
    #[error("there is no option {name:?} in {namespace}; did you mean {nearest}?")]
    UnknownOption {
        namespace: String,
        name: String,
        nearest: String,
    },
    #[error(
        "option {name:?} of {namespace} is one of Elastic Beanstalk's that Beanpole does not support yet; leave it out"
    )]
    NotSupportedYet { namespace: String, name: String },
    #[error("option {name} of {namespace} cannot be {value:?}: it takes {wanted}")]
    BadValue {
        namespace: String,
        name: String,
        value: String,
        wanted: String,
    },
    #[error("environment property {key:?} is not possible: {problem}")]
    BadProperty { key: String, problem: String },
    #[error("the environment properties have {total} bytes together; {MAX_TOTAL} are the limit")]
    TooManyProperties { total: usize },
    #[error("option {name} of {namespace} is set twice, to {first:?} and to {second:?}; set it once")]
    SetTwice {
        namespace: String,
        name: String,
        first: String,
        second: String,
    },
    /// Each value is fine, together they are not.
    #[error("option {name} of {namespace} does not fit the others: {problem}")]
    Conflict {
        namespace: String,
        name: String,
        problem: String,
    },
}

impl OptionError {
    /// Stable name for programs.
    pub fn kind(&self) -> &'static str {
        match self {
            OptionError::UnknownNamespace { .. } | OptionError::UnknownOption { .. } => "unknown_option",
            OptionError::NotSupportedYet { .. } => "option_not_supported",
            OptionError::BadValue { .. } => "invalid_option_value",
            OptionError::BadProperty { .. } | OptionError::TooManyProperties { .. } => {
                "invalid_environment_property"
            }
            OptionError::SetTwice { .. } | OptionError::Conflict { .. } => "conflicting_options",
        }
    }

    /// The offending option as `namespace/name`.
    pub fn field(&self) -> String {
        match self {
            OptionError::UnknownNamespace { namespace, name, .. }
            | OptionError::UnknownOption { namespace, name, .. }
            | OptionError::NotSupportedYet { namespace, name }
            | OptionError::BadValue { namespace, name, .. }
            | OptionError::SetTwice { namespace, name, .. }
            | OptionError::Conflict { namespace, name, .. } => format!("{namespace}/{name}"),
            OptionError::BadProperty { key, .. } => format!("{}/{key}", super::catalogue::PROPERTIES),
            OptionError::TooManyProperties { .. } => super::catalogue::PROPERTIES.to_owned(),
        }
    }
}
