//! Environment properties: what names and values are possible.
//!
//! Names follow Beanstalk. Its limit of 4096 bytes for all of them together is lifted to what a
//! process can be started with for sure: 32 KiB for one value, 128 KiB together.

/// Bytes of a name.
pub const MAX_KEY: usize = 128;
/// Bytes of one value.
pub const MAX_VALUE: usize = 32 * 1024;
/// Bytes of all names and values together, one more for each `=`.
pub const MAX_TOTAL: usize = 128 * 1024;

/// Shown instead of a value to people who may not read it.
pub const MASK: &str = "********";

/// Says what is wrong with a property, or nothing.
pub fn problem(key: &str, value: &str) -> Option<String> {
    if key.is_empty() || key.len() > MAX_KEY {
        return Some(format!("its name must have 1 to {MAX_KEY} characters"));
    }
    if let Some(odd) = key
        .chars()
        .find(|c| !c.is_ascii_alphanumeric() && !"_.:/+-@".contains(*c))
    {
        return Some(format!(
            "its name contains {odd:?}; letters, digits and _ . : / + - @ are possible"
        ));
    }
    if value.len() > MAX_VALUE {
        return Some(format!(
            "its value has {} bytes; {MAX_VALUE} are the limit",
            value.len()
        ));
    }
    if value.contains('\0') {
        return Some("its value contains a zero byte".to_owned());
    }
    None
}

/// Bytes all of them take.
pub fn total<'a>(properties: impl Iterator<Item = (&'a String, &'a String)>) -> usize {
    properties.map(|(key, value)| key.len() + value.len() + 1).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_beanstalks_characters() {
        assert_eq!(problem("DATABASE_URL", "postgres://…"), None);
        assert_eq!(problem("a.b:c/d+e-f@g", ""), None);
        for bad in ["", "WITH SPACE", "A=B", "Ä", &"x".repeat(MAX_KEY + 1)] {
            assert!(problem(bad, "v").is_some(), "{bad}");
        }
    }

    #[test]
    fn values_may_be_longer_than_beanstalks_but_not_endless() {
        assert_eq!(problem("A", &"x".repeat(10_000)), None);
        assert!(problem("A", &"x".repeat(MAX_VALUE + 1)).is_some());
        assert!(problem("A", "a\0b").is_some());
    }
}
