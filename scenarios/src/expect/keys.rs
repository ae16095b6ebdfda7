//! The keys of an `[[expect]]`: read, and checked against what the protocol and the metrics are
//! called.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer};
use serde_json::{Value as Json, json};
use sim_core::fault::FaultKind;
use sim_core::outcome::{Metric, Metrics, Verdict};
use sim_core::schema::{self, JsonSchema as _, Schema, SchemaGenerator};
use sim_core::settings::{Origin, Settings, Value};
use sim_core::simulation::Entry;
use sim_core::time::Duration;

use crate::diagnostic::{Diagnostic, clean};
use crate::grid::Axis;
use crate::point::{Point, at, plain, text};
use crate::registry;

use super::{Claim, Expectation, Share, Stat};

/// A limit as it is written: with a unit, or plain.
#[derive(Clone, PartialEq, Debug)]
enum Limit {
    Text(String),
    Number(f64),
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;
        impl de::Visitor<'_> for Written {
            type Value = Limit;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a limit, such as \"800ms\", \"99%\" or 12")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Limit, E> {
                Ok(Limit::Text(text.to_owned()))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Limit, E> {
                Ok(Limit::Number(number as f64))
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Limit, E> {
                Ok(Limit::Number(number))
            }
        }
        deserializer.deserialize_any(Written)
    }
}

sim_core::notation!(Limit, |_| schema::either(
    "A limit: a number, or one with a unit.",
    &[
        schema::text("with a unit", ".", &["800ms", "99%"]),
        schema::json_schema!({ "type": "number" }),
    ]
));

/// The keys of an `[[expect]]`.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Keys {
    /// A property of the problem: it is to hold in all runs.
    property: Option<String>,
    /// A white-box invariant of the protocol: it is to hold in all runs.
    invariant: Option<String>,
    /// How runs end: pass, unsafe, stalled or inconclusive.
    verdict: Option<String>,
    /// A measurement, a statistic of which is to stay within `min` and `max`.
    metric: Option<String>,
    /// A kind of fault that is to change something in some run of every point.
    fault: Option<FaultKind>,
    /// A state that some run of every point is to reach.
    mark: Option<String>,
    /// The statistic of the metric.
    stat: Option<Stat>,
    /// Whether the property is to hold; `false` for a negative control.
    holds: Option<bool>,
    /// How many of the runs end so: all if left out.
    share: Option<Limit>,
    /// The least value.
    min: Option<Limit>,
    /// The greatest value.
    max: Option<Limit>,
    /// The confidence of the interval that shares are judged on; 0.95.
    confidence: Option<f64>,
}

/// What may be written in an `[[expect]]`.
pub fn schema(generator: &mut SchemaGenerator) -> Schema {
    let mut schema = Keys::json_schema(generator);
    if let Some(keys) = schema.get_mut("properties").and_then(Json::as_object_mut) {
        let what = "The settings, by path, of the points that it speaks of.";
        keys.insert("where".to_owned(), json!({ "type": "object", "description": what }));
    }
    schema
}

