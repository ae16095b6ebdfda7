//! Solutions against exhaustive search and by hand, Zeuthen's strategy on drawn domains, and the
//! shares of alternating offers.

use proptest::prelude::*;
use sim_core::rng::Ratio;

use super::*;

fn domain(outcomes: &[[u32; 2]], disagreement: [u32; 2]) -> Domain {
    let outcomes = outcomes.iter().map(|outcome| outcome.to_vec()).collect();
    Domain { outcomes, disagreement: disagreement.to_vec() }
}

fn pick(solution: Solution, domain: &Domain) -> [u32; 2] {
    let outcome = solution.pick(domain).expect("there is something to agree on");
    [domain.outcomes[outcome][0], domain.outcomes[outcome][1]]
}

/// Proposals and what came of them, round by round.
fn bargain(domain: &Domain) -> (Vec<Proposals>, usize) {
    let table = Table::new(domain.clone()).expect("two parties and something to agree on");
    let mut path = vec![table.opening()];
    loop {
        match table.step(path[path.len() - 1]) {
            Round::Agreed(outcome) => return (path, outcome),
            Round::Open(next) => path.push(next),
        }
        assert!(path.len() <= 2 * domain.outcomes.len() + 2, "every round somebody concedes");
    }
}

#[test]
fn the_frontier_is_what_nothing_dominates() {
    let domain = domain(&[[1, 9], [5, 5], [5, 4], [9, 1], [5, 5], [0, 9], [9, 0]], [2, 1]);
    assert_eq!(domain.frontier(), [0, 1, 3]);
    assert_eq!(domain.rational(), [1, 2, 3, 4]);
    assert_eq!(domain.negotiation_set(), [1, 3]);
}

#[test]
fn the_three_solutions_differ_where_they_should() {
    // The first could gain 1000, the other 400. Products 160 000, 165 000, 120 000 and 90 000.
    let uneven = domain(&[[400, 400], [550, 300], [600, 200], [900, 100], [1000, 0]], [0, 0]);
    assert_eq!(pick(Solution::Nash, &uneven), [550, 300]);
    assert_eq!(pick(Solution::Egalitarian, &uneven), [400, 400]);
    // Of what each could gain: (0.4, 1), (0.55, 0.75), (0.6, 0.5), …: the least is largest at 0.55.
    assert_eq!(pick(Solution::KalaiSmorodinsky, &uneven), [550, 300]);
    let skewed = domain(&[[1000, 100], [700, 270], [600, 300], [350, 350], [0, 500]], [0, 0]);
    assert_eq!(pick(Solution::Nash, &skewed), [700, 270]);
    assert_eq!(pick(Solution::KalaiSmorodinsky, &skewed), [600, 300]);
    assert_eq!(pick(Solution::Egalitarian, &skewed), [350, 350]);
}

#[test]
fn a_better_fallback_moves_nashs_solution_its_owners_way() {
    let splits: Vec<[u32; 2]> = (0..=100).map(|tenth| [10 * tenth, 1000 - 10 * tenth]).collect();
    assert_eq!(pick(Solution::Nash, &domain(&splits, [0, 0])), [500, 500]);
    assert_eq!(pick(Solution::Nash, &domain(&splits, [400, 0])), [700, 300]);
    assert_eq!(pick(Solution::Egalitarian, &domain(&splits, [400, 0])), [700, 300]);
}

#[test]
fn nashs_solution_does_not_care_for_units_and_the_egalitarian_does() {
    let full = domain(&[[1000, 200], [800, 500], [600, 600], [200, 800]], [0, 0]);
    let halved: Vec<[u32; 2]> = full.outcomes.iter().map(|o| [o[0] / 2, o[1]]).collect();
    let halved = domain(&halved, [0, 0]);
    for solution in [Solution::Nash, Solution::KalaiSmorodinsky] {
        assert_eq!(solution.pick(&full), solution.pick(&halved), "{solution:?}");
    }
    assert_eq!(Solution::Egalitarian.pick(&full), Some(2));
    assert_eq!(Solution::Egalitarian.pick(&halved), Some(1));
}

#[test]
fn twelve_parties_do_not_overflow() {
    let outcomes = vec![vec![UTILITY_MAX; PARTIES_MAX]; 2];
    let domain = Domain { outcomes, disagreement: vec![0; PARTIES_MAX] };
    assert_eq!(domain.objection(), None);
    assert_eq!(domain.product(0), 1_000_u128.pow(12));
    for solution in [Solution::Nash, Solution::KalaiSmorodinsky, Solution::Egalitarian] {
        assert_eq!(solution.pick(&domain), Some(0));
    }
}

