//! Whether what a scenario expects came true, and the exit code that follows.
//!
//! A rate or a percentile is judged on its confidence interval, not on its estimate: where the
//! interval straddles the limit the answer is "not known", with the number of runs that would tell.

use reports::stats::{
    CensoredSample, Interval, Observation, Proportion, bootstrap_mean, sample_enclosing,
};
use sim_core::checker::Class;
use sim_core::fault::FaultKind;
use sim_core::outcome::Verdict;
use sim_core::time::Time;

use crate::expect::{Claim, Expectation, Share, Stat};
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
        panicked += fold.verdicts[Verdict::Panicked as usize];
        unstable += fold.verdicts[Verdict::Nondeterministic as usize];
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
        let code = worst(cells.iter().map(|cell| cell.answer.code()));
        match code {
            0 => Answer::Holds,
            20 => Answer::Open,
            code => Answer::Broken(code),
        }
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
    let hits = fold.marks.get(mark).copied().unwrap_or(0);
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

/// The end of what was found of a rate whose interval straddles a limit.
fn rate_would_tell(rate: Proportion, answer: Answer, limits: [Option<f64>; 2]) -> String {
    let (Answer::Open, Some(share), Some(interval)) = (answer, rate.share(), rate.wilson()) else {
        return String::new();
    };
    would_tell(share, interval, limits, rate.total)
}

/// The end of what was found where an interval of so many runs straddles a limit: about how many
/// would tell, as its width falls with the root of their number. Nothing if it straddles none.
fn would_tell(value: f64, interval: Interval, limits: [Option<f64>; 2], runs: u64) -> String {
    let (Some(lo), Some(hi)) = (interval.lo, interval.hi) else {
        return ": more seeds would tell".to_owned();
    };
    let straddled = limits.into_iter().flatten().filter(|limit| (lo..=hi).contains(limit));
    let factor = straddled.map(|limit| {
        // How far the interval reaches on the side of the limit, in units of how far that is.
        let reach = if limit >= value { hi - value } else { value - lo };
        let factor = reach / (limit - value).abs();
        factor * factor
    });
    let needed = factor.fold(0.0, f64::max) * runs as f64;
    match needed {
        0.0 => String::new(),
        ..LARGEST_HINT => {
            // Two digits: it is a guess.
            let unit = 10_u64.pow((needed as u64).checked_ilog10().unwrap_or(0).saturating_sub(1));
            let seeds = (needed as u64 / unit + 1) * unit;
            format!(": about --seeds 0..{seeds} would tell")
        }
        _ => ": too near the limit to tell".to_owned(),
    }
}

/// More seeds than this are not suggested to anybody.
const LARGEST_HINT: f64 = 1e6;

/// Where an interval lies with respect to limits; `Broken` carries the code of thresholds.
fn within(interval: Interval, min: Option<f64>, max: Option<f64>) -> Answer {
    let above = |limit: f64| match interval {
        Interval { lo: Some(lo), .. } if lo >= limit => Answer::Holds,
        Interval { hi: Some(hi), .. } if hi < limit => Answer::Broken(12),
        _ => Answer::Open,
    };
    let below = |limit: f64| match interval {
        Interval { hi: Some(hi), .. } if hi <= limit => Answer::Holds,
        Interval { lo: Some(lo), .. } if lo > limit => Answer::Broken(12),
        _ => Answer::Open,
    };
    let answers = [min.map(above), max.map(below)];
    answer_of(worst(answers.into_iter().flatten().map(Answer::code)))
}

/// What `runs` runs, of which these measured something, say of a statistic and its limits.
fn metric(
    observations: &[Observation],
    runs: u64,
    stat: Stat,
    [min, max]: [Option<f64>; 2],
) -> (Answer, String) {
    if observations.is_empty() {
        return (Answer::Open, "no run measured it".to_owned());
    }
    let sample = CensoredSample::new(observations.iter().copied());
    let estimated = |value: f64, interval| match within(interval, min, max) {
        Answer::Open => {
            let told = would_tell(value, interval, [min, max], runs);
            (Answer::Open, number(Some(value)) + &told)
        }
        answer => (answer, number(Some(value))),
    };
    let quantile = |q: f64| match sample.quantile(q) {
        Err(too_few) => {
            let seeds = format!("{too_few}: try --seeds 0..{}", too_few.need);
            (Answer::Open, seeds)
        }
        Ok(Some(value)) => match (sample.quantile_interval(q), sample_enclosing(q)) {
            (interval, need) if sample.len() < need => {
                let answer = within(interval, min, max);
                let open = format!(": its interval has both ends from --seeds 0..{need} on");
                let told = if answer == Answer::Open { &*open } else { "" };
                (answer, number(Some(value)) + told)
            }
            (interval, _) => estimated(value, interval),
        },
        Ok(None) => (within(sample.quantile_interval(q), min, max), number(None)),
    };
    let values: Vec<f64> = observations.iter().map(|observation| observation.value).collect();
    let (ended, watched) = (sample.ended(), sample.watched());
    match stat {
        Stat::P50 => quantile(0.5),
        Stat::P90 => quantile(0.9),
        Stat::P99 => quantile(0.99),
        Stat::Mean if !watched.is_empty() => {
            (Answer::Open, format!("{} of {} censored", watched.len(), values.len()))
        }
        Stat::Mean => bootstrap_mean(&values)
            .map_or((Answer::Open, String::new()), |mean| estimated(mean.value, mean.interval)),
        // The extremes of the runs that were made: no interval, but a censored run only bounds.
        Stat::Max => {
            let lo =
                ended.last().copied().into_iter().chain(watched.last().copied()).reduce(f64::max);
            let hi = ended.last().copied().filter(|_| watched.is_empty());
            (within(Interval { lo, hi }, min, max), number(lo))
        }
        Stat::Min => {
            let hi = ended.first().copied();
            let lo =
                ended.first().copied().into_iter().chain(watched.first().copied()).reduce(f64::min);
            (within(Interval { lo, hi }, min, max), number(lo))
        }
    }
}

