//! Which points become series, and what they are called.
//!
//! A label says what tells the series apart and nothing else: with one protocol its name is in the
//! title, with one fault script nobody needs to read it six times.

use super::label::clean;
use super::palette::SERIES_MAX;
use super::scale::number;
use super::{Drawing, Picture};
use crate::Error;
use crate::row::{Point, Runs, Tables};
use std::collections::BTreeSet;

/// Evenly spaced indices into `count` things, at most `limit`, the first and last among them.
pub(super) fn pick(count: usize, limit: usize) -> Vec<usize> {
    if count <= limit {
        return (0..count).collect();
    }
    (0..limit).map(|i| i * (count - 1) / (limit - 1)).collect()
}

/// As many of these points as `most`, evenly spaced, the first and the last among them.
pub(super) fn few<'a>(points: &[&'a Point], most: usize) -> Vec<&'a Point> {
    pick(points.len(), most).into_iter().map(|index| points[index]).collect()
}

/// What to say beside the pictures when `count` were too many, and `drawn` were not.
pub(super) fn left_out(drawn: usize, count: usize, what: &str) -> Option<String> {
    (count > drawn).then(|| {
        format!("{drawn} of {count} {what} are drawn, evenly spaced; the others are in points.csv")
    })
}

/// The same at the end of a caption; may be empty.
pub(super) fn fewer(drawn: usize, count: usize, what: &str) -> String {
    match count > drawn {
        true => format!(" {drawn} of {count} {what} are shown."),
        false => String::new(),
    }
}

/// The points that differ in this parameter only, and perhaps in those `besides`, by its ascending
/// value; groups of one value are left out.
pub(super) fn along<'a>(
    runs: &'a Runs,
    param: usize,
    besides: &[&str],
) -> Vec<Vec<(f64, &'a Point)>> {
    let alike = |a: &Point, b: &Point| {
        let others = |i: &usize| *i != param && !besides.contains(&runs.params[*i].as_str());
        a.protocol == b.protocol
            && a.fault_script == b.fault_script
            && (0..a.params.len()).filter(others).all(|i| a.params[i] == b.params[i])
    };
    let mut groups: Vec<Vec<(f64, &Point)>> = Vec::new();
    for point in &runs.points {
        let Ok(x) = point.params[param].parse::<f64>() else { continue };
        match groups.iter_mut().find(|group| alike(group[0].1, point)) {
            Some(group) => group.push((x, point)),
            None => groups.push(vec![(x, point)]),
        }
    }
    for group in &mut groups {
        group.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    groups.retain(|group| group.len() > 1 && group[0].0 < group[group.len() - 1].0);
    groups
}

/// Lines along a parameter: as many as can be told apart.
pub(super) struct Lines<'a> {
    /// The points of each, by the parameter's ascending value.
    pub(super) chosen: Vec<Vec<(f64, &'a Point)>>,
    /// How many there are in all.
    pub(super) count: usize,
}

impl<'a> Lines<'a> {
    /// The lines along this parameter.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) fn along(runs: &'a Runs, param: usize) -> Result<Self, String> {
        let groups = along(runs, param, &[]);
        let count = groups.len();
        if count == 0 {
            let name = &runs.params[param];
            return Err(format!("`{name}` has one value only: there is no curve"));
        }
        let kept = pick(count, SERIES_MAX);
        let chosen = groups.into_iter().enumerate().filter(|(index, _)| kept.contains(index));
        Ok(Self { chosen: chosen.map(|(_, group)| group).collect(), count })
    }

    /// The first point of each, by which it is named.
    pub(super) fn first(&self) -> Vec<&'a Point> {
        self.chosen.iter().map(|group| group[0].1).collect()
    }

    /// What was left out, in words.
    pub(super) fn left_out(&self) -> Option<String> {
        left_out(self.chosen.len(), self.count, "curves")
    }
}

/// A picture of each point that has rows of this curve, for as many points as `most`; `picture` is
/// given the point, what tells it apart from the others, and the name of the picture.
pub(super) fn each_point<'a>(
    tables: &'a Tables,
    (chart, curve, most): (&str, &str, usize),
    picture: impl Fn(&'a Point, String, String) -> Result<Picture, Error>,
) -> Result<Drawing, Error> {
    let known: BTreeSet<&str> = tables
        .series
        .iter()
        .filter(|row| row.curve == curve)
        .map(|row| row.point_id.as_str())
        .collect();
    let points = tables.runs.points.iter().filter(|point| known.contains(point.id.as_str()));
    let points: Vec<&Point> = points.collect();
    if points.is_empty() {
        return Ok(Drawing::lacks_curve(curve));
    }
    let params = distinguishing(&tables.runs, &points, &[]);
    let chosen = pick(points.len(), most);
    let pictures = chosen.iter().enumerate().map(|(at, &index)| {
        let settings = settings(&tables.runs, points[index], &params);
        picture(points[index], settings, format!("{chart}-{}", at + 1))
    });
    let pictures = pictures.collect::<Result<_, _>>()?;
    Ok(Drawing { pictures, left_out: left_out(chosen.len(), points.len(), "points") })
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

    #[test]
    fn picks_are_evenly_spaced_and_keep_both_ends() {
        assert_eq!(pick(3, 6), [0, 1, 2]);
        assert_eq!(pick(15, 6), [0, 2, 5, 8, 11, 14]);
    }
}
