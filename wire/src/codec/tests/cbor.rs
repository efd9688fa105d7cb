//! CBOR of the Java SDKs, and CBOR of nobody who means well.

use super::*;

#[test]
fn cbor_is_read_as_the_java_sdks_write_it() {
    // An indefinite map: Data as a byte string, Since tagged, in milliseconds, as integer or double.
    let open = b"\xbf\x64Data\x43\x00\x01\x02\x65Since";
    let integer = [&open[..], b"\xc1\x1b\x00\x00\x01\x8b\xcf\xe5\x68\x7b\xff"].concat();
    let double = [&open[..], b"\xc1\xfb\x42\x78\xbc\xfe\x56\x87\xb0\x00\xff"].concat();
    let untagged = [&open[..], b"\x1b\x00\x00\x01\x8b\xcf\xe5\x68\x7b\xff"].concat();
    for body in [integer, double, untagged] {
        let echo: Echo = decode(&call(Protocol::Cbor11, &body)).unwrap();
        assert_eq!(echo.data, Some(Blob(vec![0, 1, 2].into())));
        assert_eq!(echo.since, Some(Timestamp(1_700_000_000_123)));
    }
    let null: Echo = decode(&call(Protocol::Cbor11, b"\xa1\x64Text\xf6")).unwrap();
    assert_eq!(null, Echo::default());
}

#[test]
fn hostile_cbor_is_refused_within_bounds() {
    let nested = [&b"\xa1\x67Entries"[..], &b"\x81\xa1\x67Entries".repeat(10_000)].concat();
    let unknown = [&b"\xa1\x61x"[..], &vec![0x81; 100_000]].concat();
    for (body, told) in [
        (nested, "nested"),
        (unknown, "nested"),
        (
            b"\xa1\x64Data\x5b\x7f\xff\xff\xff\xff\xff\xff\xff".to_vec(),
            "early",
        ),
        (b"\xa0\xa0".to_vec(), "follow"),
        (b"\x80".to_vec(), ""),
        (b"\xff".to_vec(), ""),
    ] {
        let message = refused(Protocol::Cbor11, &body);
        assert!(message.contains(told), "{message}");
    }
}

#[test]
fn large_values_are_read_whole() {
    let echo = Echo {
        text: Some("x".repeat(1 << 20)),
        data: Some(Blob(vec![7; 1 << 20].into())),
        ..Echo::default()
    };
    let body = encode::<Echo>(&call(Protocol::Cbor11, b""), &echo).into_body();
    assert_eq!(decode::<Echo>(&call(Protocol::Cbor11, &body)).unwrap(), echo);
}
