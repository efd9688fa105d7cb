//! One call, taken from a request: which service, which protocol, which operation, its bytes.

use bytes::Bytes;

/// A service that shares the endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Service {
    Sqs,
    Sns,
    Kinesis,
    S3,
    Sts,
    ElasticBeanstalk,
    /// One that is not served here, under the name of its signature scope or target.
    Other(String),
}

/// How a call is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// A form in, XML out.
    Query,
    Json10,
    Json11,
    Cbor11,
    RestXml,
}

/// A request whose body is whole and whose signature is somebody else's business.
#[derive(Clone, Debug)]
pub struct Call {
    pub service: Service,
    pub protocol: Protocol,
    /// `SendMessage`; empty when the request names none.
    pub operation: String,
    /// The region of the signature's scope; `us-east-1` where there is none.
    pub region: String,
    /// The request's `Host`, for URLs that lead back here.
    pub host: String,
    /// Path of the request: SQS accepts Query calls on a queue's own path.
    pub path: String,
    /// Headers that an operation may look at (`X-Amzn-Trace-Id`).
    pub headers: http::HeaderMap,
    /// The body without its content coding; for a Query call by GET, the URL's query.
    pub body: Bytes,
    /// Made by us, told in header and body.
    pub request_id: String,
}
