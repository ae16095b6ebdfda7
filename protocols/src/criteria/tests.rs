//! Scores worked out by hand, published judgements, and changes of weights against the closed form.

use proptest::prelude::*;

use super::*;

/// Criteria by weight and direction (`+` or `-`), then the values of each alternative.
fn matrix(criteria: &[(u32, char)], alternatives: &[&[i64]]) -> Matrix {
    let criterion = |(index, (weight, sign)): (usize, &(u32, char))| Criterion {
        name: format!("c{index}"),
        weight: *weight,
        direction: if *sign == '+' { Direction::Benefit } else { Direction::Cost },
    };
    let alternative = |(index, values): (usize, &&[i64])| Alternative {
        name: format!("a{index}"),
        values: values.to_vec(),
    };
    Matrix {
        criteria: criteria.iter().enumerate().map(criterion).collect(),
        alternatives: alternatives.iter().enumerate().map(alternative).collect(),
    }
}

#[test]
fn a_weighted_sum_adds_shares_of_each_criterions_range() {
    // By the first criterion the places are 0, 1/2 and 1, by the second, a cost, 1, 0 and 1/4.
    let matrix = matrix(&[(3, '+'), (1, '-')], &[&[10, 20], &[20, 60], &[30, 50]]);
    assert_eq!(matrix.objection(), None);
    let scores = weighted_sum(&matrix);
    assert_eq!(scores.millionths(), [250_000, 375_000, 812_500]);
    assert_eq!(scores.order(), [2, 1, 0]);
}

#[test]
fn topsis_measures_to_the_ideal_and_to_its_opposite() {
    // Columns (3, 4) and (4, 3) have length 5: shares of (0.3, 0.4) and (0.4, 0.3), each alternative
    // best in one and worst in the other.
    let even = matrix(&[(1, '+'), (1, '+')], &[&[3, 4], &[4, 3]]);
    assert_eq!(topsis(&even).millionths(), [500_000, 500_000]);
    // With weights 2 : 1 the distances are 2 : 1 as well.
    let uneven = matrix(&[(2, '+'), (1, '+')], &[&[3, 4], &[4, 3]]);
    assert_eq!(topsis(&uneven).millionths(), [333_333, 666_667]);
    let cost = matrix(&[(2, '-'), (1, '+')], &[&[3, 4], &[4, 3]]);
    assert_eq!(topsis(&cost).millionths(), [1_000_000, 0]);
    // Three on a line: the middle one is as far from either end.
    let line = matrix(&[(1, '+')], &[&[1], &[2], &[3]]);
    assert_eq!(topsis(&line).millionths(), [0, 500_000, 1_000_000]);
}

#[test]
fn equals_go_in_the_order_of_the_list() {
    let same = matrix(&[(1, '+'), (1, '-')], &[&[7, 7], &[7, 7]]);
    assert_eq!(weighted_sum(&same).millionths(), [0, 0]);
    assert_eq!(topsis(&same).millionths(), [500_000, 500_000]);
    assert_eq!(topsis(&same).order(), [0, 1]);
    let nothing = matrix(&[(1, '+')], &[&[0], &[0]]);
    assert_eq!(topsis(&nothing).winner(), Some(0));
}

fn comparisons(rows: &[&[Times]]) -> Comparisons {
    Comparisons { rows: rows.iter().map(|row| row.to_vec()).collect() }
}

#[test]
fn judgements_that_agree_give_their_own_ratios() {
    // 4 : 2 : 1.
    let agree = comparisons(&[&[Times(2, 1), Times(4, 1)], &[Times(2, 1)]]);
    let found = agree.priorities();
    assert_eq!(found.weights, [571_429, 285_714, 142_857]);
    assert_eq!((found.eigenvalue, found.inconsistency), (3_000_000, 0));
    let one = comparisons(&[]).priorities();
    assert_eq!((one.weights, one.inconsistency), (vec![1_000_000], 0));
    let two = comparisons(&[&[Times(1, 3)]]).priorities();
    assert_eq!((two.weights, two.inconsistency), (vec![250_000, 750_000], 0));
}

#[test]
fn three_judgements_have_the_eigenvalue_of_the_closed_form() {
    // For three criteria λ = 1 + t + 1/t with t³ = a₁₃ / (a₁₂ a₂₃), and the weights are as the
    // cube roots of the rows' products. With 2, 2 and 32, t = 2: λ = 3.5, and the roots are 4, 1, 1/4.
    let found = comparisons(&[&[Times(2, 1), Times(32, 1)], &[Times(2, 1)]]).priorities();
    assert_eq!(found.eigenvalue, 3_500_000);
    assert_eq!(found.weights, [761_905, 190_476, 47_619]);
    // (3.5 − 3) / 2 / 0.58.
    assert_eq!(found.inconsistency, 431_034);
    assert!(!found.is_consistent());
}

