//! What environments may be called.

use crate::ApiError;

fn letters_digits_dashes(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// 4 to 40 letters, digits and dashes, as in Beanstalk.
pub fn environment(name: &str) -> Result<(), ApiError> {
    if (4..=40).contains(&name.len()) && letters_digits_dashes(name) {
        return Ok(());
    }
    Err(ApiError::invalid(
        "name",
        format!(
            "{name:?} cannot be an environment's name: it takes 4 to 40 letters, digits and dashes, \
             with no dash at either end"
        ),
    ))
}

/// The prefix in lower case: 4 to 63 letters, digits and dashes, a label of a host name.
pub fn cname_prefix(prefix: &str) -> Result<String, ApiError> {
    if (4..=63).contains(&prefix.len()) && letters_digits_dashes(prefix) {
        return Ok(prefix.to_ascii_lowercase());
    }
    Err(ApiError::invalid(
        "cname_prefix",
        format!(
            "{prefix:?} cannot be a CNAME prefix: it takes 4 to 63 letters, digits and dashes, with no \
             dash at either end"
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_labels_of_host_names() {
        assert!(environment("shop-prod").is_ok());
        assert_eq!(cname_prefix("Shop-Prod").unwrap(), "shop-prod");
        for bad in [
            "abc",
            "-abcd",
            "abcd-",
            "a_bcd",
            "ab cd",
            "ä-bcd",
            &"x".repeat(41),
        ] {
            let error = environment(bad).unwrap_err();
            assert_eq!(error.field.as_deref(), Some("name"), "{bad}");
        }
    }
}
