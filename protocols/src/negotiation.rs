//! Bargaining between two: what protocols share in which two parties propose outcomes of a domain.
//!
//! Each ends once, and by its own clock at its deadline at the latest; what it said it repeats until
//! it hears what follows on that.

use sim_core::id::{Cluster, NodeId};
use sim_core::landmark::Landmark;
use sim_core::message::{Forger, Lie};
use sim_core::protocol::{Context, Objection, Protocol};
use sim_core::rng::Random as _;
use sim_core::time::Duration;

use crate::awaited::Awaited;
use crate::bargain::Party;
use crate::problem::bargain::{Bargaining, Ending};

/// A frame with sender, receiver, round and outcome, in bytes.
pub(crate) const BYTES: u32 = 32;
/// How many outcomes further on a lie may name.
const OFF_MAX: u64 = 20;
/// How far ahead a lie about the round may be.
const ROUNDS_AHEAD: u64 = 10;

/// The timers of a party.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Timer {
    /// When to say again what it proposes in this round.
    Repeat,
    /// When it breaks down.
    Deadline,
}

/// Which of the two a node is.
pub(crate) fn party(node: NodeId) -> Party {
    if node == NodeId(0) { Party::One } else { Party::Other }
}

/// Will say again what was said, after so long; never if that is no time.
pub(crate) fn repeat<P>(interval: Duration, ctx: &mut Context<'_, P>)
where
    P: Protocol<Problem = Bargaining, Timer = Timer>,
{
    if !interval.is_zero() {
        ctx.set_timer(Timer::Repeat, interval);
    }
}

/// Ends, and tells all who wait for it.
pub(crate) fn end<P>(awaited: &mut Awaited<Ending>, ending: Ending, ctx: &mut Context<'_, P>)
where
    P: Protocol<Problem = Bargaining, Timer = Timer>,
{
    ctx.cancel_timer(Timer::Repeat);
    ctx.cancel_timer(Timer::Deadline);
    let landmark = match ending {
        Ending::Agreed { .. } => Landmark::Decided,
        Ending::BrokenDown => Landmark::Undecided,
    };
    awaited.come(ending, landmark, ctx);
}

/// A lie in place of an outcome that was named in a round: one of the outcomes around, or one that
/// there is not; or a later round. `None` for lies about clocks and others, of which nothing is said.
pub(crate) fn lie(
    (round, outcome): (u32, usize),
    lie: Lie,
    forger: &mut Forger<'_>,
) -> Option<(u32, usize)> {
    match lie {
        Lie::Content => {
            let off = 1 + forger.draw.below(OFF_MAX) as usize;
            let is_back = forger.draw.below(2) == 0 && off <= outcome;
            Some((round, if is_back { outcome - off } else { outcome + off }))
        }
        Lie::Round => {
            let ahead = 1 + forger.draw.below(ROUNDS_AHEAD) as u32;
            Some((round.saturating_add(ahead), outcome))
        }
        Lie::Time | Lie::Accusation => None,
    }
}

/// What is wrong with a deadline or a number of parties, whatever the protocol.
pub(crate) fn objections(cluster: Cluster, deadline: Duration) -> Vec<Objection> {
    let wrong = |key, reason| Objection { key, reason, runnable: false };
    let mut objections = Vec::new();
    if cluster.n != 2 {
        objections.push(wrong("nodes", format!("{} parties: two bargain", cluster.n)));
    }
    if deadline.is_zero() {
        objections.push(wrong("deadline", "no time to say anything: write \"10s\"".to_owned()));
    }
    objections
}
