//! The pairs of a form. Text that is not UTF-8 is refused: a message must not change on its way in.

use std::borrow::Cow;

use percent_encoding::percent_decode;

use crate::{AwsError, codec::errors::MALFORMED_QUERY};

/// More than any request has: a batch of ten with ten attributes each has some 400.
const MOST_PAIRS: usize = 10_000;

pub type Pair<'a> = (Cow<'a, str>, Cow<'a, str>);

/// Keys and values in their order.
pub fn pairs(body: &[u8]) -> Result<Vec<Pair<'_>>, AwsError> {
    let mut pairs = Vec::new();
    for part in body.split(|byte| *byte == b'&') {
        if part.is_empty() {
            continue;
        }
        if pairs.len() == MOST_PAIRS {
            let message = format!("The request has more than {MOST_PAIRS} parameters.");
            return Err(MALFORMED_QUERY.because(message));
        }
        let end = part.iter().position(|byte| *byte == b'=');
        let (key, value) = match end {
            Some(end) => (&part[..end], &part[end + 1..]),
            None => (part, &[][..]),
        };
        let key =
            text(key).ok_or_else(|| MALFORMED_QUERY.because("The name of a parameter is not UTF-8."))?;
        let value = text(value).ok_or_else(|| {
            MALFORMED_QUERY.because(format!("The value of the parameter {key} is not UTF-8."))
        })?;
        pairs.push((key, value));
    }
    Ok(pairs)
}

/// The first value of a key, read without taking the form apart.
pub fn first<'a>(form: &'a [u8], key: &str) -> Option<Cow<'a, str>> {
    form.split(|byte| *byte == b'&').find_map(|part| {
        let end = part.iter().position(|byte| *byte == b'=')?;
        let (name, value) = (&part[..end], &part[end + 1..]);
        let is_it =
            name == key.as_bytes() || name.contains(&b'%') && text(name).is_some_and(|name| name == key);
        is_it.then(|| text(value)).flatten()
    })
}

fn text(encoded: &[u8]) -> Option<Cow<'_, str>> {
    if !encoded.contains(&b'+') {
        return percent_decode(encoded).decode_utf8().ok();
    }
    let mut spaced = encoded.to_vec();
    for byte in &mut spaced {
        if *byte == b'+' {
            *byte = b' ';
        }
    }
    let decoded = percent_decode(&spaced).decode_utf8().ok()?;
    Some(Cow::Owned(decoded.into_owned()))
}
