//! Any value as XML: no text of it becomes markup, and nothing is left that XML forbids.
#![no_main]

use beanpole_fuzz::{Echo, call, decoded};
use beanpole_wire::{Protocol, codec};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some(echo) = decoded(Protocol::Json11, data) else {
        return;
    };
    let answer = codec::encode::<Echo>(&call(Protocol::Query, bytes::Bytes::new()), &echo);
    if answer.status() != 200 {
        panic!("{}", String::from_utf8_lossy(answer.body()));
    }
    let text = std::str::from_utf8(answer.body()).expect("UTF-8");
    let forbidden =
        |c: char| matches!(c, '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\u{fffe}' | '\u{ffff}');
    assert!(!text.contains(forbidden), "{text:?}");
    let mut open = Vec::new();
    for tag in text.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').expect("an end of the tag");
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "{text}"),
            None if tag.ends_with('/') => {}
            None => open.push(tag.split(' ').next().expect("a name")),
        }
    }
    assert!(open.is_empty(), "{text}");
});
