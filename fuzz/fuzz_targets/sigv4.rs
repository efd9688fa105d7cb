//! Any request: its signature is read and checked in time, and never holds under a key nobody signed with.
#![no_main]

use beanpole_fuzz::request;
use beanpole_wire::sigv4::chunked::Decoder;
use beanpole_wire::sigv4::{Payload, Signature, SigningKey};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((parts, body)) = request(data) else {
        return;
    };
    let Ok(Some(signature)) = Signature::parse(&parts) else {
        return;
    };
    let Signature {
        date,
        region,
        service,
        signed_at,
        ..
    } = &signature;
    let key = SigningKey::derive("a key nobody signed with", date, region, service);
    for now in [*signed_at, 0, i64::from(u32::MAX)] {
        assert!(signature.verify(&parts, Payload::Body(body), &key, now).is_err());
    }
    let _ = Decoder::of(&parts, &signature, &key);
});
