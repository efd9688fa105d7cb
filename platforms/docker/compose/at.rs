//! A place in a file: takes typed values out of the tree, and says where one is not as it must be.

use beanpole_ebextensions::{
    Finding, Severity,
    finding::{Position, nearest},
    yaml::{Node, Value, read},
};

/// A value, and the way to it.
#[derive(Clone, Debug)]
pub struct At<'n> {
    file: &'static str,
    /// The way to it, with dots.
    pub key: String,
    node: &'n Node,
}

/// The one document of a file.
pub fn document(file: &'static str, text: &str) -> Result<Node, Finding> {
    let mut notices = Vec::new();
    let found = |at: Position, key: String, message: String| finding(file, at, key, message);
    let root =
        read(text.as_bytes(), &mut notices).map_err(|error| found(error.at, String::new(), error.message))?;
    if let Some(notice) = notices.into_iter().next() {
        return Err(found(notice.at, notice.key, notice.message));
    }
    root.ok_or_else(|| found(Position::START, String::new(), "the file is empty".to_owned()))
}

/// Something wrong at a place of a file.
pub fn finding(file: &str, at: Position, key: String, message: String) -> Finding {
    Finding {
        severity: Severity::Error,
        file: file.to_owned(),
        line: at.line,
        column: at.column,
        key,
        message,
    }
}

impl<'n> At<'n> {
    pub fn root(file: &'static str, node: &'n Node) -> Self {
        Self {
            file,
            key: String::new(),
            node,
        }
    }

    /// An error about this value.
    pub fn error(&self, message: impl Into<String>) -> Finding {
        finding(self.file, self.node.at, self.key.clone(), message.into())
    }

    /// The place, for notes.
    pub fn place(&self) -> String {
        format!("{}:{}:{}", self.file, self.node.at.line, self.node.at.column)
    }

    pub fn is_null(&self) -> bool {
        matches!(self.node.value, Value::Null)
    }

    pub fn is_list(&self) -> bool {
        matches!(self.node.value, Value::List(_))
    }

    pub fn is_map(&self) -> bool {
        matches!(self.node.value, Value::Map(_))
    }

    fn expected(&self, wanted: &str) -> Finding {
        let key = if self.key.is_empty() {
            "the file"
        } else {
            &self.key
        };
        self.error(format!(
            "{key} must be {wanted}, and {} stands here",
            self.node.kind()
        ))
    }

    fn child(&self, key: &str, node: &'n Node) -> At<'n> {
        let key = match self.key.as_str() {
            "" => key.to_owned(),
            before => format!("{before}.{key}"),
        };
        At {
            file: self.file,
            key,
            node,
        }
    }

    /// The entries of a map, as written. Nothing written is an empty map.
    pub fn entries(&self) -> Result<Vec<(&'n str, At<'n>)>, Finding> {
        match &self.node.value {
            Value::Null => Ok(Vec::new()),
            Value::Map(entries) => Ok(entries
                .iter()
                .map(|entry| (entry.key.as_str(), self.child(&entry.key, &entry.value)))
                .collect()),
            _ => Err(self.expected("a map")),
        }
    }

    /// The same, where only these keys are known; those that begin with `x-` are the user's own.
    pub fn fields(&self, known: &[&str]) -> Result<Vec<(&'n str, At<'n>)>, Finding> {
        let mut entries = self.entries()?;
        entries.retain(|(name, value)| !name.starts_with("x-") && !value.is_null());
        for (name, value) in &entries {
            if !known.contains(name) {
                let meant =
                    nearest(name, known).map_or(String::new(), |near| format!(": did you mean {near}?"));
                return Err(value.error(format!("{} is not known{meant}", value.key)));
            }
        }
        Ok(entries)
    }

    pub fn items(&self) -> Result<Vec<At<'n>>, Finding> {
        match &self.node.value {
            Value::Null => Ok(Vec::new()),
            Value::List(items) => Ok(items
                .iter()
                .enumerate()
                .map(|(index, node)| self.child(&index.to_string(), node))
                .collect()),
            _ => Err(self.expected("a list")),
        }
    }

    /// Text, as written, numbers and booleans among it.
    pub fn text(&self) -> Result<&'n str, Finding> {
        match &self.node.value {
            Value::Scalar { text, .. } if !text.contains('\0') => Ok(text),
            _ => Err(self.expected("text")),
        }
    }

    pub fn texts(&self) -> Result<Vec<String>, Finding> {
        self.items()?
            .iter()
            .map(|item| item.text().map(str::to_owned))
            .collect()
    }

    /// One text or a list of them.
    pub fn text_or_texts(&self) -> Result<Vec<String>, Finding> {
        match self.is_list() {
            true => self.texts(),
            false => Ok(vec![self.text()?.to_owned()]),
        }
    }

    pub fn truth(&self) -> Result<bool, Finding> {
        match self.text()? {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(self.expected("true or false")),
        }
    }

    /// Text that is parsed.
    pub fn parsed<T>(&self, wanted: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, Finding> {
        parse(self.text()?.trim()).ok_or_else(|| self.error(format!("{} must be {wanted}", self.key)))
    }
}
