//! AWS Signature Version 4, from the server's side: what a request claims, and whether its signature holds.
//!
//! [`Signature::parse`] takes the claim out of the `Authorization` header or a presigned URL,
//! [`Signature::verify`] recomputes it from the request as it arrived, and [`chunked::Decoder`] takes the
//! signed pieces of an S3 upload apart. Whose key it is, and what its owner may do, is looked up elsewhere:
//! nothing here knows a secret longer than one call. Invariant: whatever is not understood is refused, and
//! no error tells more of a secret or a computed signature than AWS does.

mod canonical;
pub mod chunked;
mod encode;
pub mod errors;
mod header;
mod key;
mod presigned;
mod signature;
mod timestamp;
mod verify;

pub use key::SigningKey;
pub use signature::{Form, Mac, Signature};
pub use verify::Payload;

/// The only algorithm that is checked here.
const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// What every credential scope ends with.
const TERMINATOR: &str = "aws4_request";
/// A payload that the signature does not cover.
const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";