#[test]
fn saatys_school_has_its_published_weights() {
    // "Satisfaction with school" (Saaty 1980): learning, friends, school life, vocational training,
    // college preparation, music classes; published .32 .14 .03 .13 .24 .14, and too inconsistent.
    let found = comparisons(&[
        &[Times(4, 1), Times(3, 1), Times(1, 1), Times(3, 1), Times(4, 1)],
        &[Times(7, 1), Times(3, 1), Times(1, 5), Times(1, 1)],
        &[Times(1, 5), Times(1, 5), Times(1, 6)],
        &[Times(1, 1), Times(1, 3)],
        &[Times(3, 1)],
    ])
    .priorities();
    let percent: Vec<u32> = found.weights.iter().map(|weight| (weight + 5_000) / 10_000).collect();
    assert_eq!(percent, [32, 14, 3, 13, 24, 14]);
    assert!(!found.is_consistent(), "{}", found.inconsistency);
}

#[test]
fn what_cannot_be_compared_is_objected_to() {
    let reason = |rows: &[&[Times]]| comparisons(rows).objection();
    assert_eq!(reason(&[&[Times(2, 1), Times(4, 1)], &[Times(2, 1)]]), None);
    let short = reason(&[&[Times(2, 1)], &[Times(2, 1)]]);
    assert_eq!(short.as_deref(), Some("row 0 has 1 judgements: it takes 2"));
    assert!(reason(&[&[Times(0, 1)]]).is_some() && reason(&[&[Times(1, 0)]]).is_some());
    let many = Comparisons { rows: vec![vec![]; 15] };
    assert!(many.objection().is_some_and(|reason| reason.contains("no more than 15")));
    let objection = |matrix: Matrix| matrix.objection().map(|(key, _)| key);
    assert_eq!(objection(matrix(&[(0, '+')], &[&[1]])), Some("criteria"));
    assert_eq!(objection(matrix(&[(10_001, '+')], &[&[1]])), Some("criteria"));
    assert_eq!(objection(matrix(&[(1, '+')], &[&[1, 2]])), Some("alternatives"));
    assert_eq!(objection(matrix(&[(1, '+')], &[&[VALUE_MAX + 1]])), Some("alternatives"));
    assert_eq!(objection(matrix(&[(1, '+')], &[])), Some("alternatives"));
}

#[test]
fn the_smallest_change_is_one_of_one_weight_and_of_no_more_than_it_takes() {
    // The first leads by 60 to 40; from weight 40 on for it, the second has as much, and 39 is less.
    let close = matrix(&[(60, '+'), (40, '+')], &[&[1, 0], &[0, 1]]);
    let change = smallest_change(&close, weighted_sum).expect("it is close");
    assert_eq!(change, Change { criterion: 0, from: 60, to: 39, winner: 1 });
    let dominated = matrix(&[(60, '+'), (40, '+')], &[&[2, 1], &[1, 0]]);
    assert_eq!(smallest_change(&dominated, weighted_sum), None);
    assert_eq!(smallest_change(&dominated, topsis), None);
    assert!(smallest_change(&close, topsis).is_some());
}

/// Triantaphyllou's and Sánchez' closed form for weighted sums of values, in whole weights: the
/// smallest change of one weight by which another alternative overtakes the winner.
fn closed_form(matrix: &Matrix, winner: usize) -> Option<i64> {
    let weight = |criterion: usize| i64::from(matrix.criteria[criterion].weight);
    let ahead = |other: usize, criterion: usize| {
        let value = |one: usize| matrix.alternatives[one].values[criterion];
        value(winner) - value(other)
    };
    let criteria = 0..matrix.criteria.len();
    let mut least = None;
    for other in (0..matrix.alternatives.len()).filter(|other| *other != winner) {
        let lead: i64 = criteria.clone().map(|c| weight(c) * ahead(other, c)).sum();
        for c in criteria.clone().filter(|c| ahead(other, *c) != 0) {
            let each = ahead(other, c).abs();
            // To draw level is enough for whom the list has first.
            let levels = lead % each == 0 && other < winner;
            let step = lead / each + i64::from(!levels);
            // Where the winner is ahead, its weight must shrink, and not below 0.
            let is_possible = ahead(other, c) < 0 || step <= weight(c);
            least = least.into_iter().chain(is_possible.then_some(step)).min();
        }
    }
    least
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(1997),
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_search_through_weights_agrees_with_the_closed_form(
        weights in prop::collection::vec(1_u32..40, 3),
        values in prop::collection::vec(prop::collection::vec(1_i64..9, 3), 3),
    ) {
        let criteria: Vec<_> = weights.iter().map(|weight| (*weight, '+')).collect();
        // With the worst and the best of each criterion, places are values over 10.
        let mut all: Vec<&[i64]> = values.iter().map(Vec::as_slice).collect();
        let (zero, corners) = ([0; 3], [[10, 0, 0], [0, 10, 0], [0, 0, 10]]);
        all.push(&zero);
        all.extend(corners.iter().map(|corner| corner.as_slice()));
        let matrix = matrix(&criteria, &all);
        let winner = weighted_sum(&matrix).winner().expect("an alternative");
        let found = smallest_change(&matrix, weighted_sum);
        let step = found.map(|change| i64::from(change.from.abs_diff(change.to)));
        let total = i64::from(weights.iter().sum::<u32>());
        prop_assert_eq!(step, closed_form(&matrix, winner).filter(|step| *step <= 10 * total));
        let Some(Change { criterion, to, winner: next, .. }) = found else { return Ok(()) };
        let mut changed = matrix;
        changed.criteria[criterion].weight = to;
        prop_assert_eq!(weighted_sum(&changed).winner(), Some(next));
        prop_assert_ne!(next, winner);
    }
}
