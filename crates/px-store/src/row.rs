//! Rows of either engine, read by column name into checked types.

use std::fmt::Display;
use std::str::FromStr;

use jiff::Timestamp;
use sqlx::Row as _;

use crate::{Result, StoreError};

/// One row of an answer.
#[derive(Debug)]
pub enum Row {
    /// From SQLite.
    Sqlite(sqlx::sqlite::SqliteRow),
    /// From PostgreSQL.
    Postgres(sqlx::postgres::PgRow),
}

impl Row {
    /// A `TEXT` column.
    ///
    /// # Errors
    /// When the column is missing, `NULL` or of another type.
    pub fn text(&self, column: &str) -> Result<String> {
        self.opt_text(column)?.ok_or_else(|| null(column))
    }

    /// A `TEXT` column that may be `NULL`.
    ///
    /// # Errors
    /// As [`Row::text`], except for `NULL`.
    pub fn opt_text(&self, column: &str) -> Result<Option<String>> {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(column)?,
            Self::Postgres(row) => row.try_get(column)?,
        })
    }

    /// A `BIGINT` column.
    ///
    /// # Errors
    /// When the column is missing, `NULL` or of another type.
    pub fn int(&self, column: &str) -> Result<i64> {
        self.opt_int(column)?.ok_or_else(|| null(column))
    }

    /// The first column, a `BIGINT`.
    pub(crate) fn first(&self) -> Result<i64> {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(0)?,
            Self::Postgres(row) => row.try_get(0)?,
        })
    }

    /// A `BIGINT` column that may be `NULL`.
    ///
    /// # Errors
    /// As [`Row::int`], except for `NULL`.
    pub fn opt_int(&self, column: &str) -> Result<Option<i64>> {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(column)?,
            Self::Postgres(row) => row.try_get(column)?,
        })
    }

    /// A truth value stored as 0 or 1.
    ///
    /// # Errors
    /// As [`Row::int`].
    pub fn bool(&self, column: &str) -> Result<bool> {
        Ok(self.int(column)? != 0)
    }

    /// An instant stored as microseconds since the epoch.
    ///
    /// # Errors
    /// As [`Row::int`], and when the number is outside the calendar.
    pub fn time(&self, column: &str) -> Result<Timestamp> {
        instant(column, self.int(column)?)
    }

    /// An instant that may be `NULL`.
    ///
    /// # Errors
    /// As [`Row::time`], except for `NULL`.
    pub fn opt_time(&self, column: &str) -> Result<Option<Timestamp>> {
        self.opt_int(column)?
            .map(|micros| instant(column, micros))
            .transpose()
    }

    /// Text read through `FromStr`: ids, versions, states.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the text is not of that type.
    pub fn parse<T>(&self, column: &str) -> Result<T>
    where
        T: FromStr,
        T::Err: Display,
    {
        let text = self.text(column)?;
        parse(column, &text)
    }

    /// As [`Row::parse`] for a column that may be `NULL`.
    ///
    /// # Errors
    /// As [`Row::parse`], except for `NULL`.
    pub fn opt_parse<T>(&self, column: &str) -> Result<Option<T>>
    where
        T: FromStr,
        T::Err: Display,
    {
        self.opt_text(column)?
            .map(|text| parse(column, &text))
            .transpose()
    }

    /// JSON text read into a type.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the text does not have that shape.
    pub fn json<T: serde::de::DeserializeOwned>(&self, column: &str) -> Result<T> {
        let text = self.text(column)?;
        serde_json::from_str(&text).map_err(|e| corrupt(column, &text, &e))
    }
}

fn parse<T>(column: &str, text: &str) -> Result<T>
where
    T: FromStr,
    T::Err: Display,
{
    text.parse().map_err(|e: T::Err| corrupt(column, text, &e))
}

fn instant(column: &str, micros: i64) -> Result<Timestamp> {
    Timestamp::from_microsecond(micros).map_err(|e| corrupt(column, &micros.to_string(), &e))
}

/// SQLite reads `NULL` as 0 or an empty text where a value is asked for, so it is asked first.
fn null(column: &str) -> StoreError {
    corrupt(column, "NULL", &"it must not be empty")
}

fn corrupt(column: &str, found: &str, reason: &dyn Display) -> StoreError {
    StoreError::Corrupt {
        column: column.to_owned(),
        found: found.chars().take(80).collect(),
        reason: reason.to_string(),
    }
}