/// Reads one `[[expect]]` (the entry `index`) for the points that it will be judged on.
///
/// # Errors
/// What is wrong with it, at its place in `root`.
pub fn read(
    settings: &Settings,
    index: usize,
    (axes, points): (&[Axis], &[Point]),
    root: &Settings,
) -> Result<Expectation, Diagnostic> {
    let (condition, settings) = (condition(settings, axes, points)?, &settings.split(&["where"]).1);
    let spoken_of = |index: &usize| meets(&points[*index], &condition);
    let spoken_of: Vec<usize> = (0..points.len()).filter(spoken_of).collect();
    let entries = &entries(spoken_of.iter().map(|index| &points[*index]));
    let keys: Keys = settings.read().map_err(|error| {
        Diagnostic::of_settings(&error.under(&format!("expect[{index}]")), root)
    })?;
    let at = |key: &str| settings.get(key).map_or(settings.origin, |value| value.origin);
    let wrong = |key: &str, label: &str| {
        Diagnostic::new("E0401", "this expectation cannot be judged", at(key)).label(label)
    };
    if keys.confidence.is_some_and(|level| level != reports::stats::LEVEL) {
        return Err(wrong("confidence", "intervals are made at 0.95, here as in every table"));
    }
    let subjects = ["property", "invariant", "verdict", "metric", "fault", "mark"];
    let given: Vec<&str> = subjects.into_iter().filter(|key| settings.get(key).is_some()).collect();
    let [subject] = given[..] else {
        let label = "give exactly one of `property`, `invariant`, `verdict`, `metric`, `fault` and \
                     `mark`";
        return Err(wrong(given.last().copied().unwrap_or(""), label));
    };
    let fitting: &[&str] = match subject {
        "metric" => &["metric", "stat", "min", "max", "confidence"],
        "fault" => &["fault"],
        "mark" => &["mark", "min", "confidence"],
        "verdict" => &["verdict", "holds", "share", "min", "max", "confidence"],
        _ => &["property", "invariant", "holds"],
    };
    let all = ["stat", "holds", "share", "min", "max", "confidence"];
    if let Some(stray) =
        all.into_iter().find(|key| settings.get(key).is_some() && !fitting.contains(key))
    {
        return Err(wrong(stray, &format!("`{stray}` means nothing for a {subject}")));
    }
    let holds = keys.holds.unwrap_or(true);
    let ordered = |min: Option<f64>, max: Option<f64>| match (min, max) {
        (Some(least), Some(most)) if least > most => {
            Err(wrong("min", "this is above `max`: nothing is between them"))
        }
        limits => Ok(limits),
    };
    let claim = if let Some(metric) = keys.metric {
        let found = known_metric(&metric, at("metric"), entries)?;
        let unit = |limit: Option<Limit>, key: &str| {
            limit
                .map(|limit| limit_of_metric(&limit, &metric))
                .transpose()
                .map_err(|label| wrong(key, &label))
        };
        let (min, max) = ordered(unit(keys.min, "min")?, unit(keys.max, "max")?)?;
        let stat = keys
            .stat
            .ok_or_else(|| wrong("metric", "add `stat = \"p50\"`, or min, p90, p99, max, mean"))?;
        if min.is_none() && max.is_none() {
            return Err(wrong("metric", "add a limit: `max = …` or `min = …`"));
        }
        Claim::Metric { metric: found, stat, min, max }
    } else if let Some(word) = keys.verdict {
        let share = |limit: Option<Limit>, key: &str| {
            limit
                .map(|limit| limit_of_share(&limit))
                .transpose()
                .map_err(|label| wrong(key, &label))
        };
        let verdict = verdict(&word, at("verdict"))?;
        let exact = share(keys.share, "share")?;
        let (min, max) = ordered(share(keys.min, "min")?, share(keys.max, "max")?)?;
        let share = match (exact, min, max) {
            (Some(_), Some(_), _) | (Some(_), _, Some(_)) => {
                return Err(wrong("share", "give either `share`, or `min` and `max`"));
            }
            (None, None, None) if holds => Share::All,
            (None, None, None) => Share::NotAll,
            _ if keys.holds.is_some() => {
                return Err(wrong("holds", "`holds` means nothing beside a share"));
            }
            (None, min, max) => Share::Between(min, max),
            (Some(share), None, None) if share >= 1.0 => Share::All,
            (Some(share), None, None) if share <= 0.0 => Share::Between(None, Some(0.0)),
            (Some(_), None, None) => {
                return Err(wrong(
                    "share",
                    "only \"0%\" and \"100%\" can be hit exactly; use `min` and `max`",
                ));
            }
        };
        Claim::Verdict { verdict, share }
    } else if let Some(kind) = keys.fault {
        Claim::Bites { kind }
    } else if let Some(mark) = keys.mark {
        known_mark(&mark, at("mark"), entries)?;
        let min = keys.min.map(|limit| limit_of_share(&limit)).transpose();
        Claim::Reaches { mark, min: min.map_err(|label| wrong("min", &label))? }
    } else {
        let name = keys.property.or(keys.invariant).unwrap_or_default();
        known_property(&name, at(subject), subject, entries)?;
        Claim::Property { name, holds }
    };
    Ok(Expectation { claim, condition, points: spoken_of, origin: settings.origin })
}

/// Reads `where`: settings that a point has, by their paths.
fn condition(
    settings: &Settings,
    axes: &[Axis],
    points: &[Point],
) -> Result<Vec<(String, Json)>, Diagnostic> {
    let Some(written) = settings.get("where") else {
        return Ok(Vec::new());
    };
    let wrong = |origin: Origin, label: &str| {
        Diagnostic::new("E0401", "this expectation cannot be judged", origin).label(label)
    };
    let Value::Table(fields) = &written.value else {
        let label = "write the settings that are meant: where.\"protocol.nodes\" = 5";
        return Err(wrong(written.origin, label));
    };
    let mut condition = Vec::new();
    for (path, field) in fields {
        let origin = field.settings.origin;
        let has = |point: &Point| {
            point.document.at(path).is_some() || at(&point.resolved, path).is_some()
        };
        if !points.iter().any(has) {
            return Err(wrong(origin, "no point has this setting"));
        }
        condition.push((path.clone(), plain(&field.settings)));
        let swept = axes.iter().any(|axis| axis.path == *path);
        if swept && !points.iter().any(|point| meets(point, &condition)) {
            return Err(wrong(origin, "no point of the sweep has this value"));
        }
    }
    Ok(condition)
}

