//! Uploads in chunks: whole ones come out as they went in, changed ones do not come to an end.

use std::time::{Duration, UNIX_EPOCH};

use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use beanpole_wire::sigv4::chunked::Decoder;
use beanpole_wire::sigv4::{Payload, Signature, SigningKey, errors};
use beanpole_wire::{AwsError, Kind};
use http::Request;
use http::request::Parts;
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use crate::sign::{NOW, REGION, SECRET};

const SIGNED: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
const SIGNED_TRAILER: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
const UNSIGNED_TRAILER: &str = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
const TRAILER: (&str, &str) = ("x-amz-checksum-crc32c", "sOO8/Q==");

fn sha(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Signs like a client, by AWS's own key and signature.
struct Client {
    previous: String,
}

impl Client {
    fn sign(&mut self, text: &str) -> String {
        let key = generate_signing_key(
            SECRET,
            UNIX_EPOCH + Duration::from_secs(NOW.cast_unsigned()),
            REGION,
            "s3",
        );
        calculate_signature(key, text.as_bytes())
    }

    fn link(&mut self, algorithm: &str, hashes: &str) -> String {
        let scope = format!("20150830/{REGION}/s3/aws4_request");
        let text = format!(
            "{algorithm}\n20150830T123600Z\n{scope}\n{}\n{hashes}",
            self.previous
        );
        self.previous = self.sign(&text);
        self.previous.clone()
    }

    fn chunk(&mut self, data: &[u8]) -> Vec<u8> {
        let signature = self.link(
            "AWS4-HMAC-SHA256-PAYLOAD",
            &format!("{}\n{}", sha(b""), sha(data)),
        );
        let mut out = format!("{:x};chunk-signature={signature}\r\n", data.len()).into_bytes();
        out.extend_from_slice(data);
        if !data.is_empty() {
            out.extend_from_slice(b"\r\n");
        }
        out
    }

    fn body(&mut self, framing: &str, chunks: &[Vec<u8>]) -> Vec<u8> {
        let (name, value) = TRAILER;
        let mut out = Vec::new();
        for data in chunks.iter().map(Vec::as_slice).chain([&[][..]]) {
            match framing {
                UNSIGNED_TRAILER if data.is_empty() => out.extend_from_slice(b"0\r\n"),
                UNSIGNED_TRAILER => {
                    out.extend_from_slice(format!("{:x}\r\n", data.len()).as_bytes());
                    out.extend_from_slice(data);
                    out.extend_from_slice(b"\r\n");
                }
                _ => out.extend_from_slice(&self.chunk(data)),
            }
        }
        if framing != SIGNED {
            out.extend_from_slice(format!("{name}:{value}\r\n").as_bytes());
        }
        if framing == SIGNED_TRAILER {
            let signature = self.link(
                "AWS4-HMAC-SHA256-TRAILER",
                &sha(format!("{name}:{value}\n").as_bytes()),
            );
            out.extend_from_slice(format!("x-amz-trailer-signature:{signature}\r\n").as_bytes());
        }
        out.extend_from_slice(b"\r\n");
        out
    }
}

/// The head of an upload of `length` bytes and who signs its body.
fn upload(framing: &str, length: usize) -> (Parts, Client) {
    let mut headers = vec![
        ("host", "localhost".to_owned()),
        ("x-amz-content-sha256", framing.to_owned()),
        ("x-amz-date", "20150830T123600Z".to_owned()),
        ("x-amz-decoded-content-length", length.to_string()),
    ];
    if framing != SIGNED {
        headers.push(("x-amz-trailer", TRAILER.0.to_owned()));
    }
    let names = headers
        .iter()
        .map(|(name, _)| *name)
        .collect::<Vec<_>>()
        .join(";");
    let lines: String = headers
        .iter()
        .map(|(name, value)| format!("{name}:{value}\n"))
        .collect();
    let canonical = format!("PUT\n/b/k\n\n{lines}\n{names}\n{framing}");
    let scope = format!("20150830/{REGION}/s3/aws4_request");
    let mut client = Client {
        previous: String::new(),
    };
    let text = format!(
        "AWS4-HMAC-SHA256\n20150830T123600Z\n{scope}\n{}",
        sha(canonical.as_bytes())
    );
    client.previous = client.sign(&text);
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{scope}, SignedHeaders={names}, Signature={}",
        client.previous
    );
    let mut request = Request::put("http://localhost/b/k").header("authorization", authorization);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    (request.body(()).expect("a request").into_parts().0, client)
}

