//! What a sweep says of the states that some run should reach.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::fold::{Fold, Reached};

/// The most points of which the summary tells one by one; of more it tells what none reached.
const SHOWN: usize = 12;

/// The marks that no run of some points reached, and of a sweep of one point how many runs reached
/// the others, and how often.
pub fn lines(folds: &[Fold]) -> Vec<String> {
    if folds.len() > SHOWN {
        return of_all(folds).into_iter().collect();
    }
    // Points alike in this are told of together.
    let mut never: Vec<(String, Vec<usize>)> = Vec::new();
    for (point, fold) in folds.iter().enumerate() {
        let Some(missed) = missed(fold) else { continue };
        match never.iter_mut().find(|(known, _)| *known == missed) {
            Some((_, points)) => points.push(point),
            None => never.push((missed, vec![point])),
        }
    }
    let line = |(missed, points): &(String, Vec<usize>)| {
        let points = spans(points);
        format!("  ! {points}: {missed}")
    };
    let mut lines: Vec<String> = never.iter().map(line).collect();
    if let [fold] = folds {
        lines.extend(reached(fold));
    }
    lines
}

/// The marks that no run of any point reached, where each is a mark of some.
fn of_all(folds: &[Fold]) -> Option<String> {
    let mut reached: BTreeMap<&str, u64> = BTreeMap::new();
    for (mark, it) in folds.iter().flat_map(|fold| &fold.marks) {
        *reached.entry(mark).or_default() += it.runs;
    }
    let never = reached.into_iter().filter(|(_, runs)| *runs == 0);
    let never: Vec<&str> = never.map(|(mark, _)| mark).collect();
    let (points, runs) = (folds.len(), folds.iter().map(|fold| fold.runs).sum::<u64>());
    let marks = never.join(", ");
    (!never.is_empty())
        .then(|| format!("  ! never reached in {runs} runs of {points} points: {marks}"))
}

/// The marks that no run of a point reached, if there are any.
fn missed(fold: &Fold) -> Option<String> {
    let never = fold.marks.iter().filter(|(_, it)| it.runs == 0);
    let never: Vec<&str> = never.map(|(name, _)| *name).collect();
    let runs = fold.runs;
    (!never.is_empty()).then(|| format!("never reached in {runs} runs: {}", never.join(", ")))
}

fn reached(fold: &Fold) -> Option<String> {
    let reached = fold.marks.iter().filter(|(_, it)| it.runs > 0);
    let reached: Vec<String> = reached
        .map(|(name, Reached { runs, times })| match times == runs {
            true => format!("{name} {runs}"),
            false => format!("{name} {runs} ({times} times)"),
        })
        .collect();
    let line = format!("    p0: reached, of {} runs, in: {}", fold.runs, reached.join(", "));
    (!reached.is_empty()).then_some(line)
}

/// Points by number, neighbours together: `p0, p2–p4`.
fn spans(points: &[usize]) -> String {
    let span = |run: &[usize]| match run {
        [first, .., last] => format!("p{first}–p{last}"),
        [alone] => format!("p{alone}"),
        [] => String::new(),
    };
    let runs = points.chunk_by(|one, next| one + 1 == *next);
    runs.map(span).collect::<Vec<_>>().join(", ")
}

/// How many runs of a point reached each mark, and how often.
pub fn json(fold: &Fold) -> Json {
    let counts = fold.marks.iter().map(|(name, Reached { runs, times })| {
        ((*name).to_owned(), json!({ "runs": runs, "times": times }))
    });
    Json::Object(counts.collect())
}

#[cfg(test)]
mod tests {
    use sim_core::setup::Setup;
    use sim_core::time::Duration;

    use super::*;

    fn fold(marks: &[(&'static str, u64, u64)]) -> Fold {
        let mut fold = Fold::new(&Setup::new(3, Duration::from_secs(1)), &[], []);
        fold.runs = 9;
        let marks = marks.iter();
        fold.marks.extend(
            marks.map(|(name, runs, times)| (*name, Reached { runs: *runs, times: *times })),
        );
        fold
    }

    #[test]
    fn what_was_never_reached_is_told_apart_from_what_was() {
        let one = fold(&[("split_vote", 0, 0), ("stale", 9, 9), ("tie", 3, 5)]);
        let expected = [
            "  ! p0: never reached in 9 runs: split_vote",
            "    p0: reached, of 9 runs, in: stale 9, tie 3 (5 times)",
        ];
        assert_eq!(lines(std::slice::from_ref(&one)), expected);
        let expected = json!({
            "split_vote": { "runs": 0, "times": 0 }, "stale": { "runs": 9, "times": 9 },
            "tie": { "runs": 3, "times": 5 },
        });
        assert_eq!(json(&one), expected);
    }

    #[test]
    fn points_of_which_the_same_is_missing_are_told_of_together() {
        let [all, tie, none] =
            [fold(&[("tie", 1, 1)]), fold(&[("tie", 0, 0), ("late", 2, 2)]), fold(&[])];
        let folds = [&tie, &all, &tie, &tie, &none, &tie, &tie].map(Fold::clone);
        assert_eq!(lines(&folds), ["  ! p0, p2–p3, p5–p6: never reached in 9 runs: tie"]);
    }

    #[test]
    fn of_many_points_what_none_of_them_reached_is_told() {
        let mut folds = vec![fold(&[("late", 0, 0), ("tie", 0, 0)]); SHOWN];
        folds.push(fold(&[("late", 0, 0), ("tie", 1, 1)]));
        assert_eq!(lines(&folds), ["  ! never reached in 117 runs of 13 points: late"]);
        folds.push(fold(&[("late", 1, 1)]));
        assert_eq!(lines(&folds), [""; 0]);
    }
}
