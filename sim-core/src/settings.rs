//! A tree of settings, each of which remembers where it came from.
//!
//! Scenario files are read elsewhere; what arrives here is a tree of values with an [`Origin`]
//! each, and `serde` reads typed settings out of it. An error then points at the very value that
//! it is about, wherever that was written: file, profile or command line.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, DeserializeOwned, IntoDeserializer, value::StrDeserializer};
use serde::forward_to_deserialize_any;

/// Where a value was written: a number that the reader of the file hands out. 0 is "nowhere".
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Origin(pub u32);

/// A value and where it came from.
#[derive(Clone, PartialEq, Debug)]
pub struct Settings {
    /// The value.
    pub value: Value,
    /// Where it was written.
    pub origin: Origin,
}

/// What a setting can hold.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a point.
    Float(f64),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Settings>),
    /// A table.
    Table(BTreeMap<String, Field>),
}

/// An entry of a table.
#[derive(Clone, PartialEq, Debug)]
pub struct Field {
    /// Where the key was written.
    pub key: Origin,
    /// The value.
    pub settings: Settings,
}

impl Settings {
    /// An empty table from nowhere: all defaults.
    pub const fn empty() -> Self {
        Self { value: Value::Table(BTreeMap::new()), origin: Origin(0) }
    }

    /// The entry `key` of a table.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.field(key).map(|field| &field.settings)
    }

    /// The entry `key` of a table, with the place of its key.
    pub fn field(&self, key: &str) -> Option<&Field> {
        match &self.value {
            Value::Table(table) => table.get(key),
            _ => None,
        }
    }

    /// What stands at a path such as `fault[2].target`.
    pub fn at(&self, path: &str) -> Option<&Self> {
        path.split('.').try_fold(self, |settings, step| {
            let (key, indices) = step.split_once('[').map_or((step, ""), |(key, rest)| (key, rest));
            let mut settings = settings.get(key)?;
            for index in indices.split(['[', ']']).filter(|part| !part.is_empty()) {
                let Value::List(items) = &settings.value else {
                    return None;
                };
                settings = items.get(index.parse::<usize>().ok()?)?;
            }
            Some(settings)
        })
    }

    /// Parts a table in two: the entries whose keys are among `keys`, and the others.
    pub fn split(&self, keys: &[&str]) -> (Self, Self) {
        let Value::Table(table) = &self.value else {
            return (self.clone(), self.clone());
        };
        let (inside, outside) =
            table.clone().into_iter().partition(|(key, _)| keys.contains(&key.as_str()));
        let wrap = |table| Self { value: Value::Table(table), origin: self.origin };
        (wrap(inside), wrap(outside))
    }

    /// Reads a typed value.
    ///
    /// # Errors
    /// The first thing that does not fit, with its place and path.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, SettingsError> {
        T::deserialize(self)
    }
}

/// A setting that does not fit.
#[derive(Clone, PartialEq, Debug)]
pub struct SettingsError {
    /// What is wrong.
    pub fault: Misfit,
    /// Where the offending key or value was written.
    pub origin: Origin,
    /// The path to it from where reading began, such as `latency.p99`.
    pub path: String,
}

/// The ways in which a setting can fail to fit.
#[derive(Clone, PartialEq, Debug)]
pub enum Misfit {
    /// A key that nothing reads.
    UnknownKey {
        /// The key.
        key: String,
        /// The keys that could stand here.
        expected: Vec<&'static str>,
    },
    /// A word that is none of those possible.
    UnknownWord {
        /// The word.
        word: String,
        /// The words that could stand here.
        expected: Vec<&'static str>,
    },
    /// A key that must be there.
    MissingKey(&'static str),
    /// Anything else, as a sentence.
    Wrong(String),
}

impl SettingsError {
    /// An error about the value written at `origin`.
    pub fn wrong(origin: Origin, reason: impl Into<String>) -> Self {
        Self { fault: Misfit::Wrong(reason.into()), origin, path: String::new() }
    }

    fn new(fault: Misfit) -> Self {
        Self { fault, origin: Origin(0), path: String::new() }
    }

    /// The same error, placed: the innermost place that is known wins.
    fn placed(mut self, origin: Origin) -> Self {
        if self.origin == Origin(0) {
            self.origin = origin;
        }
        self
    }

