//! STAR, score then automatic run-off: of the two options with the highest sums of points, the one to
//! which more voters give more points than to the other wins.
//!
//! Wolk, Quinn and Ogren, "STAR Voting, equality of voice, and voter satisfaction: considerations for
//! voting method reform" (Constitutional Political Economy 34, 2023). Where several tie for a place in
//! the run-off, each of them may be the one, and who wins in one of these run-offs is a winner; a
//! run-off that ends in a tie has two. The score of an option is its sum.

use super::ballot::Form;
use super::options::Options;
use super::profile::Profile;
use super::rule::{Outcome, Outstanding, Rule};
use super::score::Score;

/// The rule, with points from 0 to `most`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Star {
    /// The most points for one option on one ballot.
    pub most: u8,
}

impl Star {
    /// By how much weight `one` has more points than `other` on more ballots than it has fewer.
    fn margin(profile: &Profile, one: usize, other: usize) -> i64 {
        let sign = |order: std::cmp::Ordering| order as i64;
        let ballots = profile.scores();
        ballots
            .map(|(scores, weight)| weight as i64 * sign(scores.of(one).cmp(&scores.of(other))))
            .sum()
    }

    /// The pairs that may meet in the run-off: in each, nobody else has more points than either.
    fn pairs(all: Options, sums: &[i64]) -> impl Iterator<Item = (usize, usize)> + '_ {
        let above = move |option: usize| {
            all.iter().filter(move |other| sums[*other] > sums[option]).collect::<Options>()
        };
        let pairs = all.iter().flat_map(move |one| all.iter().map(move |other| (one, other)));
        pairs.filter(move |&(one, other)| {
            one != other
                && above(one).without(Options::only(other)).is_empty()
                && above(other).without(Options::only(one)).is_empty()
        })
    }
}

impl Rule for Star {
    fn form(&self) -> Form {
        Form::Scores { most: self.most }
    }

    fn outcome(&self, profile: &Profile) -> Outcome {
        let scores = Score::sums(profile);
        let wins = |&(one, other): &(usize, usize)| Self::margin(profile, one, other) >= 0;
        let winners = match profile.all().single() {
            _ if profile.voting() == 0 => Options::EMPTY,
            Some(_) => profile.all(),
            None => {
                Self::pairs(profile.all(), &scores).filter(wins).map(|(winner, _)| winner).collect()
            }
        };
        Outcome { winners, order: Vec::new(), scores }
    }

    fn is_settled(&self, profile: &Profile, out: Outstanding) -> bool {
        let (sums, all) = (Score::sums(profile), profile.all());
        let reach = i64::from(self.most) * out.weight as i64;
        // Whoever else is in the run-off with it, it is in it, and wins.
        let is_safe = |leader: usize| {
            let rivals = all.without(Options::only(leader));
            let near = rivals.iter().filter(|rival| sums[leader] - sums[*rival] <= reach).count();
            let wins = |rival| Self::margin(profile, leader, rival) > out.weight as i64;
            near <= 1 && rivals.iter().all(wins)
        };
        out.weight == 0 || profile.voting() > 0 && all.iter().any(is_safe)
    }

    fn settles_exactly(&self) -> bool {
        false
    }
}
