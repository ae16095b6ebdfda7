//! Which points become series, and what they are called.
//!
//! A label says what tells the series apart and nothing else: with one protocol its name is in the
//! title, with one fault script nobody needs to read it six times.

use super::label::clean;
use super::palette::SERIES_MAX;
use super::scale::number;
use super::shown::Shown;
use crate::row::{Point, Runs, Tables};
use std::collections::BTreeSet;

/// The points that differ in one parameter only, by its ascending value.
pub(super) type Line<'a> = Vec<(f64, &'a Point)>;

/// The points that differ in this parameter only, and perhaps in those `besides`; lines of one value
/// are left out.
pub(super) fn along<'a>(runs: &'a Runs, param: usize, besides: &[&str]) -> Vec<Line<'a>> {
    let alike = |a: &Point, b: &Point| {
        let others = |i: &usize| *i != param && !besides.contains(&runs.params[*i].as_str());
        a.protocol == b.protocol
            && a.fault_script == b.fault_script
            && (0..a.params.len()).filter(others).all(|i| a.params[i] == b.params[i])
    };
    let mut lines: Vec<Line<'_>> = Vec::new();
    for point in &runs.points {
        let Ok(x) = point.params[param].parse::<f64>() else { continue };
        match lines.iter_mut().find(|line| alike(line[0].1, point)) {
            Some(line) => line.push((x, point)),
            None => lines.push(vec![(x, point)]),
        }
    }
    for line in &mut lines {
        line.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    lines.retain(|line| line.len() > 1 && line[0].0 < line[line.len() - 1].0);
    lines
}

/// The lines along this parameter, as many as can be told apart.
///
/// # Errors
/// Why there is none.
pub(super) fn lines(runs: &Runs, param: usize) -> Result<Shown<Line<'_>>, String> {
    let lines = along(runs, param, &[]);
    if lines.is_empty() {
        let name = &runs.params[param];
        return Err(format!("`{name}` has one value only: there is no curve"));
    }
    Ok(Shown::of(lines, SERIES_MAX, "curves"))
}

impl<'a> Shown<Line<'a>> {
    /// The first point of each line, by which it is named.
    pub(super) fn first(&self) -> Vec<&'a Point> {
        self.things.iter().map(|line| line[0].1).collect()
    }
}

/// The points that have rows of this curve.
pub(super) fn with_curve<'a>(tables: &'a Tables, curve: &str) -> Vec<&'a Point> {
    let rows = tables.series.iter().filter(|row| row.curve == curve);
    let known: BTreeSet<&str> = rows.map(|row| row.point_id.as_str()).collect();
    tables.runs.points.iter().filter(|point| known.contains(point.id.as_str())).collect()
}

/// The points of which some run has this metric, ended or not.
pub(super) fn with_metric<'a>(runs: &'a Runs, metric: &str) -> Vec<&'a Point> {
    let points = runs.points.iter();
    points.filter(|point| !runs.observations(point, metric).is_empty()).collect()
}

/// Points with their labels, as many as `most`.
pub(super) fn named<'a>(
    runs: &Runs,
    points: Vec<&'a Point>,
    most: usize,
) -> Shown<(&'a Point, String)> {
    let shown = Shown::of(points, most, "points");
    let mut names = labels(runs, &shown.things, &[]).into_iter();
    shown.map(|point| (point, names.next().unwrap_or_default()))
}

/// The parameters that tell these points apart, but for those in `except`.
///
/// The sizes `n` and `f` mostly follow from the protocol. They count only where they differ within
/// one protocol. A parameter that is the name of the protocol tells nothing beside it.
pub(super) fn distinguishing(runs: &Runs, points: &[&Point], except: &[&str]) -> Vec<usize> {
    let tells_apart = |&index: &usize| {
        let is_size = matches!(runs.params[index].as_str(), "n" | "f");
        let mut pairs = points.iter().enumerate().flat_map(|(at, a)| {
            points[..at]
                .iter()
                .filter(move |b| !is_size || a.protocol == b.protocol)
                .map(move |b| (a, b))
        });
        pairs.any(|(a, b)| a.params[index] != b.params[index])
    };
    (0..runs.params.len())
        .filter(|&index| !except.contains(&runs.params[index].as_str()))
        .filter(|&index| points.iter().any(|point| point.params[index] != point.protocol))
        .filter(tells_apart)
        .collect()
}

/// These parameters of a point for a reader: "network loss 5 %, n = 5".
pub(super) fn settings(runs: &Runs, point: &Point, params: &[usize]) -> String {
    let setting = |&index: &usize| setting(&runs.params[index], &point.params[index]);
    params.iter().map(setting).collect::<Vec<_>>().join(", ")
}

/// The place of a name among those known so far, of which it is one from now on.
pub(super) fn index_of(names: &mut Vec<String>, name: &str) -> usize {
    names.iter().position(|known| known == name).unwrap_or_else(|| {
        names.push(name.to_owned());
        names.len() - 1
    })
}

