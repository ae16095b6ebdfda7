//! Baldwin's rule: the option with the least Borda score among those left is struck, again and again;
//! the last one wins.
//!
//! Baldwin, "The technique of the Nanson preferential majority system of election" (Proceedings of the
//! Royal Society of Victoria 39, 1926). A Borda score is, up to a constant, the sum of an option's
//! margins over the others that are left, so who beats all of them one to one is never the weakest.
//! The scores are the sums of margins before anything is struck.

use super::ballot::Form;
use super::elimination::{Step, eliminate, weakest};
use super::options::Options;
use super::pairwise::Pairwise;
use super::profile::Profile;
use super::rule::{Outcome, Outstanding, Rule};

/// The rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Baldwin;

impl Baldwin {
    fn step(pairwise: &Pairwise, left: Options) -> Step {
        match left.single() {
            Some(_) => Step::Elect(left),
            None => Step::StrikeOneOf(weakest(left, |option| pairwise.sum(option, left))),
        }
    }
}

impl Rule for Baldwin {
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
