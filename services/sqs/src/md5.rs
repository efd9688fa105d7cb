//! The MD5 digests that clients compare with their own.

use std::collections::BTreeMap;

use md5::{Digest, Md5};

use crate::model::message::{Attribute, AttributeValue};

/// Of a body, in hex.
pub fn of_text(text: &str) -> String {
    hex::encode(Md5::digest(text))
}

/// Of attributes, in hex: by the order of their names, each name, data type and value with its length
/// before it, and between type and value one byte that says which transport the value has. None where
/// there are no attributes.
pub fn of_attributes<'a>(
    attributes: impl IntoIterator<Item = (&'a String, &'a Attribute)>,
) -> Option<String> {
    let sorted: BTreeMap<_, _> = attributes.into_iter().collect();
    if sorted.is_empty() {
        return None;
    }
    let mut digest = Md5::new();
    for (name, attribute) in sorted {
        add(&mut digest, name.as_bytes());
        add(&mut digest, attribute.data_type.as_bytes());
        match &attribute.value {
            AttributeValue::String(text) => {
                digest.update([1]);
                add(&mut digest, text.as_bytes());
            }
            AttributeValue::Binary(bytes) => {
                digest.update([2]);
                add(&mut digest, bytes);
            }
        }
    }
    Some(hex::encode(digest.finalize()))
}

fn add(digest: &mut Md5, part: &[u8]) {
    // Messages are at most 1 MiB.
    let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
    digest.update(length.to_be_bytes());
    digest.update(part);
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn text(data_type: &str, value: &str) -> Attribute {
        let value = AttributeValue::String(value.to_owned());
        Attribute {
            data_type: data_type.to_owned(),
            value,
        }
    }

    #[test]
    fn of_known_bodies() {
        assert_eq!(
            of_text("This is a test message"),
            "fafb00f5732ab283681e124bf8747ed1"
        );
        assert_eq!(of_text("ä"), "8419b71c87a225a2c70b50486fbee545");
    }

    #[test]
    fn attributes_are_length_prefixed_by_name_with_their_whole_type() {
        let attributes = BTreeMap::from([
            ("b".to_owned(), text("Number.int", "7")),
            (
                "a".to_owned(),
                Attribute {
                    data_type: "Binary".to_owned(),
                    value: AttributeValue::Binary(Bytes::from_static(&[0, 255])),
                },
            ),
        ]);
        let mut written = Vec::new();
        written.extend(b"\0\0\0\x01a\0\0\0\x06Binary\x02\0\0\0\x02\x00\xff");
        written.extend(b"\0\0\0\x01b\0\0\0\x0aNumber.int\x01\0\0\0\x017");
        assert_eq!(
            of_attributes(&attributes),
            Some(hex::encode(Md5::digest(written)))
        );
        assert_eq!(of_attributes(&BTreeMap::new()), None);
    }

    #[test]
    fn one_string_attribute_has_the_digest_that_clients_compute() {
        let attributes = BTreeMap::from([("timestamp".to_owned(), text("Number", "1493147359900"))]);
        assert_eq!(
            of_attributes(&attributes).as_deref(),
            Some("235c5c510d26fb653d073faed50ae77c")
        );
    }
}
