//! Texts with `*`, `?` and policy variables, and ARNs made of such texts.

use super::{Context, Version};

/// One place of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Char(char),
    One,
    Any,
    /// `${aws:username}` or `${aws:username, 'nobody'}`; the key in lower case.
    Variable {
        key: String,
        default: Option<String>,
    },
}

/// Whether `*` and `?` stand for other characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wildcards {
    Yes,
    No,
}

/// A text that others are compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    pieces: Vec<Piece>,
}

impl Pattern {
    /// Reads a pattern; an error says what is wrong with a variable in it.
    pub(super) fn parse(text: &str, version: Version, wildcards: Wildcards) -> Result<Self, String> {
        let mut pieces = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some(char) = rest.chars().next() {
            if version == Version::V2012
                && let Some(open) = rest.strip_prefix("${")
            {
                let (inside, after) = open
                    .split_once('}')
                    .ok_or_else(|| format!("the variable in {text:?} has no end: write ${{key}}"))?;
                pieces.push(variable(inside)?);
                rest = after;
                continue;
            }
            pieces.push(match (char, wildcards) {
                ('*', Wildcards::Yes) => Piece::Any,
                ('?', Wildcards::Yes) => Piece::One,
                _ => Piece::Char(char),
            });
            rest = &rest[char.len_utf8()..];
        }
        Ok(Self {
            text: text.to_owned(),
            pieces,
        })
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether `value` is what the pattern describes. A variable without a value matches nothing.
    pub(super) fn matches(&self, value: &str, context: &Context<'_>) -> bool {
        self.compare(value, context, |a, b| a == b)
    }

    /// The same without regard to upper and lower case.
    pub(super) fn matches_any_case(&self, value: &str, context: &Context<'_>) -> bool {
        self.compare(value, context, |a, b| {
            a == b || a.to_lowercase().eq(b.to_lowercase())
        })
    }

    fn compare(&self, value: &str, context: &Context<'_>, same: fn(char, char) -> bool) -> bool {
        if self.pieces.first() == Some(&Piece::Any) && self.pieces.len() == 1 {
            return true;
        }
        if !self
            .pieces
            .iter()
            .any(|piece| matches!(piece, Piece::Variable { .. }))
        {
            return glob(&self.pieces, value, same);
        }
        let mut resolved = Vec::with_capacity(self.pieces.len());
        for piece in &self.pieces {
            let Piece::Variable { key, default } = piece else {
                resolved.push(piece.clone());
                continue;
            };
            match context.single(key).or(default.as_deref()) {
                Some(text) => resolved.extend(text.chars().map(Piece::Char)),
                None => return false,
            }
        }
        glob(&resolved, value, same)
    }
}

/// `inside` stands between `${` and `}`.
fn variable(inside: &str) -> Result<Piece, String> {
    if let "*" | "?" | "$" = inside {
        return Ok(Piece::Char(inside.chars().next().unwrap_or('$')));
    }
    let (key, default) = match inside.split_once(',') {
        None => (inside, None),
        Some((key, default)) => {
            let quoted = default
                .trim()
                .strip_prefix('\'')
                .and_then(|rest| rest.strip_suffix('\''))
                .ok_or_else(|| format!("the default in ${{{inside}}} has to stand in single quotes"))?;
            (key, Some(quoted.to_owned()))
        }
    };
    let key = key.trim();
    if !key.contains(':') || key.contains(|char: char| char.is_whitespace() || char == '$') {
        return Err(format!(
            "${{{inside}}} names no condition key such as aws:username"
        ));
    }
    Ok(Piece::Variable {
        key: key.to_ascii_lowercase(),
        default,
    })
}

/// Greedy with one way back: to the last `*`.
fn glob(pieces: &[Piece], value: &str, same: fn(char, char) -> bool) -> bool {
    let (mut piece, mut at) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    loop {
        let next = value[at..].chars().next();
        match (pieces.get(piece), next) {
            (Some(Piece::Any), _) => {
                back = Some((piece, at));
                piece += 1;
                continue;
            }
            (Some(Piece::One), Some(char)) => {
                piece += 1;
                at += char.len_utf8();
                continue;
            }
            (Some(Piece::Char(wanted)), Some(char)) if same(*wanted, char) => {
                piece += 1;
                at += char.len_utf8();
                continue;
            }
            (None, None) => return true,
            _ => {}
        }
        // The last `*` takes one character more.
        let Some((star, from)) = back else { return false };
        let Some(char) = value[from..].chars().next() else {
            return false;
        };
        back = Some((star, from + char.len_utf8()));
        piece = star + 1;
        at = from + char.len_utf8();
    }
}

/// A pattern of an ARN: its six parts are compared each for itself, so that a `*` does not reach
/// beyond its part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArnPattern {
    text: String,
    /// Empty: `*`.
    parts: Vec<Pattern>,
}

