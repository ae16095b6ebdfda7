//! Coombs' rule: unless one option is first on more than half of the ballots, the one that is last on
//! most is struck off all of them, and so on.
//!
//! Coombs, "A Theory of Data" (1964), chapter 18; with the stop at a majority as in Grofman and Feld,
//! "If you like the alternative vote (a.k.a. the instant runoff), then you ought to know about the
//! Coombs rule" (Electoral Studies 23, 2004). The options that a ballot does not list share its last
//! place equally; a ballot of which nothing is left counts no more. The scores are the weights of the
//! first places before anything is struck.

use super::ballot::Form;
use super::elimination::{Step, eliminate, weakest};
use super::options::Options;
use super::profile::Profile;
use super::rule::{Outcome, Outstanding, Rule, has_first_places_of_most};

/// The rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Coombs;

/// A whole ballot, in parts that up to sixteen options can share: the least common multiple of 1 to
/// 16. With 2⁴⁰ of total weight this stays below 2⁶⁰.
const WHOLE: i64 = 720_720;

impl Coombs {
    /// The last places of each option among these, in parts of a ballot.
    fn last_places(profile: &Profile, left: Options) -> Vec<i64> {
        let mut last = vec![0; profile.options()];
        for (ranking, weight) in profile.rankings() {
            let listed = ranking.iter().filter(|option| left.contains(*option));
            let Some(worst) = listed.last() else { continue };
            let unlisted = left.without(ranking.listed());
            let sharing = if unlisted.is_empty() { Options::only(worst) } else { unlisted };
            for option in sharing.iter() {
                last[option] += weight as i64 * (WHOLE / sharing.len() as i64);
            }
        }
        last
    }

    fn step(profile: &Profile, left: Options) -> Step {
        let votes = profile.first_choices(left);
        let all: i64 = votes.iter().sum();
        if let Some(first) = left.iter().find(|option| 2 * votes[*option] > all) {
            return Step::Elect(Options::only(first));
        }
        if all == 0 {
            return Step::Elect(left);
        }
        let last = Self::last_places(profile, left);
        Step::StrikeOneOf(weakest(left, |option| -last[option]))
    }
}

impl Rule for Coombs {
    fn form(&self) -> Form {
        Form::Ranking
    }

    fn outcome(&self, profile: &Profile) -> Outcome {
        let scores = profile.first_choices(profile.all());
        eliminate(profile, scores, &|left| Self::step(profile, left))
    }

    fn is_settled(&self, profile: &Profile, out: Outstanding) -> bool {
        has_first_places_of_most(profile, out)
    }

    fn settles_exactly(&self) -> bool {
        false
    }
}
