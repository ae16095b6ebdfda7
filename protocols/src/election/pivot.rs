//! Pivots: the fewest voters who could have changed an outcome.
//!
//! How near a vote was is a matter of the rule, and for most rules no formula tells it (finding it is
//! NP-hard for some: Xia, "Computing the margin of victory for various voting rules", EC 2012). So
//! all changes of one ballot are tried, then all of two, and so on, as long as there are not too
//! many.

/// Who could have changed an outcome.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Pivot<B, W> {
    /// These ballots, cast so; no fewer could have.
    Ballots {
        /// The places of the ballots, in order, and what they say instead.
        changed: Vec<(usize, B)>,
        /// What the outcome is then.
        outcome: W,
    },
    /// More than so many; larger changes were not tried.
    MoreThan(usize),
    /// Not even all of them together.
    Nobody,
}

/// The smallest set of ballots whose change, to any of the `alternatives`, changes the outcome; the
/// first in the order of the ballots and then of the alternatives. Tries at most so many changes.
pub fn pivot<B: Copy, W: PartialEq>(
    ballots: &[B],
    alternatives: &[B],
    outcome: impl Fn(&[B]) -> W,
    tries: u64,
) -> Pivot<B, W> {
    let now = outcome(ballots);
    let mut left = tries;
    for size in 1..=ballots.len() {
        let each = (alternatives.len() as u64).checked_pow(size as u32);
        let changes = each.and_then(|each| each.checked_mul(subsets(ballots.len(), size)?));
        let Some(rest) = changes.and_then(|changes| left.checked_sub(changes)) else {
            return Pivot::MoreThan(size - 1);
        };
        left = rest;
        let mut places: Vec<usize> = (0..size).collect();
        loop {
            if let Some((said, then)) = change(ballots, alternatives, &places, &now, &outcome) {
                let changed = places.into_iter().zip(said).collect();
                return Pivot::Ballots { changed, outcome: then };
            }
            if !advance(&mut places, ballots.len()) {
                break;
            }
        }
    }
    Pivot::Nobody
}

/// How many subsets of this size there are; `None` if they are too many to count.
fn subsets(of: usize, size: usize) -> Option<u64> {
    (0..size as u64)
        .try_fold(1_u64, |count, step| Some(count.checked_mul(of as u64 - step)? / (step + 1)))
}

/// The first way to fill these places that gives another outcome, and that outcome.
fn change<B: Copy, W: PartialEq>(
    ballots: &[B],
    alternatives: &[B],
    places: &[usize],
    now: &W,
    outcome: &impl Fn(&[B]) -> W,
) -> Option<(Vec<B>, W)> {
    let mut changed = ballots.to_vec();
    let ways = alternatives.len().pow(places.len() as u32);
    (0..ways).find_map(|way| {
        let mut code = way;
        for place in places.iter().rev() {
            changed[*place] = alternatives[code % alternatives.len()];
            code /= alternatives.len();
        }
        let then = outcome(&changed);
        let said = || places.iter().map(|place| changed[*place]).collect();
        (then != *now).then(|| (said(), then))
    })
}

/// The next subset of `0..of` of the same size, in order; whether there is one.
fn advance(places: &mut [usize], of: usize) -> bool {
    let size = places.len();
    let Some(last) = (0..size).rev().find(|at| places[*at] < of - (size - at)) else {
        return false;
    };
    places[last] += 1;
    for at in last + 1..size {
        places[at] = places[at - 1] + 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which of two options most want; nobody wins a tie.
    fn majority(ballots: &[u8]) -> Option<u8> {
        let ones = ballots.iter().filter(|ballot| **ballot == 1).count();
        match (2 * ones).cmp(&ballots.len()) {
            std::cmp::Ordering::Less => Some(0),
            std::cmp::Ordering::Equal => None,
            std::cmp::Ordering::Greater => Some(1),
        }
    }

    #[test]
    fn a_majority_is_changed_by_as_many_as_it_is_ahead_of_a_tie() {
        for (ballots, fewest) in
            [(vec![1, 0, 0], 1), (vec![1, 0, 0, 0], 1), (vec![0; 4], 2), (vec![0; 7], 4)]
        {
            let Pivot::Ballots { changed, outcome } = pivot(&ballots, &[0, 1], majority, 1_000)
            else {
                panic!("{ballots:?} can be changed")
            };
            assert_eq!(changed.len(), fewest, "{ballots:?}");
            let mut then = ballots.clone();
            changed.iter().for_each(|(place, ballot)| then[*place] = *ballot);
            assert_eq!(majority(&then), outcome);
            assert_ne!(majority(&ballots), outcome);
        }
    }

    #[test]
    fn every_subset_is_tried_and_what_nothing_changes_is_said_to_be_so() {
        let only_the_last_two = |ballots: &[u8]| ballots[3] == 1 && ballots[4] == 1;
        let found = pivot(&[0; 5], &[0, 1], only_the_last_two, 1_000);
        assert_eq!(found, Pivot::Ballots { changed: vec![(3, 1), (4, 1)], outcome: true });
        assert_eq!(pivot(&[0; 5], &[0, 1], |_| 7, 1_000), Pivot::Nobody);
    }

    #[test]
    fn what_takes_too_many_tries_is_left_open_and_the_rest_is_exact() {
        // One changed ballot of seven in two ways: 14 tries; two of them: 84 more.
        assert_eq!(pivot(&[0; 7], &[0, 1], majority, 13), Pivot::MoreThan(0));
        assert_eq!(pivot(&[0; 7], &[0, 1], majority, 14), Pivot::MoreThan(1));
        assert_eq!(pivot(&[0; 7], &[0, 1], majority, 97), Pivot::MoreThan(1));
        assert_eq!(pivot(&[0; 7], &[0, 1], majority, 98), Pivot::MoreThan(2));
    }
}
