//! An operation that answers with its request, so that whatever was decoded can be encoded.

use std::collections::BTreeMap;

use beanpole_wire::value::{Blob, Timestamp};
use beanpole_wire::{Call, Member, Names, Operation, Protocol, Service, codec};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Echo {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flag: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Blob>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, Echo>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<Echo>,
}

impl Operation for Echo {
    const NAME: &'static str = "Echo";
    const INPUT: Names = &[
        Member::list("Entries", "Entry"),
        Member::map("Attributes", "Attribute", "Name", "Value"),
    ];
    const OUTPUT: Names = Self::INPUT;
    type Output = Echo;
}

/// A call of it.
pub fn call(protocol: Protocol, body: Bytes) -> Call {
    Call {
        service: Service::Sqs,
        protocol,
        operation: Echo::NAME.to_owned(),
        region: "us-east-1".to_owned(),
        host: "localhost".to_owned(),
        path: "/".to_owned(),
        headers: http::HeaderMap::new(),
        body,
        request_id: "r-1".to_owned(),
    }
}

/// Decodes a body and encodes what came out, or the error.
pub fn decoded(protocol: Protocol, body: &[u8]) -> Option<Echo> {
    let call = call(protocol, Bytes::copy_from_slice(body));
    match codec::decode::<Echo>(&call) {
        Ok(echo) => {
            assert_eq!(codec::encode::<Echo>(&call, &echo).status(), 200, "{echo:?}");
            Some(echo)
        }
        Err(error) => {
            assert_eq!(
                codec::encode_error(&call, &error).status().as_u16(),
                error.kind.status
            );
            None
        }
    }
}
