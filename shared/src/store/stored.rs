//! JSON columns that are read as what they hold.

use sea_orm::{
    TryGetableFromJson, Value,
    sea_query::{ArrayType, ColumnType, Nullable, ValueType, ValueTypeErr},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// What a JSON column holds, decoded from the text that the database sends.
///
/// Reading a tree of JSON first and making a `T` of it then takes twice as long, which the columns of every page feel. A
/// column of which one value may be unreadable without stopping the others stays plain JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Stored<T>(pub(crate) T);

impl<T: DeserializeOwned> TryGetableFromJson for Stored<T> {}

impl<T: Serialize> From<Stored<T>> for Value {
    fn from(stored: Stored<T>) -> Self {
        // Only maps with keys that are no texts cannot be JSON, and no column holds any: null is refused by the database.
        Self::Json(serde_json::to_value(&stored.0).ok().map(Box::new))
    }
}

impl<T: DeserializeOwned> ValueType for Stored<T> {
    fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
        let Value::Json(Some(json)) = value else { return Err(ValueTypeErr) };
        serde_json::from_value(*json).map_err(|_| ValueTypeErr)
    }

    fn type_name() -> String {
        "Stored".to_owned()
    }

    fn array_type() -> ArrayType {
        ArrayType::Json
    }

    fn column_type() -> ColumnType {
        ColumnType::JsonBinary
    }
}

impl<T> Nullable for Stored<T> {
    fn null() -> Value {
        Value::Json(None)
    }
}
