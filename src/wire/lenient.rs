//! Reading JSON without being offended by it.
//!
//! For: decoding the CLI's objects when a field is missing, null, new or of another type than the
//! one documented. The CLI changes its shapes from version to version, and one odd field must not
//! cost a whole message. Not for: anything that we send, nor for checking that input is sensible.
//!
//! Invariants:
//! - A value of an unexpected type reads as the field's default; the rest of the object stands.
//! - Values stream from the parser into the struct: no detour through [`Value`], so the text
//!   deltas, which come by the thousand, are read once.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// A type that can be made from some JSON values and says `None` to the others.
///
/// Every method has a default that says `None`, so a type lists only what it understands.
pub(crate) trait Loose: Sized {
    fn from_null() -> Option<Self> {
        None
    }
    fn from_bool(_value: bool) -> Option<Self> {
        None
    }
    fn from_u64(_value: u64) -> Option<Self> {
        None
    }
    fn from_i64(_value: i64) -> Option<Self> {
        None
    }
    fn from_f64(_value: f64) -> Option<Self> {
        None
    }
    fn from_text(_value: &str) -> Option<Self> {
        None
    }
    fn from_string(value: String) -> Option<Self> {
        Self::from_text(&value)
    }
    fn from_seq<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<Option<Self>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }
    fn from_map<'de, A: MapAccess<'de>>(mut map: A) -> Result<Option<Self>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

/// For `#[serde(deserialize_with)]`; the macro `wire_struct` puts it on every field.
pub(crate) fn field<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Loose + Default,
{
    Ok(Seed::new().deserialize(deserializer)?.unwrap_or_default())
}

/// Reads a text; the error is one of syntax, depth, or a key that stands twice in an object.
pub(crate) fn from_text<T: Loose>(text: &str) -> Result<Option<T>, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Seed::new().deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// Reads the value that a text begins with, whatever stands behind it; of a key that stands twice the last counts.
pub(crate) fn first_of<T: Loose>(text: &str) -> Option<T> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    if let Ok(value) = Seed::new().deserialize(&mut deserializer) {
        return value;
    }
    let value = serde_json::Deserializer::from_str(text).into_iter::<Value>().next()?.ok()?;
    from_value(value)
}

/// Reads a value that is already parsed, moving its strings.
pub(crate) fn from_value<T: Loose>(value: Value) -> Option<T> {
    Seed::new().deserialize(value).ok().flatten()
}

struct Seed<T>(PhantomData<T>);

impl<T> Seed<T> {
    fn new() -> Self {
        Self(PhantomData)
    }
}

