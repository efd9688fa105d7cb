//! What queues may be called.

use std::collections::BTreeMap;

use beanpole_wire::AwsError;

use crate::{attributes, errors, model::Kind};

const FIFO: &str = ".fifo";

/// The kind of a queue that is to be made: `.fifo` stands at the end of the name exactly where
/// `FifoQueue` is true.
pub fn kind(name: &str, attributes: &BTreeMap<String, String>) -> Result<Kind, AwsError> {
    let fifo = match attributes
        .get("FifoQueue")
        .map(|value| value.to_ascii_lowercase())
        .as_deref()
    {
        None => false,
        Some("true") => true,
        Some(_) => {
            check(name)?;
            return Err(attributes::unknown("FifoQueue"));
        }
    };
    let good = match (fifo, name.strip_suffix(FIFO)) {
        (true, Some(stem)) => is_plain(stem) && name.len() <= 80,
        (true, None) => false,
        (false, _) => is_plain(name) && name.len() <= 80,
    };
    match (good, fifo) {
        (true, true) => Ok(Kind::Fifo),
        (true, false) => Ok(Kind::Standard),
        (false, true) => Err(errors::INVALID_PARAMETER_VALUE.because(
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end \
             with .fifo suffix and be 1 to 80 in length",
        )),
        (false, false) => Err(refused()),
    }
}

/// The name of a queue of either kind.
pub fn check(name: &str) -> Result<(), AwsError> {
    let good = is_plain(name.strip_suffix(FIFO).unwrap_or(name)) && name.len() <= 80;
    if good { Ok(()) } else { Err(refused()) }
}

fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

fn refused() -> AwsError {
    errors::INVALID_PARAMETER_VALUE
        .because("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str, fifo: Option<&str>) -> Result<Kind, &'static str> {
        let given = fifo.map(|value| ("FifoQueue".to_owned(), value.to_owned()));
        kind(name, &given.into_iter().collect()).map_err(|error| error.kind.code)
    }

    #[test]
    fn fifo_stands_at_the_end_exactly_of_fifo_queues() {
        assert_eq!(named("a-B_9", None), Ok(Kind::Standard));
        assert_eq!(named("a.fifo", Some("true")), Ok(Kind::Fifo));
        assert_eq!(named(&"x".repeat(80), None), Ok(Kind::Standard));
        let long = "x".repeat(81);
        let long_fifo = format!("{}.fifo", "x".repeat(76));
        for (name, fifo) in [
            ("", None),
            ("a b", None),
            ("a.fifo", None),
            ("a.b", None),
            ("ä", None),
            (long.as_str(), None),
            ("a", Some("true")),
            (".fifo", Some("true")),
            ("a.b.fifo", Some("true")),
            (long_fifo.as_str(), Some("true")),
        ] {
            assert_eq!(named(name, fifo), Err("InvalidParameterValueException"), "{name}");
        }
    }

    #[test]
    fn fifo_queue_false_is_an_unknown_attribute() {
        assert_eq!(named("a", Some("false")), Err("InvalidAttributeName"));
    }

    #[test]
    fn names_that_are_looked_up_may_be_of_either_kind() {
        assert!(check("a").is_ok() && check("a.fifo").is_ok());
        assert!(check("").is_err() && check(".fifo").is_err() && check("a/b").is_err());
    }
}
