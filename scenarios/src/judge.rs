//! Whether what a scenario expects came true, and the exit code that follows.
//!
//! A rate or a percentile is judged on its confidence interval, not on its estimate: where the
//! interval straddles the limit the answer is "not known", with the number of runs that would tell.

mod limits;

use reports::stats::Proportion;
use sim_core::checker::Class;
use sim_core::fault::FaultKind;
use sim_core::outcome::Verdict;

use self::limits::{metric, rate_would_tell, within};
use crate::expect::{Claim, Expectation, Share};
use crate::fold::Fold;

/// The answer for one expectation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// It came true.
    Holds,
    /// It did not; the exit code says of what sort it was.
    Broken(u8),
    /// The runs do not tell.
    Open,
}

impl Answer {
    /// The mark that tables use.
    pub const fn mark(self) -> &'static str {
        match self {
            Self::Holds => "✓",
            Self::Broken(_) => "✗",
            Self::Open => "?",
        }
    }

    /// The word that machines read.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Broken(_) => "broken",
            Self::Open => "inconclusive",
        }
    }

    const fn code(self) -> u8 {
        match self {
            Self::Holds => 0,
            Self::Broken(code) => code,
            Self::Open => 20,
        }
    }
}

/// One expectation, judged.
#[derive(Clone, PartialEq, Debug)]
pub struct Judgement {
    /// What was expected.
    pub expectation: Expectation,
    /// The answer at each point of the scenario that it speaks of.
    pub cells: Vec<Cell>,
    /// The answer for the scenario.
    pub answer: Answer,
}

/// The answer at one point.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cell {
    /// The point, by its place in the scenario.
    pub point: usize,
    /// The answer.
    pub answer: Answer,
    /// Why.
    pub found: String,
}

/// Exit codes, the worst first.
const WORST_FIRST: [u8; 8] = [30, 70, 10, 11, 12, 20, 5, 0];

/// The worst of some exit codes.
pub fn worst(codes: impl IntoIterator<Item = u8>) -> u8 {
    let rank = |code: u8| WORST_FIRST.iter().position(|worse| *worse == code).unwrap_or(0);
    codes.into_iter().min_by_key(|code| rank(*code)).unwrap_or(0)
}

/// The exit code of judgements; panics and nondeterminism count whatever was expected, unless
/// that is what was expected.
pub fn exit_code<'a>(
    judgements: impl IntoIterator<Item = &'a Judgement>,
    folds: impl IntoIterator<Item = &'a Fold>,
) -> u8 {
    let judgements: Vec<&Judgement> = judgements.into_iter().collect();
    let expected = |wanted: Verdict| {
        judgements.iter().any(|judgement| {
            matches!(&judgement.expectation.claim, Claim::Verdict { verdict, .. } if *verdict == wanted)
        })
    };
    let (mut panicked, mut unstable) = (0, 0);
    for fold in folds {
        panicked += fold.count(Verdict::Panicked);
        unstable += fold.count(Verdict::Nondeterministic);
    }
    let mut codes: Vec<u8> = judgements.iter().map(|judgement| judgement.answer.code()).collect();
    if panicked > 0 && !expected(Verdict::Panicked) {
        codes.push(70);
    }
    if unstable > 0 && !expected(Verdict::Nondeterministic) {
        codes.push(30);
    }
    worst(codes)
}

/// Judges an expectation on the points of its scenario, one fold each.
pub fn judge(expectation: &Expectation, folds: &[&Fold]) -> Judgement {
    let cell = |&point: &usize| {
        let (answer, found) = at_point(&expectation.claim, folds[point]);
        Cell { point, answer, found }
    };
    let cells: Vec<Cell> = expectation.points.iter().map(cell).collect();
    let answer = if expectation.claim.is_control() {
        // A negative control needs one run that breaks it, wherever that is.
        let held = cells.iter().any(|cell| cell.answer == Answer::Holds);
        if held { Answer::Holds } else { cells.first().map_or(Answer::Open, |cell| cell.answer) }
    } else {
        answer_of(worst(cells.iter().map(|cell| cell.answer.code())))
    };
    Judgement { expectation: expectation.clone(), cells, answer }
}

fn at_point(claim: &Claim, fold: &Fold) -> (Answer, String) {
    if fold.runs == 0 {
        return (Answer::Open, "no runs".to_owned());
    }
    match claim {
        Claim::Property { name, holds } => property(name, *holds, fold),
        Claim::Verdict { verdict, share } => share_of(*verdict, *share, fold),
        Claim::Metric { metric: of, stat, min, max } => {
            let sample = fold.samples.get(of.name).map_or(&[][..], Vec::as_slice);
            metric(sample, fold.runs, *stat, [*min, *max])
        }
        Claim::Bites { kind } => bites(*kind, fold),
        Claim::Reaches { mark, min } => reaches(mark, *min, fold),
        Claim::Sound { waived } => sound(waived, fold),
    }
}