type Whole = (Vec<u8>, Vec<(String, String)>);

/// Decodes a body that comes in pieces of `step` bytes.
fn decode(request: &Parts, body: &[u8], step: usize) -> Result<Whole, AwsError> {
    let signature = Signature::parse(request)?.expect("a signature");
    let key = SigningKey::derive(SECRET, &signature.date, &signature.region, &signature.service);
    signature.verify(request, Payload::Body(b""), &key, NOW)?;
    let mut decoder = Decoder::of(request, &signature, &key)?.expect("a chunked body");
    let mut plain = Vec::new();
    for mut piece in body.chunks(step) {
        while let Some(bytes) = decoder.decode(&mut piece)? {
            plain.extend_from_slice(bytes);
        }
    }
    Ok((plain, decoder.finish()?))
}

fn refused(request: &Parts, body: &[u8]) -> Kind {
    decode(request, body, 7).expect_err("a refusal").kind
}

fn example(framing: &str) -> (Parts, Vec<u8>) {
    let chunks = [vec![b'a'; 65_536], vec![b'b'; 1024]];
    let (request, mut client) = upload(framing, 66_560);
    let body = client.body(framing, &chunks);
    (request, body)
}

#[test]
fn an_upload_in_two_chunks_comes_out_whole() {
    for framing in [SIGNED, SIGNED_TRAILER, UNSIGNED_TRAILER] {
        let (request, body) = example(framing);
        for step in [1, 100, 8192, body.len()] {
            let (plain, trailers) =
                decode(&request, &body, step).unwrap_or_else(|error| panic!("{framing}: {error}"));
            assert_eq!(plain.len(), 66_560);
            assert!(
                plain[..65_536].iter().all(|byte| *byte == b'a')
                    && plain[65_536..].iter().all(|byte| *byte == b'b')
            );
            let expected = if framing == SIGNED {
                vec![]
            } else {
                vec![(TRAILER.0.to_owned(), TRAILER.1.to_owned())]
            };
            assert_eq!(trailers, expected);
        }
    }
}

#[test]
fn an_upload_that_is_cut_off_does_not_end() {
    for framing in [SIGNED, SIGNED_TRAILER, UNSIGNED_TRAILER] {
        let (request, body) = example(framing);
        for kept in [
            0,
            1,
            90,
            70_000.min(body.len() - 4),
            body.len() - 2,
            body.len() - 1,
        ] {
            assert_eq!(
                refused(&request, &body[..kept]),
                errors::INCOMPLETE_BODY,
                "{framing} {kept}"
            );
        }
        let longer = [body.as_slice(), b"x"].concat();
        assert_eq!(refused(&request, &longer), errors::INCOMPLETE_BODY, "{framing}");
    }
}

#[test]
fn changed_bytes_break_the_chain() {
    for framing in [SIGNED, SIGNED_TRAILER] {
        for at in [100, 30_000, 65_536] {
            let (request, mut body) = example(framing);
            body[at] ^= 1;
            assert_eq!(refused(&request, &body), errors::MISMATCH, "{framing} {at}");
        }
    }
}

