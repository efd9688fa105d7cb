//! Any chunked body, whole and byte by byte: both end in the same bytes or in the same error.
#![no_main]

use beanpole_fuzz::request;
use beanpole_wire::AwsError;
use beanpole_wire::sigv4::chunked::Decoder;
use beanpole_wire::sigv4::{Signature, SigningKey};
use libfuzzer_sys::fuzz_target;

const FRAMINGS: [&str; 3] = [
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
];

type Whole = (Vec<u8>, Vec<(String, String)>);

fn decode(framing: &str, length: u8, body: &[u8], step: usize) -> Result<Whole, AwsError> {
    let signature = "0".repeat(64);
    let head = format!(
        "PUT /b/k\nauthorization:AWS4-HMAC-SHA256 Credential=A/20150830/r/s3/aws4_request, SignedHeaders=host, \
         Signature={signature}\nx-amz-date:20150830T123600Z\nx-amz-content-sha256:{framing}\n\
         x-amz-decoded-content-length:{length}\nx-amz-trailer:a,b\n\n"
    );
    let (parts, _) = request(head.as_bytes()).expect("a request");
    let signature = Signature::parse(&parts)?.expect("a signature");
    let key = SigningKey::derive("secret", "20150830", "r", "s3");
    let mut decoder = Decoder::of(&parts, &signature, &key)?.expect("a chunked body");
    let mut plain = Vec::new();
    for mut piece in body.chunks(step) {
        while let Some(bytes) = decoder.decode(&mut piece)? {
            assert!(!bytes.is_empty());
            plain.extend_from_slice(bytes);
        }
        assert!(piece.is_empty());
    }
    Ok((plain, decoder.finish()?))
}

fuzz_target!(|data: &[u8]| {
    let [framing, length, body @ ..] = data else {
        return;
    };
    let framing = FRAMINGS[usize::from(*framing) % FRAMINGS.len()];
    let whole = decode(framing, *length, body, usize::MAX);
    assert_eq!(decode(framing, *length, body, 1), whole);
    if let Ok((plain, _)) = whole {
        assert_eq!(plain.len(), usize::from(*length));
    }
});
