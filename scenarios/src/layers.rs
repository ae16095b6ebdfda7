//! What lies over what: a file over those that it extends, a profile over that, `--set` on top.
//!
//! Tables are merged and everything else is replaced, lists too, so that what a scenario does not
//! say is exactly what the one below it says.

use std::path::Path;

use sim_core::settings::{Settings, Value};

use crate::catalog;
use crate::diagnostic::{Diagnostic, clean};
use crate::document::{merge, splice};
use crate::error::Error;
use crate::sources::Sources;

/// How many files may extend each other.
const LONGEST_CHAIN: usize = 16;

/// Why a document could not be put together.
pub enum Trouble {
    /// A file could not be read.
    Error(Error),
    /// What is written in them is wrong.
    Wrong(Vec<Diagnostic>),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<Vec<Diagnostic>> for Trouble {
    fn from(wrong: Vec<Diagnostic>) -> Self {
        Self::Wrong(wrong)
    }
}

/// Finds a scenario by what names it, beside a folder.
pub type Find<'a> = &'a mut dyn FnMut(&str, Option<&Path>) -> Result<catalog::Found, Error>;

/// The document over everything that it extends, each of which `find` finds.
///
/// # Errors
/// When a file cannot be read or is no TOML, or they extend each other in a circle or too long a chain.
pub fn extended(
    found: catalog::Found,
    sources: &mut Sources,
    chain: &mut Vec<String>,
    find: Find<'_>,
) -> Result<Settings, Trouble> {
    let source = sources.add(found.shown.clone(), found.text);
    let mut root = sources.parse(source)?;
    chain.push(found.shown);
    let Value::Table(fields) = &mut root.value else {
        return Ok(root);
    };
    let Some(base) = fields.remove("extends") else {
        return Ok(root);
    };
    let refuse = |title: String, label: &str| {
        let error = Diagnostic::new("E0103", title, base.settings.origin).label(label);
        Trouble::Wrong(vec![error])
    };
    let Value::Text(reference) = &base.settings.value else {
        return Err(refuse("`extends` names one scenario".into(), "a path or a name, in quotes"));
    };
    if reference == "-" {
        return Err(refuse("`extends` cannot read standard input".into(), "a path or a name"));
    }
    // A built-in scenario extends built-in ones, whatever files lie around.
    let is_built_in = chain.last().is_some_and(|shown| shown.starts_with("catalog:"));
    let reference = if is_built_in { format!("catalog:{reference}") } else { reference.clone() };
    let base_found = find(&reference, found.folder.as_deref())
        .map_err(|error| refuse(error.to_string(), "named here"))?;
    if chain.contains(&base_found.shown) || chain.len() == LONGEST_CHAIN {
        let label = match chain.contains(&base_found.shown) {
            true => "without end".to_owned(),
            false => format!("more than {LONGEST_CHAIN} of them"),
        };
        chain.push(base_found.shown);
        return Err(refuse(format!("scenarios extend each other: {}", chain.join(" → ")), &label));
    }
    Ok(merge(extended(base_found, sources, chain, find)?, root))
}

/// Lays the profile of this name over the document.
pub fn apply_profile(
    root: &mut Settings,
    wanted: Option<&str>,
    sources: &mut Sources,
    wrong: &mut Vec<Diagnostic>,
) {
    let Value::Table(fields) = &mut root.value else { return };
    let profiles = fields.remove("profile").map_or_else(Settings::empty, |field| field.settings);
    let Some(wanted) = wanted else { return };
    let Some(profile) = profiles.get(wanted) else {
        let names: Vec<&str> = match &profiles.value {
            Value::Table(names) => names.keys().map(String::as_str).collect(),
            _ => Vec::new(),
        };
        let source = sources.add("--profile", wanted);
        let origin = sources.place(source, 0..wanted.len());
        let error = if names.is_empty() {
            Diagnostic::new("E0104", "the scenario has no profiles", origin)
                .label(format!("leave it out, or write [profile.{}]", clean(wanted)))
        } else {
            let title = "the scenario has no such profile";
            Diagnostic::unknown("E0104", title, origin, wanted, &names)
        };
        wrong.push(error);
        return;
    };
    let mut profile = profile.clone();
    sources.stamp(&mut profile, wanted);
    // `seeds` is short for `sweep.seeds`: it is what profiles are mostly for.
    let seeds = match &mut profile.value {
        Value::Table(fields) => fields.remove("seeds"),
        _ => None,
    };
    *root = merge(std::mem::replace(root, Settings::empty()), profile);
    if let Some(Err(reason)) =
        seeds.map(|seeds| splice(root, "sweep.seeds", seeds.key, seeds.settings))
    {
        wrong.push(Diagnostic::new("E0104", reason, root.origin));
    }
}

/// Lays a `--set key=value` over the document.
pub fn apply_set(
    root: &mut Settings,
    argument: &str,
    sources: &mut Sources,
    wrong: &mut Vec<Diagnostic>,
) {
    let source = sources.add("--set", argument);
    let Some((path, _)) = argument.split_once('=') else {
        let origin = sources.place(source, 0..argument.len());
        let error = Diagnostic::new("E0105", "a setting has a key and a value", origin);
        wrong.push(error.label("write network.loss=5%"));
        return;
    };
    let key = sources.place(source, 0..path.len());
    if path.trim() == "protocol.kind" {
        narrow_protocols(root, argument[path.len() + 1..].trim().trim_matches('"'));
    }
    let result = match sources.parse_value(source, path.len() + 1..argument.len()) {
        Ok(value) => splice(root, path.trim(), key, value),
        Err(errors) => return wrong.extend(errors),
    };
    if let Err(reason) = result {
        let error = Diagnostic::new("E0105", "this path leads nowhere", key);
        wrong.push(error.label(clean(&reason)));
    }
}

/// The key of a `--set key=value`.
pub fn key_of(argument: &str) -> &str {
    argument.split_once('=').map_or(argument, |(key, _)| key).trim()
}

/// Of several `[[protocol]]` tables, leaves the one of this kind.
fn narrow_protocols(root: &mut Settings, kind: &str) {
    let Value::Table(fields) = &mut root.value else { return };
    let Some(field) = fields.get_mut("protocol") else { return };
    let Value::List(tables) = &field.settings.value else { return };
    let wanted = Value::Text(kind.to_owned());
    let is_wanted = |table: &&Settings| table.get("kind").is_some_and(|kind| kind.value == wanted);
    if let Some(table) = tables.iter().find(is_wanted).cloned() {
        field.settings = table;
    }
}
