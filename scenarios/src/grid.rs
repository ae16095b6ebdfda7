//! The axes of a sweep and the points that they span.
//!
//! An axis is a path into the scenario and the values that it takes there. The points are all
//! combinations, the last axis turning fastest, so that the plan is a function of the scenario.

use std::ops::Range;

use sim_core::settings::{Origin, Settings, Value};

use crate::diagnostic::Diagnostic;
use crate::sources::Sources;

/// A path into the scenario and the values that it takes.
#[derive(Clone, PartialEq, Debug)]
pub struct Axis {
    /// The path, such as `network.loss`.
    pub path: String,
    /// Where the axis was written.
    pub origin: Origin,
    /// The values, in order.
    pub values: Vec<Settings>,
}

/// The most points of a sweep: each is an experiment held in memory.
pub const MOST_POINTS: usize = 100_000;

/// The axes under `[sweep] over`, in the order in which they were written. Tables lead on:
/// `over.network.loss` and `over."network.loss"` are the same.
pub fn axes(over: &Settings, wrong: &mut Vec<Diagnostic>) -> Vec<Axis> {
    let mut axes = Vec::new();
    gather(over, "", &mut axes, wrong);
    axes.sort_by_key(|axis| axis.origin.0);
    axes
}

fn gather(over: &Settings, prefix: &str, axes: &mut Vec<Axis>, wrong: &mut Vec<Diagnostic>) {
    let Value::Table(fields) = &over.value else {
        wrong.push(
            Diagnostic::new("E0301", "`over` holds axes", over.origin)
                .label("write over.\"network.loss\" = [\"0%\", \"1%\"]"),
        );
        return;
    };
    for (key, field) in fields {
        let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        let values = match &field.settings.value {
            Value::Table(_) => {
                gather(&field.settings, &path, axes, wrong);
                continue;
            }
            Value::List(items) => Ok(items.clone()),
            Value::Text(text) => range(text, field.settings.origin),
            _ => Err("an axis is a list of values, or a range such as \"0..10:2\"".to_owned()),
        };
        match values {
            Ok(values) if values.is_empty() => {
                wrong.push(empty(&path, field.settings.origin));
            }
            Ok(values) => axes.push(Axis { path, origin: field.key, values }),
            Err(reason) => wrong.push(
                Diagnostic::new("E0301", format!("`{path}` is no axis"), field.settings.origin)
                    .label(reason),
            ),
        }
    }
}

fn empty(path: &str, origin: Origin) -> Diagnostic {
    Diagnostic::new("E0301", format!("the axis `{path}` has no values"), origin)
        .label("at least one value is needed")
}

/// Reads an `--over key=v1,v2,lo..hi:step`.
///
/// # Errors
/// What is wrong with it, at its place.
pub fn axis_argument(argument: &str, sources: &mut Sources) -> Result<Axis, Vec<Diagnostic>> {
    let source = sources.add("--over", argument);
    let whole = sources.place(source, 0..argument.len());
    let Some((path, _)) = argument.split_once('=') else {
        return Err(vec![
            Diagnostic::new("E0301", "an axis has a key and values", whole)
                .label("write network.loss=0%,1%,5%"),
        ]);
    };
    let origin = sources.place(source, 0..path.len());
    let mut values = Vec::new();
    for span in parts(argument, path.len() + 1) {
        let text = argument[span.clone()].trim();
        let place = sources.place(source, span.clone());
        if text.contains("..") && text.contains(':') {
            let wrong =
                |reason| vec![Diagnostic::new("E0301", "this is no range", place).label(reason)];
            values.extend(range(text, place).map_err(wrong)?);
        } else if is_stepless(text) {
            let error = Diagnostic::new("E0301", "a range of values has a step", place);
            return Err(vec![error.label(format!("write {text}:1"))]);
        } else if !text.is_empty() {
            values.push(sources.parse_value(source, span)?);
        }
    }
    if values.is_empty() {
        return Err(vec![empty(path.trim(), whole)]);
    }
    Ok(Axis { path: path.trim().to_owned(), origin, values })
}

/// Whether this is `lo..hi` of plain numbers or per cents, which no setting takes for a value.
fn is_stepless(text: &str) -> bool {
    let is_number = |part: &str| {
        let digits = part.trim().strip_suffix('%').unwrap_or(part.trim());
        digits.parse::<i64>().is_ok()
    };
    text.split_once("..").is_some_and(|(low, high)| is_number(low) && is_number(high))
}

