//! The circumstances of a request: condition keys and their values.

use std::{collections::BTreeMap, net::IpAddr};

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Whether a request came over TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    Plain,
    Tls,
}

/// The keys of every request: `aws:CurrentTime`, `aws:EpochTime`, `aws:SourceIp` and
/// `aws:SecureTransport`. A service adds its own; those of the caller come from the caller.
pub fn request_context(
    now: OffsetDateTime,
    source: Option<IpAddr>,
    transport: Transport,
) -> BTreeMap<String, Vec<String>> {
    let secure = match transport {
        Transport::Plain => "false",
        Transport::Tls => "true",
    };
    let mut keys = BTreeMap::from([
        ("aws:epochtime".to_owned(), vec![now.unix_timestamp().to_string()]),
        ("aws:securetransport".to_owned(), vec![secure.to_owned()]),
    ]);
    if let Ok(text) = now.format(&Rfc3339) {
        keys.insert("aws:currenttime".to_owned(), vec![text]);
    }
    if let Some(source) = source {
        keys.insert("aws:sourceip".to_owned(), vec![source.to_canonical().to_string()]);
    }
    keys
}

/// What a policy is evaluated in: keys of the request, before which those of the caller come.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    caller: Option<&'a BTreeMap<String, Vec<String>>>,
    request: &'a BTreeMap<String, Vec<String>>,
}

impl<'a> Context<'a> {
    /// Keys of a request alone; all in lower case.
    pub fn of(request: &'a BTreeMap<String, Vec<String>>) -> Self {
        Self {
            caller: None,
            request,
        }
    }

    /// The same with keys of the caller, which no request can replace.
    pub fn with_caller(self, caller: &'a BTreeMap<String, Vec<String>>) -> Self {
        Self {
            caller: Some(caller),
            ..self
        }
    }

    /// The values of a key in lower case; none: the request does not have it.
    pub(super) fn values(&self, key: &str) -> Option<&'a [String]> {
        self.caller
            .and_then(|keys| keys.get(key))
            .or_else(|| self.request.get(key))
            .map(Vec::as_slice)
    }

    /// The value of a key that has exactly one.
    pub(super) fn single(&self, key: &str) -> Option<&'a str> {
        match self.values(key)? {
            [one] => Some(one),
            _ => None,
        }
    }
}
