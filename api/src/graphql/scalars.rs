//! Scalars that GraphQL does not have.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{DateTime, NaiveDate, NaiveTime, SecondsFormat, Utc};

/// A day without a time zone, as `YYYY-MM-DD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Date(pub(super) NaiveDate);

/// A day without a time zone, as `YYYY-MM-DD` (ISO 8601).
#[Scalar(specified_by_url = "https://scalars.graphql.org/andimarek/local-date.html")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d");
        // A lenient reader would take `2026-1-2`, which sorts and compares differently.
        match date {
            Ok(date) if text.len() == 10 && date.to_string() == *text => Ok(Self(date)),
            _ => Err(InputValueError::custom("use YYYY-MM-DD, such as 2026-11-23")),
        }
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(_))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// A moment, to the microsecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Instant(pub(super) DateTime<Utc>);

/// A moment to the microsecond, in UTC, as `2026-11-23T08:00:00Z` (RFC 3339).
#[Scalar(name = "DateTime", specified_by_url = "https://scalars.graphql.org/andimarek/date-time.html")]
impl ScalarType for Instant {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        match DateTime::parse_from_rfc3339(text) {
            Ok(instant) => Ok(Self(instant.to_utc())),
            Err(_) => Err(InputValueError::custom("use RFC 3339, such as 2026-11-23T08:00:00Z")),
        }
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(_))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

/// A time of day on a local clock, as `HH:MM`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LocalTime(pub(super) NaiveTime);

/// A time of day on a local clock, as `HH:MM` from `00:00` to `23:59` (ISO 8601).
#[Scalar(specified_by_url = "https://www.iso.org/standard/70907.html")]
impl ScalarType for LocalTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        match NaiveTime::parse_from_str(text, "%H:%M") {
            Ok(time) if text.len() == 5 => Ok(Self(time)),
            _ => Err(InputValueError::custom("use HH:MM, such as 03:30")),
        }
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(_))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.format("%H:%M").to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::{Date, Instant, LocalTime, ScalarType as _, Value};

    #[test]
    fn a_moment_is_told_in_utc() {
        let read = |text: &str| Instant::parse(Value::from(text)).map(|instant| instant.to_value()).ok();
        assert_eq!(read("2026-11-23T09:00:00.5+01:00"), Some(Value::from("2026-11-23T08:00:00.500Z")));
        assert_eq!(read("2026-11-23"), None);
    }

    #[test]
    fn dates_and_times_have_one_spelling() {
        let read = |text: &str| Date::parse(Value::from(text)).map(|date| date.to_value()).ok();
        assert_eq!(read("2026-11-23"), Some(Value::from("2026-11-23")));
        for bad in ["", "2026-1-2", "2026-02-30", "23.11.2026", "2026-11-23T00:00:00Z", "-2026-11-23"] {
            assert_eq!(read(bad), None, "{bad}");
        }
        let read = |text: &str| LocalTime::parse(Value::from(text)).map(|time| time.to_value()).ok();
        assert_eq!(read("03:30"), Some(Value::from("03:30")));
        for bad in ["", "3:30", "24:00", "03:30:00", "03:60"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
