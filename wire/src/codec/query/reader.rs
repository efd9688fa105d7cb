//! A value read from a node of the tree: text as numbers and truths, members by the operation's names.

use std::str::FromStr;

use serde::{
    Deserializer,
    de::{DeserializeSeed, IntoDeserializer, MapAccess, Visitor, value::StrDeserializer},
    forward_to_deserialize_any,
};

use super::{error::Error, list::List, map::Map, tree::Node};
use crate::{Member, Names, Shape};

/// One value: where it stands, and in which form it is.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    node: &'a Node<'a>,
    names: Names,
    shape: Shape,
}

impl<'a> Reader<'a> {
    pub fn root(node: &'a Node<'a>, names: Names) -> Self {
        Self::plain(node, names)
    }

    /// A value in AWS's ordinary form.
    pub fn plain(node: &'a Node<'a>, names: Names) -> Self {
        let shape = Shape::Renamed;
        Self { node, names, shape }
    }

    fn text(self) -> Result<&'a str, Error> {
        self.node
            .value
            .ok_or_else(|| Error::invalid("It has members where one value is expected."))
    }

    fn number<T: FromStr>(self) -> Result<T, Error> {
        let text = self.text()?;
        text.trim().parse().map_err(|_| {
            let shown: String = text.chars().take(80).collect();
            Error::invalid(format!("{shown:?} is not a number of this parameter's range."))
        })
    }

    /// A list or map is empty when it is given as an empty value; any other text is no list.
    fn check_has_parts(self, what: &str) -> Result<(), Error> {
        match self.node.value {
            Some(text) if !text.is_empty() && !self.node.has_children() => Err(Error::invalid(format!(
                "It is a {what}, whose elements are numbered parameters."
            ))),
            _ => Ok(()),
        }
    }
}

macro_rules! numbers {
    ($($method:ident $visit:ident),*) => {$(
        fn $method<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.$visit(self.number()?)
        }
    )*};
}

impl<'a> Deserializer<'a> for Reader<'a> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_borrowed_str(self.text()?)
    }

    fn deserialize_bool<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.text()? {
            text if text.eq_ignore_ascii_case("true") => visitor.visit_bool(true),
            text if text.eq_ignore_ascii_case("false") => visitor.visit_bool(false),
            _ => Err(Error::invalid("It must be true or false.")),
        }
    }

    numbers! {
        deserialize_i8 visit_i8, deserialize_i16 visit_i16, deserialize_i32 visit_i32,
        deserialize_i64 visit_i64, deserialize_i128 visit_i128, deserialize_u8 visit_u8,
        deserialize_u16 visit_u16, deserialize_u32 visit_u32, deserialize_u64 visit_u64,
        deserialize_u128 visit_u128, deserialize_f32 visit_f32, deserialize_f64 visit_f64
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_unit<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'a>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        self.check_has_parts("list")?;
        visitor.visit_seq(List::of(self.node, self.names))
    }

    fn deserialize_map<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        self.check_has_parts("map")?;
        visitor.visit_map(Map::of(self.node, self.names, self.shape))
    }

    fn deserialize_struct<V: Visitor<'a>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_map(Members {
            node: self.node,
            names: self.names,
            fields: fields.iter(),
            next: None,
        })
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let variant: StrDeserializer<'a, Error> = self.text()?.into_deserializer();
        visitor.visit_enum(variant)
    }

    fn deserialize_ignored_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        <W: Visitor<'a>>
        char str string bytes byte_buf tuple tuple_struct identifier
    }
}

/// The members of a structure that the form has. What it has besides is nobody's.
struct Members<'a> {
    node: &'a Node<'a>,
    names: Names,
    fields: std::slice::Iter<'static, &'static str>,
    next: Option<(&'static str, Reader<'a>)>,
}

impl<'a> Members<'a> {
    /// A member under its Query name; callers who write AWS's ordinary form for it are understood too.
    fn find(&self, field: &'static str) -> Option<(&'static str, Reader<'a>)> {
        let named = self.names.iter().find(|member| member.name == field);
        let reader = |node, shape| Reader {
            node,
            names: self.names,
            shape,
        };
        if let Some(Member { query, shape, .. }) = named
            && let Some(node) = self.node.child(query)
        {
            return Some((query, reader(node, *shape)));
        }
        let node = self.node.child(field)?;
        Some((field, reader(node, Shape::Renamed)))
    }
}

impl<'a> MapAccess<'a> for Members<'a> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        while let Some(field) = self.fields.next() {
            self.next = self.find(field);
            if self.next.is_some() {
                let key: StrDeserializer<'a, Error> = (*field).into_deserializer();
                return seed.deserialize(key).map(Some);
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let (name, reader) = self
            .next
            .take()
            .ok_or_else(|| Error::invalid("A value was asked for before its name."))?;
        seed.deserialize(reader).map_err(|error| error.within(name))
    }
}
