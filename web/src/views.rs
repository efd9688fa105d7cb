//! Templates: embedded, parsed once, one struct per file.
//!
//! All names end in `.html`, so every value is escaped; no template marks a value as safe.

use std::{borrow::Cow, sync::Arc};

use rust_embed::Embed;
use serde::Serialize;
use tera::{Context, Kwargs, State, Tera};

#[derive(Embed)]
#[folder = "templates"]
struct Files;

/// A page or a part of one: its fields are the variables of its template.
pub trait Template: Serialize {
    /// Path under `templates/`.
    const FILE: &'static str;
}

#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    #[error("template {0} is not UTF-8")]
    Encoding(String),
    #[error("templates do not parse: {0}")]
    Parse(#[source] tera::Error),
    #[error("cannot render {file}: {source}")]
    Render { file: &'static str, source: tera::Error },
}

#[derive(Clone)]
pub struct Views(Arc<Tera>);

impl Views {
    /// Parses all templates.
    pub fn load() -> Result<Self, ViewError> {
        let mut sources = Vec::new();
        for name in Files::iter() {
            let Some(file) = Files::get(&name) else { continue };
            let text = match file.data {
                Cow::Borrowed(bytes) => String::from_utf8(bytes.to_vec()),
                Cow::Owned(bytes) => String::from_utf8(bytes),
            };
            sources.push((
                name.to_string(),
                text.map_err(|_| ViewError::Encoding(name.to_string()))?,
            ));
        }
        let mut tera = Tera::default();
        tera.register_filter("segment", segment);
        tera.add_raw_templates(sources).map_err(ViewError::Parse)?;
        Ok(Self(Arc::new(tera)))
    }

    pub fn render<T: Template>(&self, page: &T) -> Result<String, ViewError> {
        Context::from_serialize(page)
            .and_then(|context| self.0.render(T::FILE, &context))
            .map_err(|source| ViewError::Render {
                file: T::FILE,
                source,
            })
    }
}

/// A value as one segment of a path or one value of a query.
fn segment(text: &str, _: Kwargs, _: &State) -> String {
    beanpole_protocol::client::segment(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_parses_and_none_switches_escaping_off() {
        Views::load().unwrap();
        for name in Files::iter() {
            let file = Files::get(&name).unwrap();
            let text = String::from_utf8(file.data.to_vec()).unwrap();
            assert!(name.ends_with(".html"), "{name} would not be escaped");
            assert!(!text.contains("safe"), "{name} marks a value as safe");
            for banned in [
                " style=",
                "<style",
                " onclick=",
                "<script>",
                "javascript:",
                "hx-on",
            ] {
                assert!(
                    !text.contains(banned),
                    "{name} has {banned}, which the content policy forbids"
                );
            }
        }
    }
}
