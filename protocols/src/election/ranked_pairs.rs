//! Ranked pairs: victories are locked in from the widest on, unless they would close a cycle.
//!
//! Tideman, "Independence of clones as a criterion for voting rules" (Social Choice and Welfare 4,
//! 1987). Where victories are equally wide, he leaves their order to chance, and to find all options
//! that some order elects is hard (Brill and Fischer, "The price of neutrality for the ranked pairs
//! method", AAAI 2012). We look at equally wide victories together: one is locked in unless it lies
//! on a cycle of them and of those locked before. No option and no ballot is preferred by that.
//! The score of an option is the number of others that it stands above.

use super::ballot::Form;
use super::options::{OPTIONS_MAX, Options};
use super::pairwise::{Pairwise, tiers};
use super::profile::Profile;
use super::rule::{Outcome, Outstanding, Rule};

/// The rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct RankedPairs;

/// For each option, those that it stands above.
type Graph = [Options; OPTIONS_MAX];

/// The options that can be reached from each.
fn closure(mut graph: Graph) -> Graph {
    for over in 0..OPTIONS_MAX {
        let onwards = graph[over];
        for reached in &mut graph {
            if reached.contains(over) {
                *reached = reached.with(onwards);
            }
        }
    }
    graph
}

/// What is locked in, with all that follows from it.
fn locked(options: usize, pairwise: &Pairwise) -> Graph {
    let mut victories: Vec<(i64, usize, usize)> = (0..options)
        .flat_map(|one| pairwise.rivals(one).map(move |other| (one, other)))
        .map(|(one, other)| (pairwise.margin(one, other), one, other))
        .filter(|(margin, ..)| *margin > 0)
        .collect();
    victories.sort_by_key(|(margin, ..)| std::cmp::Reverse(*margin));
    let mut locked = [Options::EMPTY; OPTIONS_MAX];
    for alike in victories.chunk_by(|one, other| one.0 == other.0) {
        let mut all = locked;
        for &(_, one, other) in alike {
            all[one] = all[one].with(Options::only(other));
        }
        let all = closure(all);
        for &(_, one, other) in alike {
            if !all[other].contains(one) {
                locked[one] = locked[one].with(Options::only(other));
            }
        }
    }
    closure(locked)
}

impl Rule for RankedPairs {
    fn form(&self) -> Form {
        Form::Ranking
    }

    fn outcome(&self, profile: &Profile) -> Outcome {
        let locked = locked(profile.options(), &Pairwise::of(profile));
        let below = &locked[..profile.options()];
        let scores = below.iter().map(|below| below.len() as i64).collect();
        Outcome::ordered(profile, tiers(below), scores)
    }

    fn is_settled(&self, profile: &Profile, out: Outstanding) -> bool {
        Pairwise::of(profile).is_winner_safe(profile, out.weight)
    }

    fn settles_exactly(&self) -> bool {
        false
    }
}
