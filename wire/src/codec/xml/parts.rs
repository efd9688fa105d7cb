//! What stands inside an element, or beside it: list items, map entries, a structure's members.
//!
//! The element of a list or map is opened by its first part: one that is empty leaves nothing.

use serde::{
    Serialize,
    ser::{SerializeMap, SerializeSeq, SerializeStruct, SerializeTuple, SerializeTupleStruct},
};

use super::{close, element::Element, error::Error, open};
use crate::Shape;

/// An element that is there once it holds something.
struct Lazy {
    opened: bool,
}

impl Lazy {
    fn begin(&mut self, out: &mut String, name: &str) {
        if !self.opened {
            open(out, name);
            self.opened = true;
        }
    }

    fn end(&self, out: &mut String, name: &str) {
        if self.opened {
            close(out, name);
        }
    }
}

/// `<X><member>…</member></X>`, or `<X>…</X>` again and again where the list is flat.
pub struct Items<'a> {
    element: Element<'a>,
    wrapper: Lazy,
}

impl<'a> Items<'a> {
    pub fn of(element: Element<'a>) -> Self {
        let wrapper = Lazy { opened: false };
        Self { element, wrapper }
    }

    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let Element {
            out,
            name,
            names,
            shape,
        } = &mut self.element;
        if *shape != Shape::Renamed {
            return value.serialize(Element::plain(out, name, names));
        }
        self.wrapper.begin(out, name);
        value.serialize(Element::plain(out, "member", names))
    }

    fn finish(self) {
        self.wrapper.end(self.element.out, self.element.name);
    }
}

macro_rules! items {
    ($($trait:ident $method:ident),*) => {$(
        impl $trait for Items<'_> {
            type Ok = ();
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.item(value)
            }

            fn end(self) -> Result<(), Error> {
                self.finish();
                Ok(())
            }
        }
    )*};
}

items!(SerializeSeq serialize_element, SerializeTuple serialize_element, SerializeTupleStruct serialize_field);

/// `<X><entry><key/><value/></entry></X>`, or `<X><Name/><Value/></X>` again and again.
pub struct Entries<'a> {
    element: Element<'a>,
    wrapper: Lazy,
}

impl<'a> Entries<'a> {
    pub fn of(element: Element<'a>) -> Self {
        let wrapper = Lazy { opened: false };
        Self { element, wrapper }
    }

    /// The element of one entry, and the names in it.
    fn names(&self) -> (&'a str, &'static str, &'static str) {
        match self.element.shape {
            Shape::FlatMap { key, value } => (self.element.name, key, value),
            Shape::FlatList => (self.element.name, "key", "value"),
            Shape::Renamed => ("entry", "key", "value"),
        }
    }
}

impl SerializeMap for Entries<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let (entry, key, _) = self.names();
        let Element {
            out,
            name,
            names,
            shape,
        } = &mut self.element;
        if *shape == Shape::Renamed {
            self.wrapper.begin(out, name);
        }
        open(out, entry);
        value.serialize(Element::plain(out, key, names))
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, given: &T) -> Result<(), Error> {
        let (entry, _, value) = self.names();
        let Element { out, names, .. } = &mut self.element;
        given.serialize(Element::plain(out, value, names))?;
        close(out, entry);
        Ok(())
    }

    fn end(self) -> Result<(), Error> {
        self.wrapper.end(self.element.out, self.element.name);
        Ok(())
    }
}

/// A structure's members, each under its Query name.
pub struct Fields<'a> {
    element: Element<'a>,
}

impl<'a> Fields<'a> {
    pub fn of(element: Element<'a>) -> Self {
        open(element.out, element.name);
        Self { element }
    }
}

impl SerializeStruct for Fields<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        field: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        let Element { out, names, .. } = &mut self.element;
        let member = names.iter().find(|member| member.name == field);
        let (name, shape) = member.map_or((field, Shape::Renamed), |member| (member.query, member.shape));
        value.serialize(Element {
            out,
            name,
            names,
            shape,
        })
    }

    fn end(self) -> Result<(), Error> {
        close(self.element.out, self.element.name);
        Ok(())
    }
}
