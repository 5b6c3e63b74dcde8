//! Values that must not reach a log.

use std::fmt;

use serde::Deserialize;

/// A password. `Debug` shows only whether there is one.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps `value`.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether no password is set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_empty() { "(none)" } else { "***" })
    }
}

/// A URL that may carry a password. `Debug` and `Display` mask the credentials and the query, and keep the rest.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct SecretUrl(String);

impl SecretUrl {
    /// Wraps `url`.
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// The URL with its password, for the client that connects.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether no URL is set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn masked(&self) -> String {
        let (scheme, rest) = match self.0.split_once("://") {
            Some((scheme, rest)) => (format!("{scheme}://"), rest),
            None => (String::new(), self.0.as_str()),
        };
        // The last `@` ends the credentials even when a password holds an unescaped `@`, `/` or `?`.
        let (credentials, rest) = match rest.rsplit_once('@') {
            Some((_, rest)) => ("***@", rest),
            None => ("", rest),
        };
        // PostgreSQL takes `?password=` too, so a query is never shown.
        match rest.split_once('?') {
            Some((address, _)) => format!("{scheme}{credentials}{address}?***"),
            None => format!("{scheme}{credentials}{rest}"),
        }
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.masked())
    }
}

impl fmt::Display for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_and_queries_are_masked() {
        for (url, shown) in [
            ("postgres://app:pa@ss/word@db:5432/app?sslmode=require", "postgres://***@db:5432/app?***"),
            ("postgres://db/app?password=hunter2", "postgres://db/app?***"),
            ("redis://:hunter2@cache:6379/1", "redis://***@cache:6379/1"),
            ("redis://cache:6379", "redis://cache:6379"),
            ("user:hunter2@somewhere", "***@somewhere"),
            ("postgres://app:who?pass@db/app", "postgres://***@db/app"),
            ("", ""),
        ] {
            assert_eq!(SecretUrl::new(url).to_string(), shown);
            assert!(!format!("{:?}", SecretUrl::new(url)).contains("hunter2"));
        }
        assert_eq!(format!("{:?}{:?}", Secret::new("hunter2"), Secret::new("")), "***(none)");
    }
}
