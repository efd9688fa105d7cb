//! The end of a verb that did not work, in words for people and fields for programs.
//!
//! Every error of the modules below turns into one of these; nothing else is shown to the user.

use std::error::Error;

use beanpole_protocol::client::ClientError;
use serde_json::{Value, json};

use crate::exit::Exit;

/// What to tell the user, and the exit code.
#[derive(Debug)]
pub struct Failure {
    pub exit: Exit,
    /// Stable machine-readable name.
    pub kind: String,
    /// One or two sentences.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// Id of the error in the server's log.
    pub id: Option<Box<str>>,
    /// The offending field, option or file, when the server named one.
    pub field: Option<Box<str>>,
    /// More for `--json`: a member of the printed document beside `error`.
    pub detail: Option<Box<(&'static str, Value)>>,
}

impl Failure {
    pub fn new(exit: Exit, kind: &str, message: impl Into<String>) -> Self {
        Self {
            exit,
            kind: kind.to_owned(),
            message: message.into(),
            hint: None,
            id: None,
            field: None,
            detail: None,
        }
    }

    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, "failed", message)
    }

    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "usage", message)
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds a member to the JSON document.
    pub fn with(mut self, name: &'static str, value: impl serde::Serialize) -> Self {
        if let Ok(value) = serde_json::to_value(value) {
            self.detail = Some(Box::new((name, value)));
        }
        self
    }

    /// The document that `--json` prints.
    pub fn document(&self) -> Value {
        let mut error = json!({
            "kind": self.kind,
            "message": self.message,
            "exit_code": self.exit.code(),
        });
        let more = [
            ("hint", self.hint.as_deref()),
            ("id", self.id.as_deref()),
            ("field", self.field.as_deref()),
        ];
        for (name, value) in more {
            if let Some(value) = value {
                error[name] = json!(value);
            }
        }
        let mut document = json!({ "error": error });
        if let Some((name, value)) = self.detail.as_deref() {
            document[*name] = value.clone();
        }
        document
    }
}

/// The innermost cause: "connection refused" rather than "error sending request".
fn root_cause(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    let text = cause.to_string();
    // "Connection refused (os error 111)": the number helps nobody.
    match text.find(" (os error") {
        Some(at) => text[..at].to_lowercase(),
        None => text,
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Problem(problem) => {
                let (exit, hint) = match problem.status {
                    401 => (
                        Exit::Forbidden,
                        Some("Sign in with `bp login`, or give a token in BP_TOKEN."),
                    ),
                    403 => (
                        Exit::Forbidden,
                        Some("`bp whoami` shows who you are to the server, and your role."),
                    ),
                    _ => (Exit::Failed, None),
                };
                Failure {
                    exit,
                    message: sentence(&problem.message),
                    hint: hint.map(str::to_owned),
                    id: (problem.status >= 500).then_some(problem.id.into()),
                    field: problem.field.map(Into::into),
                    kind: problem.kind,
                    detail: None,
                }
            }
            ClientError::Unreachable { url, source } => Failure::new(
                Exit::Unreachable,
                "unreachable",
                format!(
                    "The Beanpole server at {url} cannot be reached: {}.",
                    root_cause(&source)
                ),
            )
            .hint("Is it running? To name another one, use --url or BP_URL."),
            ClientError::NotBeanpole { url, status } => Failure::new(
                Exit::Unreachable,
                "not_beanpole",
                format!("What answers at {url} does not look like a Beanpole server (HTTP {status})."),
            )
            .hint("Check the address in --url, BP_URL or .beanpole/config.toml."),
        }
    }
}

/// Upper-case first letter and a full stop: the server writes fragments, people read sentences.
pub fn sentence(text: &str) -> String {
    let text = text.trim();
    let mut out = String::with_capacity(text.len() + 1);
    let mut letters = text.chars();
    if let Some(first) = letters.next() {
        out.extend(first.to_uppercase());
    }
    out.push_str(letters.as_str());
    if !out.is_empty() && !out.ends_with(['.', '!', '?', ':', '\n']) {
        out.push('.');
    }
    out
}

#[cfg(test)]
mod tests {
    use beanpole_protocol::api::Problem;

    use super::*;

    fn problem(status: u16) -> Failure {
        ClientError::Problem(Box::new(Problem {
            id: "x1".into(),
            kind: "k".into(),
            status,
            message: "no such thing".into(),
            field: None,
        }))
        .into()
    }

    #[test]
    fn the_status_decides_the_exit_code() {
        let codes: Vec<u8> = [401, 403, 404, 409, 500]
            .map(|status| problem(status).exit.code())
            .into();
        assert_eq!(codes, [4, 4, 1, 1, 1]);
        assert_eq!(problem(500).id.as_deref(), Some("x1"));
        assert_eq!(problem(404).id, None);
    }

    #[test]
    fn messages_become_sentences_once() {
        for (given, wanted) in [
            ("no such thing", "No such thing."),
            ("Done.", "Done."),
            ("", ""),
            ("ärger", "Ärger."),
        ] {
            assert_eq!(sentence(given), wanted);
        }
    }

    #[test]
    fn the_document_holds_the_error_and_what_was_added() {
        let document = problem(404).with("deployment", json!({"number": 3})).document();
        assert_eq!(document["error"]["exit_code"], 1);
        assert_eq!(document["deployment"]["number"], 3);
    }
}