/// An instant for people, in seconds.
pub fn seconds(at: Time) -> String {
    let text = at.to_string();
    format!("{} s", text.trim_end_matches('0').trim_end_matches('.'))
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
    use crate::fold::Broken;

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
            fold.marks.insert("tie", runs);
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
        // What is asked of every run is about the runs that were made.
        assert_eq!(code(share(1.0), &[&all_of(100)]), 0);
    }

    #[test]
    fn a_percentile_is_judged_on_its_interval_and_small_samples_say_nothing() {
        let sample = |count: u32| -> Vec<Observation> {
            let value = |index| Observation { value: f64::from(index), censored: false };
            (1..=count).map(value).collect()
        };
        let below = |count, stat, limit| {
            metric(&sample(count), u64::from(count), stat, [None, Some(limit)]).0
        };
        assert_eq!(below(1_000, Stat::P50, 600.0), Answer::Holds);
        assert_eq!(below(1_000, Stat::P50, 505.0), Answer::Open);
        assert_eq!(below(1_000, Stat::P50, 400.0), Answer::Broken(12));
        assert_eq!(below(100, Stat::P99, 1e9), Answer::Open);
        assert_eq!(below(10, Stat::Max, 10.0), Answer::Holds);
        assert_eq!(below(10, Stat::Max, 9.0), Answer::Broken(12));
        assert_eq!(metric(&[], 9, Stat::Max, [None, Some(1.0)]).0, Answer::Open);
    }

    #[test]
    fn a_censored_run_bounds_and_never_counts_as_its_bound() {
        let mut sample = vec![Observation { value: 1.0, censored: false }; 9];
        sample.push(Observation { value: 5.0, censored: true });
        let below = |limit| metric(&sample, 10, Stat::Max, [None, Some(limit)]).0;
        assert_eq!(below(4.0), Answer::Broken(12), "it took longer than 5");
        assert_eq!(below(6.0), Answer::Open, "nobody knows how much longer");
        assert_eq!(metric(&sample, 10, Stat::Mean, [None, Some(9.0)]).0, Answer::Open);
    }

    #[test]
    fn who_is_not_told_is_told_how_many_seeds_would_tell() {
        let values = (0..100).map(|at| Observation { value: f64::from(at), censored: false });
        let values: Vec<Observation> = values.collect();
        let mean = |limit| metric(&values, 100, Stat::Mean, [None, Some(limit)]);
        // The mean is 49.5 and its interval reaches some 5.6 to either side.
        assert_eq!(mean(60.0), (Answer::Holds, "49.5".to_owned()));
        let (answer, found) = mean(52.3);
        assert_eq!(answer, Answer::Open);
        let seeds = found.strip_prefix("49.5: about --seeds 0..").expect("a hint");
        let seeds: u64 = seeds.split(' ').next().expect("a number").parse().expect("a number");
        assert!(
            (350..=450).contains(&seeds),
            "twice the distance takes four times as many: {found}"
        );
        assert_eq!(mean(49.5).1, "49.5: too near the limit to tell");
        let half = fold(&[(Verdict::Pass, 50), (Verdict::Stalled, 50)]);
        let (answer, found) = share_of(Verdict::Pass, Share::Between(Some(0.45), None), &half);
        assert_eq!(answer, Answer::Open);
        assert!(found.ends_with(": about --seeds 0..370 would tell"), "{found}");
        let (answer, found) = metric(&values[..30], 30, Stat::P90, [None, Some(28.0)]);
        assert_eq!(answer, Answer::Open);
        assert_eq!(found, "26: its interval has both ends from --seeds 0..36 on");
        let (_, found) = metric(&values, 100, Stat::P50, [Some(48.0), None]);
        assert!(found.contains(": about --seeds 0.."), "{found}");
    }
}
