//! A scenario: a file, what it extends, a profile and the command line, laid over each other.
//!
//! Everything that can be wrong with an experiment is found here, before anything runs.

use std::path::Path;

use serde_json::{Value as Json, json};
use sim_core::settings::{Origin, Settings, Value};

use crate::catalog::{self, Found};
use crate::diagnostic::{Diagnostic, draw, nearest};
use crate::document::splice;
use crate::error::Error;
use crate::expect::{self, Expectation};
use crate::grid::{self, Axis};
use crate::layers::{Trouble, apply_profile, apply_set, extended, key_of};
use crate::point::{self, Point, plain};
use crate::seeds::Seeds;
use crate::sources::Sources;

/// What the command line lays over the files.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--set key=value`.
    pub set: Vec<String>,
    /// `--over key=v1,v2`.
    pub over: Vec<String>,
    /// `--profile`.
    pub profile: Option<String>,
}

/// One scenario, ready to run.
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// Its title, for people.
    pub title: Option<String>,
    /// What was typed to name it.
    pub reference: String,
    /// Where it was found.
    pub shown: String,
    /// Its file, and those that it extends, the nearest first.
    pub files: Vec<Found>,
    /// The axes.
    pub axes: Vec<Axis>,
    /// The profile that was laid over it.
    pub profile: Option<String>,
    /// The seeds that it asks for.
    pub seeds: Seeds,
    /// What it expects.
    pub expectations: Vec<Expectation>,
    /// The points that the axes span.
    pub points: Vec<Point>,
}

/// The seeds of a scenario that names none.
const DEFAULT_SEEDS: Seeds = Seeds::Range(0, 100);

/// The keys of a scenario file.
pub(crate) const KEYS: [&str; 22] = [
    "adversary",
    "allow_unsafe",
    "budget",
    "clock",
    "cost",
    "delta",
    "disk",
    "expect",
    "extends",
    "fault",
    "gst",
    "horizon",
    "limits",
    "name",
    "network",
    "patience",
    "profile",
    "protocol",
    "recovery",
    "sweep",
    "title",
    "workload",
];

/// Reads scenarios, with all that they say of where things were written.
///
/// # Errors
/// When a file cannot be read, or with everything that is wrong in any of them.
pub fn load(
    references: &[String],
    overrides: &Overrides,
    coloured: bool,
) -> Result<(Vec<Scenario>, Sources), Error> {
    let references = references.iter().map(|reference| (&**reference, None));
    load_with(references, overrides, Profiles::Everywhere, coloured)
}

/// Reads the scenarios of a suite: a profile is laid over those that have it.
///
/// # Errors
/// When a file cannot be read, with everything that is wrong in any of them, or when none of them
/// has the profile.
pub fn load_suite(
    references: &[String],
    overrides: &Overrides,
    coloured: bool,
) -> Result<(Vec<Scenario>, Sources), Error> {
    let plain = references.iter().map(|reference| (&**reference, None));
    let found = load_with(plain, overrides, Profiles::WhereTheyAre, coloured)?;
    let lacking = found.0.iter().all(|scenario| scenario.profile.is_none());
    // The error of a single scenario says which profiles it has instead.
    if lacking && overrides.profile.is_some() {
        load(references, overrides, coloured)
    } else {
        Ok(found)
    }
}

/// What is made of a scenario without the profile that is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Profiles {
    /// It is wrong.
    Everywhere,
    /// It is taken as it stands.
    WhereTheyAre,
}

/// A scenario as it is kept to be read again.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Its name.
    pub name: String,
    /// What was typed to name it.
    pub reference: String,
    /// Its file, and those that it extends, the nearest first.
    pub files: Vec<Found>,
}

impl Scenario {
    /// What is needed to read it again.
    pub fn recorded(&self) -> Recorded {
        let (name, reference) = (self.name.clone(), self.reference.clone());
        Recorded { name, reference, files: self.files.clone() }
    }
}