impl ArnPattern {
    pub(super) fn parse(text: &str, version: Version) -> Result<Self, String> {
        let mut parts = Vec::new();
        if text != "*" {
            let mut texts: Vec<&str> = split(text);
            let open = texts.len() < 6 && texts.last().is_some_and(|last| last.ends_with('*'));
            if texts[0] != "arn" || (texts.len() < 6 && !open) {
                return Err(format!(
                    "{text:?} is neither an ARN (arn:aws:service:region:account:name) nor *"
                ));
            }
            texts.resize(6, "*");
            for part in texts {
                parts.push(Pattern::parse(part, version, Wildcards::Yes)?);
            }
        }
        Ok(Self {
            text: text.to_owned(),
            parts,
        })
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn matches(&self, arn: &str, context: &Context<'_>) -> bool {
        if self.parts.is_empty() {
            return true;
        }
        let mut parts = arn.splitn(6, ':');
        self.parts
            .iter()
            .all(|pattern| parts.next().is_some_and(|part| pattern.matches(part, context)))
    }
}

/// Parts of an ARN; a colon inside a variable separates nothing.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut from, mut inside) = (Vec::new(), 0, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' if text[..at].ends_with('$') => inside = true,
            b'}' => inside = false,
            b':' if !inside && parts.len() < 5 => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn context(pairs: &[(&str, &str)]) -> BTreeMap<String, Vec<String>> {
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), vec![(*value).to_owned()]))
            .collect()
    }

    fn matches(pattern: &str, value: &str) -> bool {
        let keys = context(&[("aws:username", "ann*")]);
        Pattern::parse(pattern, Version::V2012, Wildcards::Yes)
            .unwrap()
            .matches(value, &Context::of(&keys))
    }

    #[test]
    fn stars_and_question_marks_stand_for_characters() {
        for (pattern, value) in [
            ("*", ""),
            ("a*c", "abbbc"),
            ("a*c*", "acx"),
            ("?é", "xé"),
            ("*ab*ab", "abxabyab"),
            ("user-${aws:username}", "user-ann*"),
            ("${aws:other, 'x'}y", "xy"),
            ("${*}${?}${$}", "*?$"),
        ] {
            assert!(matches(pattern, value), "{pattern} {value}");
        }
        for (pattern, value) in [
            ("", "a"),
            ("a?", "a"),
            ("a*c", "abcd"),
            ("A", "a"),
            ("user-${aws:username}", "user-anna"),
            ("${aws:other}", ""),
            ("${*}", "a"),
        ] {
            assert!(!matches(pattern, value), "{pattern} {value}");
        }
    }

    #[test]
    fn parts_of_arns_are_compared_each_for_itself() {
        let keys = context(&[("aws:username", "ann")]);
        let matches = |pattern: &str, arn: &str| {
            ArnPattern::parse(pattern, Version::V2012)
                .unwrap()
                .matches(arn, &Context::of(&keys))
        };
        let queue = "arn:aws:sqs:eu-west-1:000000000001:jobs-ann";
        for pattern in [
            "*",
            "arn:aws:sqs:*",
            "arn:aws:sqs:*:000000000001:jobs*",
            queue,
            "arn:*:*:*:*:*",
            "arn:aws:sqs:eu-west-1:000000000001:jobs-${aws:username}",
        ] {
            assert!(matches(pattern, queue), "{pattern}");
        }
        for pattern in [
            "arn:aws:s*:*:jobs-ann:*",
            "arn:aws:sns:*",
            "arn:aws:sqs:*:000000000001:job",
        ] {
            assert!(!matches(pattern, queue), "{pattern}");
        }
        assert!(matches("arn:aws:logs:r:0:*", "arn:aws:logs:r:0:group:a:b"));
        for wrong in ["jobs", "arn:aws:sqs", "", "arn:aws:sqs:eu-west-1:000000000001"] {
            assert!(ArnPattern::parse(wrong, Version::V2012).is_err(), "{wrong}");
        }
    }

    #[test]
    fn variables_that_cannot_be_read_are_refused() {
        for wrong in ["${aws:username", "${name}", "${aws:a, b}", "${}"] {
            assert!(
                Pattern::parse(wrong, Version::V2012, Wildcards::No).is_err(),
                "{wrong}"
            );
            assert!(
                Pattern::parse(wrong, Version::V2008, Wildcards::No).is_ok(),
                "{wrong}"
            );
        }
    }

    /// The rule written down again, slow and plain.
    fn plain(pattern: &[char], value: &[char]) -> bool {
        match (pattern.first(), value.first()) {
            (None, None) => true,
            (Some('*'), _) => {
                plain(&pattern[1..], value) || (!value.is_empty() && plain(pattern, &value[1..]))
            }
            (Some('?'), Some(_)) => plain(&pattern[1..], &value[1..]),
            (Some(a), Some(b)) if a == b => plain(&pattern[1..], &value[1..]),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn matching_follows_the_plain_rule(pattern in "[ab*?]{0,8}", value in "[abé]{0,10}") {
            let expected = plain(
                &pattern.chars().collect::<Vec<_>>(),
                &value.chars().collect::<Vec<_>>(),
            );
            prop_assert_eq!(matches(&pattern, &value), expected);
        }
    }
}
