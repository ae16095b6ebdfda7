//! Score voting: each ballot gives each option some points, and the highest sum wins.
//!
//! Also called range voting: Smith, "Range Voting" (2000). The score of an option is its sum.

use super::ballot::Form;
use super::profile::Profile;
use super::rule::{Outcome, Outstanding, Rule, is_lead_safe};

/// The rule, with points from 0 to `most`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Score {
    /// The most points for one option on one ballot.
    pub most: u8,
}

impl Score {
    /// The points of each option, on all ballots together.
    pub(super) fn sums(profile: &Profile) -> Vec<i64> {
        let mut sums = vec![0; profile.options()];
        for (scores, weight) in profile.scores() {
            for (option, sum) in sums.iter_mut().enumerate() {
                *sum += weight as i64 * i64::from(scores.of(option));
            }
        }
        sums
    }
}

impl Rule for Score {
    fn form(&self) -> Form {
        Form::Scores { most: self.most }
    }

    fn outcome(&self, profile: &Profile) -> Outcome {
        Outcome::by_scores(profile, Self::sums(profile))
    }

    fn is_settled(&self, profile: &Profile, out: Outstanding) -> bool {
        is_lead_safe(profile, &Self::sums(profile), self.most.into(), out.weight)
    }

    fn settles_exactly(&self) -> bool {
        true
    }
}
