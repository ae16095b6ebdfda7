//! What a scenario expects of its runs, as it is written.
//!
//! Whether it came true is judged in `judge`; here are the words, checked against what the protocol
//! and the metrics are called.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer};
use serde_json::{Value as Json, json};
use sim_core::fault::FaultKind;
use sim_core::outcome::{Metric, Metrics, Verdict};
use sim_core::schema::{self, JsonSchema as _, Schema, SchemaGenerator};
use sim_core::settings::{Origin, Settings, Value};
use sim_core::simulation::Entry;
use sim_core::time::Duration;

use crate::diagnostic::Diagnostic;
use crate::grid::Axis;
use crate::point::{Point, at, plain, text};
use crate::registry;

/// One `[[expect]]`.
#[derive(Clone, PartialEq, Debug)]
pub struct Expectation {
    /// What is expected.
    pub claim: Claim,
    /// The settings, by path, of the points that it speaks of, as they were written.
    pub condition: Vec<(String, Json)>,
    /// The points of the scenario that it speaks of, ascending.
    pub points: Vec<usize>,
    /// Where it was written; nowhere for the one that every scenario has.
    pub origin: Origin,
}

/// What can be expected.
#[derive(Clone, PartialEq, Debug)]
pub enum Claim {
    /// A property or invariant holds in all runs, or (a negative control) breaks in some run.
    Property {
        /// Its name.
        name: String,
        /// Whether it is to hold.
        holds: bool,
    },
    /// How many runs end in a verdict.
    Verdict {
        /// The verdict.
        verdict: Verdict,
        /// How many.
        share: Share,
    },
    /// A statistic of a metric stays within limits.
    Metric {
        /// The metric.
        metric: &'static Metric,
        /// The statistic.
        stat: Stat,
        /// It is at least this.
        min: Option<f64>,
        /// It is at most this.
        max: Option<f64>,
    },
    /// Strikes of this kind change something in some run of every point.
    Bites {
        /// The kind.
        kind: FaultKind,
    },
    /// Some run of every point reaches a mark of the protocol, or at least a share of them does.
    Reaches {
        /// Its name.
        mark: String,
        /// The share, 0 to 1, judged on its confidence interval.
        min: Option<f64>,
    },
    /// What nobody wrote but everybody means: no run is unsafe, stalled or without a verdict, but
    /// for the verdicts that another expectation speaks of.
    Sound {
        /// The verdicts that are judged elsewhere.
        waived: Vec<Verdict>,
    },
}

/// How many runs.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Share {
    /// Every one.
    All,
    /// Not every one.
    NotAll,
    /// A share between two bounds, 0 to 1, judged on its confidence interval.
    Between(Option<f64>, Option<f64>),
}

/// A statistic over the runs of a point.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stat {
    /// The least value seen.
    Min,
    /// The median.
    P50,
    /// The 90th percentile.
    P90,
    /// The 99th percentile.
    P99,
    /// The greatest value seen.
    Max,
    /// The mean.
    Mean,
}

impl Stat {
    /// The name in scenario files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Min => "min",
            Self::P50 => "p50",
            Self::P90 => "p90",
            Self::P99 => "p99",
            Self::Max => "max",
            Self::Mean => "mean",
        }
    }
}

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
    let claim = if let Some(metric) = keys.metric {
        let found = known_metric(&metric, at("metric"), entries)?;
        let unit = |limit: Option<Limit>, key: &str| {
            limit
                .map(|limit| limit_of_metric(&limit, &metric))
                .transpose()
                .map_err(|label| wrong(key, &label))
        };
        let (min, max) = (unit(keys.min, "min")?, unit(keys.max, "max")?);
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
        let (min, max) = (share(keys.min, "min")?, share(keys.max, "max")?);
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
        if points.iter().all(|point| at(&point.resolved, path).is_none()) {
            return Err(wrong(origin, "no point has this setting; see synod explain"));
        }
        condition.push((path.clone(), plain(&field.settings)));
        let swept = axes.iter().any(|axis| axis.path == *path);
        if swept && !points.iter().any(|point| meets(point, &condition)) {
            return Err(wrong(origin, "no point of the sweep has this value"));
        }
    }
    Ok(condition)
}

/// Whether a point has these settings, as they were written or as they are understood.
fn meets(point: &Point, condition: &[(String, Json)]) -> bool {
    condition.iter().all(|(path, wanted)| {
        let written = point.params.iter().find(|(known, _)| known == path);
        written.is_some_and(|(_, value)| text(&plain(value)) == text(wanted))
            || at(&point.resolved, path).is_some_and(|value| text(value) == text(wanted))
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
        let title = format!("unknown metric `{}`", crate::diagnostic::clean(metric));
        let names: Vec<&str> = known.iter().map(|known| known.name).collect();
        Diagnostic::unknown("E0402", title, origin, metric, &names).help("synod list metrics")
    })
}

