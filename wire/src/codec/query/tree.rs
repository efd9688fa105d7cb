//! The tree of a form's keys. Numbers in keys are only names here: nothing is allocated by them.

use std::{cmp::Ordering, collections::BTreeMap};

use super::form::Pair;
use crate::{AwsError, codec::errors::MALFORMED_QUERY};

/// Parts of the longest key: `Entry.1.MessageAttribute.1.Value.BinaryListValue.1` has seven.
const DEEPEST: usize = 16;

/// What stands under one part of a key.
#[derive(Debug, Default)]
pub struct Node<'a> {
    pub value: Option<&'a str>,
    children: BTreeMap<&'a str, Node<'a>>,
}

/// The tree of a form's pairs. A key given twice is refused: which one counts would be a guess.
pub fn grow<'a>(pairs: &'a [Pair<'a>]) -> Result<Node<'a>, AwsError> {
    let mut root = Node::default();
    for (key, value) in pairs {
        let mut node = &mut root;
        for (depth, part) in key.split('.').enumerate() {
            if depth == DEEPEST {
                let message = format!("The parameter {} has more than {DEEPEST} parts.", start_of(key));
                return Err(MALFORMED_QUERY.because(message));
            }
            node = node.children.entry(part).or_default();
        }
        if node.value.replace(value).is_some() {
            let message = format!("The parameter {} is given more than once.", start_of(key));
            return Err(MALFORMED_QUERY.because(message));
        }
    }
    Ok(root)
}

impl<'a> Node<'a> {
    pub fn child(&self, part: &str) -> Option<&Node<'a>> {
        self.children.get(part)
    }

    pub fn has_children(&self) -> bool {
        !self.children.is_empty()
    }

    /// The numbered children in the order of their numbers, under `wrapper` (`member`, `entry`) or
    /// directly here.
    pub fn numbered(&self, wrapper: &str) -> Vec<(&'a str, &Node<'a>)> {
        let under = self.child(wrapper).unwrap_or(self);
        let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let mut found: Vec<_> = under
            .children
            .iter()
            .filter(|(part, _)| number(part))
            .map(|(part, node)| (*part, node))
            .collect();
        found.sort_by(|(a, _), (b, _)| by_number(a, b));
        found
    }
}

/// Compares digits as numbers of any length.
fn by_number(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

/// Enough of a key to know it by.
fn start_of(key: &str) -> String {
    key.chars().take(80).collect()
}
