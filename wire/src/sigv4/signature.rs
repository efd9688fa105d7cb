//! What a request claims about who signed it, when and for what; not yet whether that is true.

use std::fmt;

use http::{header::AUTHORIZATION, request::Parts};

use super::{ALGORITHM, TERMINATOR, errors, header, presigned, timestamp};
use crate::AwsError;

/// A signature's 32 bytes.
pub type Mac = [u8; 32];

/// Where the signature stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// In the `Authorization` header.
    Header,
    /// In the URL's query, good for this many seconds.
    Presigned { expires: u32 },
}

/// The signature of a request and the scope it was made for.
#[derive(Clone, PartialEq, Eq)]
pub struct Signature {
    pub access_key_id: String,
    /// `yyyymmdd`, the same day as `signed_at`.
    pub date: String,
    pub region: String,
    pub service: String,
    /// Names of headers in lower case.
    pub signed_headers: Vec<String>,
    pub signature: Mac,
    /// Seconds since 1970.
    pub signed_at: i64,
    pub form: Form,
    /// Belongs to the access key if that is one of a session.
    pub session_token: Option<String>,
}

impl Signature {
    /// The signature of a request, if it has one. An error tells of one that cannot be checked.
    pub fn parse(request: &Parts) -> Result<Option<Self>, AwsError> {
        let in_query = presigned::claims(request);
        match (request.headers.contains_key(AUTHORIZATION), in_query) {
            (true, true) => Err(errors::incomplete(
                "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter or the Authorization \
                 header should be specified.",
            )),
            (true, false) => header::parse(request).map(Some),
            (false, true) => presigned::parse(request).map(Some),
            (false, false) => Ok(None),
        }
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Signature")
            .field("access_key_id", &self.access_key_id)
            .field("date", &self.date)
            .field("region", &self.region)
            .field("service", &self.service)
            .field("signed_headers", &self.signed_headers)
            .field("signed_at", &self.signed_at)
            .field("form", &self.form)
            .field("has_session_token", &self.session_token.is_some())
            .finish_non_exhaustive()
    }
}

/// The texts of which both forms consist.
pub(super) struct Claim<'a> {
    pub credential: &'a str,
    pub signed_headers: &'a str,
    pub signature: &'a str,
    pub date: &'a str,
    pub form: Form,
    pub session_token: Option<String>,
}

impl Claim<'_> {
    pub(super) fn parse(self) -> Result<Signature, AwsError> {
        let mut scope = self.credential.rsplitn(5, '/');
        let parts = (
            scope.next(),
            scope.next(),
            scope.next(),
            scope.next(),
            scope.next(),
        );
        let (Some(term), Some(service), Some(region), Some(date), Some(key)) = parts else {
            return Err(errors::incomplete(
                "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term",
            ));
        };
        for (name, value) in [("access key", key), ("region", region), ("service", service)] {
            if value.is_empty() || value.len() > 128 || !value.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(errors::incomplete(format!(
                    "Credential should be scoped to a valid {name}."
                )));
            }
        }
        if term != TERMINATOR {
            return Err(errors::incomplete(format!(
                "Credential should be scoped with a valid terminator: '{TERMINATOR}'."
            )));
        }
        let signed_at = timestamp::parse(self.date).ok_or_else(|| {
            errors::incomplete(
                "Date must be in ISO-8601 'basic format', e.g. 20150830T123600Z, or that of HTTP.",
            )
        })?;
        let stamp = timestamp::Stamp(signed_at).to_string();
        if !timestamp::is_date(date) || date != &stamp[..8] {
            return Err(errors::MISMATCH.because(format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{}' != \
                 '{}', from '{stamp}'.",
                date.chars().take(16).collect::<String>(),
                &stamp[..8]
            )));
        }
        Ok(Signature {
            access_key_id: key.to_owned(),
            date: date.to_owned(),
            region: region.to_owned(),
            service: service.to_owned(),
            signed_headers: header_names(self.signed_headers)?,
            signature: mac(self.signature.as_bytes()).ok_or_else(errors::mismatch)?,
            signed_at,
            form: self.form,
            session_token: self.session_token,
        })
    }
}

/// Names in lower case, in order, each once: the form in which they are signed.
fn header_names(list: &str) -> Result<Vec<String>, AwsError> {
    let names: Vec<String> = list.split(';').map(str::to_owned).collect();
    let well_formed = |name: &String| !name.is_empty() && !name.bytes().any(|byte| byte.is_ascii_uppercase());
    if names.iter().all(well_formed) && names.is_sorted_by(|one, next| one < next) {
        return Ok(names);
    }
    Err(errors::incomplete(
        "SignedHeaders must be names in lower case, in order, each once, divided by semicolons.",
    ))
}

/// The bytes of a signature of 64 hexadecimal digits.
pub(super) fn mac(text: &[u8]) -> Option<Mac> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).ok().map(|()| bytes)
}

/// The algorithm, if it is the one that is checked here.
pub(super) fn algorithm(name: &str) -> Result<(), AwsError> {
    if name == ALGORITHM {
        Ok(())
    } else {
        Err(errors::unsupported(name))
    }
}
