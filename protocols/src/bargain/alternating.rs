//! Alternating offers: how two parties share when waiting costs, by backward induction.
//!
//! Rubinstein, "Perfect equilibrium in a bargaining model" (Econometrica 50(1), 1982): the parties
//! take turns to propose how to share 1; who is refused waits a round, and a share that is had a
//! round later is worth δ times as much. In the one equilibrium that is perfect in every subgame,
//! the first proposal is accepted, and leaves the proposer (1 − δ₂)/(1 − δ₁δ₂).

use serde::{Deserialize, Serialize};
use sim_core::rng::Ratio;

/// How patient the parties are, the first proposer and the other.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Patience {
    /// What a share is worth to the first proposer a round later.
    pub proposer: Ratio,
    /// What it is worth to the other.
    pub responder: Ratio,
}

impl Patience {
    /// The share of the first proposer if there is no last round, as a numerator over a
    /// denominator. `None` if both wait for nothing at no cost, since any split is an equilibrium
    /// then, or if the numbers do not fit 128 bits.
    pub fn share(self) -> Option<(u128, u128)> {
        let wide = |ratio: Ratio| {
            let (part, whole) = ratio.lowest_terms();
            (u128::from(part), u128::from(whole))
        };
        let ((a, b), (c, d)) = (wide(self.proposer), wide(self.responder));
        // (1 − c/d) / (1 − ac/bd) = b(d − c) / (bd − ac).
        let denominator = b.checked_mul(d)? - a.checked_mul(c)?;
        (denominator > 0).then(|| (b * (d - c), denominator))
    }

    /// The share of the first proposer, in thousand-millionths, if the parties have so many rounds
    /// and nothing afterwards: who proposes last takes all, and before that each proposer offers
    /// what is worth to the other as much as to wait. 0 if there is no round.
    pub fn share_within(self, rounds: u32) -> u32 {
        let patience = [self.proposer, self.responder].map(Ratio::as_f64);
        let mut share = 0.0;
        for left in 1..=rounds {
            // With so many rounds left the proposer is the first again or the other; who responds
            // would propose in the next.
            let responder = (rounds - left + 1) % 2;
            share = 1.0 - patience[responder as usize] * share;
        }
        (share * 1e9).round() as u32
    }
}
