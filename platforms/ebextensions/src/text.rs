//! Text of a configuration file in which functions may stand, such as `` `{"Ref": "AWS::Region"}` ``.

use serde::{Serialize, Serializer};

use crate::{finding::Position, functions::Call};

/// Text with the functions in it. What they give is known once somebody says what environment it is for.
#[derive(Clone, Debug)]
pub struct Text {
    /// Where it begins.
    pub at: Position,
    /// The key it is the value of, for findings.
    pub key: String,
    pub(crate) parts: Vec<Part>,
}

#[derive(Clone, Debug)]
pub(crate) enum Part {
    Plain(String),
    /// `written` is what the file says, `call` what that means.
    Call {
        written: String,
        call: Call,
    },
}

impl Text {
    pub(crate) fn plain(at: Position, key: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            at,
            key: key.into(),
            parts: vec![Part::Plain(text.into())],
        }
    }

    /// As it stands in the file, functions unevaluated.
    pub fn written(&self) -> String {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Plain(text) => text.as_str(),
                Part::Call { written, .. } => written.as_str(),
            })
            .collect()
    }

    /// Whether no function stands in it.
    pub fn is_plain(&self) -> bool {
        self.parts.iter().all(|part| matches!(part, Part::Plain(_)))
    }
}

/// Texts are equal when they say the same, wherever they stand.
impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.written() == other.written()
    }
}

impl Eq for Text {}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.written())
    }
}
