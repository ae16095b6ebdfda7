//! What every solution of the Byzantine generals problem needs: rounds, a default, and an end.
//!
//! Lamport, Shostak and Pease (ACM TOPLAS 4(3), 1982) assume a synchronous system: a message that
//! is sent arrives within a known time, so that its absence can be noticed (their A3 and, for
//! clocks, section 6). Here round `r` of a node ends `r` times the length of a round after the
//! node's clock started. That is true of messages only if a round is longer than the longest
//! delay, plus what the clocks drift apart in all rounds together. Orders have to be there when
//! the first round begins, at time zero: what arrives too late for its round does not count.
//!
//! A general that goes down is faulty for good. Its clock runs on, so that a life that begins
//! after the start knows that it missed something: it says nothing and ends undecided. Nothing is
//! written to disk.

use sim_core::id::OpId;
use sim_core::landmark::Landmark;
use sim_core::protocol::{Context, Objection, Protocol};
use sim_core::time::{Duration, Time};

use crate::awaited::Awaited;
use crate::problem::decision::{Choice, Conclusion, Decision};

/// The timers of a general.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Timer {
    /// When a round ends, and the next one begins.
    RoundEnds,
}

/// What a general keeps, whichever way the orders travel.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct General {
    /// The round that runs, from 1; `None` once the last is over, and for who missed the first.
    round: Option<u32>,
    /// How many options there are, once the application or another general has named one.
    options: Option<u8>,
    conclusion: Awaited<Conclusion>,
}

impl General {
    /// Starts the rounds, or stays out of them if they have begun without this general.
    pub(crate) fn boot<P>(round: Duration, ctx: &mut Context<'_, P>) -> Self
    where
        P: Protocol<Problem = Decision, Timer = Timer>,
    {
        let mut general = Self { round: Some(1), options: None, conclusion: Awaited::default() };
        if ctx.elapsed() > Time::ZERO {
            general.conclude(None, ctx);
        } else {
            ctx.announce(Landmark::Round { round: 1 });
            ctx.repeat_timer(Timer::RoundEnds, round);
        }
        general
    }

    /// Takes a request; says whether an order that comes with it is in time.
    pub(crate) fn ask<P>(&mut self, op: OpId, opinion: Choice, ctx: &mut Context<'_, P>) -> bool
    where
        P: Protocol<Problem = Decision, Timer = Timer>,
    {
        self.conclusion.ask(op, ctx);
        self.options.get_or_insert(opinion.of());
        self.round == Some(1)
    }

    /// Whether this is one of the options. A general that has heard of none believes the first.
    pub(crate) fn knows(&mut self, choice: Choice) -> bool {
        *self.options.get_or_insert(choice.of()) == choice.of()
    }

    /// The round that runs, from 1; `None` once the last is over, and for who missed the first.
    pub(crate) const fn round(&self) -> Option<u32> {
        self.round
    }

    /// The order of who has none: option `wanted`, or the last if there are fewer. `None` if this
    /// general never heard of any option.
    pub(crate) fn default_order(&self, wanted: u8) -> Option<Choice> {
        self.options.map(|options| Choice::new(wanted.min(options - 1), options))
    }

    /// Begins the next round.
    pub(crate) fn advance<P>(&mut self, ctx: &mut Context<'_, P>)
    where
        P: Protocol<Problem = Decision, Timer = Timer>,
    {
        self.round = self.round.map(|round| round + 1);
        if let Some(round) = self.round {
            ctx.announce(Landmark::Round { round: round.into() });
        }
    }

    /// How it ended, once it has.
    pub(crate) const fn outcome(&self) -> Option<Conclusion> {
        self.conclusion.outcome()
    }

    /// Ends the rounds, and tells the application.
    pub(crate) fn conclude<P>(&mut self, decided: Option<Choice>, ctx: &mut Context<'_, P>)
    where
        P: Protocol<Problem = Decision, Timer = Timer>,
    {
        self.round = None;
        ctx.cancel_timer(Timer::RoundEnds);
        let (landmark, conclusion) = match decided {
            Some(choice) => (Landmark::Decided, Conclusion::Decided(choice)),
            None => (Landmark::Undecided, Conclusion::Undecided),
        };
        self.conclusion.come(conclusion, landmark, ctx);
    }
}

/// What is wrong with a round of this length, whatever the protocol.
pub(crate) fn objection_to_round(round: Duration) -> Option<Objection> {
    let reason = "takes no time: give more than the longest delay of a message".to_owned();
    round.is_zero().then_some(Objection { key: "round", reason, runnable: false })
}
