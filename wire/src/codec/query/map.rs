//! Maps: `X.entry.N.key` and `.value`, or `X.N.Name` and `.Value` as the operation names them.

use std::vec;

use serde::de::{DeserializeSeed, MapAccess};

use super::{error::Error, reader::Reader, tree::Node};
use crate::{Names, Shape};

pub struct Map<'a> {
    names: Names,
    key: &'static str,
    value: &'static str,
    entries: vec::IntoIter<(&'a str, &'a Node<'a>)>,
    next: Option<(&'a str, &'a Node<'a>)>,
}

impl<'a> Map<'a> {
    pub fn of(node: &'a Node<'a>, names: Names, shape: Shape) -> Self {
        let (key, value) = match shape {
            Shape::FlatMap { key, value } => (key, value),
            Shape::Renamed | Shape::FlatList => ("key", "value"),
        };
        Self {
            names,
            key,
            value,
            entries: node.numbered("entry").into_iter(),
            next: None,
        }
    }

    fn part<T: DeserializeSeed<'a>>(
        &self,
        (number, entry): (&'a str, &'a Node<'a>),
        part: &'static str,
        seed: T,
    ) -> Result<T::Value, Error> {
        let missing = || Error::missing(part).within(number);
        let node = entry.child(part).ok_or_else(missing)?;
        let value = seed.deserialize(Reader::plain(node, self.names));
        value.map_err(|error| error.within(part).within(number))
    }
}

impl<'a> MapAccess<'a> for Map<'a> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        self.next = self.entries.next();
        let Some(entry) = self.next else {
            return Ok(None);
        };
        self.part(entry, self.key, seed).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let entry = self
            .next
            .take()
            .ok_or_else(|| Error::invalid("A value was asked for before its key."))?;
        self.part(entry, self.value, seed)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len())
    }
}
