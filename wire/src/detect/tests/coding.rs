use std::io::Write;

use super::*;

fn zipped(plain: &[u8]) -> Vec<u8> {
    let mut zip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    zip.write_all(plain).unwrap();
    zip.finish().unwrap()
}

#[test]
fn gzip_is_undone_within_bounds() {
    let parts = head("POST", "/", &[JSON, TARGET, ("content-encoding", "gzip")]);
    let body = zipped(b"{\"QueueUrl\":\"u\"}");
    let call = call(&parts, body.clone().into(), "r-1".to_owned()).expect("a call");
    assert_eq!(&call.body[..], b"{\"QueueUrl\":\"u\"}");
    let (.., bomb) = refused(&parts, zipped(&vec![0; 16 * 1024 * 1024 + 1]));
    assert_eq!(bomb.kind.status, 413);
    for bad in [b"{}".to_vec(), body[..body.len() - 9].to_vec(), Vec::new()] {
        assert_eq!(refused(&parts, bad).2.kind.status, 415);
    }
    let (.., other) = refused(
        &head("POST", "/", &[JSON, TARGET, ("content-encoding", "br")]),
        Vec::new(),
    );
    assert!(other.message.contains("br"), "{other}");
}

#[test]
fn an_objects_coding_is_its_own() {
    let s3 = signed("s3");
    let parts = head(
        "PUT",
        "/b/k",
        &[("authorization", &*s3), ("content-encoding", "gzip")],
    );
    assert_eq!(&called(&parts, b"as is").body[..], b"as is");
}
