//! Minimax: who is beaten least, in its worst comparison, wins.
//!
//! Simpson, "On defining areas of voter choice: Professor Tullock on stable voting" (Quarterly
//! Journal of Economics 83(3), 1969); Kramer, "A dynamical model of political equilibrium" (Journal
//! of Economic Theory 16(2), 1977). The strength of a defeat is its margin. The score of an option
//! is the smallest of its margins over the others, so less than 0 by how much it is beaten.

use super::ballot::Form;
use super::pairwise::Pairwise;
use super::profile::Profile;
use super::rule::{Outcome, Outstanding, Rule, is_lead_safe};

/// The rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Minimax;

impl Minimax {
    fn worst(profile: &Profile, pairwise: &Pairwise) -> Vec<i64> {
        (0..profile.options()).map(|option| pairwise.worst(option)).collect()
    }
}

impl Rule for Minimax {
    fn form(&self) -> Form {
        Form::Ranking
    }

    fn outcome(&self, profile: &Profile) -> Outcome {
        Outcome::by_scores(profile, Self::worst(profile, &Pairwise::of(profile)))
    }

    fn is_settled(&self, profile: &Profile, out: Outstanding) -> bool {
        // No ballot moves a margin, and so a worst margin, by more than its weight.
        let pairwise = Pairwise::of(profile);
        is_lead_safe(profile, &Self::worst(profile, &pairwise), 2, out.weight)
            || pairwise.is_winner_safe(profile, out.weight)
    }

    fn settles_exactly(&self) -> bool {
        false
    }
}
