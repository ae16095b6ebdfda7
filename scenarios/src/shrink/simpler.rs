//! Simpler values: what could stand in the place of a setting, the simplest first.

use serde_json::{Value as Json, json};
use sim_core::time::{Duration, DurationRange};
use sim_core::workload::Rate;

/// Values that are simpler than this one: smaller, or with fewer digits, or constant where this
/// one is drawn. None of them leads back, so that whoever takes one after the other comes to an end.
pub(super) fn simpler(value: &Json) -> Vec<Json> {
    match value {
        Json::Number(number) => match number.as_u64() {
            Some(number) => numbers(number).into_iter().map(|less| json!(less)).collect(),
            None => Vec::new(),
        },
        Json::String(text) => {
            let texts = if let Ok(span) = text.parse::<Duration>() {
                spans(span)
            } else if let Ok(range) = text.parse::<DurationRange>() {
                ranges(range)
            } else if let Ok(rate) = text.parse::<Rate>() {
                rates(rate)
            } else {
                Vec::new()
            };
            texts.into_iter().map(Json::String).collect()
        }
        Json::Object(fields) => {
            // A distribution may do as a constant of its middle or of its least.
            let middle = ["p50", "mean", "min"].into_iter().filter_map(|key| fields.get(key));
            middle.filter(|value| value.is_string()).take(1).cloned().collect()
        }
        _ => Vec::new(),
    }
}

/// Smaller whole numbers: 1 and 2, a half, one less.
fn numbers(number: u64) -> Vec<u64> {
    let mut less: Vec<u64> = [1, 2, number / 2, number.saturating_sub(1)].into();
    less.retain(|less| (1..number).contains(less));
    less.sort_unstable();
    less.dedup();
    less
}

/// How many digits it takes to write a number that ends in zeros.
fn digits(mut number: u64) -> u32 {
    while number != 0 && number.is_multiple_of(10) {
        number /= 10;
    }
    number.checked_ilog10().map_or(0, |log| log + 1)
}

/// A number cut down to so many digits, and the next above it of as many.
fn rounded(number: u64, kept: u32) -> [u64; 2] {
    let length = number.checked_ilog10().map_or(0, |log| log + 1);
    let unit = 10_u64.pow(length.saturating_sub(kept));
    let floor = number / unit * unit;
    [floor, floor.saturating_add(unit)]
}

/// Rounder and smaller numbers of something measured. Of those with two digits or one, none is
/// rounder than another, only smaller.
fn rounder(number: u64) -> Vec<u64> {
    let [half, _] = rounded(number / 2, 1);
    let [most, _] = rounded(number / 4 * 3, 2);
    let near = [1, 2, 3].map(|kept| rounded(number, kept)).concat();
    let cost = |number: u64| (digits(number).max(2), number);
    let simpler = |less: &u64| *less > 0 && cost(*less) < cost(number);
    let mut found: Vec<u64> = Vec::new();
    for candidate in [vec![half, most], near].concat() {
        if simpler(&candidate) && !found.contains(&candidate) {
            found.push(candidate);
        }
    }
    found
}

/// Spans shorter than this are no simpler, only shorter.
const SHORTEST: Duration = Duration::from_millis(1);

fn spans(span: Duration) -> Vec<String> {
    let simpler = rounder(span.as_nanos()).into_iter().map(Duration::from_nanos);
    let long = simpler.filter(|simpler| span < SHORTEST || *simpler >= SHORTEST);
    long.map(|simpler| simpler.to_string()).collect()
}

/// Constants instead of a range: its ends and its middle.
fn ranges(range: DurationRange) -> Vec<String> {
    let middle = (range.min.as_nanos() / 2) + (range.max.as_nanos() / 2);
    let [middle, _] = rounded(middle, 1);
    let ends = [range.min, Duration::from_nanos(middle), range.max];
    ends.into_iter().filter(|end| !end.is_zero()).map(|end| end.to_string()).collect()
}

/// Slower rates.
fn rates(rate: Rate) -> Vec<String> {
    let mut slower = Vec::new();
    for per_second in [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000] {
        let candidate = Rate::per_second(per_second);
        if candidate.interval(1) > rate.interval(1) {
            slower.push(candidate.to_string());
        }
    }
    slower
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simpler_values_are_smaller_or_rounder_and_the_simplest_comes_first() {
        let texts = |text: &str| -> Vec<String> {
            let found = simpler(&json!(text));
            found.iter().map(|value| value.as_str().expect("a text").to_owned()).collect()
        };
        assert_eq!(
            texts("1234567us"),
            ["600ms", "920ms", "1s", "2s", "1200ms", "1300ms", "1230ms", "1240ms"]
        );
        assert_eq!(texts("60ms"), ["30ms", "45ms"]);
        assert_eq!((texts("1ms"), texts("300us").len()), (Vec::new(), 2));
        assert_eq!(texts("1ms..5ms"), ["1ms", "3ms", "5ms"]);
        assert_eq!(texts("20/s"), ["1/s", "2/s", "5/s", "10/s"]);
        assert_eq!(texts("leader"), [] as [&str; 0]);
        assert_eq!(simpler(&json!(9)), [json!(1), json!(2), json!(4), json!(8)]);
        assert_eq!(simpler(&json!(1)), [] as [Json; 0]);
    }

    /// Always taking the last, which is the least simple, is the longest way.
    #[test]
    fn no_way_through_simpler_values_is_endless() {
        for start in [json!("987654321ns"), json!("1ms..9s"), json!("937/s"), json!(1_000)] {
            let (mut value, mut steps) = (start.clone(), 0);
            while let Some(next) = simpler(&value).pop() {
                value = next;
                steps += 1;
                assert!(steps < 2_000, "{start} leads on and on: {value}");
            }
        }
    }
}
