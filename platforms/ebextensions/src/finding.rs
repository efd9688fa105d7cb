//! What is wrong with a configuration file, and where.

use std::fmt;

use serde::Serialize;

/// A place in a file. Lines and columns count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

impl Position {
    /// Where a file begins; for what concerns the file as a whole.
    pub const START: Position = Position { line: 1, column: 1 };
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The version cannot be deployed.
    Error,
    /// It is deployed, and does something else than was probably meant.
    Warning,
}

impl Severity {
    pub const fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// One thing to tell the person who wrote the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub severity: Severity,
    pub file: String,
    pub line: usize,
    pub column: usize,
    /// The key it is about, as a path with dots: `commands.01_migrate.cwd`. Empty for the file itself.
    pub key: String,
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding {
            severity,
            file,
            line,
            column,
            message,
            ..
        } = self;
        write!(f, "{file}:{line}:{column}: {}: {message}", severity.name())
    }
}

/// The known word that a wrong one probably meant.
pub fn nearest<'a>(wrong: &str, known: &[&'a str]) -> Option<&'a str> {
    // The effort grows with the product of the lengths, and no key is that long.
    if wrong.len() > 64 {
        return None;
    }
    let wrong = wrong.to_ascii_lowercase();
    known
        .iter()
        .map(|word| {
            (
                strsim::damerau_levenshtein(&wrong, &word.to_ascii_lowercase()),
                *word,
            )
        })
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, word)| *distance <= (word.len() / 3).max(1))
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn slips_are_understood_and_other_words_are_not() {
        let known = ["command", "cwd", "ignoreErrors", "test"];
        assert_eq!(nearest("ignore_errors", &known), Some("ignoreErrors"));
        assert_eq!(nearest("comand", &known), Some("command"));
        assert_eq!(nearest("CWD", &known), Some("cwd"));
        assert_eq!(nearest("shell", &known), None);
    }
}
