//! The texts that settings came from, and every place in them.
//!
//! A setting knows its place by a number (`sim_core::settings`). Here are the places behind the
//! numbers, so that an error found by any layer points at the very characters that somebody typed:
//! in a file, in a profile, or after `--set`.

use std::ops::Range;

use sim_core::settings::{Origin, Settings, Value};

/// A text that settings came from.
#[derive(Clone, Debug)]
pub struct Source {
    /// What people know it by: a path, `--set`, `--over`.
    pub name: String,
    /// The text.
    pub text: String,
}

/// Where something was written.
#[derive(Clone, Debug)]
pub struct Place {
    source: usize,
    span: Range<usize>,
    profile: Option<String>,
}

/// All texts that settings came from, and every place in them that a setting came from.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    texts: Vec<Source>,
    places: Vec<Place>,
}

impl Sources {
    /// Takes a text in.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> usize {
        self.texts.push(Source { name: name.into(), text: text.into() });
        self.texts.len() - 1
    }

    /// The number of a place in a text.
    pub fn place(&mut self, source: usize, span: Range<usize>) -> Origin {
        self.places.push(Place { source, span, profile: None });
        Origin(self.places.len() as u32)
    }

    /// The text and the place in it; `None` for what nobody wrote.
    pub fn find(&self, origin: Origin) -> Option<(&Source, Range<usize>)> {
        let place = self.places.get((origin.0 as usize).checked_sub(1)?)?;
        Some((&self.texts[place.source], place.span.clone()))
    }

    /// Where it comes from, in a few words: `raft.toml:14`, `--set`, `default`.
    pub fn describe(&self, origin: Origin) -> String {
        let Some((source, span)) = self.find(origin) else {
            return "default".to_owned();
        };
        if source.name.starts_with("--") {
            return source.name.clone();
        }
        let place = format!("{}:{}", source.name, line_of(&source.text, span.start));
        match &self.places[origin.0 as usize - 1].profile {
            Some(profile) => format!("profile {profile} ({place})"),
            None => place,
        }
    }

    /// The line that it was written on, from 1; 0 for what nobody wrote.
    pub fn line(&self, origin: Origin) -> usize {
        self.find(origin).map_or(0, |(source, span)| line_of(&source.text, span.start))
    }

    /// A text, by the number that [`Sources::add`] gave it.
    pub fn text(&self, source: usize) -> &str {
        &self.texts[source].text
    }

    /// Marks everything below as coming from a profile.
    pub fn stamp(&mut self, settings: &mut Settings, profile: &str) {
        let mut stamped = |origin: &mut Origin| {
            if let Some(place) =
                (origin.0 as usize).checked_sub(1).map(|at| self.places[at].clone())
            {
                self.places.push(Place { profile: Some(profile.to_owned()), ..place });
                *origin = Origin(self.places.len() as u32);
            }
        };
        stamped(&mut settings.origin);
        match &mut settings.value {
            Value::List(items) => items.iter_mut().for_each(|item| self.stamp(item, profile)),
            Value::Table(fields) => {
                for field in fields.values_mut() {
                    self.stamp(&mut field.settings, profile);
                    let mut key = Settings { value: Value::Bool(false), origin: field.key };
                    self.stamp(&mut key, profile);
                    field.key = key.origin;
                }
            }
            _ => {}
        }
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.as_bytes()[..offset.min(text.len())].iter().filter(|byte| **byte == b'\n').count()
}
