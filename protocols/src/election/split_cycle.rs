//! Split cycle: a victory counts unless it is the narrowest in a cycle of victories; who loses none
//! that counts wins.
//!
//! Holliday and Pacuit, "Split Cycle: a new Condorcet-consistent voting method independent of clones
//! and immune to spoilers" (Public Choice 197, 2023), section 3. A victory is the narrowest in a cycle
//! if some path of victories that leads back is as wide. What counts has no cycles, so somebody always
//! wins, and an option is placed behind all whose victories over it count, as far to the front as
//! that allows. The score of an option is the number of its victories that count.

use super::ballot::Form;
use super::options::Options;
use super::pairwise::{Pairwise, tiers};
use super::profile::Profile;
use super::rule::{Outcome, Outstanding, Rule};

/// The rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct SplitCycle;

impl Rule for SplitCycle {
    fn form(&self) -> Form {
        Form::Ranking
    }

    fn outcome(&self, profile: &Profile) -> Outcome {
        let pairwise = Pairwise::of(profile);
        let widths = pairwise.widest_paths();
        let defeats = |one: usize, other: usize| {
            let margin = pairwise.margin(one, other);
            margin > 0 && margin > widths[other][one]
        };
        let defeated = |one: usize| pairwise.rivals(one).filter(move |two| defeats(one, *two));
        let below: Vec<Options> =
            (0..profile.options()).map(|one| defeated(one).collect()).collect();
        let scores = below.iter().map(|below| below.len() as i64).collect();
        Outcome::ordered(profile, tiers(&below), scores)
    }

    fn is_settled(&self, profile: &Profile, out: Outstanding) -> bool {
        Pairwise::of(profile).is_winner_safe(profile, out.weight)
    }

    fn settles_exactly(&self) -> bool {
        false
    }
}