#[test]
fn domains_without_a_deal_are_objected_to() {
    let key = |domain: &Domain| domain.objection().map(|(key, _)| key);
    assert_eq!(key(&domain(&[[5, 5]], [0, 0])), None);
    assert_eq!(key(&domain(&[[5, 5]], [6, 0])), Some("outcomes"));
    assert_eq!(key(&domain(&[[5, 1001]], [0, 0])), Some("outcomes"));
    assert_eq!(key(&domain(&[[5, 5]], [0, 1001])), Some("disagreement"));
    let lopsided = Domain { outcomes: vec![vec![1]], disagreement: vec![0, 0] };
    assert_eq!(key(&lopsided), Some("outcomes"));
    let alone = Domain { outcomes: vec![vec![1]], disagreement: vec![0] };
    assert_eq!(key(&alone), Some("disagreement"));
    assert!(Table::new(alone).is_none() && Table::new(domain(&[[5, 5]], [6, 0])).is_none());
    for solution in [Solution::Nash, Solution::KalaiSmorodinsky, Solution::Egalitarian] {
        assert_eq!(solution.pick(&domain(&[[5, 5]], [6, 0])), None);
    }
}

#[test]
fn who_risks_less_concedes_just_enough() {
    // Products: 0, 900, 1600, 2100, 2400, 2500, 2400, …, 0: splits of 100 in tens.
    let splits: Vec<[u32; 2]> = (0..=10).map(|ten| [100 - 10 * ten, 10 * ten]).collect();
    let domain = domain(&splits, [0, 0]);
    let (path, agreed) = bargain(&domain);
    let offers: Vec<[u32; 2]> =
        path.iter().map(|at| at.by.map(|o| domain.outcomes[o][0])).collect();
    // Risks are equal all along, so both concede a step, and meet.
    assert_eq!(offers, [[100, 0], [90, 10], [80, 20], [70, 30], [60, 40], [50, 50]]);
    assert_eq!(domain.outcomes[agreed], [50, 50]);
}

#[test]
fn with_risks_that_differ_one_stands_and_the_other_moves() {
    let uneven = domain(&[[10, 1], [9, 4], [6, 6], [2, 7]], [0, 0]);
    let table = Table::new(uneven.clone()).expect("a table");
    let opening = table.opening();
    assert_eq!(opening, Proposals { by: [0, 3] });
    // Products 10 and 14: the first risks less, and 9 × 4 = 36 is more than 14.
    assert_eq!(table.risk(Party::One, opening), std::cmp::Ordering::Less);
    assert_eq!(table.zeuthen(Party::One, opening), Move::Concede(1));
    assert_eq!(table.zeuthen(Party::Other, opening), Move::Stand);
    // Then 36 and 14: the other moves to 36 or more, which only 6 × 6 … is not more than; it accepts.
    let next = Proposals { by: [1, 3] };
    assert_eq!(table.step(opening), Round::Open(next));
    assert_eq!(table.zeuthen(Party::Other, next), Move::Accept);
    assert_eq!(table.step(next), Round::Agreed(1));
    assert_eq!(Solution::Nash.pick(&uneven), Some(1), "36 twice, and 13 is more than 12");
}

