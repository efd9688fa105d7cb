//! Puts the parser's events together to a tree: aliases repeated, merge keys applied, duplicates told.

use std::collections::HashMap;

use super::{
    Entry, Node, Value,
    read::{MOST_DEPTH, MOST_NODES, MOST_TEXT, Notice, YamlError},
};
use crate::finding::Position;

/// Keys are repeated in findings, bytes.
const LONGEST_KEY: usize = 1024;

/// How much a value holds, itself included.
#[derive(Clone, Copy, Default)]
struct Size {
    nodes: usize,
    text: usize,
    depth: usize,
}

struct Open {
    at: Position,
    tag: Option<String>,
    anchor: usize,
    size: Size,
    inside: Inside,
}

enum Inside {
    List(Vec<Node>),
    Map {
        entries: Vec<Entry>,
        /// Where in `entries` each key is.
        places: HashMap<String, usize>,
        /// The key whose value comes next, and whether it is the merge key.
        key: Option<(String, Position, bool)>,
        merged: Vec<Node>,
    },
}

pub(super) struct Builder<'a> {
    open: Vec<Open>,
    root: Option<Node>,
    anchors: HashMap<usize, (Node, Size)>,
    /// Of all values made so far.
    total: Size,
    notices: &'a mut Vec<Notice>,
}

impl<'a> Builder<'a> {
    pub fn new(notices: &'a mut Vec<Notice>) -> Self {
        Self {
            open: Vec::new(),
            root: None,
            anchors: HashMap::new(),
            total: Size::default(),
            notices,
        }
    }

    pub fn has_root(&self) -> bool {
        self.root
            .as_ref()
            .is_some_and(|root| !matches!(root.value, Value::Null))
    }

    pub fn finish(self) -> Option<Node> {
        self.root
    }

    pub fn leaf(&mut self, node: Node, anchor: usize) -> Result<(), YamlError> {
        let text = match &node.value {
            Value::Scalar { text, .. } => text.len(),
            _ => 0,
        };
        let size = Size {
            nodes: 1,
            text,
            depth: 1,
        };
        self.place(node, size, anchor)
    }

    pub fn open_list(&mut self, at: Position, tag: Option<String>, anchor: usize) -> Result<(), YamlError> {
        self.push(at, tag, anchor, Inside::List(Vec::new()))
    }

    pub fn open_map(&mut self, at: Position, tag: Option<String>, anchor: usize) -> Result<(), YamlError> {
        let inside = Inside::Map {
            entries: Vec::new(),
            places: HashMap::new(),
            key: None,
            merged: Vec::new(),
        };
        self.push(at, tag, anchor, inside)
    }

    fn push(
        &mut self,
        at: Position,
        tag: Option<String>,
        anchor: usize,
        inside: Inside,
    ) -> Result<(), YamlError> {
        if let Some(Open {
            inside: Inside::Map { key: None, .. },
            ..
        }) = self.open.last()
        {
            return Err(YamlError {
                at,
                message: "a key must be text: a list or a map stands here".to_owned(),
            });
        }
        self.check_depth(1, at)?;
        self.open.push(Open {
            at,
            tag,
            anchor,
            size: Size {
                nodes: 1,
                text: 0,
                depth: 1,
            },
            inside,
        });
        Ok(())
    }