/// Whether a point has these settings, as they were written or as they are understood: a profile
/// of faults is understood as the faults that it stands for.
fn meets(point: &Point, condition: &[(String, Json)]) -> bool {
    condition.iter().all(|(path, wanted)| {
        let written = point.document.at(path).map(|value| text(&plain(value)));
        let understood = at(&point.resolved, path).map(text);
        [written, understood].contains(&Some(text(wanted)))
    })
}

/// The protocols of some points, each once.
fn entries<'a>(points: impl Iterator<Item = &'a Point>) -> Vec<&'static Entry> {
    let mut entries: Vec<&'static Entry> = Vec::new();
    for point in points {
        if !entries.iter().any(|known| known.name == point.entry.name) {
            entries.push(point.entry);
        }
    }
    entries
}

fn known_metric(
    metric: &str,
    origin: Origin,
    entries: &[&'static Entry],
) -> Result<&'static Metric, Diagnostic> {
    // What speaks of no point that is left is not wrong: the command line chose among them.
    let all: Vec<&Entry> = registry::entries().iter().collect();
    let entries = if entries.is_empty() { &all } else { entries };
    let own = entries.iter().flat_map(|entry| entry.metrics);
    let known: Vec<&'static Metric> = Metrics::COLUMNS.iter().chain(own).collect();
    known.iter().find(|known| known.name == metric).copied().ok_or_else(|| {
        let title = format!("unknown metric `{}`", clean(metric));
        let names: Vec<&str> = known.iter().map(|known| known.name).collect();
        Diagnostic::unknown("E0402", title, origin, metric, &names).help("synod list metrics")
    })
}

fn verdict(word: &str, origin: Origin) -> Result<Verdict, Diagnostic> {
    let words = Verdict::ALL.map(Verdict::word);
    Verdict::ALL.into_iter().find(|verdict| verdict.word() == word).ok_or_else(|| {
        let title = format!("unknown verdict `{}`", clean(word));
        Diagnostic::unknown("E0402", title, origin, word, &words)
    })
}

fn known_property(
    name: &str,
    origin: Origin,
    subject: &str,
    entries: &[&'static Entry],
) -> Result<(), Diagnostic> {
    for entry in entries {
        let known = [entry.properties, entry.invariants].concat();
        if !known.contains(&name) {
            let title = format!("{} has no {subject} `{}`", entry.name, clean(name));
            return Err(Diagnostic::unknown("E0402", title, origin, name, &known)
                .help("synod list protocols -v"));
        }
    }
    Ok(())
}

fn known_mark(name: &str, origin: Origin, entries: &[&Entry]) -> Result<(), Diagnostic> {
    for entry in entries {
        let known: Vec<&str> = entry.marks.iter().map(|mark| mark.name).collect();
        if !known.contains(&name) {
            let title = format!("{} has no mark `{}`", entry.name, clean(name));
            return Err(
                Diagnostic::unknown("E0402", title, origin, name, &known).help("synod list marks")
            );
        }
    }
    Ok(())
}

/// A limit in the unit of the metric's name.
fn limit_of_metric(limit: &Limit, metric: &str) -> Result<f64, String> {
    match limit {
        Limit::Text(text) if metric.ends_with("_ms") => {
            text.parse::<Duration>().map(Duration::as_millis_f64)
        }
        Limit::Number(_) if metric.ends_with("_ms") => {
            Err("a time needs a unit, such as \"800ms\"".to_owned())
        }
        Limit::Text(text) => Err(format!("`{text}` is no plain number, as `{metric}` is")),
        Limit::Number(number) => Ok(*number),
    }
}

fn limit_of_share(limit: &Limit) -> Result<f64, String> {
    let wrong = || "a share is a percentage from \"0%\" to \"100%\"".to_owned();
    let Limit::Text(text) = limit else {
        return Err(wrong());
    };
    let number = text.strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
    number
        .filter(|number| (0.0..=100.0).contains(number))
        .map(|number| number / 100.0)
        .ok_or_else(wrong)
}