fn verdict(word: &str, origin: Origin) -> Result<Verdict, Diagnostic> {
    let words = Verdict::ALL.map(Verdict::word);
    Verdict::ALL.into_iter().find(|verdict| verdict.word() == word).ok_or_else(|| {
        let title = format!("unknown verdict `{}`", crate::diagnostic::clean(word));
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
            let title =
                format!("{} has no {subject} `{}`", entry.name, crate::diagnostic::clean(name));
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
            let title = format!("{} has no mark `{}`", entry.name, crate::diagnostic::clean(name));
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

/// The expectations that every scenario has, given those that it writes down: one for all points
/// of which the same is left to be expected.
pub fn sound(expectations: &[Expectation], points: usize) -> Vec<Expectation> {
    let mut sound: Vec<Expectation> = Vec::new();
    for point in 0..points {
        let told = expectations.iter().filter(|expectation| expectation.points.contains(&point));
        let Some(waived) = waived(told.map(|expectation| &expectation.claim)) else {
            continue;
        };
        let claim = Claim::Sound { waived };
        match sound.iter_mut().find(|known| known.claim == claim) {
            Some(known) => known.points.push(point),
            None => sound.push(Expectation {
                claim,
                condition: Vec::new(),
                points: vec![point],
                origin: Origin(0),
            }),
        }
    }
    sound
}

/// The verdicts of which claims speak; `None` if runs may fail altogether.
///
/// Who speaks of `unsafe` (or breaks a property on purpose) knows that runs may fail; who speaks of
/// `stalled` or `pass` judges liveness there; all else is to be sound.
fn waived<'a>(claims: impl Iterator<Item = &'a Claim>) -> Option<Vec<Verdict>> {
    use Verdict::{Inconclusive, Pass, Stalled, Unsafe};
    let mut waived = Vec::new();
    for claim in claims {
        match claim {
            Claim::Property { holds: false, .. } | Claim::Verdict { verdict: Unsafe, .. } => {
                return None;
            }
            Claim::Verdict { verdict: Pass, share: Share::NotAll } => return None,
            Claim::Verdict { verdict: Pass | Stalled, .. } => {
                waived.extend([Stalled, Inconclusive]);
            }
            Claim::Verdict { verdict, .. } => waived.push(*verdict),
            _ => {}
        }
    }
    waived.sort_unstable();
    waived.dedup();
    Some(waived)
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.claim)?;
        for (index, (path, value)) in self.condition.iter().enumerate() {
            let word = if index == 0 { "where" } else { "and" };
            write!(f, " {word} {path} = {}", text(value))?;
        }
        Ok(())
    }
}

impl Claim {
    /// Whether one run is enough for it to come true: a negative control.
    pub const fn is_control(&self) -> bool {
        matches!(
            self,
            Self::Property { holds: false, .. } | Self::Verdict { share: Share::NotAll, .. }
        )
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Property { name, holds: true } => write!(f, "{name} holds"),
            Self::Property { name, holds: false } => write!(f, "{name} breaks in some run"),
            Self::Verdict { verdict, share: Share::All } => write!(f, "all runs {verdict}"),
            Self::Verdict { verdict, share: Share::NotAll } => write!(f, "not all runs {verdict}"),
            Self::Verdict { verdict, share: Share::Between(min, max) } => {
                write!(f, "{verdict}")?;
                min.map_or(Ok(()), |min| write!(f, " ≥ {} %", min * 100.0))?;
                max.map_or(Ok(()), |max| write!(f, " ≤ {} %", max * 100.0))
            }
            Self::Metric { metric, stat, min, max } => {
                write!(f, "{} {}", metric.name, stat.word())?;
                min.map_or(Ok(()), |min| write!(f, " ≥ {min}"))?;
                max.map_or(Ok(()), |max| write!(f, " ≤ {max}"))
            }
            Self::Bites { kind } => write!(f, "{} bites", kind.name()),
            Self::Reaches { mark, min } => {
                write!(f, "{mark} is reached")?;
                min.map_or(Ok(()), |min| write!(f, " ≥ {} %", min * 100.0))
            }
            Self::Sound { waived } if waived.is_empty() => f.write_str("all runs pass"),
            Self::Sound { waived } => {
                let words: Vec<_> = waived.iter().map(ToString::to_string).collect();
                write!(f, "all runs pass, or are {}", words.join(" or "))
            }
        }
    }
}
