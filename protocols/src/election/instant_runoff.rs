//! Instant run-off: the option with the fewest first places is struck off all ballots, again and
//! again; the last one wins.
//!
//! Hare's transfer of votes (1859) with one seat, proposed by Ware (1871); Hoag and Hallett,
//! "Proportional Representation" (1926). A ballot of which nothing is left counts no more. The scores
//! are the weights of the first places before anything is struck.

use super::ballot::Form;
use super::elimination::{Step, eliminate, weakest};
use super::options::Options;
use super::profile::Profile;
use super::rule::{Outcome, Outstanding, Rule, has_first_places_of_most};

/// The rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct InstantRunoff;

impl InstantRunoff {
    fn step(profile: &Profile, left: Options) -> Step {
        let votes = profile.first_choices(left);
        if left.len() == 1 || left.iter().all(|option| votes[option] == 0) {
            return Step::Elect(left);
        }
        let weakest = weakest(left, |option| votes[option]);
        let together: i64 = weakest.iter().map(|option| votes[option]).sum();
        let next = left.without(weakest).iter().map(|option| votes[option]).min();
        // Not even all their votes together would save one of them.
        if next.is_some_and(|next| together < next) {
            return Step::Strike(weakest);
        }
        Step::StrikeOneOf(weakest)
    }
}

impl Rule for InstantRunoff {
    fn form(&self) -> Form {
        Form::Ranking
    }

    fn outcome(&self, profile: &Profile) -> Outcome {
        let scores = profile.first_choices(profile.all());
        eliminate(profile, scores, &|left| Self::step(profile, left))
    }

    fn is_settled(&self, profile: &Profile, out: Outstanding) -> bool {
        // Who is first on more than half of all ballots there can be is never the weakest.
        has_first_places_of_most(profile, out)
    }

    fn settles_exactly(&self) -> bool {
        false
    }
}
