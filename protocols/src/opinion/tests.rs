//! Averages against all lies, quartiles by hand, and influence against many steps of the model.

use proptest::prelude::*;
use sim_core::rng::Ratio;

use super::*;

const AVERAGES: [Average; 3] = [Average::Midpoint, Average::Mean, Average::Selection];

#[test]
fn what_liars_can_say_at_either_end_is_dropped() {
    let of =
        |average: Average, heard: &[i64], f| average.of(heard.to_vec(), f, Timing::Synchronous);
    let heard = [-1_000_000, 10, 20, 40, 1_000_000];
    assert_eq!(of(Average::Midpoint, &heard, 1), Some(25));
    assert_eq!(of(Average::Mean, &heard, 1), Some(23), "70 thirds, rounded down");
    assert_eq!(of(Average::Mean, &heard, 2), Some(20));
    assert_eq!(of(Average::Mean, &heard, 3), None);
    assert_eq!(of(Average::Mean, &heard[..2], 1), None);
    assert_eq!(of(Average::Mean, &[], 0), None);
    let ladder: Vec<i64> = (0..=10).collect();
    assert_eq!(of(Average::Selection, &ladder, 2), Some(5), "2, 4, 6, 8");
    let late = Average::Selection.of(ladder, 2, Timing::Asynchronous);
    assert_eq!(late, Some(4), "2 and 6");
    assert_eq!(of(Average::Selection, &[0, 0, 1, 2, 3, 9, 9, 9, 9], 2), Some(4), "1, 3, 9");
    assert_eq!(of(Average::Midpoint, &[-3, 0], 0), Some(-2), "down, not towards 0");
    assert_eq!(of(Average::Midpoint, &[i64::MAX, i64::MAX], 0), Some(i64::MAX));
}

#[test]
fn factors_are_those_of_the_paper_and_none_with_too_many_liars() {
    let factor =
        |average: Average, n, f, timing| average.contraction(n, f, timing).map(Ratio::lowest_terms);
    let in_time = |average, n, f| factor(average, n, f, Timing::Synchronous);
    assert_eq!(AVERAGES.map(|average| in_time(average, 6, 2)), [None; 3]);
    assert_eq!(AVERAGES.map(|average| in_time(average, 4, 1)), [Some((1, 2)); 3]);
    assert_eq!(in_time(Average::Mean, 7, 2), Some((2, 3)));
    assert_eq!(in_time(Average::Midpoint, 7, 2), Some((1, 2)));
    assert_eq!(in_time(Average::Selection, 7, 2), Some((1, 2)));
    assert_eq!(in_time(Average::Selection, 13, 2), Some((1, 5)));
    assert_eq!(in_time(Average::Mean, 5, 0), Some((0, 1)), "all hear the same");
    let late = |average, n, f| factor(average, n, f, Timing::Asynchronous);
    assert_eq!(AVERAGES.map(|average| late(average, 5, 1)), [None; 3]);
    assert_eq!(late(Average::Mean, 6, 1), Some((2, 3)));
    assert_eq!(late(Average::Selection, 6, 1), Some((1, 2)), "⌊2/2⌋ + 1 are selected");
    assert_eq!(late(Average::Selection, 12, 1), Some((1, 5)));
}

#[test]
fn rounds_are_as_many_as_halvings_and_a_unit_is_the_limit() {
    let half = Ratio::new(1, 2);
    assert_eq!(rounds(half, 1_000, 1_000), Some(0));
    // 1000, 501, 251, 126, 64, 33, 17, 9.
    assert_eq!(rounds(half, 1_000, 10), Some(7));
    assert_eq!(rounds(half, 1_000, 1), None, "from 2, half and a unit is 2 again");
    assert_eq!(rounds(Ratio::NEVER, 1_000, 1), Some(1));
    assert_eq!(rounds(Ratio::ALWAYS, 1_000, 1), None);
}

