//! Kemeny's rule: the order that agrees most with the voters, pair by pair; its first option wins.
//!
//! Kemeny, "Mathematics without numbers" (Daedalus 88(4), 1959); Young and Levenglick, "A consistent
//! extension of Condorcet's election principle" (SIAM Journal on Applied Mathematics 35(2), 1978). To
//! find such an order is hard in general; up to sixteen options it is found exactly, set by set: the
//! best order of a set is one of its options before the best order of the others. The score of an
//! option is the agreement of the best order that begins with it: the weight of all preferences
//! that the order shares.

use super::ballot::Form;
use super::options::Options;
use super::pairwise::Pairwise;
use super::profile::Profile;
use super::rule::{Outcome, Outstanding, Rule};

/// The rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Kemeny;

/// The agreement of the best order of each set of options, by the set's bits.
struct Best<'a> {
    pairwise: &'a Pairwise,
    agreement: Vec<i64>,
}

impl<'a> Best<'a> {
    fn of(options: usize, pairwise: &'a Pairwise) -> Self {
        let mut best = Self { pairwise, agreement: vec![0; 1 << options] };
        for bits in 1..best.agreement.len() {
            let set = Options::from_bits(bits as u16);
            let most = set.iter().map(|first| best.beginning_with(first, set)).max();
            best.agreement[bits] = most.unwrap_or(0);
        }
        best
    }

    /// The agreement of the best order of a set that begins with this option of it.
    fn beginning_with(&self, first: usize, set: Options) -> i64 {
        let others = set.without(Options::only(first));
        let ahead: i64 = others.iter().map(|other| self.pairwise.preferring(first, other)).sum();
        ahead + self.agreement[usize::from(others.bits())]
    }

    /// The best order of a set, unless there are several.
    fn order(&self, mut set: Options) -> Option<Vec<Options>> {
        let mut order = Vec::new();
        while !set.is_empty() {
            let most = self.agreement[usize::from(set.bits())];
            let firsts: Options =
                set.iter().filter(|first| self.beginning_with(*first, set) == most).collect();
            firsts.single()?;
            order.push(firsts);
            set = set.without(firsts);
        }
        Some(order)
    }
}

impl Rule for Kemeny {
    fn form(&self) -> Form {
        Form::Ranking
    }

    fn outcome(&self, profile: &Profile) -> Outcome {
        let pairwise = Pairwise::of(profile);
        let best = Best::of(profile.options(), &pairwise);
        let all = profile.all();
        let scores = all.iter().map(|first| best.beginning_with(first, all)).collect();
        let outcome = Outcome::by_scores(profile, scores);
        let order = best.order(all).filter(|_| !outcome.order.is_empty()).unwrap_or_default();
        Outcome { order, ..outcome }
    }

    fn is_settled(&self, profile: &Profile, out: Outstanding) -> bool {
        Pairwise::of(profile).is_winner_safe(profile, out.weight)
    }

    fn settles_exactly(&self) -> bool {
        false
    }
}
