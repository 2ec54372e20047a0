//! Macros that declare the types of this room, so that a field is written down once.
//!
//! For: structs, word lists and odd fields that read leniently (`lenient`). Not for: types that
//! are only sent, which derive what they need.

/// Declares structs that read leniently: each field gets `lenient::field`, and the struct a list of the
/// names it knows. A name on the wire that differs from the field's is given in brackets:
/// `pub permission_mode ["permissionMode"]: Option<PermissionMode>`.
macro_rules! wire_struct {
    ($($(#[$meta:meta])* $vis:vis struct $name:ident {
        $($(#[$field_meta:meta])* pub $field:ident $([$wire:literal])? : $type:ty),* $(,)?
    })*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq, serde::Deserialize)]
        #[serde(default)]
        $vis struct $name {
            $(
                $(#[$field_meta])*
                #[serde(deserialize_with = "crate::wire::lenient::field")]
                $(#[serde(rename = $wire)])?
                pub $field: $type,
            )*
        }

        impl $crate::wire::lenient::Loose for $name {
            fn from_map<'de, A: serde::de::MapAccess<'de>>(
                map: A,
            ) -> Result<Option<Self>, A::Error> {
                let map = serde::de::value::MapAccessDeserializer::new(map);
                <Self as serde::Deserialize>::deserialize(map).map(Some)
            }
        }

        impl $name {
            /// The names this version of the program reads, as they stand on the wire.
            #[allow(dead_code, unreachable_pub)] // not every struct needs it, nor is public
            pub const FIELDS: &'static [&'static str] =
                &[$($crate::wire::macros::wire_name!($field $($wire)?)),*];
        }
    )*};
}

/// Makes types with `lenient::FromJson` usable as fields.
macro_rules! loose_from_json {
    ($($name:ty),* $(,)?) => {$(
        impl $crate::wire::lenient::Loose for $name {
            fn from_null() -> Option<Self> {
                Self::from_json(serde_json::Value::Null)
            }
            fn from_bool(value: bool) -> Option<Self> {
                Self::from_json(value.into())
            }
            fn from_u64(value: u64) -> Option<Self> {
                Self::from_json(value.into())
            }
            fn from_i64(value: i64) -> Option<Self> {
                Self::from_json(value.into())
            }
            fn from_f64(value: f64) -> Option<Self> {
                Self::from_json(value.into())
            }
            fn from_text(value: &str) -> Option<Self> {
                Self::from_json(value.into())
            }
            fn from_string(value: String) -> Option<Self> {
                Self::from_json(value.into())
            }
            fn from_seq<'de, A: serde::de::SeqAccess<'de>>(
                seq: A,
            ) -> Result<Option<Self>, A::Error> {
                let value = <serde_json::Value as $crate::wire::lenient::Loose>::from_seq(seq)?;
                Ok(value.and_then(Self::from_json))
            }
            fn from_map<'de, A: serde::de::MapAccess<'de>>(
                map: A,
            ) -> Result<Option<Self>, A::Error> {
                let value = <serde_json::Value as $crate::wire::lenient::Loose>::from_map(map)?;
                Ok(value.and_then(Self::from_json))
            }
        }
    )*};
}

macro_rules! wire_name {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $wire:literal) => {
        $wire
    };
}

/// Declares enums over strings that keep a word they do not know in `Other`.
macro_rules! wire_words {
    ($($(#[$meta:meta])* pub enum $name:ident {
        $($(#[$word_meta:meta])* $variant:ident = $word:literal),* $(,)?
    })*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$word_meta])* $variant,)*
            /// A word that is newer than this program.
            Other(String),
        }

        impl $name {
            /// The word as it stands on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)*
                    Self::Other(word) => word,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                match word {
                    $($word => Self::$variant,)*
                    other => Self::Other(other.to_owned()),
                }
            }
        }

        impl $crate::wire::lenient::Loose for $name {
            fn from_text(value: &str) -> Option<Self> {
                Some(value.into())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = <String as serde::Deserialize>::deserialize(deserializer)?;
                Ok(word.as_str().into())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    )*};
}

pub(crate) use {loose_from_json, wire_name, wire_struct, wire_words};