impl<'de, T: Loose> DeserializeSeed<'de> for Seed<T> {
    type Value = Option<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Loose> Visitor<'de> for Seed<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }
    fn visit_unit<E>(self) -> Result<Option<T>, E> {
        Ok(T::from_null())
    }
    fn visit_bool<E>(self, value: bool) -> Result<Option<T>, E> {
        Ok(T::from_bool(value))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Option<T>, E> {
        Ok(T::from_u64(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Option<T>, E> {
        Ok(T::from_i64(value))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Option<T>, E> {
        Ok(T::from_f64(value))
    }
    fn visit_str<E>(self, value: &str) -> Result<Option<T>, E> {
        Ok(T::from_text(value))
    }
    fn visit_string<E>(self, value: String) -> Result<Option<T>, E> {
        Ok(T::from_string(value))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Option<T>, A::Error> {
        T::from_seq(seq)
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Option<T>, A::Error> {
        T::from_map(map)
    }
}

impl Loose for String {
    fn from_text(value: &str) -> Option<Self> {
        Some(value.to_owned())
    }
    fn from_string(value: String) -> Option<Self> {
        Some(value)
    }
}

impl Loose for bool {
    fn from_bool(value: bool) -> Option<Self> {
        Some(value)
    }
}

impl Loose for u64 {
    fn from_u64(value: u64) -> Option<Self> {
        Some(value)
    }
    fn from_f64(value: f64) -> Option<Self> {
        // JavaScript has one number type: a count may well arrive as 12.0.
        (value.is_finite() && value >= 0.0).then_some(value as u64)
    }
}

impl Loose for i64 {
    fn from_u64(value: u64) -> Option<Self> {
        i64::try_from(value).ok()
    }
    fn from_i64(value: i64) -> Option<Self> {
        Some(value)
    }
    fn from_f64(value: f64) -> Option<Self> {
        value.is_finite().then_some(value as i64)
    }
}

impl Loose for f64 {
    fn from_u64(value: u64) -> Option<Self> {
        Some(value as f64)
    }
    fn from_i64(value: i64) -> Option<Self> {
        Some(value as f64)
    }
    fn from_f64(value: f64) -> Option<Self> {
        Some(value)
    }
}

impl Loose for Value {
    fn from_null() -> Option<Self> {
        Some(Value::Null)
    }
    fn from_bool(value: bool) -> Option<Self> {
        Some(value.into())
    }
    fn from_u64(value: u64) -> Option<Self> {
        Some(value.into())
    }
    fn from_i64(value: i64) -> Option<Self> {
        Some(value.into())
    }
    fn from_f64(value: f64) -> Option<Self> {
        Some(value.into())
    }
    fn from_text(value: &str) -> Option<Self> {
        Some(value.into())
    }
    fn from_string(value: String) -> Option<Self> {
        Some(value.into())
    }
    fn from_seq<'de, A: SeqAccess<'de>>(seq: A) -> Result<Option<Self>, A::Error> {
        Value::deserialize(SeqAccessDeserializer::new(seq)).map(Some)
    }
    fn from_map<'de, A: MapAccess<'de>>(map: A) -> Result<Option<Self>, A::Error> {
        Value::deserialize(MapAccessDeserializer::new(map)).map(Some)
    }
}

/// `None` stands for absent, null and unreadable alike.
impl<T: Loose> Loose for Option<T> {
    fn from_bool(value: bool) -> Option<Self> {
        T::from_bool(value).map(Some)
    }
    fn from_u64(value: u64) -> Option<Self> {
        T::from_u64(value).map(Some)
    }
    fn from_i64(value: i64) -> Option<Self> {
        T::from_i64(value).map(Some)
    }
    fn from_f64(value: f64) -> Option<Self> {
        T::from_f64(value).map(Some)
    }
    fn from_text(value: &str) -> Option<Self> {
        T::from_text(value).map(Some)
    }
    fn from_string(value: String) -> Option<Self> {
        T::from_string(value).map(Some)
    }
    fn from_seq<'de, A: SeqAccess<'de>>(seq: A) -> Result<Option<Self>, A::Error> {
        Ok(T::from_seq(seq)?.map(Some))
    }
    fn from_map<'de, A: MapAccess<'de>>(map: A) -> Result<Option<Self>, A::Error> {
        Ok(T::from_map(map)?.map(Some))
    }
}

/// Members that cannot be read are left out.
impl<T: Loose> Loose for Vec<T> {
    fn from_seq<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<Option<Self>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(Seed::<T>::new())? {
            items.extend(item);
        }
        Ok(Some(items))
    }
}

/// Entries whose value cannot be read are left out.
impl<T: Loose> Loose for BTreeMap<String, T> {
    fn from_map<'de, A: MapAccess<'de>>(mut map: A) -> Result<Option<Self>, A::Error> {
        let mut entries = BTreeMap::new();
        while let Some(key) = map.next_key::<String>()? {
            if let Some(value) = map.next_value_seed(Seed::<T>::new())? {
                entries.insert(key, value);
            }
        }
        Ok(Some(entries))
    }
}

/// For types that look at the whole value, whatever its type is; the macro
/// `loose_from_json` does the rest.
pub(crate) trait FromJson: Sized {
    /// Never called for a field that is absent.
    fn from_json(value: Value) -> Option<Self>;
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::wire::macros::wire_struct;

    wire_struct! {
        struct Sample {
            pub text: String,
            pub count: u64,
            pub offset: Option<i64>,
            pub ratio: f64,
            pub is_on ["isOn"]: bool,
            pub names: Vec<String>,
            pub inner: Option<Inner>,
            pub raw: Value,
            pub by_name: BTreeMap<String, u64>,
        }

        struct Inner {
            pub id: String,
        }
    }

    fn oddities() -> Vec<Value> {
        vec![
            Value::Null,
            json!(true),
            json!(7),
            json!(-7),
            json!(1.5),
            json!("word"),
            json!([1, "a", null, {"b": []}]),
            json!({"a": {"b": [1]}, "id": 3}),
        ]
    }

    #[test]
    fn an_odd_value_costs_only_its_own_field() {
        for name in Sample::FIELDS.iter().filter(|name| **name != "text") {
            for oddity in oddities() {
                let line = json!({ *name: oddity, "text": "kept", "new": oddity }).to_string();
                let sample: Option<Sample> = from_text(&line).unwrap();
                assert_eq!(sample.map(|s| s.text).as_deref(), Some("kept"), "{line}");
            }
        }
    }

    #[test]
    fn reads_what_it_can() {
        let line = r#"{"isOn":true,"count":12.0,"offset":-3,"ratio":2,"names":["a",1,"b",null],
            "inner":{"id":"x","more":1},"raw":null,"by_name":{"p":1,"q":"no"}}"#;
        let sample: Sample = from_text(line).unwrap().unwrap();
        assert_eq!(
            sample,
            Sample {
                text: String::new(),
                count: 12,
                offset: Some(-3),
                ratio: 2.0,
                is_on: true,
                names: vec!["a".into(), "b".into()],
                inner: Some(Inner { id: "x".into() }),
                raw: Value::Null,
                by_name: BTreeMap::from([("p".into(), 1)]),
            }
        );
        assert_eq!(Sample::FIELDS[4], "isOn");
    }

    #[test]
    fn says_none_to_what_is_no_object_and_errs_on_what_is_no_json() {
        assert!(from_text::<Sample>("[1]").unwrap().is_none());
        assert!(from_text::<Sample>("null").unwrap().is_none());
        assert!(from_text::<Sample>("{} x").is_err());
        assert!(from_text::<Sample>(r#"{"text":"#).is_err());
        assert!(from_value::<Sample>(json!(3)).is_none());
    }
}
