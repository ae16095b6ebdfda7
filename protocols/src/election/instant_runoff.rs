//! Instant run-off: the option with the fewest first places is struck off all ballots, again and
//! again; the last one wins.
//!
//! Hare's transfer of votes (1859) with one seat, proposed by Ware (1871); Hoag and Hallett,
//! "Proportional Representation" (1926). A ballot of which nothing is left counts no more. Where
//! several have the fewest, each way to strike is followed, and who wins in one of them is a winner
//! ("parallel universes": Conitzer, Rognlie and Xia, "Preference functions that score rankings and
//! maximum likelihood estimation", IJCAI 2009): no option is preferred for its place in the list. No
//! set of options is looked at twice, so even where everything ties, 2¹⁶ counts are the most. The
//! scores are the weights of the first places before anything is struck.

use std::collections::BTreeSet;

use super::ballot::Form;
use super::options::Options;
use super::profile::Profile;
use super::rule::{Outcome, Outstanding, Rule};

/// The rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct InstantRunoff;

/// The ways in which options may be struck.
struct Rounds<'a> {
    profile: &'a Profile,
    /// What has been left over somewhere, and was looked at.
    seen: BTreeSet<Options>,
    winners: Options,
    /// Those struck, first to last, as long as there is one way only.
    struck: Option<Vec<Options>>,
}

impl Rounds<'_> {
    fn strike(&mut self, left: Options) {
        if !self.seen.insert(left) {
            return;
        }
        let votes = self.profile.first_choices(left);
        let least = left.iter().map(|option| votes[option]).min().unwrap_or(0);
        let weakest: Options = left.iter().filter(|option| votes[*option] == least).collect();
        let others = left.without(weakest);
        let next = others.iter().map(|option| votes[option]).min();
        let is_over = left.len() == 1 || left.iter().all(|option| votes[option] == 0);
        if is_over {
            self.winners = self.winners.with(left);
            self.note(left);
        } else if weakest.len() == 1
            || next.is_some_and(|next| least * (weakest.len() as i64) < next)
        {
            // Not even all their votes together would save one of them.
            self.note(weakest);
            self.strike(others);
        } else {
            self.struck = None;
            for option in weakest.iter() {
                self.strike(left.without(Options::only(option)));
            }
        }
    }

    fn note(&mut self, options: Options) {
        if let Some(struck) = &mut self.struck {
            struck.push(options);
        }
    }
}

impl Rule for InstantRunoff {
    fn form(&self) -> Form {
        Form::Ranking
    }

    fn outcome(&self, profile: &Profile) -> Outcome {
        let scores = profile.first_choices(profile.all());
        if profile.voting() == 0 {
            return Outcome { winners: Options::EMPTY, order: Vec::new(), scores };
        }
        let (seen, winners, struck) = (BTreeSet::new(), Options::EMPTY, Some(Vec::new()));
        let mut rounds = Rounds { profile, seen, winners, struck };
        rounds.strike(profile.all());
        let mut order = rounds.struck.unwrap_or_default();
        order.reverse();
        Outcome { winners: rounds.winners, order, scores }
    }

    fn is_settled(&self, profile: &Profile, out: Outstanding) -> bool {
        // Who is first on more than half of all ballots there can be is never the weakest.
        let votes = profile.first_choices(profile.all());
        let most = votes.iter().max().copied().unwrap_or(0);
        let all = profile.voting() + out.weight;
        let is_decided = profile.voting() > 0 && 2 * most > all as i64;
        out.weight == 0 || is_decided
    }

    fn settles_exactly(&self) -> bool {
        false
    }
}
