//! Every error of STS, and what bounds a parameter.

use beanpole_wire::{AwsError, Kind};

pub const ACCESS_DENIED: Kind = Kind::sender("AccessDenied", 403);
pub const VALIDATION: Kind = Kind::sender("ValidationError", 400);
pub const MALFORMED_POLICY: Kind = Kind::sender("MalformedPolicyDocument", 400);
pub const INVALID_ACTION: Kind = Kind::sender("InvalidAction", 400);
pub const UNSUPPORTED: Kind = Kind::sender("UnsupportedOperation", 400);

/// A parameter's value does not do.
pub(super) fn invalid(parameter: &str, why: &str) -> AwsError {
    VALIDATION.because(format!(
        "1 validation error detected: Value at '{parameter}' failed to satisfy constraint: {why}"
    ))
}

/// Parameters that would change what is given and that we cannot honour must not be passed over.
pub(super) fn refuse(given: &[(&str, bool)]) -> Result<(), AwsError> {
    match given.iter().find(|(_, is)| *is) {
        None => Ok(()),
        Some((name, _)) => Err(UNSUPPORTED.because(format!(
            "The parameter {name} is not supported here: leave it out."
        ))),
    }
}

/// A duration within its bounds.
pub(super) fn seconds(given: Option<i64>, default: i64, least: i64, most: i64) -> Result<i64, AwsError> {
    let seconds = given.unwrap_or(default);
    if seconds < least {
        let why = format!("Member must have value greater than or equal to {least}");
        return Err(invalid("durationSeconds", &why));
    }
    if seconds > most {
        let why = format!("Member must have value less than or equal to {most}");
        return Err(invalid("durationSeconds", &why));
    }
    Ok(seconds)
}
