//! Voting rules: from the ballots of many to what all settle on, and when that is certain.
//!
//! A [`Profile`] holds ballots by what they say, so no rule can depend on their order. Each [`Rule`]
//! is a file, from the paper that it names; [`Kind`] names it in a scenario. All arithmetic is in
//! integers and exact ratios. A rule returns every option that ties for the win and prefers none of
//! them for its place in the list; a [`Tie`] picks one, or none. What is counted is exact for up to
//! 2⁴⁰ of total weight. Which rule keeps which promise (a Condorcet winner wins, clones change
//! nothing, …) is a table in the tests, checked for all profiles of up to four options and five
//! voters.

mod approval;
mod baldwin;
mod ballot;
mod borda;
mod condorcet;
mod coombs;
mod copeland;
mod elimination;
mod instant_runoff;
mod jury;
mod kemeny;
mod kind;
mod majority_judgement;
mod minimax;
mod nanson;
mod options;
mod pairwise;
mod pivot;
mod plurality;
mod profile;
mod ranked_pairs;
mod rule;
mod schulze;
mod score;
mod split_cycle;
mod star;
mod threshold;
mod tie;
mod turnout;
mod veto;
#[cfg(test)]
mod axioms;
#[cfg(test)]
mod finality;
#[cfg(test)]
mod published;
#[cfg(test)]
mod tests;

pub use approval::Approval;
pub use baldwin::Baldwin;
pub use ballot::{Ballot, Form, Ranking, Scores, Spoilt};
pub use borda::Borda;
pub use condorcet::Condorcet;
pub use coombs::Coombs;
pub use copeland::Copeland;
pub use instant_runoff::InstantRunoff;
pub use jury::majority_is_right;
pub use kemeny::Kemeny;
pub use kind::Kind;
pub use majority_judgement::MajorityJudgement;
pub use minimax::Minimax;
pub use nanson::Nanson;
pub use options::{OPTIONS_MAX, Options};
pub use pairwise::Pairwise;
pub use pivot::{Pivot, pivot};
pub use plurality::Plurality;
pub use profile::{Electorate, Profile, Voter};
pub use ranked_pairs::RankedPairs;
pub use rule::{Outcome, Outstanding, Rule};
pub use schulze::Schulze;
pub use score::Score;
pub use split_cycle::SplitCycle;
pub use star::Star;
pub use threshold::{Base, Threshold};
pub use tie::Tie;
pub use turnout::Turnout;
pub use veto::Veto;