    /// The same error, seen from one step further out.
    #[must_use]
    pub fn under(mut self, step: &str) -> Self {
        let dot = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("{step}{dot}{}", self.path);
        self
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.fault {
            Misfit::UnknownKey { key, .. } => write!(f, "unknown key `{key}`"),
            Misfit::UnknownWord { word, .. } => write!(f, "unknown word `{word}`"),
            Misfit::MissingKey(key) => write!(f, "the key `{key}` is missing"),
            Misfit::Wrong(reason) => f.write_str(reason),
        }
    }
}

impl std::error::Error for SettingsError {}

impl de::Error for SettingsError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(Misfit::Wrong(message.to_string()))
    }

    fn invalid_type(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        let expected = in_words(expected);
        let hint = match found {
            de::Unexpected::Signed(number) if !expected.contains("number") => {
                format!(" (a bare {number} has no unit)")
            }
            _ => String::new(),
        };
        Self::new(Misfit::Wrong(format!("expected {expected}, found {found}{hint}")))
    }

    fn invalid_value(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new(Misfit::Wrong(format!("expected {}, found {found}", in_words(expected))))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::new(Misfit::UnknownKey { key: field.to_owned(), expected: expected.to_vec() })
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new(Misfit::UnknownWord { word: variant.to_owned(), expected: expected.to_vec() })
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(Misfit::MissingKey(field))
    }
}

/// What was expected in the words of those who write files, where `serde` names a type of Rust.
fn in_words(expected: &dyn de::Expected) -> String {
    match expected.to_string().as_str() {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number of at least 0".to_owned(),
        "i8" | "i16" | "i32" | "i64" => "a whole number".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a string" => "text, in quotes".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "a table".to_owned(),
        words => words.to_owned(),
    }
}

impl<'de> de::Deserializer<'de> for &Settings {
    type Error = SettingsError;

    fn deserialize_any<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, SettingsError> {
        match &self.value {
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Integer(value) => visitor.visit_i64(*value),
            Value::Float(value) => visitor.visit_f64(*value),
            Value::Text(value) => visitor.visit_str(value),
            Value::List(items) => visitor.visit_seq(Items(items.iter().enumerate())),
            Value::Table(table) => visitor.visit_map(Entries { rest: table.iter(), value: None }),
        }
        .map_err(|error| error.placed(self.origin))
    }

    fn deserialize_option<V: de::Visitor<'de>>(
        self,
        visitor: V,
    ) -> Result<V::Value, SettingsError> {
        visitor.visit_some(self)
    }

    fn deserialize_struct<V: de::Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, SettingsError> {
        match &self.value {
            Value::List(_) | Value::Table(_) => self.deserialize_any(visitor),
            _ => {
                let keys: Vec<String> = fields.iter().map(|key| format!("{key} = …")).collect();
                let error: SettingsError =
                    de::Error::custom(format!("expected a table: {{ {} }}", keys.join(", ")));
                Err(error.placed(self.origin))
            }
        }
    }

    fn deserialize_enum<V: de::Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, SettingsError> {
        match &self.value {
            Value::Text(word) => visitor.visit_enum(word.as_str().into_deserializer()),
            _ => Err(de::Error::custom("expected one word, in quotes")),
        }
        .map_err(|error: SettingsError| error.placed(self.origin))
    }

    fn deserialize_newtype_struct<V: de::Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, SettingsError> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

struct Items<'a>(std::iter::Enumerate<std::slice::Iter<'a, Settings>>);

impl<'de> de::SeqAccess<'de> for Items<'_> {
    type Error = SettingsError;

    fn next_element_seed<T: de::DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, SettingsError> {
        let Some((index, item)) = self.0.next() else {
            return Ok(None);
        };
        seed.deserialize(item).map(Some).map_err(|error| error.under(&format!("[{index}]")))
    }
}

struct Entries<'a> {
    rest: std::collections::btree_map::Iter<'a, String, Field>,
    value: Option<(&'a str, &'a Settings)>,
}

