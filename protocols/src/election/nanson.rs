//! Nanson's rule: all options whose Borda score among those left is no better than the average are
//! struck, again and again, until all that are left score alike.
//!
//! Nanson, "Methods of Election" (Transactions and Proceedings of the Royal Society of Victoria 19,
//! 1882). A Borda score is, up to a constant, the sum of an option's margins over the others that are
//! left, and the average of these sums is 0; so who beats all others one to one stays. The scores
//! are the sums of margins before anything is struck.

use super::ballot::Form;
use super::elimination::{Step, eliminate};
use super::options::Options;
use super::pairwise::Pairwise;
use super::profile::Profile;
use super::rule::{Outcome, Outstanding, Rule};

/// The rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Nanson;

impl Nanson {
    fn step(pairwise: &Pairwise, left: Options) -> Step {
        let is_good = |option: &usize| pairwise.sum(*option, left) > 0;
        let good: Options = left.iter().filter(is_good).collect();
        // Sums that are not all 0 are above 0 somewhere.
        if good.is_empty() { Step::Elect(left) } else { Step::Strike(left.without(good)) }
    }
}

impl Rule for Nanson {
    fn form(&self) -> Form {
        Form::Ranking
    }

    fn outcome(&self, profile: &Profile) -> Outcome {
        let pairwise = Pairwise::of(profile);
        let scores = pairwise.sums(profile.all());
        eliminate(profile, scores, &|left| Self::step(&pairwise, left))
    }

    fn is_settled(&self, profile: &Profile, out: Outstanding) -> bool {
        Pairwise::of(profile).is_winner_safe(profile, out.weight)
    }

    fn settles_exactly(&self) -> bool {
        false
    }
}
