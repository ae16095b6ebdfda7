//! Rounds of numbers: what protocols share in which everybody tells its number and revises it.
//!
//! A round ends by the clock or when enough was heard. By the clock, round `r` ends `r + 1` times
//! its length after the node's clock started, as in [`generals`](crate::generals): who misses the
//! beginning gives up, what was not heard counts as what the node says itself, and nothing is on
//! disk. Else a node writes down what it says before it says it, repeats it until the round ends,
//! and tells who is behind what it said long ago; so neither loss nor reboots change what a round
//! was.

use std::collections::BTreeMap;

use sim_core::id::{Cluster, NodeId, OpId};
use sim_core::landmark::Landmark;
use sim_core::message::{Forger, Lie, Message as Speech, Record as Writing};
use sim_core::protocol::{Context, Protocol, Stored};
use sim_core::rng::Random as _;
use sim_core::time::{Duration, Time};

use crate::awaited::Awaited;
use crate::problem::estimate::{Begin, Estimate, Estimation};

/// The most rounds; words for later ones are not kept.
pub const ROUNDS_MAX: u32 = 1 << 12;

/// A frame with sender, receiver, round and number.
const BYTES: u32 = 40;
/// How far off a lie may be.
const LIE_MAX: u64 = 1 << 20;
/// How far ahead a lie about the round may be.
const ROUNDS_AHEAD: u64 = 10;

/// The number with which the sender goes into a round.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Message {
    /// The round, from 0.
    pub round: u32,
    /// Its number.
    pub value: i64,
    /// Whether it was said before: who is further is asked to help.
    pub again: bool,
}

impl Speech for Message {
    const KINDS: &'static [&'static str] = &["value"];

    fn kind(&self) -> usize {
        0
    }

    fn bytes(&self) -> u32 {
        BYTES
    }

    fn forge(&self, lie: Lie, forger: &mut Forger<'_>) -> Option<Self> {
        match lie {
            Lie::Content => {
                let off = 1 + forger.draw.below(LIE_MAX) as i64;
                let off = if forger.draw.below(2) == 0 { off } else { -off };
                Some(Self { value: self.value.saturating_add(off), ..*self })
            }
            Lie::Round => {
                let ahead = 1 + forger.draw.below(ROUNDS_AHEAD) as u32;
                Some(Self { round: self.round.saturating_add(ahead), ..*self })
            }
            // There are no clocks and no verdicts on others to lie about.
            Lie::Time | Lie::Accusation => None,
        }
    }
}

/// What a node writes down before it says it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Record {
    /// What it was asked; its number is that of round 0.
    Begun(Begin),
    /// Its number of the next round.
    Revised(i64),
}

impl Writing for Record {
    const KINDS: &'static [&'static str] = &["begun", "revised"];

    fn kind(&self) -> usize {
        match self {
            Self::Begun(_) => 0,
            Self::Revised(_) => 1,
        }
    }
}

/// The timers of a node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Timer {
    /// When a round ends by the clock.
    RoundEnds,
    /// When to say again what was said in this round.
    Repeat,
}

/// What ends a round.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Pace {
    /// The clock, after so long.
    Clock(Duration),
    /// That enough was heard; what was said is repeated so often.
    Hearing(Duration),
}

