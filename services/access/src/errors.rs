//! Errors of this crate's own doing; those of signatures are [`beanpole_wire::sigv4::errors`].

use beanpole_wire::{AwsError, Fault, Kind};

const fn receiver(code: &'static str, status: u16) -> Kind {
    Kind {
        code,
        query_code: code,
        namespace: "com.amazon.coral.service",
        status,
        fault: Fault::Receiver,
    }
}

/// The same call may work in a moment.
pub const UNAVAILABLE: Kind = receiver("ServiceUnavailable", 503);
/// Something failed inside; the log tells what under the id that the message names.
pub const INTERNAL: Kind = receiver("InternalFailure", 500);

/// Who calls cannot be found out now.
pub(crate) fn database(error: &sqlx::Error) -> AwsError {
    let id = error_id();
    tracing::warn!(error.id = %id, error.cause = %error, "access keys cannot be looked up");
    UNAVAILABLE.because(format!(
        "The service cannot reach its database (error id {id}); try again in a moment."
    ))
}

/// What is stored cannot be used.
pub(crate) fn internal(error: impl std::fmt::Display) -> AwsError {
    let id = error_id();
    tracing::error!(error.id = %id, error.cause = %error, "a call failed inside the server");
    INTERNAL.because(format!(
        "Something failed inside the server; its log has the details under error id {id}."
    ))
}

fn error_id() -> String {
    format!("{:016x}", rand::random::<u64>())
}
