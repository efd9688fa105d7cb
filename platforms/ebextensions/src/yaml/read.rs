//! From bytes to one tree, within limits.

use granit_parser::{Event, Parser, ScalarStyle, Span, options};

use super::{Node, Value, build::Builder};
use crate::finding::Position;

/// The largest file that is read, bytes.
pub(crate) const MOST_BYTES: usize = 1 << 20;
/// The most values of a file, those that aliases repeat included.
pub(crate) const MOST_NODES: usize = 50_000;
/// The most text of a file, what aliases repeat included, bytes.
pub(crate) const MOST_TEXT: usize = 4 << 20;
/// How deep values may be nested.
pub(crate) const MOST_DEPTH: usize = 64;

/// Why a file is no YAML that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YamlError {
    pub at: Position,
    pub message: String,
}

/// A file that can be used, with something in it that was hardly meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub at: Position,
    pub key: String,
    pub message: String,
}

/// The one document of a file; nothing when it is empty or all comments.
pub fn read(bytes: &[u8], notices: &mut Vec<Notice>) -> Result<Option<Node>, YamlError> {
    if bytes.len() > MOST_BYTES {
        return Err(YamlError {
            at: Position::START,
            message: format!(
                "the file has {} bytes, and {MOST_BYTES} are the most",
                bytes.len()
            ),
        });
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text),
        Err(error) => return Err(not_utf8(bytes, error.valid_up_to())),
    };
    let options = options! {
        emit_comments: false,
        flow_nesting_limit: MOST_DEPTH,
        block_nesting_limit: MOST_DEPTH,
    };
    let mut builder = Builder::new(notices);
    let mut documents = 0;
    for next in Parser::new_from_str_with_options(text, options) {
        let (event, span) = next.map_err(|error| YamlError {
            at: position(error.marker().line(), error.marker().col()),
            message: error.info(),
        })?;
        if matches!(event, Event::DocumentStart(..)) {
            documents += 1;
            if documents > 1 && builder.has_root() {
                return Err(YamlError {
                    at: start(&span),
                    message: "a second document begins here: only one is read".to_owned(),
                });
            }
        }
        take(&mut builder, event, start(&span))?;
    }
    Ok(builder.finish().filter(|node| !matches!(node.value, Value::Null)))
}

fn take(builder: &mut Builder<'_>, event: Event<'_>, at: Position) -> Result<(), YamlError> {
    let own_tag =
        |handle: &str, suffix: &str| (handle == "!" && !suffix.is_empty()).then(|| suffix.to_owned());
    match event {
        Event::Scalar(text, style, anchor, tag) => {
            let plain = style == ScalarStyle::Plain && tag.is_none();
            let tag = tag.and_then(|tag| own_tag(tag.handle(), tag.suffix()));
            let is_null = plain && matches!(text.as_ref(), "" | "~" | "null" | "Null" | "NULL");
            let value = if is_null {
                Value::Null
            } else {
                Value::Scalar {
                    text: text.into_owned(),
                    plain,
                }
            };
            builder.leaf(Node { at, tag, value }, anchor)
        }
        Event::SequenceStart(_, anchor, tag) => {
            let tag = tag.and_then(|tag| own_tag(tag.handle(), tag.suffix()));
            builder.open_list(at, tag, anchor)
        }
        Event::MappingStart(_, anchor, tag) => {
            let tag = tag.and_then(|tag| own_tag(tag.handle(), tag.suffix()));
            builder.open_map(at, tag, anchor)
        }
        Event::SequenceEnd | Event::MappingEnd => builder.close(),
        Event::Alias(anchor) => builder.alias(anchor, at),
        _ => Ok(()),
    }
}

fn start(span: &Span) -> Position {
    position(span.start.line(), span.start.col())
}

fn position(line: usize, column: usize) -> Position {
    Position {
        line: line.max(1),
        column: column + 1,
    }
}

fn not_utf8(bytes: &[u8], at: usize) -> YamlError {
    let before = &bytes[..at.min(bytes.len())];
    let line_start = before
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |at| at + 1);
    YamlError {
        at: position(
            before.iter().filter(|byte| **byte == b'\n').count() + 1,
            String::from_utf8_lossy(&before[line_start..]).chars().count(),
        ),
        message: "the file is not UTF-8 text".to_owned(),
    }
}
