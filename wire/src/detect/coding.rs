//! The content coding of a body, undone within bounds.

use std::io::Read;

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use http::{HeaderMap, header::CONTENT_ENCODING as HEADER};

use crate::{
    AwsError,
    codec::errors::{CONTENT_ENCODING, TOO_LARGE},
};

/// Kinesis takes 10 MiB in a call, and base64 makes a third more of it.
const LARGEST: usize = 16 * 1024 * 1024;

/// The body as it was before `Content-Encoding`.
pub fn undo(headers: &HeaderMap, body: Bytes) -> Result<Bytes, AwsError> {
    let mut codings = headers.get_all(HEADER).iter();
    let (first, second) = (codings.next(), codings.next());
    let Some(coding) = first else {
        return Ok(body);
    };
    let name = coding.to_str().unwrap_or_default().trim().to_ascii_lowercase();
    match name.as_str() {
        _ if second.is_some() => {
            Err(CONTENT_ENCODING.because("The body has several content encodings; send it with one."))
        }
        "" | "identity" => Ok(body),
        "gzip" => unzip(&body),
        other => {
            let other: String = other.chars().take(40).collect();
            Err(CONTENT_ENCODING.because(format!(
                "The content encoding {other} is not understood; send gzip or none."
            )))
        }
    }
}

fn unzip(body: &[u8]) -> Result<Bytes, AwsError> {
    let mut plain = Vec::new();
    let limit = LARGEST as u64 + 1;
    MultiGzDecoder::new(body)
        .take(limit)
        .read_to_end(&mut plain)
        .map_err(|error| CONTENT_ENCODING.because(format!("The body is not gzip as it says: {error}.")))?;
    if plain.len() > LARGEST {
        let message = format!("The body is larger than {LARGEST} bytes when unzipped.");
        return Err(TOO_LARGE.because(message));
    }
    Ok(plain.into())
}
