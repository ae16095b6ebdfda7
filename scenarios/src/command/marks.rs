//! What a sweep says of the states that some run should reach.

use serde_json::{Value as Json, json};

use crate::fold::{Fold, Reached};

/// Points of which the summary tells; the others are in the manifest.
const SHOWN: usize = 12;

/// For each point the marks that no run reached, and how many runs reached the others, and how often.
pub fn lines(folds: &[Fold]) -> Vec<String> {
    let told: Vec<_> = folds.iter().enumerate().filter(|(_, it)| !it.marks.is_empty()).collect();
    let mut lines: Vec<String> =
        told.iter().take(SHOWN).flat_map(|(point, fold)| of_point(*point, fold)).collect();
    if told.len() > SHOWN {
        let more = told.len() - SHOWN;
        lines.push(format!("    … and the marks of {more} more points in manifest.json"));
    }
    lines
}

fn of_point(point: usize, fold: &Fold) -> Vec<String> {
    let runs = fold.runs;
    let (never, reached): (Vec<_>, Vec<_>) = fold.marks.iter().partition(|(_, it)| it.runs == 0);
    let never: Vec<&str> = never.into_iter().map(|(name, _)| *name).collect();
    let reached: Vec<String> = reached
        .into_iter()
        .map(|(name, Reached { runs, times })| match times == runs {
            true => format!("{name} {runs}"),
            false => format!("{name} {runs} ({times} times)"),
        })
        .collect();
    let mut lines = Vec::new();
    if !never.is_empty() {
        lines.push(format!("  ! p{point}: never reached in {runs} runs: {}", never.join(", ")));
    }
    if !reached.is_empty() {
        lines.push(format!("    p{point}: reached, of {runs} runs, in: {}", reached.join(", ")));
    }
    lines
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
        let folds =
            [fold(&[]), fold(&[("split_vote", 0, 0), ("tie", 3, 5)]), fold(&[("tie", 9, 9)])];
        let expected = [
            "  ! p1: never reached in 9 runs: split_vote",
            "    p1: reached, of 9 runs, in: tie 3 (5 times)",
            "    p2: reached, of 9 runs, in: tie 9",
        ];
        assert_eq!(lines(&folds), expected);
        let expected =
            json!({ "split_vote": { "runs": 0, "times": 0 }, "tie": { "runs": 3, "times": 5 } });
        assert_eq!(json(&folds[1]), expected);
        let many = vec![fold(&[("tie", 1, 1)]); SHOWN + 2];
        assert!(lines(&many)[SHOWN].contains("2 more points"));
    }
}
