//! Any bytes as CBOR; what can be read stays the same when it is written and read again.
#![no_main]

use beanpole_fuzz::{Echo, call, decoded};
use beanpole_wire::{Protocol, codec};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some(echo) = decoded(Protocol::Cbor11, data) else {
        return;
    };
    let first = call(Protocol::Cbor11, bytes::Bytes::new());
    let written = codec::encode::<Echo>(&first, &echo).into_body();
    let again = codec::decode::<Echo>(&call(Protocol::Cbor11, written));
    assert_eq!(again.as_ref(), Ok(&echo));
});