/// The stretches between commas, where those are not inside quotes or brackets.
fn parts(text: &str, from: usize) -> Vec<Range<usize>> {
    let (mut parts, mut start, mut depth, mut quote) = (Vec::new(), from, 0_i32, None);
    for (at, c) in text.char_indices().skip_while(|(at, _)| *at < from) {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => depth -= 1,
            (None, ',') if depth == 0 => {
                parts.push(start..at);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(start..text.len());
    parts
}

/// The values of `lo..hi:step`, both ends included: whole numbers, or per cents.
fn range(text: &str, origin: Origin) -> Result<Vec<Settings>, String> {
    let wrong = || format!("`{text}` is no range of values: write \"0..10:2\" or \"0%..10%:2%\"");
    let (bounds, step) = text.split_once(':').ok_or_else(wrong)?;
    let (low, high) = bounds.split_once("..").ok_or_else(wrong)?;
    let percent = low.trim().ends_with('%');
    let number = |part: &str| {
        let part = part.trim();
        let (digits, has_sign) = part.strip_suffix('%').map_or((part, false), |rest| (rest, true));
        digits.parse::<i64>().ok().filter(|_| has_sign == percent).ok_or_else(wrong)
    };
    let (low, high, step) = (number(low)?, number(high)?, number(step)?);
    if step <= 0 || low > high {
        return Err(format!("`{text}` never gets from {low} to {high} by steps of {step}"));
    }
    if high.abs_diff(low) / step.unsigned_abs() >= MOST_POINTS as u64 {
        return Err(format!("`{text}` are more than {MOST_POINTS} values"));
    }
    let value = |number: i64| {
        if percent { Value::Text(format!("{number}%")) } else { Value::Integer(number) }
    };
    let numbers = std::iter::successors(Some(low), |at| at.checked_add(step));
    let up_to_high = numbers.take_while(|at| *at <= high);
    Ok(up_to_high.map(|number| Settings { value: value(number), origin }).collect())
}

/// How many points the axes span.
pub fn count(axes: &[Axis]) -> usize {
    axes.iter().fold(1, |count, axis| count.saturating_mul(axis.values.len()))
}

/// The value of each axis at point `index`, the last axis turning fastest.
pub fn combination(axes: &[Axis], mut index: usize) -> Vec<&Settings> {
    let mut values: Vec<&Settings> = axes
        .iter()
        .rev()
        .map(|axis| {
            let value = &axis.values[index % axis.values.len()];
            index /= axis.values.len();
            value
        })
        .collect();
    values.reverse();
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argument(text: &str) -> Vec<Value> {
        let axis = axis_argument(text, &mut Sources::default()).expect(text);
        axis.values.into_iter().map(|settings| settings.value).collect()
    }

    #[test]
    fn ranges_of_values_include_both_ends() {
        assert_eq!(argument("a.b=0..10:5"), [0, 5, 10].map(Value::Integer));
        assert_eq!(argument("a=0%..2%:1%"), ["0%", "1%", "2%"].map(|v| Value::Text(v.into())));
        assert_eq!(argument("a=0..3:2"), [0, 2].map(Value::Integer));
        assert_eq!(argument("a=1,3..4:1"), [1, 3, 4].map(Value::Integer));
    }

    #[test]
    fn commas_inside_quotes_and_brackets_separate_nothing() {
        assert_eq!(argument("a=[1, 2],\"x,y\"").len(), 2);
        assert_eq!(argument("a={ b = 1, c = 2 }").len(), 1);
        // A range of durations is one value.
        assert_eq!(argument("a=150ms..300ms"), [Value::Text("150ms..300ms".into())]);
    }

    #[test]
    fn what_is_no_axis_is_refused() {
        for text in [
            "a",
            "a=",
            "a=5..1:1",
            "a=0..5:0",
            "a=0%..5:1",
            "a=0..9999999999:1",
            "a=3..9",
            "a=0%..5%",
        ] {
            assert!(axis_argument(text, &mut Sources::default()).is_err(), "{text}");
        }
    }

    #[test]
    fn the_last_axis_turns_fastest() {
        let mut sources = Sources::default();
        let axes = ["a=1,2", "b=1,2,3"].map(|text| axis_argument(text, &mut sources).expect(text));
        assert_eq!(count(&axes), 6);
        let at = |index| {
            combination(&axes, index).into_iter().map(|s| s.value.clone()).collect::<Vec<_>>()
        };
        assert_eq!(at(0), [1, 1].map(Value::Integer));
        assert_eq!(at(1), [1, 2].map(Value::Integer));
        assert_eq!(at(5), [2, 3].map(Value::Integer));
    }
}