/// The label of each point: protocol, fault script and parameters, as far as they differ between
/// the points given. Parameters in `except` are never named.
pub(super) fn labels(runs: &Runs, points: &[&Point], except: &[&str]) -> Vec<String> {
    let protocols = points.windows(2).any(|pair| pair[0].protocol != pair[1].protocol);
    let scripts = points.windows(2).any(|pair| pair[0].fault_script != pair[1].fault_script);
    let params = distinguishing(runs, points, except);
    let label = |point: &&Point| {
        let mut parts = Vec::new();
        if protocols || (!scripts && params.is_empty()) {
            parts.push(clean(&point.protocol));
        }
        if scripts {
            parts.push(clean(&point.fault_script));
        }
        if !params.is_empty() {
            parts.push(settings(runs, point, &params));
        }
        parts.join(", ")
    };
    points.iter().map(label).collect()
}

/// A parameter with its value for a reader: `network_loss_pct` = 5 is "network loss 5 %".
fn setting(name: &str, value: &str) -> String {
    let value = if value.is_empty() { "n/a" } else { value };
    // Most settings are the protocol's; that goes without saying.
    let name = name.strip_prefix("protocol_").unwrap_or(name);
    let units =
        [("_pct", " %"), ("_ms", " ms"), ("_us", " µs"), ("_s", " s"), ("_bytes", " bytes")];
    for (suffix, unit) in units {
        if let Some(bare) = name.strip_suffix(suffix) {
            return clean(&format!("{} {value}{unit}", bare.replace('_', " ")));
        }
    }
    // Letters are symbols ("n = 5"), words read on ("batch size 5").
    let equals = if name.chars().count() == 1 { " =" } else { "" };
    clean(&format!("{}{equals} {value}", name.replace('_', " ")))
}

/// The protocols and the fault script of these points, for a title: "raft, pbft under crash".
pub(super) fn subject<'a>(points: impl Iterator<Item = &'a Point> + Clone) -> String {
    let unique = |names: Vec<&str>| {
        let mut seen: Vec<String> = Vec::new();
        for name in names {
            if !seen.iter().any(|known| known == name) {
                seen.push(name.to_owned());
            }
        }
        seen
    };
    let protocols = unique(points.clone().map(|point| point.protocol.as_str()).collect());
    let scripts = unique(points.map(|point| point.fault_script.as_str()).collect());
    let list = |names: &[String], what: &str| match names.len() {
        1..=3 => names.join(", "),
        many => format!("{many} {what}"),
    };
    let scripts = scripts.iter().filter(|name| !name.is_empty()).cloned().collect::<Vec<_>>();
    let protocols = list(&protocols, "protocols");
    if scripts.is_empty() {
        return clean(&protocols);
    }
    clean(&format!("{protocols} under {}", list(&scripts, "fault scripts")))
}

/// "200" or "150–200", for a caption's N.
pub(super) fn counts(values: impl Iterator<Item = u64> + Clone) -> String {
    let min = number(values.clone().min().unwrap_or(0) as f64);
    let max = number(values.max().unwrap_or(0) as f64);
    if min == max { min } else { format!("{min}–{max}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(protocol: &str, script: &str, params: &[&str]) -> Point {
        Point {
            id: "p".to_owned(),
            protocol: protocol.to_owned(),
            fault_script: script.to_owned(),
            params: params.iter().map(|&cell| cell.to_owned()).collect(),
            runs: Vec::new(),
        }
    }

    fn check(points: &[Point], expected: &[&str]) {
        let runs = Runs {
            params: ["network_loss_pct", "n", "protocol_batch_size"].map(str::to_owned).to_vec(),
            ..Runs::default()
        };
        assert_eq!(labels(&runs, &points.iter().collect::<Vec<_>>(), &[]), expected);
    }

    #[test]
    fn labels_name_what_differs_and_nothing_else() {
        check(&[point("raft", "crash", &["0", "5", "1"])], &["raft"]);
        check(
            &[point("raft", "crash", &["0", "5", "1"]), point("pbft", "crash", &["0", "4", "1"])],
            &["raft", "pbft"],
        );
        check(
            &[point("raft", "crash", &["0", "5", "1"]), point("raft", "crash", &["2.5", "5", "8"])],
            &["network loss 0 %, batch size 1", "network loss 2.5 %, batch size 8"],
        );
        check(
            &[point("raft", "crash", &["0", "5", "1"]), point("raft", "crash", &["0", "7", "1"])],
            &["n = 5", "n = 7"],
        );
        check(
            &[point("raft", "crash", &["0", "5", "1"]), point("raft", "none", &["0", "5", "1"])],
            &["crash", "none"],
        );
        // Which protocol it is was swept.
        check(
            &[point("raft", "", &["0", "5", "raft"]), point("pbft", "", &["0", "5", "pbft"])],
            &["raft", "pbft"],
        );
    }
}
