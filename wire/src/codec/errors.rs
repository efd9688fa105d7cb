//! The errors that codecs and detection raise themselves: what no service has seen yet.

use crate::{AwsError, Fault, Kind};

const CORAL: &str = "com.amazon.coral.service";

/// A JSON or CBOR body that does not fit the operation's request.
pub const SERIALIZATION: Kind = Kind::sender("SerializationException", 400).within(CORAL);
/// A form that cannot be read at all.
pub const MALFORMED_QUERY: Kind = Kind::sender("MalformedQueryString", 404).within(CORAL);
/// A parameter of a form whose text is not of its type.
pub const INVALID_VALUE: Kind = Kind::sender("InvalidParameterValue", 400).within(CORAL);
/// A parameter of a form that has to be there.
pub const MISSING_PARAMETER: Kind = Kind::sender("MissingParameter", 400).within(CORAL);
/// A protocol that the operation is not served in.
pub const UNSUPPORTED_PROTOCOL: Kind = Kind::sender("UnsupportedProtocol", 415).within(CORAL);
/// A body in a coding that is not undone here, or that is not what its header says.
pub const CONTENT_ENCODING: Kind = Kind::sender("UnsupportedMediaTypeException", 415).within(CORAL);
/// A body that is too large once its coding is undone.
pub const TOO_LARGE: Kind = Kind::sender("RequestEntityTooLargeException", 413).within(CORAL);
/// A signature made for another service than the one that is called.
pub const WRONG_SCOPE: Kind = Kind::sender("SignatureDoesNotMatch", 403).within(CORAL);
/// An answer that could not be written: a fault in our types.
pub const INTERNAL: Kind = Kind {
    code: "InternalFailure",
    query_code: "InternalFailure",
    namespace: CORAL,
    status: 500,
    fault: Fault::Receiver,
};

pub(crate) fn rest_xml() -> AwsError {
    UNSUPPORTED_PROTOCOL.because("This operation is not served as REST with XML.")
}