/// Reads scenarios again, from what was kept of them and from no other file.
///
/// # Errors
/// With everything that is wrong in any of them.
pub fn restore(
    recorded: &[Recorded],
    overrides: &Overrides,
    coloured: bool,
) -> Result<Vec<Scenario>, Error> {
    let references = recorded.iter().map(|recorded| (&*recorded.reference, Some(&*recorded.files)));
    load_with(references, overrides, Profiles::Everywhere, coloured).map(|(scenarios, _)| scenarios)
}

fn load_with<'a>(
    references: impl Iterator<Item = (&'a str, Option<&'a [Found]>)>,
    overrides: &Overrides,
    profiles: Profiles,
    coloured: bool,
) -> Result<(Vec<Scenario>, Sources), Error> {
    let mut sources = Sources::default();
    let (mut scenarios, mut wrong) = (Vec::new(), Vec::new());
    for (reference, kept) in references {
        match read(reference, kept, overrides, profiles, &mut sources) {
            Ok(scenario) => scenarios.push(scenario),
            Err(Trouble::Error(error)) => return Err(error),
            Err(Trouble::Wrong(mistakes)) => {
                let shown = crate::diagnostic::clean(reference);
                wrong.extend(
                    mistakes
                        .into_iter()
                        .map(|error| error.or_help(&format!("once mended: synod explain {shown}"))),
                );
            }
        }
    }
    if wrong.is_empty() {
        Ok((scenarios, sources))
    } else {
        Err(Error::Invalid(draw(wrong, &sources, coloured)))
    }
}

/// Reads a scenario that is all in this text; `shown` says where the text stands.
///
/// # Errors
/// With everything that is wrong with it; that it extends another is wrong, too.
pub fn of_text(shown: &str, text: &str) -> Result<Scenario, Error> {
    let mut sources = Sources::default();
    let source = sources.add(shown, text);
    let (shown, stem) = (shown.to_owned(), "scenario".to_owned());
    let found = Found { shown, stem, text: text.to_owned(), folder: None };
    let result = match sources.parse(source) {
        Err(wrong) => Err(Trouble::from(wrong)),
        Ok(root) => match root.field("extends") {
            Some(field) => {
                let title = "a scenario that stands for itself extends no other";
                let error = Diagnostic::new("E0103", title, field.key);
                Err(Trouble::from(vec![error.label("nothing outside is read for it")]))
            }
            None => {
                let kept = Some(std::slice::from_ref(&found));
                read("-", kept, &Overrides::default(), Profiles::Everywhere, &mut sources)
            }
        },
    };
    result.map_err(|trouble| match trouble {
        Trouble::Error(error) => error,
        Trouble::Wrong(wrong) => Error::Invalid(draw(wrong, &sources, false)),
    })
}

