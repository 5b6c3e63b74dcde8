//! Cursors: opaque, and good only for the order they were made in.

use std::{convert::Infallible, fmt::Debug};

use async_graphql::connection::CursorType;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::DateTime;
use shared::store::lists::{Key, Position};
use uuid::Uuid;

/// The place of an item in a list.
#[derive(Clone, Debug)]
pub(super) struct Cursor {
    /// What the list is ordered by.
    pub(super) order: String,
    /// Where the item stands in it.
    pub(super) position: Position,
}

/// The name of an order, as cursors carry it.
pub(super) fn order_name(order: impl Debug, descending: bool) -> String {
    format!("{order:?}{}", if descending { '-' } else { '+' })
}

impl CursorType for Cursor {
    type Error = Infallible;

    /// Cursors are read with [`decode`], which knows the order; this is never called.
    fn decode_cursor(text: &str) -> Result<Self, Self::Error> {
        Ok(Self { order: String::new(), position: Position { key: Key::Text(text.to_owned()), id: Uuid::nil() } })
    }

    fn encode_cursor(&self) -> String {
        let Position { key, id } = &self.position;
        let key = match key {
            Key::Instant(instant) => format!("i{}", instant.timestamp_micros()),
            Key::Number(number) => format!("n{number}"),
            Key::Place(place) => format!("p{place}"),
            Key::Text(text) => format!("t{text}"),
        };
        URL_SAFE_NO_PAD.encode(format!("{}:{}:{key}", self.order, id.simple()))
    }
}

/// The position that a cursor names in a list of this order; `None` for anything else.
pub(super) fn decode(order: &str, text: &str) -> Option<Position> {
    if text.len() > 2_000 {
        return None;
    }
    let decoded = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
    let (made_in, rest) = decoded.split_once(':')?;
    let (id, key) = rest.split_once(':')?;
    if made_in != order {
        return None;
    }
    let id = Uuid::try_parse(id).ok()?;
    let (kind, value) = key.split_at_checked(1)?;
    let key = match kind {
        "i" => Key::Instant(DateTime::from_timestamp_micros(value.parse().ok()?)?),
        "n" => Key::Number(value.parse().ok()?),
        "p" => Key::Place(value.parse().ok()?),
        "t" => Key::Text(value.to_owned()),
        _ => return None,
    };
    Some(Position { key, id })
}

#[cfg(test)]
mod tests {
    use super::{Cursor, CursorType as _, DateTime, Key, Position, Uuid, decode, order_name};

    #[test]
    fn a_cursor_comes_back_as_what_it_was_and_only_in_its_order() {
        let instant = DateTime::from_timestamp_micros(1_764_000_000_123_456).expect("an instant");
        for key in [
            Key::Instant(instant),
            Key::Number(-7),
            Key::Place(1 << 40),
            Key::Text("Ana: Ó Briain".to_owned()),
            Key::Text(String::new()),
        ] {
            let position = Position { key, id: Uuid::from_u128(7) };
            let order = order_name("CreatedAt", true);
            let text = Cursor { order: order.clone(), position: position.clone() }.encode_cursor();
            assert_eq!(decode(&order, &text), Some(position));
            assert_eq!(decode(&order_name("CreatedAt", false), &text), None);
            assert_eq!(decode(&order_name("UpdatedAt", true), &text), None);
        }
    }

    #[test]
    fn garbage_is_refused() {
        for garbage in ["", "x", "MQ", "é", &"A".repeat(10_000)] {
            assert_eq!(decode("\"CreatedAt\"-", garbage), None);
        }
    }
}
