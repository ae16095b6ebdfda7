//! Early finalisation against brute force: every way in which the ballots that are out can end.

use proptest::prelude::*;

use super::axioms::multisets;
use super::*;

const OPTIONS: usize = 3;

/// Every ballot of this form on three options, the blank one too.
fn every_ballot(form: Form) -> Vec<Ballot> {
    match form {
        Form::Ranking => {
            let mut all = vec![Ballot::Ranking(Ranking::BLANK)];
            for first in 0..OPTIONS {
                all.push(Ballot::bullet(first, form));
                for second in (0..OPTIONS).filter(|second| *second != first) {
                    // With the last one left out or listed, which is the same to most rules.
                    let ranking = Ranking::new(&[first, second]).expect("each once");
                    all.push(Ballot::Ranking(ranking));
                    let last = Options::all(OPTIONS).without(ranking.listed()).single();
                    let places = [first, second, last.expect("one is left")];
                    all.push(Ballot::Ranking(Ranking::new(&places).expect("each once")));
                }
            }
            all
        }
        Form::Approval => {
            let sets = 0..1_u32 << OPTIONS;
            let set = |bits| (0..OPTIONS).filter(|option| bits >> option & 1 == 1).collect();
            sets.map(|bits| Ballot::Approval(set(bits))).collect()
        }
        Form::Scores { most } => {
            let count = u32::from(most) + 1;
            let points =
                |number: u32| [number % count, number / count % count, number / count.pow(2)];
            (0..count.pow(3))
                .map(|number| points(number).map(|points| points as u8))
                .map(|points| Ballot::Scores(Scores::new(&points).expect("three")))
                .collect()
        }
    }
}

/// Whether some way in which these voters vote or stay away changes the winners.
fn can_change(rule: &Kind, profile: &Profile, out: &[Voter], ballots: &[Ballot]) -> bool {
    fn differs(
        rule: &Kind,
        winners: Options,
        profile: &Profile,
        out: &[Voter],
        ballots: &[Ballot],
    ) -> bool {
        let Some((voter, rest)) = out.split_first() else {
            return rule.outcome(profile).winners != winners;
        };
        differs(rule, winners, profile, rest, ballots)
            || ballots.iter().any(|ballot| {
                let mut voted = profile.clone();
                voted.cast(*ballot, *voter).expect("a ballot of its form");
                differs(rule, winners, &voted, rest, ballots)
            })
    }
    differs(rule, rule.outcome(profile).winners, profile, out, ballots)
}

/// Compares what the rule says with what can happen, for each of these groups that are out and up to
/// so many voters with them. An exact rule must say so wherever nothing can happen.
fn is_told(rule: &str, voters: usize, groups: &[&[Voter]]) {
    let rule: Kind = rule.parse().expect("a rule");
    let ballots = every_ballot(rule.form());
    let (mut settled, mut open) = (0, 0);
    // With and without somebody who will not vote at all.
    for out in groups {
        let sizes = 0..=voters - out.len();
        for (size, absent) in sizes.flat_map(|size| [(size, 0), (size, 1)]) {
            multisets(&ballots, size, &mut |cast| {
                let weight = out.iter().map(|voter| u64::from(voter.weight)).sum::<u64>();
                let mut profile = Profile::new(OPTIONS, rule.form(), size as u64 + weight + absent);
                for ballot in cast {
                    profile.cast(*ballot, Voter::PLAIN).expect("a ballot of its form");
                }
                let vetoes = out.iter().filter(|voter| voter.has_veto).count() as u32;
                let says = rule.is_settled(&profile, Outstanding { weight, vetoes });
                let can = can_change(&rule, &profile, out, &ballots);
                assert!(!(says && can), "{rule}: {cast:?} is not settled with {out:?} out");
                if rule.settles_exactly() {
                    assert_eq!(says, !can, "{rule}: {cast:?} with {out:?} out");
                }
                *if says { &mut settled } else { &mut open } += 1;
            });
        }
    }
    assert!(settled > 50 && open > 50, "{rule}: {settled} settled, {open} open");
}

const ONE: &[Voter] = &[Voter::PLAIN];
const TWO: &[Voter] = &[Voter::PLAIN, Voter::PLAIN];
const HEAVY: &[Voter] = &[Voter::weighing(2)];
const VETO: &[Voter] = &[Voter { weight: 1, has_veto: true }];

#[test]
fn thresholds_and_counts_know_exactly_when_they_are_settled() {
    for rule in [
        "majority",
        "majority(all)",
        "supermajority(2/3)",
        "supermajority(2/3, all)",
        "unanimity",
        "unanimity(all)",
        "plurality",
    ] {
        assert!(rule.parse::<Kind>().expect("a rule").settles_exactly());
        is_told(rule, 5, &[ONE, TWO, HEAVY]);
    }
}

#[test]
fn points_approvals_and_condorcet_know_exactly_when_they_are_settled() {
    for rule in ["borda", "condorcet"] {
        assert!(rule.parse::<Kind>().expect("a rule").settles_exactly());
        is_told(rule, 5, &[ONE, TWO, HEAVY]);
    }
    is_told("approval", 6, &[ONE, TWO, HEAVY]);
    is_told("score(2)", 4, &[ONE]);
}

