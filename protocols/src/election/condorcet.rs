//! Condorcet's criterion as a rule: who beats every other option one to one wins, or else nobody.
//!
//! Condorcet, "Essai sur l'application de l'analyse à la probabilité des décisions rendues à la
//! pluralité des voix" (1785). The score of an option is the smallest of its margins: above 0 for
//! the winner alone.

use super::ballot::Form;
use super::options::Options;
use super::pairwise::Pairwise;
use super::profile::Profile;
use super::rule::{Outcome, Outstanding, Rule};

/// The rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Condorcet;

impl Rule for Condorcet {
    fn form(&self) -> Form {
        Form::Ranking
    }

    fn outcome(&self, profile: &Profile) -> Outcome {
        let pairwise = Pairwise::of(profile);
        let winner = pairwise.beats_all_by_more_than(0).filter(|_| profile.voting() > 0);
        Outcome {
            winners: winner.map_or(Options::EMPTY, Options::only),
            order: Vec::new(),
            scores: (0..profile.options()).map(|option| pairwise.worst(option)).collect(),
        }
    }

    fn is_settled(&self, profile: &Profile, out: Outstanding) -> bool {
        let pairwise = Pairwise::of(profile);
        let weight = out.weight as i64;
        match self.outcome(profile).winners.single() {
            _ if weight == 0 => true,
            Some(_) => pairwise.is_winner_safe(profile, out.weight),
            // Put first on all ballots that are out, an option gains their weight over all others.
            None => {
                let can_win = |option| {
                    let mut rivals = pairwise.rivals(option);
                    rivals.all(|rival| pairwise.margin(option, rival) + weight > 0)
                };
                !(0..profile.options()).any(can_win)
            }
        }
    }

    fn settles_exactly(&self) -> bool {
        true
    }
}
