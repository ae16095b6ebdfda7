//! Notations: settings that are one text each, such as `150ms` or `n0`, or one word of several.
//!
//! A type that is a text is written by its [`Display`](fmt::Display) and read by its [`FromStr`];
//! with [`text_notation!`](crate::text_notation) it is a setting like any other, and its schema
//! says how it is written.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::Deserializer;
use serde::de;

/// What [`text_notation!`](crate::text_notation) names, whichever crate uses it.
pub use serde;

/// Makes a type that is written as text a setting: implements `Serialize` by its `Display`,
/// `Deserialize` by its `FromStr` (whose error is a `String`), and
/// [`JsonSchema`](crate::schema::JsonSchema). First comes what errors say was expected, then what
/// it is, a regular expression that all such texts match, and examples.
#[macro_export]
macro_rules! text_notation {
    ($type:ident, $expected:literal, $description:literal, $pattern:expr, $examples:expr) => {
        impl $crate::notation::serde::Serialize for $type {
            fn serialize<S: $crate::notation::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> $crate::notation::serde::Deserialize<'de> for $type {
            fn deserialize<D: $crate::notation::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                $crate::notation::read(deserializer, $expected)
            }
        }

        $crate::notation!($type, |_| $crate::schema::text($description, $pattern, $examples));
    };
}

/// Defines a setting that is one word of several. Each variant has its word and a line for lists.
macro_rules! vocabulary {
    (
        $(#[$attribute:meta])*
        pub enum $type:ident { $($(#[$doc:meta])* $variant:ident $word:literal $line:literal;)* }
    ) => {
        $(#[$attribute])*
        #[derive(
            Clone,
            Copy,
            PartialEq,
            Eq,
            PartialOrd,
            Ord,
            Debug,
            ::serde::Serialize,
            ::serde::Deserialize,
            ::schemars::JsonSchema,
        )]
        pub enum $type {
            $($(#[$doc])* #[serde(rename = $word)] $variant,)*
        }

        impl $type {
            /// All of them, in order, each with its word and a line for lists.
            pub const ALL: [(Self, &'static str, &'static str); [$($word),*].len()] =
                [$((Self::$variant, $word, $line)),*];

            /// The word as scenario files write it.
            pub const fn name(self) -> &'static str {
                Self::ALL[self as usize].1
            }
        }
    };
}
pub(crate) use vocabulary;

/// Reads any type that is written as text.
///
/// # Errors
/// When there is no text, with what was `expected`; when the type refuses it, with its reason.
pub fn read<'de, D, T>(deserializer: D, expected: &'static str) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err = String>,
{
    deserializer.deserialize_any(Text(expected, PhantomData))
}

struct Text<T>(&'static str, PhantomData<T>);

impl<T: FromStr<Err = String>> de::Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

/// `number × scale` for a plain decimal such as `1.25`, exactly; `None` if `number` is not one, has
/// more than 18 digits after the point, or the product is no whole number of 64 bits.
pub(crate) fn decimal(number: &str, scale: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || whole.len() > 20 || fraction.len() > 18 {
        return None;
    }
    if !number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return None;
    }
    let mut total = u128::from(whole.parse::<u64>().ok()?) * u128::from(scale);
    if !fraction.is_empty() {
        let denominator = 10_u128.pow(fraction.len() as u32);
        let part = u128::from(fraction.parse::<u64>().ok()?) * u128::from(scale);
        if part % denominator != 0 {
            return None;
        }
        total += part / denominator;
    }
    u64::try_from(total).ok()
}
