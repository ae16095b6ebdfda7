//! Plurality: the option that most ballots put first wins; the score is the weight of those ballots.
//!
//! Adding every ballot's one vote is as old as voting; its weakness against a divided majority is
//! what Borda (1781) and Condorcet (1785) set out from.

use super::ballot::Form;
use super::profile::Profile;
use super::rule::{Outcome, Outstanding, Rule, is_lead_safe};

/// The rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Plurality;

impl Rule for Plurality {
    fn form(&self) -> Form {
        Form::Ranking
    }

    fn outcome(&self, profile: &Profile) -> Outcome {
        Outcome::by_scores(profile, profile.first_choices(profile.all()))
    }

    fn is_settled(&self, profile: &Profile, out: Outstanding) -> bool {
        let votes = profile.first_choices(profile.all());
        is_lead_safe(profile, &votes, 1, out.weight)
    }

    fn settles_exactly(&self) -> bool {
        true
    }
}