impl<'de> de::MapAccess<'de> for Entries<'_> {
    type Error = SettingsError;

    fn next_key_seed<K: de::DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, SettingsError> {
        let Some((key, field)) = self.rest.next() else {
            return Ok(None);
        };
        self.value = Some((key, &field.settings));
        let name: StrDeserializer<'_, SettingsError> = key.as_str().into_deserializer();
        seed.deserialize(name).map(Some).map_err(|error| error.placed(field.key).under(key))
    }

    fn next_value_seed<V: de::DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, SettingsError> {
        let (key, settings) = self.value.take().expect("serde asks for a key first");
        seed.deserialize(settings)
            .map_err(|error: SettingsError| error.placed(settings.origin).under(key))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::time::Duration;

    #[derive(Deserialize, Debug, Default, PartialEq)]
    #[serde(deny_unknown_fields, default)]
    struct Timing {
        timeout: Duration,
        names: Vec<String>,
    }

    #[derive(Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        timing: Timing,
    }

    fn text(text: &str, origin: u32) -> Settings {
        Settings { value: Value::Text(text.to_owned()), origin: Origin(origin) }
    }

    fn table(entries: Vec<(&str, u32, Settings)>) -> Settings {
        let entries = entries.into_iter().map(|(key, origin, settings)| {
            (key.to_owned(), Field { key: Origin(origin), settings })
        });
        Settings { value: Value::Table(entries.collect()), origin: Origin(99) }
    }

    #[test]
    fn a_wrong_value_is_found_at_its_own_place() {
        let inner = table(vec![("timeout", 1, text("5", 2))]);
        let outer = table(vec![("timing", 3, inner)]);
        let error = outer.read::<Outer>().map(|outer| outer.timing).unwrap_err();
        assert_eq!((error.origin, error.path.as_str()), (Origin(2), "timing.timeout"));
        assert!(error.to_string().contains("no unit"), "{error}");
    }

    #[test]
    fn an_unknown_key_is_found_at_the_key_with_what_could_stand_there() {
        let error = table(vec![("tmeout", 7, text("5ms", 8))]).read::<Timing>().unwrap_err();
        assert_eq!((error.origin, error.path.as_str()), (Origin(7), "tmeout"));
        let Misfit::UnknownKey { expected, .. } = error.fault else { panic!("{error:?}") };
        assert_eq!(expected, ["timeout", "names"]);
    }

    #[test]
    fn an_element_of_a_list_is_found_by_its_index() {
        let bad = Settings { value: Value::Integer(3), origin: Origin(5) };
        let list = Settings { value: Value::List(vec![text("a", 4), bad]), origin: Origin(1) };
        let settings = table(vec![("names", 1, list)]);
        let error = settings.read::<Timing>().unwrap_err();
        assert_eq!((error.origin, error.path.as_str()), (Origin(5), "names[1]"));
        assert_eq!(settings.at("names[1]").unwrap().origin, Origin(5));
    }

    #[test]
    fn what_was_expected_is_said_in_the_words_of_a_file() {
        #[derive(Deserialize, Debug)]
        #[serde(deny_unknown_fields)]
        struct Words {
            _count: Option<u32>,
            _on: Option<bool>,
            _names: Option<Vec<String>>,
            _timing: Option<Timing>,
        }
        for (key, value, says) in [
            ("_count", Value::Integer(-1), "expected a whole number of at least 0"),
            ("_count", Value::Text("x".into()), "expected a whole number of at least 0"),
            ("_on", Value::Integer(1), "expected true or false"),
            ("_names", Value::Integer(1), "expected a list"),
            (
                "_names",
                Value::List(vec![text("a", 1), Settings::empty()]),
                "expected text, in quotes",
            ),
            ("_timing", Value::Text("5ms".into()), "expected a table: { timeout = …, names = … }"),
        ] {
            let settings = table(vec![(key, 1, Settings { value, origin: Origin(2) })]);
            let error = settings.read::<Words>().unwrap_err();
            assert!(error.to_string().starts_with(says), "{key}: {error}");
        }
    }

    #[test]
    fn what_is_left_out_takes_its_default_and_what_must_be_there_is_missed() {
        assert_eq!(Settings::empty().read::<Timing>().unwrap(), Timing::default());
        let error = Settings::empty().read::<Outer>().unwrap_err();
        assert_eq!(error.fault, Misfit::MissingKey("timing"));
    }
}
