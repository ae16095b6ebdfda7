//! Vetoes: an option cannot win if somebody with a veto voted and did not support it.
//!
//! Nobody else moves up: if all winners of the rule beneath are vetoed, nobody wins, as in a council
//! whose motion fails. Who abstains vetoes nothing. Tsebelis, "Veto Players" (2002), has the theory:
//! the more there are, the harder the status quo is to change.

use super::ballot::Form;
use super::profile::Profile;
use super::rule::{Outcome, Outstanding, Rule};

/// Another rule, subject to vetoes.
#[derive(Clone, Copy)]
pub struct Veto<'a> {
    /// The rule beneath.
    pub of: &'a dyn Rule,
}

impl Rule for Veto<'_> {
    fn form(&self) -> Form {
        self.of.form()
    }

    fn outcome(&self, profile: &Profile) -> Outcome {
        let outcome = self.of.outcome(profile);
        Outcome { winners: outcome.winners.without(profile.rejected()), ..outcome }
    }

    fn is_settled(&self, profile: &Profile, out: Outstanding) -> bool {
        let is_hopeless = profile.all().without(profile.rejected()).is_empty();
        let no_more = out.vetoes == 0 || self.outcome(profile).winners.is_empty();
        is_hopeless || no_more && self.of.is_settled(profile, out)
    }

    fn settles_exactly(&self) -> bool {
        false
    }
}
