//! Thresholds: majority, supermajority and unanimity of first choices; without them nobody wins.
//!
//! A share of those who vote can be reached by two groups that do not hear of each other; a share
//! above one half of the electorate cannot (Thomas, "A Majority Consensus Approach to Concurrency
//! Control for Multiple Copy Databases", ACM TODS 4(2), 1979). For two options majority is the one
//! rule that is anonymous, neutral and decides by the last vote: May, "A set of independent necessary
//! and sufficient conditions for simple majority decision" (Econometrica 20(4), 1952). The score of
//! an option is the weight of the ballots that put it first.

use sim_core::rng::Ratio;

use super::ballot::Form;
use super::options::Options;
use super::profile::Profile;
use super::rule::{Outcome, Outstanding, Rule};

/// Of what a share is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Base {
    /// Of those whose ballot supports something.
    Voting,
    /// Of all who may vote.
    Electorate,
}

/// The rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Threshold {
    /// The share that is needed: a half or more.
    share: Ratio,
    /// Whether more than the share is needed.
    is_strict: bool,
    base: Base,
}

impl Threshold {
    /// More than half.
    pub const fn majority(base: Base) -> Self {
        Self { share: Ratio::new(1, 2), is_strict: true, base }
    }

    /// At least this share. Two options can both have it unless it is above one half.
    pub const fn supermajority(share: Ratio, base: Base) -> Self {
        Self { share, is_strict: false, base }
    }

    /// All.
    pub const fn unanimity(base: Base) -> Self {
        Self { share: Ratio::ALWAYS, is_strict: false, base }
    }

    /// Whether so much weight is enough out of so much.
    fn is_met(self, votes: i64, of: u64) -> bool {
        let (part, whole) = self.share.lowest_terms();
        let has = votes as i128 * i128::from(whole);
        let needs = i128::from(of) * i128::from(part);
        votes > 0 && if self.is_strict { has > needs } else { has >= needs }
    }

    /// What the share is taken of, if `more` weight votes.
    fn whole(self, profile: &Profile, more: u64) -> u64 {
        match self.base {
            Base::Voting => profile.voting() + more,
            Base::Electorate => profile.electorate(),
        }
    }
}

impl Rule for Threshold {
    fn form(&self) -> Form {
        Form::Ranking
    }

    fn outcome(&self, profile: &Profile) -> Outcome {
        let votes = profile.first_choices(profile.all());
        let whole = self.whole(profile, 0);
        let winners: Options =
            profile.all().iter().filter(|option| self.is_met(votes[*option], whole)).collect();
        let order = Vec::new();
        Outcome { winners, order, scores: votes }
    }

    fn is_settled(&self, profile: &Profile, out: Outstanding) -> bool {
        let votes = profile.first_choices(profile.all());
        let whole = self.whole(profile, out.weight);
        match self.outcome(profile).winners.single() {
            _ if out.weight == 0 => true,
            // The worst is that all others vote for somebody else; with one option there is nobody.
            Some(winner) => profile.options() == 1 || self.is_met(votes[winner], whole),
            None => {
                let most = votes.iter().max().copied().unwrap_or(0);
                !self.is_met(most + out.weight as i64, whole)
            }
        }
    }

    fn settles_exactly(&self) -> bool {
        true
    }
}
