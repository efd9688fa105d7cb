//! Paths of the bundle and variables of its `.env` files.

use std::collections::BTreeMap;

use beanpole_ebextensions::Finding;
use beanpole_pod::expand::{ExpandError, Unset, expand};

use super::at::At;
use crate::source::Source;

/// The file whose variables answer references in the Compose file.
pub const DOT_ENV: &str = ".env";

/// What a service is read with.
pub struct Surroundings<'a> {
    pub source: &'a Source,
    /// Variables of [`DOT_ENV`].
    pub defaults: &'a BTreeMap<String, String>,
    /// Volumes that the file declares.
    pub volumes: &'a [String],
}

impl Surroundings<'_> {
    /// A value that must be known when the version is built, once for all environments.
    pub fn fixed(&self, at: &At<'_>) -> Result<String, Finding> {
        let value = |name: &str| self.defaults.get(name).cloned();
        expand(at.text()?, Unset::IsAnError, &value).map_err(|error| match error {
            ExpandError::Unset(name) => at.error(format!(
                "{} asks for {name}, and a version is built once for all environments: write ${{{name}:-value}}, or set {name} in the bundle's {DOT_ENV}",
                at.key
            )),
            other => at.error(format!("{}: {other}", at.key)),
        })
    }

    pub fn fixed_parsed<T>(
        &self,
        at: &At<'_>,
        wanted: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<T, Finding> {
        let text = self.fixed(at)?;
        parse(text.trim()).ok_or_else(|| at.error(format!("{} must be {wanted}, and is {text:?}", at.key)))
    }

    /// A value whose references the environment answers when an instance starts.
    pub fn template(&self, at: &At<'_>) -> Result<String, Finding> {
        let text = at.text()?;
        match expand(text, Unset::IsEmpty, &|_| Some(String::new())) {
            Err(error @ ExpandError::Malformed(_)) => Err(at.error(format!("{}: {error}", at.key))),
            _ => Ok(text.to_owned()),
        }
    }
}

/// A path as one of the bundle, without `./` before it. None when it leads out of it. The root is empty.
pub fn inside(path: &str) -> Option<String> {
    if path.starts_with(['/', '~']) || path.contains('\\') {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The variables of a file of lines `NAME=value`.
pub fn variables(text: &str) -> BTreeMap<String, String> {
    text.trim_start_matches('\u{feff}')
        .lines()
        .filter_map(|line| {
            let line = line.trim();
            let line = line.strip_prefix("export ").unwrap_or(line);
            let (name, value) = line.split_once('=')?;
            (!line.starts_with('#')).then(|| (name.trim().to_owned(), value_of(value.trim())))
        })
        .filter(|(name, _)| !name.is_empty())
        .collect()
}

fn value_of(written: &str) -> String {
    let quoted = |quote: char| {
        let inner = written.strip_prefix(quote)?;
        Some(&inner[..inner.find(quote)?])
    };
    if let Some(inner) = quoted('\'') {
        return inner.to_owned();
    }
    if let Some(inner) = quoted('"') {
        return inner.replace("\\n", "\n");
    }
    let end = written.find(" #").unwrap_or(written.len());
    written[..end].trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_in_the_bundle() {
        for (path, expected) in [
            ("./nginx/site.conf", Some("nginx/site.conf")),
            (".", Some("")),
            ("a/../b/", Some("b")),
            ("../x", None),
            ("/etc/passwd", None),
            ("~/x", None),
        ] {
            assert_eq!(inside(path).as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn env_files_are_lines_of_names_and_values() {
        let found =
            variables("# x=1\nA=1\nexport B = 'two words' # c\nC=\"l1\\nl2\"\nD=four # no\nE=\nnothing\n");
        let pairs: Vec<_> = found
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            pairs,
            [
                ("A", "1"),
                ("B", "two words"),
                ("C", "l1\nl2"),
                ("D", "four"),
                ("E", "")
            ]
        );
    }
}
