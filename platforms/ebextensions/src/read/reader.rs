//! Takes typed values out of the tree, and notes what is not as it should be.

use std::collections::BTreeMap;

use crate::{
    amazon,
    finding::{Finding, Position, Severity, nearest},
    functions::{Call, is_function, parts},
    text::{Part, Text},
    yaml::{Entry, Meaning, Node, Value, meaning, truth},
};

/// Reads one file.
pub(crate) struct Reader<'a> {
    pub file: &'a str,
    pub findings: Vec<Finding>,
}

/// The entries of a map whose keys are known.
pub(crate) struct Fields<'n>(Vec<&'n Entry>);

impl<'n> Fields<'n> {
    pub fn get(&self, name: &str) -> Option<&'n Node> {
        self.0
            .iter()
            .find(|entry| entry.key == name)
            .map(|entry| &entry.value)
    }
}

/// A finding is one line, whatever the key is that it names.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_control() {
            line.extend(letter.escape_default());
        } else {
            line.push(letter);
        }
    }
    line
}

impl Reader<'_> {
    pub fn error(&mut self, at: Position, key: &str, message: impl Into<String>) {
        self.add(Severity::Error, at, key, message.into());
    }

    pub fn warn(&mut self, at: Position, key: &str, message: impl Into<String>) {
        self.add(Severity::Warning, at, key, message.into());
    }

    fn add(&mut self, severity: Severity, at: Position, key: &str, message: String) {
        self.findings.push(Finding {
            severity,
            file: self.file.to_owned(),
            line: at.line,
            column: at.column,
            key: one_line(key),
            message: one_line(&message),
        });
    }

    pub fn expected(&mut self, node: &Node, key: &str, wanted: &str) {
        let found = match &node.tag {
            Some(tag) => format!("!{tag}"),
            None => node.kind().to_owned(),
        };
        self.error(
            node.at,
            key,
            format!("'{key}' must be {wanted}, and {found} stands here"),
        );
    }

    /// The entries of a map with free keys, sorted by key: what is made of two that come to be the same must
    /// not depend on which is written first. Nothing written is an empty map.
    pub fn map<'n>(&mut self, node: &'n Node, key: &str, wanted: &str) -> Vec<&'n Entry> {
        let mut entries: Vec<&Entry> = match (&node.tag, &node.value) {
            (None, Value::Map(entries)) => entries.iter().collect(),
            (None, Value::Null) => Vec::new(),
            _ => {
                self.expected(node, key, wanted);
                Vec::new()
            }
        };
        entries.sort_by(|one, other| one.key.cmp(&other.key));
        entries
    }

    /// Puts an entry under a name that may have been translated. Of two that come to be the same, this counts.
    pub fn put<T: PartialEq>(
        &mut self,
        all: &mut BTreeMap<String, T>,
        name: String,
        value: T,
        entry: &Entry,
        key: &str,
    ) {
        if all.get(&name).is_some_and(|before| *before != value) {
            self.warn(
                entry.at,
                key,
                format!("another entry is {name} here as well: only this one counts"),
            );
        }
        all.insert(name, value);
    }

    /// A map with known keys only; others are told with the one that was probably meant.
    pub fn fields<'n>(&mut self, node: &'n Node, key: &str, known: &[&str]) -> Option<Fields<'n>> {
        let entries = match (&node.tag, &node.value) {
            (None, Value::Map(entries)) => entries,
            _ => {
                self.expected(node, key, &format!("a map with the keys {}", known.join(", ")));
                return None;
            }
        };
        for entry in entries
            .iter()
            .filter(|entry| !known.contains(&entry.key.as_str()))
        {
            let meant = match nearest(&entry.key, known) {
                Some(near) => format!("did you mean '{near}'?"),
                None => format!("known are {}", known.join(", ")),
            };
            self.warn(
                entry.at,
                &format!("{key}.{}", entry.key),
                format!("'{}' is no key of '{key}' and has no effect: {meant}", entry.key),
            );
        }
        Some(Fields(entries.iter().collect()))
    }

    pub fn list<'n>(&mut self, node: &'n Node, key: &str, wanted: &str) -> &'n [Node] {
        match (&node.tag, &node.value) {
            (None, Value::List(items)) => items,
            (None, Value::Null) => &[],
            _ => {
                self.expected(node, key, wanted);
                &[]
            }
        }
    }

    /// Text without functions, as written.
    pub fn word(&mut self, node: &Node, key: &str) -> Option<String> {
        match (&node.tag, &node.value) {
            (None, Value::Scalar { text, .. }) if self.is_clean(text, node.at, key) => Some(text.clone()),
            (None, Value::Scalar { .. }) => None,
            _ => {
                self.expected(node, key, "text");
                None
            }
        }
    }

    /// A name that is given as a key.
    pub fn is_name(&mut self, entry: &Entry, key: &str) -> bool {
        if entry.key.is_empty() {
            self.error(entry.at, key, format!("a key of '{key}' is empty"));
            return false;
        }
        self.is_clean(&entry.key, entry.at, key)
    }

    fn is_clean(&mut self, text: &str, at: Position, key: &str) -> bool {
        if text.chars().any(char::is_control) {
            self.error(
                at,
                key,
                format!("'{key}' holds a control character, such as a line end"),
            );
            return false;
        }
        true
    }

    pub fn truth(&mut self, node: &Node, key: &str) -> Option<bool> {
        let found = match (&node.tag, &node.value) {
            (None, Value::Scalar { text, .. }) => truth(text),
            _ => None,
        };
        if found.is_none() {
            self.expected(node, key, "true or false");
        }
        found
    }

    pub fn number(&mut self, node: &Node, key: &str) -> Option<u32> {
        let found = match (&node.tag, &node.value) {
            (None, Value::Scalar { text, .. }) => text.parse().ok(),
            _ => None,
        };
        if found.is_none() {
            self.expected(node, key, "a number such as 1500");
        }
        found
    }

    /// Text in which functions may stand, as written.
    pub fn text(&mut self, node: &Node, key: &str) -> Option<Text> {
        if let Some(name) = is_function(node) {
            return match Call::read(node) {
                Ok(call) => Some(Text {
                    at: node.at,
                    key: key.to_owned(),
                    parts: vec![Part::Call {
                        written: node.json().to_string(),
                        call,
                    }],
                }),
                Err(trouble) => {
                    self.error(node.at, key, format!("'{key}' cannot be {name}: {trouble}"));
                    None
                }
            };
        }
        let Value::Scalar { text, .. } = &node.value else {
            self.expected(node, key, "text");
            return None;
        };
        if text.contains('\0') {
            self.error(node.at, key, format!("'{key}' holds a NUL character"));
            return None;
        }
        Some(self.text_of(text, node.at, key))
    }

    pub fn text_of(&mut self, text: &str, at: Position, key: &str) -> Text {
        let (parts, troubles) = parts(text);
        for trouble in troubles {
            self.error(at, key, trouble);
        }
        Text {
            at,
            key: key.to_owned(),
            parts,
        }
    }

    /// Text for a shell or a file of the system: paths of Amazon Linux become those of this one.
    pub fn system_text(&mut self, node: &Node, key: &str) -> Option<Text> {
        let mut text = self.text(node, key)?;
        for part in &mut text.parts {
            if let Part::Plain(plain) = part {
                let (translated, notes) = amazon::translate(plain);
                *plain = translated;
                for note in notes {
                    self.warn(node.at, key, note);
                }
            }
        }
        Some(text)
    }

    /// The value of an option or variable: a plain `yes` is the boolean it is in YAML 1.1.
    pub fn value(&mut self, node: &Node, key: &str) -> Option<Text> {
        match (&node.tag, &node.value) {
            (None, Value::Null) => {
                self.warn(node.at, key, format!("'{key}' has no value: it is empty"));
                Some(Text::plain(node.at, key, ""))
            }
            (None, Value::Scalar { text, plain: true }) => match meaning(text) {
                Meaning::Truth(truth) => {
                    if !text.eq_ignore_ascii_case(&truth.to_string()) {
                        self.warn(
                            node.at,
                            key,
                            format!("the plain word {text} is the boolean {truth}: write '{text}' in quotes if the word is meant"),
                        );
                    }
                    Some(Text::plain(node.at, key, truth.to_string()))
                }
                Meaning::OtherNumber => {
                    self.warn(
                        node.at,
                        key,
                        format!("{text} is taken as it is written, where Beanstalk may print the number another way: write it in quotes"),
                    );
                    Some(Text::plain(node.at, key, text))
                }
                Meaning::Number | Meaning::Text => self.text(node, key),
            },
            _ => self.text(node, key),
        }
    }
}