#[test]
fn grades_and_their_run_offs_never_call_settled_what_can_change() {
    for rule in ["star(2)", "majority-judgement(2)"] {
        is_told(rule, 4, &[ONE]);
        is_told(rule, 4, &[HEAVY]);
    }
}

#[test]
fn comparisons_and_run_offs_never_call_settled_what_can_change() {
    for rule in [
        "copeland",
        "minimax",
        "kemeny",
        "schulze",
        "ranked-pairs",
        "split-cycle",
        "nanson",
        "baldwin",
        "coombs",
        "instant-runoff",
    ] {
        is_told(rule, 5, &[ONE, TWO, HEAVY]);
    }
}

#[test]
fn conditions_never_call_settled_what_can_change() {
    for rule in [
        "quorum(3/4, majority)",
        "quorum(1/2, plurality)",
        "quorum(100%, unanimity)",
        "veto(majority)",
        "veto(unanimity)",
        "quorum(2/3, veto(plurality))",
    ] {
        is_told(rule, 5, &[ONE, TWO, HEAVY, VETO]);
    }
}

#[test]
fn a_landslide_is_known_early_under_every_rule() {
    for rule in axioms::rules() {
        let settled = |ayes: u32, out: u64| {
            let mut profile = Profile::new(3, rule.form(), u64::from(ayes) + out);
            let ballot = Ballot::Ranking(Ranking::new(&[1, 0, 2]).expect("each once"));
            profile.cast(ballot, Voter::weighing(ayes)).expect("counts");
            rule.is_settled(&profile, Outstanding { weight: out, vetoes: 0 })
        };
        assert!(settled(700, 300), "{rule}");
        assert!(!settled(300, 700), "{rule}");
    }
}

#[test]
fn a_veto_that_is_out_keeps_a_winner_open_and_one_that_is_spent_does_not() {
    let rule: Kind = "veto(majority)".parse().expect("a rule");
    let mut profile = Profile::new(2, rule.form(), 10);
    profile.cast(Ballot::bullet(0, rule.form()), Voter::weighing(9)).expect("counts");
    assert!(rule.is_settled(&profile, Outstanding { weight: 1, vetoes: 0 }));
    assert!(!rule.is_settled(&profile, Outstanding { weight: 1, vetoes: 1 }));
    let against = Voter { weight: 1, has_veto: true };
    profile.cast(Ballot::bullet(1, rule.form()), against).expect("counts");
    assert!(rule.is_settled(&profile, Outstanding { weight: 0, vetoes: 1 }));
    assert!(rule.outcome(&profile).winners.is_empty());
}

/// A ballot of any form on five options, by a drawn number.
fn drawn(number: u32, form: Form) -> Ballot {
    let digit = |place: u32| number / 5_u32.pow(place) % 5;
    match form {
        Form::Ranking => {
            let mut left: Vec<usize> = (0..5).collect();
            let places = 0..digit(5) + 1;
            let listed = places.map(|place| left.remove(digit(place) as usize % left.len()));
            Ballot::Ranking(Ranking::new(&listed.collect::<Vec<_>>()).expect("each once"))
        }
        Form::Approval => {
            let approved = (0..5).filter(|option| digit(*option) < 2).map(|option| option as usize);
            Ballot::Approval(approved.collect())
        }
        Form::Scores { most } => {
            let points: Vec<u8> = (0..5).map(|option| digit(option) as u8 % (most + 1)).collect();
            Ballot::Scores(Scores::new(&points).expect("five"))
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(1785),
        ..ProptestConfig::default()
    })]

    #[test]
    fn what_is_settled_on_the_way_is_how_it_ends(
        ballots in prop::collection::vec((0_u32..15_625, 1_u32..4), 1..40),
        // Most voters agree, or nothing would be settled before the last ballot.
        camp in 0_u32..15_625,
        loyalty in 0_usize..10,
    ) {
        let others = [
            "approval",
            "score(3)",
            "star(3)",
            "majority-judgement(3)",
            "quorum(2/3, schulze)",
            "quorum(1/2, borda)",
        ];
        let others = others.map(|name| name.parse::<Kind>().expect("a rule"));
        for rule in axioms::rules().into_iter().chain(others) {
            let total: u64 = ballots.iter().map(|(_, weight)| u64::from(*weight)).sum();
            let mut profile = Profile::new(5, rule.form(), total);
            let (mut out, mut settled) = (total, None);
            for (place, (number, weight)) in ballots.iter().enumerate() {
                let number = if place % 10 < loyalty { camp } else { *number };
                let ballot = drawn(number, rule.form());
                profile.cast(ballot, Voter::weighing(*weight)).expect("of the form");
                out -= u64::from(*weight);
                let winners = rule.outcome(&profile).winners;
                prop_assert!(settled.is_none_or(|early| early == winners), "{rule}");
                if rule.is_settled(&profile, Outstanding { weight: out, vetoes: 0 }) {
                    settled = Some(winners);
                }
            }
            prop_assert!(settled.is_some(), "{rule}: with nothing out it is settled");
        }
    }
}
