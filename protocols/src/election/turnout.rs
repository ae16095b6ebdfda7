//! Quorums of attendance: nobody wins unless enough of the electorate took part.
//!
//! Abstentions are ballots and count as attendance, as in Robert, "Rules of Order" (1876). So to
//! stay away can help against an option where to vote against it would not: participation fails.

use sim_core::rng::Ratio;

use super::ballot::Form;
use super::profile::Profile;
use super::rule::{Outcome, Outstanding, Rule};

/// Another rule, with a quorum.
#[derive(Clone, Copy)]
pub struct Turnout<'a> {
    /// The share of the electorate, by weight, that must cast a ballot.
    pub share: Ratio,
    /// The rule beneath.
    pub of: &'a dyn Rule,
}

impl Turnout<'_> {
    fn is_met(&self, present: u64, profile: &Profile) -> bool {
        let (part, whole) = self.share.lowest_terms();
        let needs = u128::from(profile.electorate()) * u128::from(part);
        u128::from(present) * u128::from(whole) >= needs
    }
}

impl Rule for Turnout<'_> {
    fn form(&self) -> Form {
        self.of.form()
    }

    fn outcome(&self, profile: &Profile) -> Outcome {
        let outcome = self.of.outcome(profile);
        if self.is_met(profile.present(), profile) { outcome } else { outcome.undecided() }
    }

    fn is_settled(&self, profile: &Profile, out: Outstanding) -> bool {
        if self.is_met(profile.present(), profile) {
            return self.of.is_settled(profile, out);
        }
        let is_out_of_reach = !self.is_met(profile.present() + out.weight, profile);
        // With a quorum the rule beneath would speak; it is enough if it is known to say nobody.
        let says_nobody = self.of.outcome(profile).winners.is_empty();
        is_out_of_reach || says_nobody && self.of.is_settled(profile, out)
    }

    fn settles_exactly(&self) -> bool {
        false
    }
}
