//! Any request: whose it is, what it calls, and its body in the protocol that was found.
#![no_main]

use beanpole_fuzz::{Echo, request};
use beanpole_wire::{codec, detect};
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((parts, body)) = request(data) else {
        return;
    };
    let _ = detect::service(&parts);
    match detect::call(&parts, Bytes::copy_from_slice(body), "r-1".to_owned()) {
        Ok(call) => {
            if let Err(error) = codec::decode::<Echo>(&call) {
                codec::encode_error(&call, &error);
            }
        }
        Err((service, protocol, error)) => {
            codec::encode_error_for(&service, protocol, "r-1", &error);
        }
    }
});
