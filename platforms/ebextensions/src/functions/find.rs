//! Finds functions in text: JSON between backticks.

use super::call::{Call, is_function};
use crate::{
    text::Part,
    yaml::{Node, read},
};

/// The parts of a text, and what is wrong with those that look like functions and are none.
pub(crate) fn parts(text: &str) -> (Vec<Part>, Vec<String>) {
    let mut parts = Vec::new();
    let mut troubles = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(open) = rest.find('`') {
        let (before, from_open) = rest.split_at(open);
        plain.push_str(before);
        let Some(length) = from_open[1..].find('`') else {
            rest = from_open;
            break;
        };
        let inside = &from_open[1..=length];
        let written = &from_open[..length + 2];
        match function(inside) {
            Found::Call(call) => {
                if !plain.is_empty() {
                    parts.push(Part::Plain(std::mem::take(&mut plain)));
                }
                parts.push(Part::Call {
                    written: written.to_owned(),
                    call,
                });
                rest = &from_open[length + 2..];
            }
            Found::Broken(trouble) => {
                troubles.push(trouble);
                plain.push_str(written);
                rest = &from_open[length + 2..];
            }
            // A shell's backtick: the next one may open a function.
            Found::Nothing => {
                plain.push('`');
                rest = &from_open[1..];
            }
        }
    }
    plain.push_str(rest);
    if !plain.is_empty() || parts.is_empty() {
        parts.push(Part::Plain(plain));
    }
    (parts, troubles)
}

enum Found {
    Call(Call),
    Broken(String),
    Nothing,
}

fn function(inside: &str) -> Found {
    let inside = inside.trim();
    if !inside.starts_with('{') || !(inside.contains("Ref") || inside.contains("Fn::")) {
        return Found::Nothing;
    }
    let node: Option<Node> = match read(inside.as_bytes(), &mut Vec::new()) {
        Ok(node) => node,
        Err(error) => {
            return Found::Broken(format!(
                "`{}` looks like a function, but is no JSON: {}",
                shortened(inside),
                error.message
            ));
        }
    };
    match node {
        Some(node) if is_function(&node).is_some() => match Call::read(&node) {
            Ok(call) => Found::Call(call),
            Err(trouble) => Found::Broken(trouble),
        },
        _ => Found::Nothing,
    }
}

fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
