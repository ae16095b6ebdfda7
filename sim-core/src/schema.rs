//! What a scenario file may say, as JSON Schema: for editors, for lists, and for who writes
//! programs that write scenarios.
//!
//! Types that are written as tables derive [`JsonSchema`], with their comments for descriptions.
//! Types with a notation of their own say here how they are written.

pub use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// A text: what it is, a regular expression that all such texts match, and examples.
pub fn text(description: &str, pattern: &str, examples: &[&str]) -> Schema {
    json_schema!({
        "description": description,
        "type": "string",
        "pattern": pattern,
        "examples": examples,
    })
}

/// Any of these ways of writing it.
pub fn either(description: &str, ways: &[Schema]) -> Schema {
    json_schema!({ "description": description, "anyOf": ways })
}

/// Implements [`JsonSchema`] for a type that has a notation of its own.
#[macro_export]
macro_rules! notation {
    ($type:ident, |$generator:pat_param| $schema:expr) => {
        impl $crate::schema::JsonSchema for $type {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                ::core::stringify!($type).into()
            }

            fn schema_id() -> ::std::borrow::Cow<'static, str> {
                ::core::concat!(::core::module_path!(), "::", ::core::stringify!($type)).into()
            }

            fn json_schema(
                $generator: &mut $crate::schema::SchemaGenerator,
            ) -> $crate::schema::Schema {
                $schema
            }
        }
    };
}
