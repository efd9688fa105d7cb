//! A value written as the element of a name, or as several where it is a flat list or map.

use std::fmt::Display;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Serialize, Serializer, ser::Impossible};

use super::{
    close,
    error::Error,
    leaf, open,
    parts::{Entries, Fields, Items},
};
use crate::{
    Names, Shape,
    value::{SECONDS, iso_8601},
};

pub struct Element<'a> {
    pub out: &'a mut String,
    pub name: &'a str,
    pub names: Names,
    pub shape: Shape,
}

impl<'a> Element<'a> {
    /// An element in AWS's ordinary form.
    pub fn plain(out: &'a mut String, name: &'a str, names: Names) -> Self {
        Self {
            out,
            name,
            names,
            shape: Shape::Renamed,
        }
    }

    fn text(self, value: &str) -> Result<(), Error> {
        leaf(self.out, self.name, value);
        Ok(())
    }

    fn shown(self, value: impl Display) -> Result<(), Error> {
        self.text(&value.to_string())
    }

    fn no_form(self, what: &str) -> Error {
        Error(format!("{} is {what}, which has no form in XML", self.name))
    }
}

macro_rules! shown {
    ($($method:ident $type:ty),*) => {$(
        fn $method(self, value: $type) -> Result<(), Error> {
            self.shown(value)
        }
    )*};
}

impl<'a> Serializer for Element<'a> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Items<'a>;
    type SerializeTuple = Items<'a>;
    type SerializeTupleStruct = Items<'a>;
    type SerializeTupleVariant = Impossible<(), Error>;
    type SerializeMap = Entries<'a>;
    type SerializeStruct = Fields<'a>;
    type SerializeStructVariant = Impossible<(), Error>;

    shown! {
        serialize_bool bool, serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64,
        serialize_i128 i128, serialize_u8 u8, serialize_u16 u16, serialize_u32 u32, serialize_u64 u64,
        serialize_u128 u128, serialize_f32 f32, serialize_f64 f64, serialize_char char
    }

    fn serialize_str(self, value: &str) -> Result<(), Error> {
        self.text(value)
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Error> {
        self.text(&STANDARD.encode(value))
    }

    fn serialize_none(self) -> Result<(), Error> {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        Ok(())
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), Error> {
        Ok(())
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<(), Error> {
        self.text(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        if name != SECONDS {
            return value.serialize(self);
        }
        // A timestamp: its seconds are written in place, then replaced by their ISO 8601 form.
        let start = self.out.len() + self.name.len() + "<>".len();
        let (name, names) = (self.name, self.names);
        value.serialize(Element::plain(&mut *self.out, name, names))?;
        let seconds = self
            .out
            .get(start..)
            .and_then(|written| written.split('<').next());
        let seconds = seconds
            .and_then(|text| text.parse::<f64>().ok())
            .unwrap_or_default();
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a timestamp is within the years 0 to 9999"
        )]
        let time = iso_8601((seconds * 1000.0).round() as i64);
        self.out.truncate(start);
        self.out
            .push_str(&time.ok_or_else(|| Error(format!("{name} is no time that ISO 8601 can tell")))?);
        close(self.out, name);
        Ok(())
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        open(self.out, self.name);
        value.serialize(Element::plain(&mut *self.out, variant, self.names))?;
        close(self.out, self.name);
        Ok(())
    }

    fn serialize_seq(self, _length: Option<usize>) -> Result<Items<'a>, Error> {
        Ok(Items::of(self))
    }

    fn serialize_tuple(self, _length: usize) -> Result<Items<'a>, Error> {
        Ok(Items::of(self))
    }

    fn serialize_tuple_struct(self, _name: &'static str, _length: usize) -> Result<Items<'a>, Error> {
        Ok(Items::of(self))
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _length: usize,
    ) -> Result<Self::SerializeTupleVariant, Error> {
        Err(self.no_form("a tuple variant"))
    }

    fn serialize_map(self, _length: Option<usize>) -> Result<Entries<'a>, Error> {
        Ok(Entries::of(self))
    }

    fn serialize_struct(self, _name: &'static str, _length: usize) -> Result<Fields<'a>, Error> {
        Ok(Fields::of(self))
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _length: usize,
    ) -> Result<Self::SerializeStructVariant, Error> {
        Err(self.no_form("a structure variant"))
    }
}