fn read(
    reference: &str,
    kept: Option<&[Found]>,
    overrides: &Overrides,
    profiles: Profiles,
    sources: &mut Sources,
) -> Result<Scenario, Trouble> {
    let mut files: Vec<Found> = Vec::new();
    let mut find = |reference: &str, beside: Option<&Path>| {
        let found = match kept {
            None => catalog::find(reference, beside)?,
            Some(kept) => kept.get(files.len()).cloned().ok_or_else(|| {
                let what = crate::diagnostic::clean(reference);
                Error::Foreign {
                    message: format!("no copy of {what} was kept"),
                    next: "synod sweep, with the scenario itself".into(),
                }
            })?,
        };
        files.push(found.clone());
        Ok(found)
    };
    let found = find(reference, None)?;
    let (shown, stem) = (found.shown.clone(), found.stem.clone());
    let mut root = extended(found, sources, &mut Vec::new(), &mut find)?;
    let mut wrong = Vec::new();
    let is_there = |name: &&str| root.get("profile").is_some_and(|has| has.get(name).is_some());
    let lenient = profiles == Profiles::WhereTheyAre;
    let profile = overrides.profile.as_deref().filter(|name| !lenient || is_there(name));
    apply_profile(&mut root, profile, sources, &mut wrong);
    for argument in &overrides.set {
        apply_set(&mut root, argument, sources, &mut wrong);
    }
    let mut read_text = |key: &str| {
        root.get(key).and_then(|value| point::read::<String>(value, key, &root, &mut wrong))
    };
    let name = read_text("name").unwrap_or(stem);
    let title = read_text("title");
    wrong.extend(unknown_keys(&root));
    let (mut axes, seeds) = sweep(&root, &mut wrong);
    axes.splice(0..0, protocol_axis(&root, &mut wrong));
    // Who sets a key means that value, even where the file sweeps over it.
    axes.retain(|axis| !overrides.set.iter().any(|argument| key_of(argument) == axis.path));
    for argument in &overrides.over {
        match grid::axis_argument(argument, sources) {
            Ok(axis) => {
                axes.retain(|known| known.path != axis.path);
                axes.push(axis);
            }
            Err(errors) => wrong.extend(errors),
        }
    }
    let points = points(&name, &root, &axes, &mut wrong);
    let mut expectations = Vec::new();
    // A profile may sweep over fewer values than are spoken of.
    let written: &[Axis] = if profile.is_some() { &[] } else { &axes };
    for (index, settings) in point::list(&root, "expect", &mut wrong).iter().enumerate() {
        match expect::read(settings, index, (written, &points), &root) {
            Ok(expectation) => expectations.push(expectation),
            Err(error) => wrong.push(error),
        }
    }
    // Where a swept setting was given another value, what is expected of the others is void.
    expectations.retain(|expectation| !expectation.points.is_empty());
    expectations.extend(expect::sound(&expectations, points.len()));
    if !wrong.is_empty() {
        return Err(Trouble::Wrong(wrong));
    }
    let reference = reference.to_owned();
    let profile = profile.map(str::to_owned);
    Ok(Scenario {
        name,
        title,
        reference,
        shown,
        files,
        axes,
        profile,
        seeds,
        expectations,
        points,
    })
}

fn unknown_keys(root: &Settings) -> Vec<Diagnostic> {
    let Value::Table(fields) = &root.value else { return Vec::new() };
    let strange = fields.iter().filter(|(key, _)| !KEYS.contains(&key.as_str()));
    strange
        .map(|(key, field)| {
            let title = format!("unknown key `{}` at the top", crate::diagnostic::clean(key));
            let error = Diagnostic::unknown("E0107", title, field.key, key, &KEYS);
            match nearest(key, &KEYS) {
                Some(_) => error,
                None => error.help(format!(
                    "synod schema tells what version {} takes; another may take other keys",
                    env!("CARGO_PKG_VERSION")
                )),
            }
        })
        .collect()
}

/// The keys of `[sweep]`.
fn sweep(root: &Settings, wrong: &mut Vec<Diagnostic>) -> (Vec<Axis>, Seeds) {
    let Some(sweep) = root.get("sweep") else {
        return (Vec::new(), DEFAULT_SEEDS);
    };
    if let Value::Table(fields) = &sweep.value {
        for (key, field) in
            fields.iter().filter(|(key, _)| !["over", "seeds"].contains(&key.as_str()))
        {
            let title = format!("unknown key `{}` in [sweep]", crate::diagnostic::clean(key));
            wrong.push(Diagnostic::unknown("E0107", title, field.key, key, &["over", "seeds"]));
        }
    }
    let mut axes = Vec::new();
    if let Some(over) = sweep.get("over") {
        axes = grid::axes(over, wrong);
    }
    let seeds = sweep.get("seeds").map(|seeds| {
        let Value::Text(text) = &seeds.value else {
            return Err((seeds.origin, "a range of seeds, in quotes: \"0..1000\"".to_owned()));
        };
        if text.trim_start().starts_with('@') {
            return Err((
                seeds.origin,
                "a scenario reads no other files: give --seeds @file".to_owned(),
            ));
        }
        text.parse().map_err(|reason| (seeds.origin, reason))
    });
    match seeds {
        None => (axes, DEFAULT_SEEDS),
        Some(Ok(seeds)) => (axes, seeds),
        Some(Err((origin, reason))) => {
            wrong
                .push(Diagnostic::new("E0302", "`sweep.seeds` are no seeds", origin).label(reason));
            (axes, DEFAULT_SEEDS)
        }
    }
}