fn seeded(cases: u32) -> ProptestConfig {
    let rng_seed = proptest::test_runner::RngSeed::Fixed(1986);
    ProptestConfig { cases, failure_persistence: None, rng_seed, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(seeded(2_000))]

    #[test]
    fn a_round_shrinks_the_range_and_never_leaves_it(
        (f, timing, correct, lies, missed) in (1_usize..4, prop::bool::ANY, 0_usize..4)
            .prop_flat_map(|(f, is_late, more)| {
                let (timing, n) = if is_late {
                    (Timing::Asynchronous, 5 * f + 1 + more)
                } else {
                    (Timing::Synchronous, 3 * f + 1 + more)
                };
                let values = prop::collection::vec(-500_i64..500, n - f);
                let lies = || prop::collection::vec(-1_000_i64..1_000, f);
                let missed = || prop::sample::subsequence((0..n).collect::<Vec<_>>(), f);
                (Just(f), Just(timing), values, [lies(), lies()], [missed(), missed()])
            }),
    ) {
        let n = correct.len() + f;
        let (low, high) = (correct.iter().min().expect("some"), correct.iter().max().expect("some"));
        for average in AVERAGES {
            let hear = |node: usize| {
                let all = correct.iter().chain(&lies[node]).copied().enumerate();
                let is_heard = |place: &usize| {
                    timing == Timing::Synchronous || !missed[node].contains(place)
                };
                let heard: Vec<i64> =
                    all.filter(|(place, _)| is_heard(place)).map(|(_, value)| value).collect();
                assert_eq!(heard.len(), timing.heard(n, f));
                average.of(heard, f, timing).expect("enough was heard")
            };
            let (one, other) = (hear(0), hear(1));
            for value in [one, other] {
                prop_assert!((low..=high).contains(&&value), "{average:?} left the range");
            }
            let factor = average.contraction(n, f, timing).expect("enough nodes");
            let bound = factor.of(low.abs_diff(*high)) + 1;
            prop_assert!(one.abs_diff(other) <= bound, "{average:?}: {one} and {other}");
        }
    }
}

#[test]
fn the_factors_are_reached_by_some_lies() {
    // Four nodes, one liar that tells each of two others the end that suits it.
    for average in AVERAGES {
        let hear = |lie| average.of(vec![0, 500, 1_000, lie], 1, Timing::Synchronous);
        assert_eq!([hear(0), hear(1_000)], [Some(250), Some(750)], "{average:?}");
    }
}

#[test]
fn a_panel_is_told_estimates_that_somebody_gave() {
    let told = |estimates: &[i64]| {
        let told = Feedback::of(estimates.to_vec()).expect("an estimate");
        (told.lower, told.median, told.upper, told.spread())
    };
    assert_eq!(told(&[7]), (7, 7, 7, 0));
    assert_eq!(told(&[4, 1, 3, 2]), (1, 2, 3, 2));
    assert_eq!(told(&[5, 3, 1, 4, 2]), (2, 3, 4, 2));
    assert_eq!(told(&[-10, -20, 0, 10, 20, 30, 1_000, 40]), (-10, 10, 30, 40));
    assert_eq!(told(&[i64::MIN, i64::MAX]).3, u64::MAX);
    assert_eq!(Feedback::of(Vec::new()), None);
}

fn trust(rows: &[&[u32]]) -> Trust {
    Trust { rows: rows.iter().map(|row| row.to_vec()).collect() }
}

#[track_caller]
fn close(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    let off = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(off < 1e-12, "{found:?}, expected {expected:?}");
}

#[test]
fn degroots_examples_reach_his_limits() {
    // His section 4: (1/2, 1/2; 1/4, 3/4) leads to (1/3, 2/3).
    let two = trust(&[&[1, 1], &[1, 3]]);
    close(&two.influence().expect("a consensus"), &[1.0 / 3.0, 2.0 / 3.0]);
    close(&two.step(&[0.0, 1.0]), &[0.5, 0.75]);
    // Agents 1 and 2 trust each other alone, and so do agents 3 and 4: no consensus.
    let parted = trust(&[&[1, 1, 0, 0], &[1, 1, 0, 0], &[0, 0, 1, 1], &[0, 0, 1, 1]]);
    assert_eq!(parted.influence(), None);
    // The third trusts all and is trusted by nobody: it has no influence.
    let follower = trust(&[&[1, 1, 0], &[1, 3, 0], &[1, 1, 1]]);
    close(&follower.influence().expect("a consensus"), &[1.0 / 3.0, 2.0 / 3.0, 0.0]);
}