fn bites(kind: FaultKind, fold: &Fold) -> (Answer, String) {
    match fold.kinds.get(&kind) {
        None => (Answer::Broken(12), "not in the schedule".to_owned()),
        Some(0) => (Answer::Broken(12), format!("in none of {} runs", fold.runs)),
        Some(runs) => (Answer::Holds, format!("in {runs} of {} runs", fold.runs)),
    }
}

fn reaches(mark: &str, min: Option<f64>, fold: &Fold) -> (Answer, String) {
    let hits = fold.marks.get(mark).map_or(0, |reached| reached.runs);
    let rate = Proportion { hits, total: fold.runs };
    let answer = match min {
        None if hits > 0 => Answer::Holds,
        None => Answer::Broken(12),
        Some(min) => rate.wilson().map_or(Answer::Open, |i| within(i, Some(min), None)),
    };
    (answer, format!("in {}{}", rate.text(), rate_would_tell(rate, answer, [min, None])))
}

fn property(name: &str, holds: bool, fold: &Fold) -> (Answer, String) {
    let broken = fold.broken.get(name);
    let hits = broken.map_or(0, |broken| broken.runs);
    let rate = format!("broken in {}", Proportion { hits, total: fold.runs }.text());
    match (holds, hits) {
        (true, 0) if fold.count(Verdict::Inconclusive) == fold.runs => {
            (Answer::Open, "every run is inconclusive".to_owned())
        }
        (true, 0) | (false, 1..) => (Answer::Holds, rate),
        (true, _) => (Answer::Broken(broken.map_or(10, |broken| class_code(broken.class))), rate),
        (false, 0) => (Answer::Broken(10), rate),
    }
}

const fn class_code(class: Class) -> u8 {
    match class {
        Class::Safety => 10,
        Class::Liveness => 11,
    }
}

/// The exit code of a run that ends so where it should not.
pub const fn verdict_code(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Pass | Verdict::Unsafe => 10,
        Verdict::Stalled => 11,
        Verdict::Inconclusive => 20,
        Verdict::Panicked => 70,
        Verdict::Nondeterministic => 30,
    }
}

/// The worst of what runs ended in, beside `pass` and what is waived.
fn trouble(fold: &Fold, waived: &[Verdict]) -> u8 {
    let seen = Verdict::ALL.into_iter().filter(|verdict| {
        *verdict != Verdict::Pass && !waived.contains(verdict) && fold.count(*verdict) > 0
    });
    worst(seen.map(verdict_code))
}

fn answer_of(code: u8) -> Answer {
    match code {
        0 => Answer::Holds,
        20 => Answer::Open,
        code => Answer::Broken(code),
    }
}

fn sound(waived: &[Verdict], fold: &Fold) -> (Answer, String) {
    let rate = Proportion { hits: fold.count(Verdict::Pass), total: fold.runs };
    (answer_of(trouble(fold, waived)), rate.text())
}

fn share_of(verdict: Verdict, share: Share, fold: &Fold) -> (Answer, String) {
    let rate = Proportion { hits: fold.count(verdict), total: fold.runs };
    let code = match verdict {
        Verdict::Pass => trouble(fold, &[]),
        verdict => verdict_code(verdict),
    };
    let broken = if code == 20 { Answer::Open } else { Answer::Broken(code.max(10)) };
    let answer = match share {
        Share::All if rate.hits == rate.total => Answer::Holds,
        Share::NotAll if rate.hits < rate.total => Answer::Holds,
        Share::NotAll => Answer::Broken(10),
        Share::All => broken,
        // "0 %" and "100 %" are about the runs that were made; no interval ever reaches them.
        Share::Between(None, Some(max)) if max <= 0.0 => {
            if rate.hits == 0 {
                Answer::Holds
            } else {
                broken
            }
        }
        Share::Between(Some(min), None) if min >= 1.0 => {
            if rate.hits == rate.total {
                Answer::Holds
            } else {
                broken
            }
        }
        Share::Between(min, max) => match rate.wilson().map(|i| within(i, min, max)) {
            Some(Answer::Broken(_)) => broken,
            Some(answer) => answer,
            None => Answer::Open,
        },
    };
    let limits = match share {
        Share::Between(min, max) => [min, max],
        Share::All | Share::NotAll => [None; 2],
    };
    (answer, format!("{}{}", rate.text(), rate_would_tell(rate, answer, limits)))
}

