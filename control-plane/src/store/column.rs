//! Reading typed values out of rows. A value that does not parse is a decode error that names its column.

use std::{error::Error, str::FromStr};

use beanpole_protocol::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use sqlx::{Row, postgres::PgRow};
use time::OffsetDateTime;

fn decode(column: &str, source: Box<dyn Error + Send + Sync>) -> sqlx::Error {
    sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source,
    }
}

/// Text that parses, such as an id.
pub fn parsed<T>(row: &PgRow, column: &str) -> sqlx::Result<T>
where
    T: FromStr<Err: Error + Send + Sync + 'static>,
{
    let text: &str = row.try_get(column)?;
    text.parse().map_err(|error: T::Err| decode(column, error.into()))
}

/// Text that parses, or null.
pub fn parsed_or_null<T>(row: &PgRow, column: &str) -> sqlx::Result<Option<T>>
where
    T: FromStr<Err: Error + Send + Sync + 'static>,
{
    let text: Option<&str> = row.try_get(column)?;
    text.map(|text| text.parse().map_err(|error: T::Err| decode(column, error.into())))
        .transpose()
}

/// An enum stored by its name on the wire.
pub fn named<T: DeserializeOwned>(row: &PgRow, column: &str) -> sqlx::Result<T> {
    let text: String = row.try_get(column)?;
    serde_json::from_value(serde_json::Value::String(text)).map_err(|error| decode(column, error.into()))
}

/// The name an enum without data has on the wire, for storing it.
pub fn name_of<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        // Not an enum without data: a CHECK in the schema refuses it.
        _ => String::new(),
    }
}

/// A JSON column.
pub fn json<T: DeserializeOwned>(row: &PgRow, column: &str) -> sqlx::Result<T> {
    let value: serde_json::Value = row.try_get(column)?;
    serde_json::from_value(value).map_err(|error| decode(column, error.into()))
}

/// A JSON column, or null.
pub fn json_or_null<T: DeserializeOwned>(row: &PgRow, column: &str) -> sqlx::Result<Option<T>> {
    let value: Option<serde_json::Value> = row.try_get(column)?;
    value
        .map(|value| serde_json::from_value(value).map_err(|error| decode(column, error.into())))
        .transpose()
}

/// A value as JSON, for storing it.
pub fn to_json<T: Serialize>(value: &T) -> sqlx::Result<serde_json::Value> {
    let mut json = serde_json::to_value(value).map_err(|error| sqlx::Error::Encode(error.into()))?;
    clean_json(&mut json);
    Ok(json)
}

/// Text that Postgres can hold: it knows no zero character, and apps do print some.
pub fn clean(text: &str) -> String {
    text.replace('\0', "\u{FFFD}")
}

fn clean_json(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::String(text) if text.contains('\0') => *text = clean(text),
        serde_json::Value::Array(items) => items.iter_mut().for_each(clean_json),
        serde_json::Value::Object(fields) => fields.values_mut().for_each(clean_json),
        _ => {}
    }
}

pub fn time(row: &PgRow, column: &str) -> sqlx::Result<Timestamp> {
    Ok(row.try_get::<OffsetDateTime, _>(column)?.into())
}

pub fn time_or_null(row: &PgRow, column: &str) -> sqlx::Result<Option<Timestamp>> {
    Ok(row
        .try_get::<Option<OffsetDateTime>, _>(column)?
        .map(Timestamp::from))
}

/// A count: never negative by its CHECK or by what writes it.
pub fn count(row: &PgRow, column: &str) -> sqlx::Result<u32> {
    let value: i32 = row.try_get(column)?;
    u32::try_from(value).map_err(|error| decode(column, error.into()))
}

/// A moment, for storing it.
pub fn at(time: Timestamp) -> OffsetDateTime {
    time.into()
}

/// A count, for storing it in an `int` column.
pub fn int(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
