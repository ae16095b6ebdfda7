//! Schulze's rule: one option is above another if the widest path of victories there is wider.
//!
//! Schulze, "A new monotonic, clone-independent, reversal symmetric, and Condorcet-consistent
//! single-winner election method" (Social Choice and Welfare 36, 2011), section 2. The width of a
//! path is that of its narrowest link, and links are measured by margins; where all ballots are
//! complete, his other measures order them alike. The score of an option is the number of others
//! that it is above. "Above" is transitive (his section 4.1), but need not order all pairs; an
//! option is placed behind all that are above it, as far to the front as that allows.

use super::ballot::Form;
use super::options::Options;
use super::pairwise::{Pairwise, tiers};
use super::profile::Profile;
use super::rule::{Outcome, Outstanding, Rule};

/// The rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Schulze;

impl Rule for Schulze {
    fn form(&self) -> Form {
        Form::Ranking
    }

    fn outcome(&self, profile: &Profile) -> Outcome {
        let options = profile.options();
        let widths = Pairwise::of(profile).widest_paths();
        let is_above = |one: usize, other: usize| widths[one][other] > widths[other][one];
        let below: Vec<Options> = (0..options)
            .map(|one| (0..options).filter(|two| is_above(one, *two)).collect())
            .collect();
        let scores = below.iter().map(|below| below.len() as i64).collect();
        Outcome::ordered(profile, tiers(&below), scores)
    }

    fn is_settled(&self, profile: &Profile, out: Outstanding) -> bool {
        let pairwise = Pairwise::of(profile);
        let widths = pairwise.widest_paths();
        // No ballot moves a margin, and so the width of a path, by more than its weight.
        let reach = 2 * out.weight as i64;
        let is_ahead = |leader: usize| {
            let mut rivals = pairwise.rivals(leader);
            rivals.all(|rival| widths[leader][rival] - widths[rival][leader] > reach)
        };
        pairwise.is_winner_safe(profile, out.weight)
            || profile.voting() > 0 && (0..profile.options()).any(is_ahead)
    }

    fn settles_exactly(&self) -> bool {
        false
    }
}