#[test]
fn chunks_cannot_change_places_or_be_left_out() {
    let (request, mut client) = upload(SIGNED, 20);
    let (one, two, end) = (client.chunk(&[1; 10]), client.chunk(&[2; 10]), client.chunk(b""));
    let whole = |parts: &[&[u8]]| [&parts.concat(), &b"\r\n"[..]].concat();
    decode(&request, &whole(&[&one, &two, &end]), 7).expect("in order");
    assert_eq!(refused(&request, &whole(&[&two, &one, &end])), errors::MISMATCH);
    assert_eq!(refused(&request, &whole(&[&one, &one, &end])), errors::MISMATCH);
    assert_eq!(refused(&request, &whole(&[&one, &end])), errors::MISMATCH);
}

#[test]
fn a_signed_trailer_must_be_the_announced_one() {
    let (request, body) = example(SIGNED_TRAILER);
    let text = |from: &str, to: &str| {
        let at = body
            .windows(from.len())
            .position(|window| window == from.as_bytes())
            .expect("the text");
        [&body[..at], to.as_bytes(), &body[at + from.len()..]].concat()
    };
    assert_eq!(refused(&request, &text("sOO8", "sOO9")), errors::MISMATCH);
    assert_eq!(
        refused(&request, &text("x-amz-checksum-crc32c", "x-amz-checksum-sha1")),
        errors::MALFORMED_TRAILER
    );
    assert_eq!(
        refused(
            &request,
            &text("x-amz-checksum-crc32c:", "x-amz-checksum-crc32c ")
        ),
        errors::MALFORMED_TRAILER
    );
    assert_eq!(
        refused(
            &request,
            &text("x-amz-trailer-signature:", "x-amz-trailer-signature:0")
        ),
        errors::MISMATCH
    );
    let (request, mut client) = upload(UNSIGNED_TRAILER, 0);
    let empty = client.body(UNSIGNED_TRAILER, &[]);
    decode(&request, &empty, 3).expect("an empty object");
    assert_eq!(refused(&request, b"0\r\n\r\n"), errors::MALFORMED_TRAILER);
}

#[test]
fn heads_that_are_none_are_refused_without_being_kept() {
    let (request, _) = upload(UNSIGNED_TRAILER, 10);
    let endless = vec![b'0'; 10_000];
    for body in [
        b"zz\r\n".as_slice(),
        b"\r\n",
        b"-1\r\n",
        b"5\n12345\r\n0\r\n\r\n",
        b"5;chunk-signature=00\r\n",
        b"b\r\n",
        b"5\r\n123456\r\n",
        b"ffffffffffffffffff\r\n",
        &endless,
    ] {
        assert_eq!(
            refused(&request, body),
            errors::INCOMPLETE_BODY,
            "{:?}",
            String::from_utf8_lossy(&body[..4])
        );
    }
    let (request, _) = upload(SIGNED, 10);
    assert_eq!(refused(&request, b"5\r\n12345\r\n"), errors::MISMATCH);
}

#[test]
fn a_chunked_upload_says_how_long_it_is() {
    let (mut request, _) = example(SIGNED);
    let signature = Signature::parse(&request)
        .expect("well-formed")
        .expect("a signature");
    let key = SigningKey::derive(SECRET, &signature.date, &signature.region, &signature.service);
    request.headers.remove("x-amz-decoded-content-length");
    let kind = Decoder::of(&request, &signature, &key)
        .err()
        .expect("a refusal")
        .kind;
    assert_eq!(kind, errors::MISSING_LENGTH);
    request.headers.remove("x-amz-content-sha256");
    assert!(
        Decoder::of(&request, &signature, &key)
            .expect("well-formed")
            .is_none()
    );
}

proptest! {
    #[test]
    fn any_chunks_in_any_pieces_come_out_whole(
        framing in prop::sample::select(vec![SIGNED, SIGNED_TRAILER, UNSIGNED_TRAILER]),
        chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..300), 0..6),
        step in 1_usize..400,
    ) {
        let plain = chunks.concat();
        let (request, mut client) = upload(framing, plain.len());
        let body = client.body(framing, &chunks);
        prop_assert_eq!(decode(&request, &body, step).expect("whole").0, plain);
    }
}