/// Several `[[protocol]]` tables are an axis; it turns slowest.
fn protocol_axis(root: &Settings, wrong: &mut Vec<Diagnostic>) -> Option<Axis> {
    let field = root.field("protocol")?;
    let Value::List(tables) = &field.settings.value else { return None };
    let mut kinds = Vec::new();
    for table in tables {
        let kind = table.get("kind").map(|kind| kind.value.clone());
        if kinds.contains(&kind) {
            let title = "two [[protocol]] tables of one kind could not be told apart";
            let error = Diagnostic::new("E0303", title, table.origin);
            wrong.push(error.label("sweep over its keys with `over` instead"));
        }
        kinds.push(kind);
    }
    Some(Axis { path: "protocol".into(), origin: field.key, values: tables.clone() })
}

/// Builds every point. All that is wrong is gathered; the same mistake at many points is one.
fn points(name: &str, root: &Settings, axes: &[Axis], wrong: &mut Vec<Diagnostic>) -> Vec<Point> {
    let count = grid::count(axes);
    if count > grid::MOST_POINTS {
        let title = format!("{count} points; a sweep has at most {}", grid::MOST_POINTS);
        let origin = axes.last().map_or(Origin(0), |axis| axis.origin);
        wrong.push(Diagnostic::new("E0304", title, origin).label("the last of its axes"));
        return Vec::new();
    }
    let mut points = Vec::new();
    for index in 0..count {
        let mut document = root.clone();
        let mut params = Vec::new();
        let mut misplaced = false;
        for (axis, value) in axes.iter().zip(grid::combination(axes, index)) {
            if let Err(reason) = splice(&mut document, &axis.path, axis.origin, value.clone()) {
                let error = Diagnostic::new("E0301", "this axis leads nowhere", axis.origin);
                push_new(wrong, error.label(reason));
                misplaced = true;
            }
            // The protocol has a column of its own.
            if axis.path != "protocol" {
                params.push((axis.path.clone(), value.clone()));
            }
        }
        match point::build(name, document, params) {
            Ok(point) => points.push(point),
            Err(_) if misplaced => {}
            Err(errors) => errors.into_iter().for_each(|error| push_new(wrong, error)),
        }
        if wrong.len() > 20 {
            break;
        }
    }
    points
}

fn push_new(wrong: &mut Vec<Diagnostic>, error: Diagnostic) {
    if !wrong.contains(&error) {
        wrong.push(error);
    }
}

/// One point of a scenario as a file with all defaults written out, which runs under one seed as it
/// did; `judged` is whether it expects what its scenario expects.
pub fn resolved_point(scenario: &Scenario, point: &Point, seed: u64, judged: bool) -> String {
    let mut root = alone(scenario, point, &seed.to_string());
    if let Some(expectations) = point.document.get("expect").filter(|_| judged) {
        root["expect"] = plain(expectations);
    }
    written(&root)
}

/// A point as a scenario that expects nothing.
pub fn alone(scenario: &Scenario, point: &Point, seeds: &str) -> Json {
    let mut root = point.resolved.clone();
    root["name"] = json!(scenario.name);
    if let Some(title) = &scenario.title {
        root["title"] = json!(title);
    }
    root["sweep"] = json!({ "seeds": seeds });
    root
}

/// A document as text; `root` is a table.
pub fn written(root: &Json) -> String {
    toml::to_string_pretty(root).unwrap_or_else(|error| format!("# cannot be written: {error}\n"))
}