/// A number for people: three digits after the point at most.
pub fn number(value: Option<f64>) -> String {
    value.map_or_else(
        || "beyond what was watched".to_owned(),
        |value| {
            let text = format!("{value:.3}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        },
    )
}

#[cfg(test)]
mod tests {
    use sim_core::settings::Origin;
    use sim_core::setup::Setup;
    use sim_core::time::Duration;

    use super::*;
    use crate::fold::{Broken, Reached};

    fn fold(verdicts: &[(Verdict, u64)]) -> Fold {
        let mut fold = Fold::new(&Setup::new(3, Duration::from_secs(1)), &[], []);
        for (verdict, count) in verdicts {
            fold.verdicts[*verdict as usize] += count;
            fold.runs += count;
        }
        fold
    }

    fn code(claim: Claim, folds: &[&Fold]) -> u8 {
        let points = (0..folds.len()).collect();
        let condition = Vec::new();
        let expectation = Expectation { claim, condition, points, origin: Origin(0) };
        let judgement = judge(&expectation, folds);
        exit_code([&judgement], folds.iter().copied())
    }

    const SOUND: Claim = Claim::Sound { waived: Vec::new() };

    #[test]
    fn the_worst_run_decides_the_exit_code() {
        use Verdict::{Inconclusive, Nondeterministic, Panicked, Pass, Stalled, Unsafe};
        let good = fold(&[(Pass, 9)]);
        for (verdict, expected) in [
            (Pass, 0),
            (Inconclusive, 20),
            (Stalled, 11),
            (Unsafe, 10),
            (Panicked, 70),
            (Nondeterministic, 30),
        ] {
            assert_eq!(code(SOUND, &[&good, &fold(&[(Pass, 8), (verdict, 1)])]), expected);
        }
        assert_eq!(code(SOUND, &[&fold(&[(Unsafe, 1), (Stalled, 1), (Panicked, 1)])]), 70);
        let waived = vec![Inconclusive, Stalled];
        assert_eq!(code(Claim::Sound { waived }, &[&fold(&[(Stalled, 3), (Inconclusive, 2)])]), 0);
    }

    #[test]
    fn a_negative_control_needs_one_run_that_breaks_it_at_any_point() {
        let (good, bad) = (fold(&[(Verdict::Pass, 5)]), fold(&[(Verdict::Unsafe, 1)]));
        let control = Claim::Verdict { verdict: Verdict::Pass, share: Share::NotAll };
        assert_eq!(code(control.clone(), &[&good, &bad]), 0);
        assert_eq!(code(control, &[&good, &good]), 10);
        let mut broken = good.clone();
        broken.broken.insert("agreement", Broken { runs: 1, class: Class::Safety, exceeded: 1 });
        let breaks = |holds| Claim::Property { name: "agreement".into(), holds };
        assert_eq!(code(breaks(false), &[&good, &broken]), 0);
        assert_eq!(code(breaks(false), &[&good]), 10);
        assert_eq!(code(breaks(true), &[&good, &broken]), 10);
        broken.broken.insert("agreement", Broken { runs: 1, class: Class::Liveness, exceeded: 0 });
        assert_eq!(code(breaks(true), &[&broken]), 11);
    }

    #[test]
    fn a_mark_is_to_be_reached_at_every_point_in_some_run_or_in_a_share_of_them() {
        let reached = |runs: u64| {
            let mut fold = fold(&[(Verdict::Pass, 1_000)]);
            fold.marks.insert("tie", Reached { runs, times: runs });
            fold
        };
        let reaches = |min| Claim::Reaches { mark: "tie".into(), min };
        assert_eq!(code(reaches(None), &[&reached(1), &reached(1_000)]), 0);
        assert_eq!(code(reaches(None), &[&reached(1), &reached(0)]), 12);
        assert_eq!(code(reaches(None), &[&fold(&[(Verdict::Pass, 9)])]), 12, "never heard of it");
        assert_eq!(code(reaches(Some(0.01)), &[&reached(50)]), 0);
        // 10 of 1,000 may be 0.5 % or 1.8 %.
        assert_eq!(code(reaches(Some(0.01)), &[&reached(10)]), 20);
        assert_eq!(code(reaches(Some(0.01)), &[&reached(1)]), 12);
    }

    #[test]
    fn a_share_is_judged_on_its_interval_and_not_on_its_estimate() {
        let all_of = |runs| fold(&[(Verdict::Pass, runs)]);
        let share =
            |min| Claim::Verdict { verdict: Verdict::Pass, share: Share::Between(Some(min), None) };
        // 100 of 100 prove 96.3 %, not 99 %.
        assert_eq!(code(share(0.96), &[&all_of(100)]), 0);
        assert_eq!(code(share(0.99), &[&all_of(100)]), 20);
        assert_eq!(code(share(0.99), &[&all_of(1_000)]), 0);
        let half = fold(&[(Verdict::Pass, 50), (Verdict::Stalled, 50)]);
        assert_eq!(code(share(0.99), &[&half]), 11);
        let (answer, found) = share_of(Verdict::Pass, Share::Between(Some(0.45), None), &half);
        assert_eq!(answer, Answer::Open);
        assert!(found.ends_with(": about --seeds 0..370 would tell"), "{found}");
        // What is asked of every run is about the runs that were made.
        assert_eq!(code(share(1.0), &[&all_of(100)]), 0);
    }
}