#[test]
fn whoever_only_listens_to_the_other_swaps_opinions_for_ever() {
    let swap = trust(&[&[0, 1], &[1, 0]]);
    assert_eq!(swap.influence(), None);
    close(&swap.step(&[0.0, 1.0]), &[1.0, 0.0]);
    let ring = |n: usize| {
        let row = |agent: usize| (0..n).map(|other| u32::from(other == (agent + 1) % n)).collect();
        Trust { rows: (0..n).map(row).collect() }
    };
    assert_eq!(ring(AGENTS_MAX).influence(), None);
    // Wielandt's worst case: one shortcut makes the longest ring aperiodic, as late as can be.
    let mut shortcut = ring(AGENTS_MAX);
    shortcut.rows[AGENTS_MAX - 1][1] = 1;
    assert!(shortcut.influence().is_some());
}

#[test]
fn a_stubborn_agent_decides_alone() {
    let stubborn = trust(&[&[1, 0, 0], &[1, 1, 1], &[0, 5, 1]]);
    close(&stubborn.influence().expect("a consensus"), &[1.0, 0.0, 0.0]);
    let two_of_them = trust(&[&[1, 0, 0], &[1, 1, 1], &[0, 0, 1]]);
    assert_eq!(two_of_them.influence(), None);
}

#[test]
fn trust_that_cannot_be_is_objected_to() {
    assert_eq!(trust(&[&[1, 1], &[1, 3]]).objection(), None);
    assert!(trust(&[&[1, 1], &[1]]).objection().is_some_and(|why| why.contains("list all 2")));
    assert!(trust(&[&[0]]).objection().is_some_and(|why| why.contains("trusts nobody")));
    assert!(trust(&[]).objection().is_some());
    assert!(Trust { rows: vec![vec![1; 65]; 65] }.objection().is_some());
}

proptest! {
    #![proptest_config(seeded(300))]

    #[test]
    fn influence_is_where_many_steps_lead(
        rows in (2_usize..7).prop_flat_map(|n| {
            prop::collection::vec(prop::collection::vec(0_u32..3, n), n)
        }),
    ) {
        let mut rows = rows;
        for (agent, row) in rows.iter_mut().enumerate() {
            if row.iter().all(|trust| *trust == 0) {
                let next = (agent + 1) % row.len();
                row[next] = 1;
            }
        }
        let trust = Trust { rows };
        prop_assert_eq!(trust.objection(), None);
        let n = trust.rows.len();
        let settle = |heard: usize| {
            let first = (0..n).map(|agent| f64::from(u8::from(agent == heard))).collect();
            // Of two states in turn, the periodic ones differ.
            let late = (0..3_000).fold(first, |opinions: Vec<f64>, _| trust.step(&opinions));
            [late.clone(), trust.step(&late)]
        };
        match trust.influence() {
            Some(influence) => {
                prop_assert!((influence.iter().sum::<f64>() - 1.0).abs() < 1e-12);
                for (agent, share) in influence.iter().enumerate() {
                    for opinion in settle(agent).concat() {
                        prop_assert!((opinion - share).abs() < 1e-9, "{} {}", opinion, share);
                    }
                }
            }
            None => {
                let agrees = |agent: usize| {
                    let all = settle(agent).concat();
                    all.iter().all(|opinion| (opinion - all[0]).abs() < 1e-9)
                };
                prop_assert!(!(0..n).all(agrees), "a consensus that was not foreseen");
            }
        }
    }
}
