//! Whatever is written is read the same.

use proptest::prelude::*;

use super::*;

/// The form that an SDK would send for a value.
fn form(echo: &Echo, prefix: &str, out: &mut String) {
    let mut add = |name: &str, value: &str| {
        let value = percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC);
        out.push_str(&format!("{prefix}{name}={value}&"));
    };
    if let Some(text) = &echo.text {
        add("Text", text);
    }
    if let Some(count) = echo.count {
        add("Count", &count.to_string());
    }
    if let Some(data) = &echo.data {
        add("Data", serde_json::to_value(data).unwrap().as_str().unwrap());
    }
    if let Some(Timestamp(at)) = echo.since {
        add("Since", &crate::value::iso_8601(at).unwrap());
    }
    for (index, entry) in echo.entries.iter().enumerate() {
        form(entry, &format!("{prefix}Entry.{}.", index + 1), out);
    }
}

fn echo() -> impl Strategy<Value = Echo> {
    let blob = prop::collection::vec(any::<u8>(), 0..40).prop_map(|bytes| Blob(bytes.into()));
    let time = (-62_167_219_200_000_i64..=253_402_300_799_999).prop_map(Timestamp);
    let of = prop::option::of::<BoxedStrategy<String>>;
    let leaf = (
        of(any::<String>().boxed()),
        prop::option::of(any::<i64>()),
        prop::option::of(blob),
        prop::option::of(time),
    );
    let leaf = leaf.prop_map(|(text, count, data, since)| Echo {
        text,
        count,
        data,
        since,
        entries: Vec::new(),
    });
    let filled = leaf
        .clone()
        .prop_filter("an entry without members is no parameter", |echo| {
            *echo != Echo::default()
        });
    (leaf, prop::collection::vec(filled, 0..12)).prop_map(|(echo, entries)| Echo { entries, ..echo })
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded_the_same(echo in echo()) {
        for protocol in [Protocol::Json10, Protocol::Cbor11] {
            let body = encode::<Echo>(&call(protocol, b""), &echo).into_body();
            prop_assert_eq!(&decode::<Echo>(&call(protocol, &body)).unwrap(), &echo);
        }
        let mut body = String::new();
        form(&echo, "", &mut body);
        prop_assert_eq!(&decode::<Echo>(&call(Protocol::Query, body.as_bytes())).unwrap(), &echo);
    }

    #[test]
    fn no_bytes_make_it_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        for protocol in PROTOCOLS {
            let _ = decode::<Echo>(&call(protocol, &body));
        }
    }
}
