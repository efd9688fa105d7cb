//! What is wrong with a parameter, and which one it is.

use std::fmt;

/// Why a parameter was refused. Its path is gathered on the way out, so that good requests pay nothing.
#[derive(Debug)]
pub struct Error {
    pub reason: Reason,
    /// Innermost part first.
    path: Vec<String>,
}

#[derive(Debug)]
pub enum Reason {
    Missing,
    Invalid(String),
}

impl Error {
    pub fn invalid(why: impl Into<String>) -> Self {
        Self {
            reason: Reason::Invalid(why.into()),
            path: Vec::new(),
        }
    }

    pub fn missing(part: &str) -> Self {
        Self {
            reason: Reason::Missing,
            path: vec![part.to_owned()],
        }
    }

    /// The same error, told from one level further out.
    pub fn within(mut self, part: &str) -> Self {
        self.path.push(part.to_owned());
        self
    }

    /// The parameter's name as the caller wrote it.
    pub fn member(&self) -> String {
        let parts: Vec<&str> = self.path.iter().rev().map(String::as_str).collect();
        parts.join(".")
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            Reason::Missing => write!(f, "{} is missing", self.member()),
            Reason::Invalid(why) => write!(f, "{}: {why}", self.member()),
        }
    }
}

impl std::error::Error for Error {}

impl serde::de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::invalid(message.to_string())
    }

    fn missing_field(field: &'static str) -> Self {
        Self::missing(field)
    }
}
