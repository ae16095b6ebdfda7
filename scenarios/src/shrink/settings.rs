//! The settings: left out where their defaults do, simpler where they do not.

use serde_json::Value as Json;

use super::ddmin::minimise;
use super::document::{self, Path, Step, get, is_strike, leaves, places, with, without};
use super::simpler::simpler;
use super::{Allow, Shrinker};

/// What says what a scenario is about: these go only by passes of their own.
fn is_fixed(path: &[Step]) -> bool {
    let [Step::Key(section), rest @ ..] = path else { return true };
    match (section.as_str(), rest) {
        ("horizon", _) => true,
        ("protocol", [Step::Key(key)]) => ["kind", "nodes", "mutant"].contains(&key.as_str()),
        // Whom a strike strikes, and when, is the strike.
        ("fault", [_, Step::Key(key), ..]) => {
            ["kind", "at", "on", "target", "groups", "shape"].contains(&key.as_str())
        }
        _ => false,
    }
}

impl Shrinker<'_> {
    /// Leaves out settings whose defaults do as well.
    pub(super) fn leave_out_settings(&mut self) {
        // Tables first: of some, no key can be left out alone.
        let sections = places(&self.best.document);
        let entered =
            |path: &&Path| !is_strike(path) && !leaves(&self.best.document).contains(path);
        let tables: Vec<Path> = sections.iter().filter(entered).cloned().collect();
        for table in tables.iter().rev() {
            let candidate = without(&self.best.document, [table]);
            self.try_all(&[candidate], Allow::About);
        }
        let base = self.best.document.clone();
        let mut settings = leaves(&base);
        settings.retain(|path| !is_fixed(path));
        minimise(settings.clone(), &mut |kept| {
            let less = |kept: &Vec<Path>| {
                without(&base, settings.iter().filter(|path| !kept.contains(path)))
            };
            let candidates: Vec<Json> = kept.iter().map(less).collect();
            self.try_all(&candidates, Allow::About)
        });
        self.be_terse();
    }

    /// Says no more than it has to.
    fn be_terse(&mut self) {
        if let Some(point) = self.build(&self.best.document) {
            let is_same = |less: &Json| {
                self.build(less).is_some_and(|other| other.resolved == point.resolved)
            };
            self.best.document = document::terse(&self.best.document, is_same);
        }
    }

    /// Takes rounder, smaller and constant values.
    pub(super) fn take_simpler_values(&mut self) {
        for path in leaves(&self.best.document) {
            if path == [Step::Key("horizon".into())] {
                continue;
            }
            while let Some(value) = get(&self.best.document, &path) {
                let values = simpler(value);
                let candidates: Vec<Json> = values
                    .into_iter()
                    .map(|value| with(&self.best.document, &path, value))
                    .collect();
                if self.try_all(&candidates, Allow::About).is_none() {
                    break;
                }
            }
        }
    }
}
