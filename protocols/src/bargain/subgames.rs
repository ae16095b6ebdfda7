//! Alternating offers over finitely many outcomes: what each round is worth, by backward induction.
//!
//! Rubinstein (1982) shares a pie that can be cut anywhere; here the outcomes are a list, and the
//! rounds have an end, after which there is no agreement. From the last round back, a proposer offers
//! the best for itself of what leaves the other at least what waiting would, and who is offered as
//! much as that accepts.

use std::cmp::Reverse;

use sim_core::rng::Ratio;

use super::domain::Domain;

/// Parts of a unit of utility that discounted gains are told in.
const PARTS: u64 = 1_000_000;

/// What one round comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
struct Subgame {
    /// What its proposer offers; `None` if it would rather wait.
    offer: Option<usize>,
    /// The gain that the responder asks for, in parts.
    asked: u64,
}

/// The game of two parties who take turns to propose.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct Subgames {
    domain: Domain,
    negotiable: Vec<usize>,
    rounds: Vec<Subgame>,
}

impl Subgames {
    /// Which party proposes in a round: the first in the first, and then in turn.
    pub const fn proposer(round: u32) -> usize {
        (round % 2) as usize
    }

    /// The game over a domain of two parties, to each of whom a gain is worth this share of it if it
    /// comes a round later. `None` if there is nothing to bargain over, or more than two bargain.
    pub fn new(domain: Domain, patience: [Ratio; 2], rounds: u32) -> Option<Self> {
        let negotiable = domain.negotiation_set();
        if negotiable.is_empty() || domain.parties() != 2 {
            return None;
        }
        let gain = |outcome: usize, party| u64::from(domain.gain(outcome, party)) * PARTS;
        let mut worth = [0; 2];
        let mut subgames = Vec::with_capacity(rounds as usize);
        for round in (0..rounds).rev() {
            let proposer = Self::proposer(round);
            let responder = 1 - proposer;
            let waiting = [0, 1].map(|party: usize| patience[party].of(worth[party]));
            let asked = waiting[responder];
            let accepted = negotiable.iter().filter(|outcome| gain(**outcome, responder) >= asked);
            let best = accepted.max_by_key(|outcome| {
                (gain(**outcome, proposer), gain(**outcome, responder), Reverse(**outcome))
            });
            let offer = best.copied().filter(|best| gain(*best, proposer) >= waiting[proposer]);
            worth = offer.map_or(waiting, |offer| [gain(offer, 0), gain(offer, 1)]);
            subgames.push(Subgame { offer, asked });
        }
        subgames.reverse();
        Some(Self { negotiable, rounds: subgames, domain })
    }

    /// What the proposer of a round says: its offer, or what it would like best if it had rather
    /// wait. `None` after the last round.
    pub fn offer(&self, round: u32) -> Option<usize> {
        let subgame = self.rounds.get(round as usize)?;
        let favourite = || {
            let gain = |outcome: &&usize| self.domain.gain(**outcome, Self::proposer(round));
            self.negotiable.iter().max_by_key(gain).copied()
        };
        subgame.offer.or_else(favourite)
    }

    /// Whether the responder of a round takes an offer: it leaves nobody worse off than no agreement,
    /// and the responder no worse than waiting would.
    pub fn accepts(&self, round: u32, outcome: usize) -> bool {
        let responder = 1 - Self::proposer(round);
        let asked = self.rounds.get(round as usize).map(|subgame| subgame.asked);
        asked.is_some_and(|asked| {
            let is_there = outcome < self.domain.outcomes.len();
            is_there && {
                let utilities = self.domain.outcomes[outcome].iter();
                let mut both = utilities.zip(&self.domain.disagreement);
                both.all(|(utility, without)| utility >= without)
                    && u64::from(self.domain.gain(outcome, responder)) * PARTS >= asked
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bargain::Patience;

    /// A pie in so many pieces, each split an outcome: the first party's share goes down the list.
    fn pie(pieces: u32) -> Domain {
        let split = |own: u32| vec![1_000 * own / pieces, 1_000 * (pieces - own) / pieces];
        Domain { outcomes: (0..=pieces).rev().map(split).collect(), disagreement: vec![0, 0] }
    }

    /// The first party's share of what is offered first.
    fn share(patience: [Ratio; 2], rounds: u32) -> f64 {
        let game = Subgames::new(pie(1_000), patience, rounds).expect("two parties");
        let offer = game.offer(0).expect("a round");
        assert!(game.accepts(0, offer), "the first offer is taken");
        f64::from(1_000 - offer as u32) / 1_000.0
    }

    #[test]
    fn the_first_share_is_that_of_rubinstein_as_far_as_the_pie_can_be_cut() {
        for percent in [10, 30, 50, 70, 90] {
            let patience = Ratio::new(percent, 100);
            let found = share([patience; 2], 200);
            let expected = 1.0 / (1.0 + percent as f64 / 100.0);
            assert!((found - expected).abs() < 0.006, "{percent} %: {found}, not {expected}");
        }
        let [proposer, responder] = [Ratio::new(4, 5), Ratio::new(2, 5)];
        let (part, whole) = Patience { proposer, responder }.share().expect("a share");
        let expected = part as f64 / whole as f64;
        let found = share([proposer, responder], 200);
        assert!((found - expected).abs() < 0.006, "{found}, not {expected}");
    }

    #[test]
    fn with_few_rounds_the_share_is_that_of_backward_induction() {
        let patience = Ratio::new(3, 4);
        for rounds in 1..8 {
            let both = Patience { proposer: patience, responder: patience };
            let expected = f64::from(both.share_within(rounds)) / 1e9;
            let found = share([patience; 2], rounds);
            assert!((found - expected).abs() < 0.005, "{rounds} rounds: {found}, not {expected}");
        }
    }

    #[test]
    fn nobody_takes_less_than_waiting_or_no_agreement_brings() {
        let outcomes = vec![vec![900, 100], vec![500, 500], vec![100, 900]];
        let domain = Domain { outcomes, disagreement: vec![0, 200] };
        let game = Subgames::new(domain, [Ratio::ALWAYS; 2], 1).expect("two parties");
        assert_eq!(game.offer(0), Some(1));
        assert_eq!(
            [0, 1, 2, 3].map(|outcome| game.accepts(0, outcome)),
            [false, true, true, false]
        );
        assert_eq!((game.offer(1), game.accepts(1, 1)), (None, false));
        let patient = Subgames::new(pie(10), [Ratio::ALWAYS; 2], 2).expect("two parties");
        // Who proposes last takes all, and the other knows.
        assert_eq!(patient.offer(0), Some(10));
        assert!(!patient.accepts(0, 9));
    }
}
