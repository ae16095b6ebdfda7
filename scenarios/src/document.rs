//! TOML text as a tree of settings, each of which knows the file, line and column it came from.
//!
//! The typed reading is the kernel's (`sim_core::settings`); trees are laid over each other here, and
//! a value is put where a path leads.

use std::collections::BTreeMap;
use std::ops::Range;

use sim_core::settings::{Field, Origin, Settings, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostic::Diagnostic;
use crate::sources::Sources;

impl Sources {
    /// Reads a TOML document.
    ///
    /// # Errors
    /// Every mistake that the parser can tell apart.
    pub fn parse(&mut self, source: usize) -> Result<Settings, Vec<Diagnostic>> {
        let text = self.text(source).to_owned();
        let (table, errors) = DeTable::parse_recoverable(&text);
        if !errors.is_empty() {
            let mistakes = errors.into_iter().take(MISTAKES_SHOWN).map(|error| {
                let span = error.span().unwrap_or(0..0);
                Diagnostic::new("E0101", "this is not TOML", self.place(source, span))
                    .label(error.message())
            });
            return Err(mistakes.collect());
        }
        let mut mistakes = Vec::new();
        let root = Spanned::new(0..0, DeValue::Table(table.into_inner()));
        let settings = self.settings(source, 0, &root, &mut mistakes);
        if mistakes.is_empty() { Ok(settings) } else { Err(mistakes) }
    }

    /// Reads one value that starts at `offset` of a text: TOML if it is, plain text if it is not,
    /// because nobody wants to quote for the shell and for TOML at once.
    ///
    /// # Errors
    /// That it holds what no setting takes, such as a date.
    pub fn parse_value(
        &mut self,
        source: usize,
        span: Range<usize>,
    ) -> Result<Settings, Vec<Diagnostic>> {
        let text = self.text(source)[span.clone()].to_owned();
        let trimmed = text.trim();
        let start = span.start + (text.len() - text.trim_start().len());
        let Ok(value) = DeValue::parse(trimmed) else {
            let origin = self.place(source, start..start + trimmed.len());
            return Ok(Settings { value: Value::Text(trimmed.to_owned()), origin });
        };
        let mut mistakes = Vec::new();
        let settings = self.settings(source, start, &value, &mut mistakes);
        if mistakes.is_empty() { Ok(settings) } else { Err(mistakes) }
    }

    fn settings(
        &mut self,
        source: usize,
        offset: usize,
        written: &Spanned<DeValue<'_>>,
        mistakes: &mut Vec<Diagnostic>,
    ) -> Settings {
        let moved = |span: Range<usize>| span.start + offset..span.end + offset;
        let origin = self.place(source, moved(written.span()));
        let mut refuse = |why: &str| {
            mistakes
                .push(Diagnostic::new("E0102", "a value that no setting takes", origin).label(why));
            Value::Bool(false)
        };
        let value = match written.get_ref() {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Boolean(value) => Value::Bool(*value),
            DeValue::Integer(number) => {
                match i64::from_str_radix(number.as_str(), number.radix()) {
                    Ok(number) => Value::Integer(number),
                    Err(_) => refuse("a whole number must lie between -2^63 and 2^63 - 1"),
                }
            }
            DeValue::Float(number) => match number.as_str().parse::<f64>() {
                Ok(number) if number.is_finite() => Value::Float(number),
                _ => refuse("a number must be finite"),
            },
            DeValue::Datetime(_) => {
                refuse("no setting is a date: times count from the start of a run")
            }
            DeValue::Array(items) => Value::List(
                items.iter().map(|item| self.settings(source, offset, item, mistakes)).collect(),
            ),
            DeValue::Table(table) => {
                let mut fields = BTreeMap::new();
                for (key, item) in table.iter() {
                    let place = self.place(source, moved(key.span()));
                    let settings = self.settings(source, offset, item, mistakes);
                    fields.insert(key.get_ref().to_string(), Field { key: place, settings });
                }
                Value::Table(fields)
            }
        };
        Settings { value, origin }
    }
}

/// The parser recovers and goes on; past a few mistakes the rest are usually echoes of the first.
const MISTAKES_SHOWN: usize = 5;

/// Lays `over` on `base`: tables are merged, anything else is replaced, lists too.
pub fn merge(base: Settings, over: Settings) -> Settings {
    let origin = over.origin;
    let (Value::Table(mut fields), Value::Table(news)) = (base.value, over.value.clone()) else {
        return over;
    };
    for (key, new) in news {
        let merged = match fields.remove(&key) {
            Some(old) => Field { key: new.key, settings: merge(old.settings, new.settings) },
            None => new,
        };
        fields.insert(key, merged);
    }
    Settings { value: Value::Table(fields), origin }
}

/// The most steps of a path: a table that lies deeper could not be written in a file either.
const MOST_STEPS: usize = 64;

/// Puts `value` at `path` (`network.loss`, `fault[0].at`), making the tables on the way; `place` is
/// where the path was written.
///
/// # Errors
/// Says which step of the path leads nowhere.
pub fn splice(
    root: &mut Settings,
    path: &str,
    place: Origin,
    value: Settings,
) -> Result<(), String> {
    if path.split('.').nth(MOST_STEPS).is_some() {
        return Err(format!("a path has at most {MOST_STEPS} steps"));
    }
    let (step, rest) = path.split_once('.').map_or((path, None), |(step, rest)| (step, Some(rest)));
    let (key, indices) = step.find('[').map_or((step, ""), |at| step.split_at(at));
    if key.is_empty() {
        return Err(format!("`{path}` has an empty step"));
    }
    let Value::Table(fields) = &mut root.value else {
        return Err(format!("there is no `{key}` inside a plain value"));
    };
    let is_last = rest.is_none();
    let mut target = match fields.get_mut(key) {
        Some(_) if is_last && indices.is_empty() => {
            fields.insert(key.to_owned(), Field { key: place, settings: value });
            return Ok(());
        }
        Some(field) => &mut field.settings,
        None if indices.is_empty() => {
            let settings = Settings { value: Value::Table(BTreeMap::new()), origin: place };
            let field = fields.entry(key.to_owned()).or_insert(Field { key: place, settings });
            if is_last {
                field.settings = value;
                return Ok(());
            }
            &mut field.settings
        }
        None => return Err(format!("there is no `{key}` to index")),
    };
    for index in indices.split(['[', ']']).filter(|part| !part.is_empty()) {
        let Value::List(items) = &mut target.value else {
            return Err(format!("`{key}` is not a list"));
        };
        let count = items.len();
        target =
            index.parse::<usize>().ok().and_then(|index| items.get_mut(index)).ok_or_else(
                || format!("`{key}` has {count} entries, counted from 0; not `{index}`"),
            )?;
    }
    match (rest, &mut target.value) {
        (None, _) => *target = value,
        // Several `[[protocol]]` tables stand for one `[protocol]`.
        (Some(rest), Value::List(items)) if indices.is_empty() && key == "protocol" => {
            for item in items {
                splice(item, rest, place, value.clone())?;
            }
        }
        (Some(rest), _) => splice(target, rest, place, value)?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> (Sources, Settings) {
        let mut sources = Sources::default();
        let source = sources.add("a.toml", text);
        let settings = sources.parse(source).expect("good TOML");
        (sources, settings)
    }

    #[test]
    fn every_value_knows_the_characters_it_was_written_with() {
        let text = "horizon = \"3s\"\n[network]\nloss = \"1%\"\n";
        let (sources, settings) = parse(text);
        let loss = settings.at("network.loss").expect("loss");
        let (source, span) = sources.find(loss.origin).expect("a place");
        assert_eq!(&source.text[span], "\"1%\"");
        assert_eq!(sources.describe(loss.origin), "a.toml:3");
        let key = settings.get("network").and_then(|network| network.field("loss")).expect("key");
        assert_eq!(&text[sources.find(key.key).expect("a place").1], "loss");
    }

    #[test]
    fn merging_goes_into_tables_and_replaces_lists() {
        let (_, base) = parse("a = [1, 2]\n[t]\nx = 1\ny = 2\n");
        let (_, over) = parse("a = [3]\n[t]\ny = 5\n");
        let merged = merge(base, over);
        assert_eq!(merged.at("t.x").map(|s| s.value.clone()), Some(Value::Integer(1)));
        assert_eq!(merged.at("t.y").map(|s| s.value.clone()), Some(Value::Integer(5)));
        assert_eq!(merged.at("a[0]").map(|s| s.value.clone()), Some(Value::Integer(3)));
        assert_eq!(merged.at("a[1]"), None);
    }

    #[test]
    fn splicing_makes_tables_on_the_way_and_refuses_to_go_through_plain_values() {
        let (_, mut root) = parse("[[fault]]\nat = \"1s\"\n[network]\nloss = \"1%\"\n");
        let five = Settings { value: Value::Integer(5), origin: Origin(0) };
        splice(&mut root, "workload.rate", Origin(0), five.clone()).expect("a new table");
        splice(&mut root, "fault[0].at", Origin(0), five.clone()).expect("an entry of a list");
        assert_eq!(root.at("workload.rate"), Some(&five));
        assert_eq!(root.at("fault[0].at"), Some(&five));
        assert!(splice(&mut root, "network.loss.x", Origin(0), five.clone()).is_err());
        assert!(
            splice(&mut root, "fault[3].at", Origin(0), five.clone())
                .unwrap_err()
                .contains("1 entries")
        );
        assert!(splice(&mut root, "disk[0]", Origin(0), five.clone()).is_err());
        assert!(splice(&mut root, "", Origin(0), five.clone()).is_err());
        // A path is text: no parser of TOML bounds it.
        let endless = "a.".repeat(2_000_000) + "a";
        let refused = splice(&mut root, &endless, Origin(0), five).expect_err("too deep");
        assert!(refused.contains("at most 64 steps"), "{refused}");
    }

    #[test]
    fn a_value_on_the_command_line_needs_no_quotes() {
        let mut sources = Sources::default();
        let source = sources.add("--set", "network.loss=5%");
        let value = sources.parse_value(source, 13..15).expect("a value");
        assert_eq!(value.value, Value::Text("5%".into()));
        assert_eq!(sources.describe(value.origin), "--set");
        let source = sources.add("--set", "protocol.nodes= 7");
        let value = sources.parse_value(source, 15..17).expect("a value");
        assert_eq!(value.value, Value::Integer(7));
        assert_eq!(sources.find(value.origin).expect("a place").1, 16..17);
    }

    #[test]
    fn duplicate_keys_and_infinite_numbers_are_refused() {
        for text in ["a = 1\na = 2\n", "a = nan\n", "a = inf\n", "a = 99999999999999999999\n"] {
            let mut sources = Sources::default();
            let source = sources.add("a.toml", text);
            assert!(sources.parse(source).is_err(), "{text}");
        }
        let mut sources = Sources::default();
        let source = sources.add("deep.toml", format!("a = {}", "[".repeat(100_000)));
        assert!(sources.parse(source).is_err(), "nesting is bounded");
    }
}
