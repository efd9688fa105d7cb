//! Development: who somebody says they are is believed.
//!
//! A key of twelve digits is that account's; every other one, and none, is the installation's account.
//! Only sessions that this mode gave out are more than that: they are who they were made for, so that a
//! role that was assumed and an environment of an application are not the account's root.

use beanpole_wire::AwsError;
use http::{HeaderName, header::AUTHORIZATION, request::Parts};

use super::Gate;
use crate::{Caller, Principal};

const TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");

impl Gate {
    pub(super) async fn believe(&self, parts: &Parts, now: i64) -> Result<Caller, AwsError> {
        let key = claimed_key(parts).unwrap_or_default();
        if let Some(token) = claimed_token(parts)
            && self.is_ours(key, token)
        {
            let known = self.known(key, Some(token), now).await?;
            known.check_time(now)?;
            return Ok(known.caller.clone());
        }
        Ok(Caller {
            principal: Principal::Root,
            access_key_id: key.to_owned(),
            ..Caller::anonymous(key.parse().unwrap_or_else(|_| self.account().clone()))
        })
    }
}

/// The access key that a request names in either place, however it is signed.
fn claimed_key(parts: &Parts) -> Option<&str> {
    let header = parts
        .headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let named = match header {
        Some(text) => text.split_once("Credential=").map(|(_, rest)| rest),
        None => parameter(parts, "X-Amz-Credential"),
    }?;
    let end = named
        .find(|letter: char| !letter.is_ascii_alphanumeric())
        .unwrap_or(named.len());
    Some(&named[..end])
}

fn claimed_token(parts: &Parts) -> Option<&str> {
    let header = parts.headers.get(TOKEN).and_then(|value| value.to_str().ok());
    header.or_else(|| parameter(parts, "X-Amz-Security-Token"))
}

/// A parameter of the query as it is written; neither keys nor tokens of ours need coding.
fn parameter<'a>(parts: &'a Parts, name: &str) -> Option<&'a str> {
    let query = parts.uri.query()?;
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(given, _)| *given == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[test]
    fn keys_are_found_however_a_request_is_signed() {
        let of = |uri: &str, authorization: Option<&str>| {
            let mut request = Request::get(uri);
            if let Some(value) = authorization {
                request = request.header(AUTHORIZATION, value);
            }
            let (parts, ()) = request.body(()).unwrap().into_parts();
            claimed_key(&parts).map(str::to_owned)
        };
        let key = Some("111111111111".to_owned());
        let header = "AWS4-HMAC-SHA256 Credential=111111111111/20260101/eu/sqs/aws4_request, Signature=0";
        assert_eq!(of("/", Some(header)), key);
        assert_eq!(of("/", Some("Credential=111111111111")), key);
        assert_eq!(of("/?X-Amz-Credential=111111111111%2F20260101", None), key);
        assert_eq!(of("/?X-Amz-Credential=111111111111/20260101", None), key);
        assert_eq!(of("/", Some("Bearer x")), None);
        assert_eq!(of("/", None), None);
    }
}
