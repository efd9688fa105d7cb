//! A point in time: seconds in JSON, ISO 8601 in Query, tagged milliseconds in CBOR.

use std::fmt;

use ciborium::tag::Captured;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, Visitor},
    ser::Error as _,
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};

/// Under this name a timestamp passes through a serializer, for the one that writes text instead.
pub(crate) const SECONDS: &str = "beanpole_wire::Timestamp";
/// CBOR's tag of a time since the epoch.
const EPOCH: u64 = 1;
/// The end of the year 9999, the last that ISO 8601 has four digits for.
const LATEST: f64 = 253_402_300_799_999.0;
/// The beginning of the year 0.
const EARLIEST: f64 = -62_167_219_200_000.0;

/// Milliseconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(pub i64);

/// `2011-06-15T12:00:00.123Z`; None beyond the years 0 to 9999.
pub(crate) fn iso_8601(milliseconds: i64) -> Option<String> {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(milliseconds) * 1_000_000).ok()?;
    time.format(&format).ok()
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return Captured(Some(EPOCH), self.0).serialize(serializer);
        }
        #[expect(
            clippy::cast_precision_loss,
            reason = "checked to be within the years 0 to 9999"
        )]
        let milliseconds = self.0 as f64;
        if !(EARLIEST..=LATEST).contains(&milliseconds) {
            return Err(S::Error::custom("a timestamp is beyond the years 0 to 9999"));
        }
        serializer.serialize_newtype_struct(SECONDS, &(milliseconds / 1000.0))
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return deserializer.deserialize_any(Seconds);
        }
        Captured::<Milliseconds>::deserialize(deserializer).map(|tagged| tagged.1.0)
    }
}

fn of<E: Error>(milliseconds: f64) -> Result<Timestamp, E> {
    if !(EARLIEST..=LATEST).contains(&milliseconds) {
        return Err(E::custom("the time is beyond the years 0 to 9999"));
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "within the range of i64, as checked"
    )]
    Ok(Timestamp(milliseconds.round() as i64))
}

macro_rules! from_numbers {
    ($scale:expr) => {
        #[expect(
            clippy::cast_precision_loss,
            reason = "what is too large for f64 is refused as too late"
        )]
        fn visit_i64<E: Error>(self, number: i64) -> Result<Timestamp, E> {
            of(number as f64 * $scale)
        }

        #[expect(
            clippy::cast_precision_loss,
            reason = "what is too large for f64 is refused as too late"
        )]
        fn visit_u64<E: Error>(self, number: u64) -> Result<Timestamp, E> {
            of(number as f64 * $scale)
        }

        fn visit_f64<E: Error>(self, number: f64) -> Result<Timestamp, E> {
            of(number * $scale)
        }
    };
}

/// Numbers are seconds; text is ISO 8601 or, as some callers write it, seconds.
struct Seconds;

impl Visitor<'_> for Seconds {
    type Value = Timestamp;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("seconds since 1970, or a time in ISO 8601")
    }

    from_numbers!(1000.0);

    fn visit_str<E: Error>(self, text: &str) -> Result<Timestamp, E> {
        if let Ok(seconds) = text.parse::<f64>() {
            return of(seconds * 1000.0);
        }
        let time = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| {
            let shown: String = text.chars().take(80).collect();
            E::custom(format!("{shown:?} is not a time in ISO 8601"))
        })?;
        let milliseconds = time.unix_timestamp_nanos().div_euclid(1_000_000);
        i64::try_from(milliseconds).map(Timestamp).map_err(E::custom)
    }
}

/// A number in CBOR, integer or not.
struct Milliseconds(Timestamp);

impl<'de> Deserialize<'de> for Milliseconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;
        impl Visitor<'_> for Number {
            type Value = Timestamp;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("milliseconds since 1970")
            }

            from_numbers!(1.0);
        }
        deserializer.deserialize_any(Number).map(Milliseconds)
    }
}
