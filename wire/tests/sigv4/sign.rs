//! Requests to check, and a signer that is not ours.

use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation,
    SigningSettings, UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use beanpole_wire::AwsError;
use beanpole_wire::sigv4::{Payload, Signature, SigningKey};
use http::Request;
use http::request::Parts;

pub const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
/// 2015-08-30 12:36:00 UTC.
pub const NOW: i64 = 1_440_938_160;
pub const REGION: &str = "eu-central-1";

/// What a service does with a request.
pub fn check(request: &Parts, body: &[u8], now: i64) -> Result<Signature, AwsError> {
    let signature = Signature::parse(request)?.expect("a signature");
    let key = SigningKey::derive(SECRET, &signature.date, &signature.region, &signature.service);
    signature.verify(request, Payload::Body(body), &key, now)?;
    Ok(signature)
}

/// How a request is to be signed.
#[derive(Clone, Copy, Debug)]
pub struct Manner<'a> {
    pub service: &'a str,
    pub token: Option<&'a str>,
    /// In the query, good for so many seconds; otherwise in a header.
    pub expires: Option<u64>,
}

impl<'a> Manner<'a> {
    pub fn header(service: &'a str) -> Self {
        Self {
            service,
            token: None,
            expires: None,
        }
    }

    pub fn presigned(service: &'a str, seconds: u64) -> Self {
        Self {
            service,
            token: None,
            expires: Some(seconds),
        }
    }
}

/// A request signed by AWS's own signer.
pub fn signed(mut request: Request<Vec<u8>>, manner: Manner<'_>) -> (Parts, Vec<u8>) {
    let mut settings = SigningSettings::default();
    if manner.service == "s3" {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    if let Some(seconds) = manner.expires {
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(Duration::from_secs(seconds));
    }
    let token = manner.token.map(str::to_owned);
    let identity = Credentials::new("AKIDEXAMPLE", SECRET, token, None, "test").into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(REGION)
        .name(manner.service)
        .time(UNIX_EPOCH + Duration::from_secs(NOW.cast_unsigned()))
        .settings(settings)
        .build()
        .expect("complete parameters")
        .into();
    let claims = request
        .headers()
        .get("x-amz-content-sha256")
        .is_some_and(|value| value == "UNSIGNED-PAYLOAD");
    let body = if manner.service == "s3" && (manner.expires.is_some() || claims) {
        SignableBody::UnsignedPayload
    } else {
        SignableBody::Bytes(request.body())
    };
    let (method, uri) = (request.method().as_str(), request.uri().to_string());
    let headers = request
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str(), value.to_str().expect("ASCII")));
    let signable = SignableRequest::new(method, uri, headers, body).expect("a request");
    let (instructions, _) = sign(signable, &parameters).expect("a signature").into_parts();
    instructions.apply_to_request_http1x(&mut request);
    let (parts, body) = request.into_parts();
    (parts, body)
}

/// An ordinary call of SQS, signed in its headers.
pub fn ordinary() -> (Parts, Vec<u8>) {
    let request = Request::post("http://localhost:9324/?a=1")
        .header("host", "localhost:9324")
        .header("x-amz-target", "AmazonSQS.SendMessage")
        .body(b"{}".to_vec());
    signed(request.expect("a request"), Manner::header("sqs"))
}

/// The same as a presigned URL, good for five minutes.
pub fn ordinary_url(service: &str) -> (Parts, Vec<u8>) {
    let request = Request::get("http://localhost:9324/queue?a=1").header("host", "localhost:9324");
    signed(
        request.body(Vec::new()).expect("a request"),
        Manner::presigned(service, 300),
    )
}
