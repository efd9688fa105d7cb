//! Lists: `X.member.N`, or `X.N` where the list is flat; either is taken for any list.

use std::vec;

use serde::de::{DeserializeSeed, SeqAccess};

use super::{error::Error, reader::Reader, tree::Node};
use crate::Names;

pub struct List<'a> {
    names: Names,
    elements: vec::IntoIter<(&'a str, &'a Node<'a>)>,
}

impl<'a> List<'a> {
    pub fn of(node: &'a Node<'a>, names: Names) -> Self {
        let elements = node.numbered("member").into_iter();
        Self { names, elements }
    }
}

impl<'a> SeqAccess<'a> for List<'a> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        let Some((number, node)) = self.elements.next() else {
            return Ok(None);
        };
        let element = seed.deserialize(Reader::plain(node, self.names));
        element.map(Some).map_err(|error| error.within(number))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.elements.len())
    }
}
