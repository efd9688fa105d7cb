//! Values that tests share.

use std::collections::BTreeMap;

use beanpole_wire::{Call, Operation, Protocol, Service, codec};

use crate::model::{Attributes, Kind, Queue, QueueKey};

pub fn key(name: &str) -> QueueKey {
    QueueKey {
        account: "000000000000".parse().expect("twelve digits"),
        region: "us-east-1".to_owned(),
        name: name.to_owned(),
    }
}

pub fn call() -> Call {
    Call {
        service: Service::Sqs,
        protocol: Protocol::Json10,
        operation: "SendMessage".to_owned(),
        region: "us-east-1".to_owned(),
        host: "10.0.0.1:8000".to_owned(),
        path: "/".to_owned(),
        headers: http::HeaderMap::new(),
        body: bytes::Bytes::new(),
        request_id: "request".to_owned(),
    }
}

/// A queue with AWS's defaults; its kind is by its name.
pub fn queue(name: &str) -> Queue {
    Queue {
        id: 1,
        store: "main".to_owned(),
        key: key(name),
        kind: if name.ends_with(".fifo") {
            Kind::Fifo
        } else {
            Kind::Standard
        },
        attributes: Attributes::default(),
        tags: BTreeMap::new(),
        application: None,
        created_at: 1_700_000_000_123,
        modified_at: 1_700_000_100_456,
    }
}

/// An answer's body as a caller of the Query protocol reads it, and as one of JSON does.
pub fn answer<O: Operation>(output: &O::Output) -> (String, serde_json::Value) {
    let told = |protocol| {
        let call = Call {
            operation: O::NAME.to_owned(),
            protocol,
            ..call()
        };
        codec::encode::<O>(&call, output).into_body()
    };
    let xml = String::from_utf8(told(Protocol::Query).to_vec()).expect("text");
    let json = serde_json::from_slice(&told(Protocol::Json10)).expect("JSON");
    (xml, json)
}
