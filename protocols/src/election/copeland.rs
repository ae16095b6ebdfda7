//! Copeland's rule: who wins most of the comparisons one to one wins.
//!
//! Copeland, "A reasonable social welfare function" (University of Michigan, 1951). A win counts as
//! one, a tie as a half; scores are counted in halves.

use super::ballot::Form;
use super::pairwise::Pairwise;
use super::profile::Profile;
use super::rule::{Outcome, Outstanding, Rule};

/// The rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Copeland;

impl Copeland {
    /// The halves of each option if every margin were so much larger (or smaller) for it.
    fn halves(profile: &Profile, pairwise: &Pairwise, shift: i64) -> Vec<i64> {
        let halves = |option| {
            let margins = pairwise.rivals(option).map(|rival| pairwise.margin(option, rival));
            margins.map(|margin| 1 + (margin + shift).signum()).sum()
        };
        (0..profile.options()).map(halves).collect()
    }
}

impl Rule for Copeland {
    fn form(&self) -> Form {
        Form::Ranking
    }

    fn outcome(&self, profile: &Profile) -> Outcome {
        let pairwise = Pairwise::of(profile);
        Outcome::by_scores(profile, Self::halves(profile, &pairwise, 0))
    }

    fn is_settled(&self, profile: &Profile, out: Outstanding) -> bool {
        let (pairwise, shift) = (Pairwise::of(profile), out.weight as i64);
        let least = Self::halves(profile, &pairwise, -shift);
        let most = Self::halves(profile, &pairwise, shift);
        let is_ahead =
            |leader: usize| pairwise.rivals(leader).all(|rival| least[leader] > most[rival]);
        out.weight == 0 || profile.voting() > 0 && (0..profile.options()).any(is_ahead)
    }

    fn settles_exactly(&self) -> bool {
        false
    }
}