    pub fn close(&mut self) -> Result<(), YamlError> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let value = match open.inside {
            Inside::List(items) => Value::List(items),
            Inside::Map {
                mut entries,
                mut places,
                merged,
                ..
            } => {
                for node in merged {
                    merge(node, &mut entries, &mut places)?;
                }
                Value::Map(entries)
            }
        };
        let node = Node {
            at: open.at,
            tag: open.tag,
            value,
        };
        self.total.nodes += 1;
        self.place_counted(node, open.size, open.anchor)
    }

    pub fn alias(&mut self, anchor: usize, at: Position) -> Result<(), YamlError> {
        let Some((node, size)) = self.anchors.get(&anchor) else {
            return Err(YamlError {
                at,
                message: "an alias cannot stand inside of what it repeats".to_owned(),
            });
        };
        let (nodes, text, size) = (self.total.nodes + size.nodes, self.total.text + size.text, *size);
        // Before it is copied: the copy is what a hostile file wants.
        if nodes > MOST_NODES || text > MOST_TEXT {
            return Err(too_much(at));
        }
        let mut node = node.clone();
        node.at = at;
        self.place(node, size, 0)
    }

    fn place(&mut self, node: Node, size: Size, anchor: usize) -> Result<(), YamlError> {
        self.total.nodes += size.nodes;
        self.total.text += size.text;
        if self.total.nodes > MOST_NODES || self.total.text > MOST_TEXT {
            return Err(too_much(node.at));
        }
        self.check_depth(size.depth, node.at)?;
        self.place_counted(node, size, anchor)
    }

    fn place_counted(&mut self, node: Node, size: Size, anchor: usize) -> Result<(), YamlError> {
        if anchor != 0 {
            self.anchors.insert(anchor, (node.clone(), size));
            self.total.nodes += size.nodes;
            self.total.text += size.text;
        }
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        parent.size.nodes += size.nodes;
        parent.size.text += size.text;
        parent.size.depth = parent.size.depth.max(size.depth + 1);
        match &mut parent.inside {
            Inside::List(items) => items.push(node),
            Inside::Map {
                entries,
                places,
                key,
                merged,
            } => match key.take() {
                None => *key = Some(key_of(node)?),
                Some((_, _, true)) => merged.push(node),
                Some((name, at, false)) => {
                    if let Some(&place) = places.get(&name) {
                        let first = entries[place].at.line;
                        self.notices.push(Notice {
                            at,
                            key: name.clone(),
                            message: format!(
                                "the key '{name}' is here a second time (first on line {first}): only this one counts"
                            ),
                        });
                        entries[place] = Entry {
                            key: name,
                            at,
                            value: node,
                        };
                    } else {
                        places.insert(name.clone(), entries.len());
                        entries.push(Entry {
                            key: name,
                            at,
                            value: node,
                        });
                    }
                }
            },
        }
        Ok(())
    }

    fn check_depth(&self, depth: usize, at: Position) -> Result<(), YamlError> {
        if self.open.len() + depth > MOST_DEPTH {
            return Err(YamlError {
                at,
                message: format!("values are nested more than {MOST_DEPTH} deep"),
            });
        }
        Ok(())
    }
}

fn too_much(at: Position) -> YamlError {
    YamlError {
        at,
        message: format!(
            "the file holds too much: at most {MOST_NODES} values and {MOST_TEXT} bytes of text, with what aliases repeat"
        ),
    }
}

fn key_of(node: Node) -> Result<(String, Position, bool), YamlError> {
    match node.value {
        Value::Scalar { text, .. } if text.len() > LONGEST_KEY => Err(YamlError {
            at: node.at,
            message: format!("a key is longer than {LONGEST_KEY} bytes"),
        }),
        Value::Scalar { text, plain } => {
            let merge = plain && text == "<<";
            Ok((text, node.at, merge))
        }
        _ => Err(YamlError {
            at: node.at,
            message: format!("a key must be text, and {} stands here", node.kind()),
        }),
    }
}

/// What `<<` names: entries of the map itself come first, then those of earlier maps of the list.
fn merge(node: Node, entries: &mut Vec<Entry>, places: &mut HashMap<String, usize>) -> Result<(), YamlError> {
    match node.value {
        Value::Map(more) => {
            for entry in more {
                if !places.contains_key(&entry.key) {
                    places.insert(entry.key.clone(), entries.len());
                    entries.push(entry);
                }
            }
            Ok(())
        }
        Value::List(maps) if maps.iter().all(|map| matches!(map.value, Value::Map(_))) => {
            maps.into_iter().try_for_each(|map| merge(map, entries, places))
        }
        _ => Err(YamlError {
            at: node.at,
            message: format!(
                "the key '<<' takes a map or a list of maps, and {} stands here",
                node.kind()
            ),
        }),
    }
}
