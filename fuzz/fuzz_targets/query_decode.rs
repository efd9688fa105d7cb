//! Any bytes as a form.
#![no_main]

use beanpole_fuzz::decoded;
use beanpole_wire::Protocol;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    decoded(Protocol::Query, data);
});
