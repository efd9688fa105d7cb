//! References in the texts of a Compose file: `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME-default}`,
//! `${NAME:?message}`, `${NAME?message}`, `${NAME:+other}`, `${NAME+other}`; `$$` is a dollar sign.

/// Why a text has no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpandError {
    #[error("{0:?} is no reference: write ${{NAME}}, or $$ for a dollar sign")]
    Malformed(String),
    /// The text's own `?` asks for it.
    #[error("{name} is not set{}{message}", if message.is_empty() { "" } else { ": " })]
    Required { name: String, message: String },
    /// Only where nothing stands for what is not set.
    #[error("{0} is not set")]
    Unset(String),
}

/// What a reference without a value gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unset {
    /// Nothing, as in Compose.
    IsEmpty,
    IsAnError,
}

/// How deep defaults may stand in defaults.
const DEEPEST: usize = 16;

/// The text with its references replaced.
pub fn expand(
    text: &str,
    unset: Unset,
    value: &dyn Fn(&str) -> Option<String>,
) -> Result<String, ExpandError> {
    at_depth(text, unset, value, 0)
}

/// Whether a reference stands in the text.
pub fn has_reference(text: &str) -> bool {
    text.contains('$') && text.replace("$$", "").contains('$')
}

/// The text so that [`expand`] gives it back as it is.
pub fn escape(text: &str) -> String {
    text.replace('$', "$$")
}

fn at_depth(
    text: &str,
    unset: Unset,
    value: &dyn Fn(&str) -> Option<String>,
    depth: usize,
) -> Result<String, ExpandError> {
    let malformed = |rest: &str| ExpandError::Malformed(rest.chars().take(40).collect());
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let here = &rest[at..];
        let after = &here[1..];
        if let Some(next) = after.strip_prefix('$') {
            out.push('$');
            rest = next;
        } else if let Some(inner) = after.strip_prefix('{') {
            let end = closing(inner)
                .filter(|_| depth < DEEPEST)
                .ok_or_else(|| malformed(here))?;
            let (name, operation) = inner[..end].split_at(name_length(&inner[..end]));
            if name.is_empty() {
                return Err(malformed(here));
            }
            let found = value(name);
            let deeper = |text: &str| at_depth(text, unset, value, depth + 1);
            out.push_str(&match operation_of(operation).ok_or_else(|| malformed(here))? {
                Operation::None => found.map_or_else(|| missing(name, unset), Ok)?,
                Operation::Default { even_empty, text } => match found {
                    Some(found) if !(even_empty && found.is_empty()) => found,
                    _ => deeper(text)?,
                },
                Operation::Required { even_empty, text } => match found {
                    Some(found) if !(even_empty && found.is_empty()) => found,
                    _ => {
                        return Err(ExpandError::Required {
                            name: name.to_owned(),
                            message: deeper(text)?,
                        });
                    }
                },
                Operation::Other { even_empty, text } => match found {
                    Some(found) if !(even_empty && found.is_empty()) => deeper(text)?,
                    _ => String::new(),
                },
            });
            rest = &inner[end + 1..];
        } else {
            let (name, next) = after.split_at(name_length(after));
            if name.is_empty() {
                return Err(malformed(here));
            }
            out.push_str(&value(name).map_or_else(|| missing(name, unset), Ok)?);
            rest = next;
        }
    }
    out.push_str(rest);
    Ok(out)
}

enum Operation<'a> {
    None,
    Default { even_empty: bool, text: &'a str },
    Required { even_empty: bool, text: &'a str },
    Other { even_empty: bool, text: &'a str },
}

fn operation_of(text: &str) -> Option<Operation<'_>> {
    if text.is_empty() {
        return Some(Operation::None);
    }
    let (even_empty, rest) = match text.strip_prefix(':') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let mut letters = rest.chars();
    let operator = letters.next()?;
    let text = letters.as_str();
    match operator {
        '-' => Some(Operation::Default { even_empty, text }),
        '?' => Some(Operation::Required { even_empty, text }),
        '+' => Some(Operation::Other { even_empty, text }),
        _ => None,
    }
}

fn missing(name: &str, unset: Unset) -> Result<String, ExpandError> {
    match unset {
        Unset::IsEmpty => Ok(String::new()),
        Unset::IsAnError => Err(ExpandError::Unset(name.to_owned())),
    }
}

fn name_length(text: &str) -> usize {
    let is_name = |(at, byte): (usize, u8)| {
        byte == b'_' || byte.is_ascii_alphabetic() || (at > 0 && byte.is_ascii_digit())
    };
    text.bytes().enumerate().take_while(|pair| is_name(*pair)).count()
}

/// Where the brace ends that was opened before `text`.
fn closing(text: &str) -> Option<usize> {
    let mut open = 0usize;
    let mut before = 0;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' if before == b'$' => open += 1,
            b'}' if open == 0 => return Some(at),
            b'}' => open -= 1,
            _ => {}
        }
        before = byte;
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value(name: &str) -> Option<String> {
        match name {
            "A" => Some("a".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        }
    }

    #[test]
    fn references_are_replaced_as_compose_does() {
        for (text, expected) in [
            ("plain", "plain"),
            ("$A-${A}", "a-a"),
            ("$$A $${A}", "$A ${A}"),
            ("x${B}y$B", "xy"),
            ("${B:-d} ${B-d} ${EMPTY:-d} ${EMPTY-d}", "d d d "),
            ("${B:-${A}/x}", "a/x"),
            ("${A:+yes}${B:+no}${EMPTY+there}", "yesthere"),
            ("postgres://u:${A:?}@db/${A}", "postgres://u:a@db/a"),
            ("héllo ${A}é", "héllo aé"),
        ] {
            let found = expand(text, Unset::IsEmpty, &value);
            assert_eq!(found.as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_replaced_is_told() {
        for (text, expected) in [
            ("${B:?set it}", "B is not set: set it"),
            ("${EMPTY:?}", "EMPTY is not set"),
            ("${A", r#""${A" is no reference"#),
            ("$ 5", "is no reference"),
            ("${A!x}", "is no reference"),
            ("${}", "is no reference"),
        ] {
            let found = expand(text, Unset::IsEmpty, &value).unwrap_err().to_string();
            assert!(found.contains(expected), "{text}: {found}");
        }
        let strict = expand("${TAG}", Unset::IsAnError, &value);
        assert_eq!(strict, Err(ExpandError::Unset("TAG".to_owned())));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[$A{}:?+\\-é x]{0,40}") {
            let _ = expand(&text, Unset::IsEmpty, &value);
        }

        #[test]
        fn what_is_escaped_comes_back(text in ".{0,40}") {
            let escaped = escape(&text);
            prop_assert!(!has_reference(&escaped));
            prop_assert_eq!(expand(&escaped, Unset::IsAnError, &value), Ok(text));
        }
    }
}
