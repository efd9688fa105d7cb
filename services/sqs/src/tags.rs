//! Cost allocation tags of queues.

use std::collections::BTreeMap;

use beanpole_wire::AwsError;

use crate::errors;

const MOST: usize = 50;

/// Tags by their keys.
pub type Tags = BTreeMap<String, String>;

/// Whether these may be set.
pub fn check(tags: &Tags) -> Result<(), AwsError> {
    for (key, value) in tags {
        let refused = |reason| Err(errors::invalid(key, "Tag.Key", reason));
        if !(1..=128).contains(&key.chars().count()) {
            return refused("Tag keys must be between 1 and 128 characters in length.");
        }
        if key.to_lowercase().starts_with("aws:") {
            return refused("Tag keys that begin with aws: are reserved.");
        }
        if !key.chars().all(is_allowed) {
            return refused("Tag keys can only include letters, digits, spaces and _ . : / = + - @");
        }
        if value.chars().count() > 256 || !value.chars().all(is_allowed) {
            let reason = "Tag values can have up to 256 letters, digits, spaces and _ . : / = + - @";
            return Err(errors::invalid(value, "Tag.Value", reason));
        }
    }
    Ok(())
}

/// Whether a queue can have these together.
pub fn fit(tags: &Tags) -> bool {
    tags.len() <= MOST
}

pub fn too_many(queue: &str) -> AwsError {
    errors::INVALID_PARAMETER_VALUE.because(format!("Too many tags added for queue {queue}."))
}

fn is_allowed(char: char) -> bool {
    char.is_alphanumeric() || char == ' ' || "_.:/=+-@".contains(char)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(key: &str, value: &str) -> Tags {
        BTreeMap::from([(key.to_owned(), value.to_owned())])
    }

    #[test]
    fn keys_and_values_have_lengths_and_characters() {
        for (key, value) in [
            ("a", ""),
            ("Käse 1_.:/=+-@", "v w"),
            (&"x".repeat(128), &"v".repeat(256)),
        ] {
            assert!(check(&one(key, value)).is_ok(), "{key}");
        }
        for (key, value) in [
            ("", "v"),
            (&"x".repeat(129), "v"),
            ("aws:x", "v"),
            ("AWS:x", "v"),
            ("a*", "v"),
            ("a", "<"),
            ("a", &"v".repeat(257)),
        ] {
            assert_eq!(
                check(&one(key, value)).unwrap_err().kind,
                errors::INVALID_PARAMETER_VALUE,
                "{key}"
            );
        }
    }

    #[test]
    fn fifty_tags_are_the_most() {
        let many = |count: u32| (0..count).map(|at| (at.to_string(), String::new())).collect();
        assert!(fit(&many(50)) && !fit(&many(51)));
    }
}