/// Any finite set of outcomes on a grid, with an outcome that is no worse than no agreement.
fn domains() -> impl Strategy<Value = Domain> {
    let side = prop_oneof![Just(4_u32), Just(12), Just(1000)];
    side.prop_flat_map(|side| {
        let outcomes = prop::collection::vec([0..=side, 0..=side], 1..40);
        (outcomes, [0..=side / 3, 0..=side / 3]).prop_map(move |(mut outcomes, disagreement)| {
            outcomes.push([side / 2, side / 2]);
            domain(&outcomes, disagreement)
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 3_000,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(1994),
        ..ProptestConfig::default()
    })]

    #[test]
    fn zeuthens_strategy_ends_at_the_largest_product_by_least_concessions(domain in domains()) {
        let (path, agreed) = bargain(&domain);
        let most = domain.rational().into_iter().map(|outcome| domain.product(outcome)).max();
        prop_assert_eq!(Some(domain.product(agreed)), most);
        let best = domain.negotiation_set().into_iter();
        if best.filter(|outcome| Some(domain.product(*outcome)) == most).count() == 1 {
            prop_assert_eq!(Some(agreed), Solution::Nash.pick(&domain));
        }
        for (before, after) in path.iter().zip(&path[1..]) {
            let mut conceded = 0;
            for party in [Party::One, Party::Other] {
                let [own, others] = [party, party.opponent()].map(Party::index);
                let (old, new) = (before.by[own], after.by[own]);
                // Monotonic: never worse for the other, never better for oneself.
                prop_assert!(domain.gain(new, others) >= domain.gain(old, others));
                prop_assert!(domain.gain(new, own) <= domain.gain(old, own));
                if old != new {
                    conceded += 1;
                    let table = Table::new(domain.clone()).expect("a table");
                    prop_assert!(table.risk(party, *before).is_le(), "who risks more stands");
                    let less = Proposals { by: if own == 0 {
                        [new, before.by[1]]
                    } else {
                        [before.by[0], new]
                    }};
                    prop_assert!(table.risk(party, less).is_gt(), "it was enough");
                }
            }
            prop_assert!(conceded > 0);
        }
    }

    #[test]
    fn solutions_are_efficient_and_leave_nobody_worse_off(domain in domains()) {
        for solution in [Solution::Nash, Solution::KalaiSmorodinsky, Solution::Egalitarian] {
            let outcome = solution.pick(&domain).expect("something to agree on");
            prop_assert!(domain.frontier().contains(&outcome));
            prop_assert!(domain.rational().contains(&outcome));
        }
        let least = |outcome: usize| domain.gain(outcome, 0).min(domain.gain(outcome, 1));
        let most = domain.rational().into_iter().map(least).max();
        prop_assert_eq!(Solution::Egalitarian.pick(&domain).map(least), most);
    }

    #[test]
    fn solutions_do_not_depend_on_irrelevant_names(domain in domains()) {
        let swapped = Domain {
            outcomes: domain.outcomes.iter().map(|o| vec![o[1], o[0]]).collect(),
            disagreement: vec![domain.disagreement[1], domain.disagreement[0]],
        };
        for solution in [Solution::Nash, Solution::KalaiSmorodinsky, Solution::Egalitarian] {
            prop_assert_eq!(solution.pick(&domain), solution.pick(&swapped));
        }
    }
}

#[test]
fn of_two_largest_products_the_one_that_is_proposed_is_agreed_on() {
    // Gains of 2 × 3 and 3 × 2. The first opens with one of them; the other has nothing larger.
    let domain = domain(&[[3, 3], [4, 2], [1, 4]], [1, 0]);
    assert_eq!(bargain(&domain).1, 1);
    assert_eq!(Solution::Nash.pick(&domain), Some(0));
}

#[test]
fn where_both_stand_on_the_largest_product_the_sum_decides_and_then_the_list() {
    assert_eq!(bargain(&domain(&[[2, 6], [4, 3], [6, 2]], [0, 0])).1, 0);
    assert_eq!(bargain(&domain(&[[3, 4], [6, 2]], [0, 0])).1, 1);
}

fn patience(proposer: (u64, u64), responder: (u64, u64)) -> Patience {
    Patience {
        proposer: Ratio::new(proposer.0, proposer.1),
        responder: Ratio::new(responder.0, responder.1),
    }
}

#[test]
fn rubinsteins_share_is_the_closed_form() {
    for (proposer, responder, part, whole) in [
        ((1, 2), (1, 2), 2, 3),
        ((9, 10), (9, 10), 10, 19),
        ((9, 10), (8, 10), 5, 7),
        ((0, 1), (9, 10), 1, 10),
        ((9, 10), (0, 1), 1, 1),
    ] {
        let (found, of) = patience(proposer, responder).share().expect("somebody is impatient");
        assert_eq!(found * whole, part * of, "{proposer:?} {responder:?}: {found}/{of}");
    }
    assert_eq!(patience((1, 1), (1, 1)).share(), None, "any split is an equilibrium");
    assert_eq!(patience((1, 1), (1, 2)).share(), Some((1, 1)), "who can wait takes all");
    let huge = patience((u64::MAX - 2, u64::MAX), (u64::MAX - 4, u64::MAX));
    assert!(huge.share().is_some(), "64 bits by 64 bits fit");
}

#[test]
fn backward_induction_by_hand_and_in_the_limit() {
    let both = patience((9, 10), (8, 10));
    // One round: all. Two: the other would take all, worth 0.8 to it now. Three: the first would
    // have 0.2 as a responder … and so on.
    assert_eq!(both.share_within(0), 0);
    assert_eq!(both.share_within(1), 1_000_000_000);
    assert_eq!(both.share_within(2), 200_000_000);
    assert_eq!(both.share_within(3), 920_000_000, "1 − 0.8 (1 − 0.9)");
    assert_eq!(both.share_within(4), 344_000_000, "1 − 0.8 (1 − 0.9 (1 − 0.8))");
    let (part, whole) = both.share().expect("impatient");
    let limit = (part as f64 / whole as f64 * 1e9).round() as u32;
    assert_eq!(both.share_within(400), limit);
    assert_eq!(both.share_within(401), limit);
}
