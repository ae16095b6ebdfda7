//! Approval voting: each ballot names all options that will do, and the one named most wins.
//!
//! Brams and Fishburn, "Approval Voting" (American Political Science Review 72(3), 1978). The score
//! of an option is the weight of those who approve of it.

use super::ballot::Form;
use super::profile::Profile;
use super::rule::{Outcome, Outstanding, Rule, is_lead_safe};

/// The rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Approval;

impl Approval {
    fn votes(profile: &Profile) -> Vec<i64> {
        let mut votes = vec![0; profile.options()];
        for (approved, weight) in profile.approvals() {
            approved.iter().for_each(|option| votes[option] += weight as i64);
        }
        votes
    }
}

impl Rule for Approval {
    fn form(&self) -> Form {
        Form::Approval
    }

    fn outcome(&self, profile: &Profile) -> Outcome {
        Outcome::by_scores(profile, Self::votes(profile))
    }

    fn is_settled(&self, profile: &Profile, out: Outstanding) -> bool {
        is_lead_safe(profile, &Self::votes(profile), 1, out.weight)
    }

    fn settles_exactly(&self) -> bool {
        true
    }
}