/// A protocol of such rounds.
pub(crate) trait Refinement:
    Protocol<Problem = Estimation, Message = Message, Record = Record, Timer = Timer>
{
    /// What ends a round.
    fn pace(config: &Self::Config) -> Pace;

    /// How many rounds there are, which all nodes compute alike.
    fn rounds(begin: Begin, ctx: &Context<'_, Self>) -> u32;

    /// How many numbers of a round are kept: the first that come.
    fn kept(config: &Self::Config, cluster: Cluster) -> usize;

    /// The next number, from those heard; `None` while more have to be.
    fn revised(heard: &BTreeMap<NodeId, i64>, ctx: &Context<'_, Self>) -> Option<i64>;
}

/// What a node keeps of the rounds.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Default)]
pub struct Rounds {
    /// What it was asked, with the number of rounds that follows.
    begun: Option<(Begin, u32)>,
    /// Its number of each round.
    said: Vec<i64>,
    /// What it heard, by round, from its own on.
    heard: BTreeMap<u32, BTreeMap<NodeId, i64>>,
    /// How it ended.
    end: Awaited<Estimate>,
}

impl Rounds {
    /// Its number of each round so far.
    pub fn said(&self) -> &[i64] {
        &self.said
    }

    /// The rounds of which it keeps what it heard.
    #[cfg(test)]
    pub(crate) fn heard_rounds(&self) -> impl Iterator<Item = u32> {
        self.heard.keys().copied()
    }

    /// Starts the node, or goes on where an earlier life stopped.
    pub(crate) fn boot<P: Refinement>(disk: &[Stored<Record>], ctx: &mut Context<'_, P>) -> Self {
        let mut rounds = Self::default();
        if let Pace::Clock(length) = P::pace(ctx.config()) {
            if ctx.elapsed() > Time::ZERO {
                rounds.end(Estimate::GivenUp, ctx);
            } else {
                ctx.repeat_timer(Timer::RoundEnds, length);
            }
            return rounds;
        }
        for stored in disk {
            match *stored {
                Stored::Intact(Record::Begun(begin)) => {
                    rounds.begun = Some((begin, P::rounds(begin, ctx)));
                    rounds.said.push(begin.value);
                }
                Stored::Intact(Record::Revised(value)) => rounds.said.push(value),
                // It may have said something and cannot read what.
                Stored::Damaged => {
                    rounds.end(Estimate::GivenUp, ctx);
                    return rounds;
                }
            }
        }
        if let Some(value) = rounds.said.last().copied() {
            rounds.speak(value, ctx);
            rounds.advance(ctx);
        }
        rounds
    }

    /// Takes a request.
    pub(crate) fn ask<P: Refinement>(&mut self, op: OpId, begin: Begin, ctx: &mut Context<'_, P>) {
        self.end.ask(op, ctx);
        if self.begun.is_none() && !self.end.has_come() {
            self.begun = Some((begin, P::rounds(begin, ctx)));
            self.enter(begin.value, Record::Begun(begin), ctx);
            self.advance(ctx);
        }
    }

    /// Hears a number, and helps who is behind.
    pub(crate) fn hear<P: Refinement>(
        &mut self,
        from: NodeId,
        message: Message,
        ctx: &mut Context<'_, P>,
    ) {
        let Message { round, value, again } = message;
        let behind = self.said.len().saturating_sub(1);
        if again && (round as usize) < behind {
            let value = self.said[round as usize];
            ctx.send(from, Message { round, value, again: false });
        }
        let most = self.begun.map_or(ROUNDS_MAX, |(_, rounds)| rounds);
        if round as usize >= behind && round < most && !self.end.has_come() {
            self.keep(round, from, value, ctx);
            self.advance(ctx);
        }
    }

    /// A timer ran out.
    pub(crate) fn wake<P: Refinement>(&mut self, timer: Timer, ctx: &mut Context<'_, P>) {
        match timer {
            Timer::RoundEnds => self.close(ctx),
            Timer::Repeat => self.repeat(ctx),
        }
    }

    /// The round that runs.
    const fn round(&self) -> u32 {
        self.said.len().saturating_sub(1) as u32
    }

    fn keep<P: Refinement>(&mut self, round: u32, from: NodeId, value: i64, ctx: &Context<'_, P>) {
        let most = P::kept(ctx.config(), ctx.cluster());
        let heard = self.heard.entry(round).or_default();
        if heard.len() < most {
            heard.entry(from).or_insert(value);
        }
    }

    /// Goes into the next round with `value`.
    fn enter<P: Refinement>(&mut self, value: i64, record: Record, ctx: &mut Context<'_, P>) {
        if matches!(P::pace(ctx.config()), Pace::Hearing(_)) {
            ctx.persist(record);
        }
        self.said.push(value);
        self.heard = self.heard.split_off(&self.round());
        ctx.indicate(Estimate::Revised { round: self.round(), value });
        self.speak(value, ctx);
    }

    /// Says its number of this round, unless there are no more rounds.
    fn speak<P: Refinement>(&mut self, value: i64, ctx: &mut Context<'_, P>) {
        let round = self.round();
        match self.begun {
            Some((_, rounds)) if round < rounds => {
                self.keep(round, ctx.me(), value, ctx);
                ctx.announce(Landmark::Round { round: u64::from(round) + 1 });
                ctx.broadcast(Message { round, value, again: false });
                self.schedule(ctx);
            }
            _ => self.end(Estimate::Settled { rounds: round, value }, ctx),
        }
    }

    /// Goes through the rounds of which enough was heard.
    fn advance<P: Refinement>(&mut self, ctx: &mut Context<'_, P>) {
        while matches!(P::pace(ctx.config()), Pace::Hearing(_))
            && !self.end.has_come()
            && self.begun.is_some()
            && let Some(heard) = self.heard.get(&self.round())
            && let Some(value) = P::revised(heard, ctx)
        {
            self.enter(value, Record::Revised(value), ctx);
        }
    }

    /// The clock ends the round: who was silent counts as if it agreed with this node.
    fn close<P: Refinement>(&mut self, ctx: &mut Context<'_, P>) {
        let mut heard = self.heard.remove(&self.round()).unwrap_or_default();
        if let Some(own) = self.said.last() {
            ctx.cluster().nodes().for_each(|node| _ = heard.entry(node).or_insert(*own));
        }
        match P::revised(&heard, ctx).filter(|_| self.begun.is_some()) {
            Some(value) => self.enter(value, Record::Revised(value), ctx),
            None => self.end(Estimate::GivenUp, ctx),
        }
    }

    /// Tells the end to all who wait here.
    fn end<P: Refinement>(&mut self, end: Estimate, ctx: &mut Context<'_, P>) {
        ctx.cancel_timer(Timer::RoundEnds);
        ctx.cancel_timer(Timer::Repeat);
        self.end.come(end, end.landmark(), ctx);
    }

    /// Says again, to everybody, what was said in this round.
    fn repeat<P: Refinement>(&self, ctx: &mut Context<'_, P>) {
        if let Some(value) = self.said.last() {
            ctx.broadcast(Message { round: self.round(), value: *value, again: true });
            self.schedule(ctx);
        }
    }

    /// Sets the timer to repeat what was said.
    fn schedule<P: Refinement>(&self, ctx: &mut Context<'_, P>) {
        if let Pace::Hearing(interval) = P::pace(ctx.config())
            && !interval.is_zero()
        {
            ctx.set_timer(Timer::Repeat, interval);
        }
    }
}
