//! Ben-Or's randomised agreement: rounds of two phases, and a coin when a round tells nothing.
//!
//! Ben-Or, "Another Advantage of Free Choice: Completely Asynchronous Agreement Protocols"
//! (PODC 1983): protocol A, where nodes crash and n > 2t, and protocol B, where they lie and
//! n > 5t. That protocol A is correct was first proved in full by Aguilera and Toueg, "The
//! correctness proof of Ben-Or's randomized consensus algorithm" (Distributed Computing 25, 2012).
//! No deterministic protocol can do it (Fischer, Lynch and Paterson 1985): it terminates with
//! probability one, and in no bounded time.
//!
//! We depart from the paper in three ways. Its processes go on for ever; ours stop when they
//! decide and say so, and their last word stands for all that they would have said later (which is
//! right: after a decision everybody correct reports and proposes nothing else). Its links lose
//! nothing and its processes never recover; ours write down what they say before they say it,
//! repeat it while they are undecided, and help who is behind with what they said long ago. And a
//! node ends a phase only when its own word is among those it heard. What a node says, it also
//! says to itself, and counts it only then, so it counts nothing of its own that is not durable.
//!
//! It decides between two options. Asked about more, a node gives up at once: a coin with more
//! sides could show an option that nobody wants.

mod config;
mod marks;
mod message;
mod monitor;
mod round;
#[cfg(test)]
mod mutants;
#[cfg(test)]
mod tests;

pub use config::{Coin, Config, Faults, Thresholds};
pub use message::{Message, Record};
pub use monitor::{DECISION_CARRIES_OVER, ONE_WORD, PROPOSAL_AGREEMENT, Referee};

use std::collections::BTreeMap;

use sim_core::digest::Digest;
use sim_core::id::{Cluster, NodeId, OpId};
use sim_core::landmark::Landmark;
use sim_core::mark::Mark;
use sim_core::problem::Promise;
use sim_core::protocol::{Assumptions, Context, Contract, Mutant, Objection, Protocol, Stored};
use sim_core::rng::Random as _;

use crate::problem::decision::{
    AGREEMENT, Choice, Conclusion, Decision, INTEGRITY, Propose, TERMINATION, UNANIMITY, VALIDITY,
};
use marks::{COIN_FLIPPED, PROPOSAL_ADOPTED};
use round::{Heard, Words};

/// One node.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct BenOr {
    /// The round that it is in, from 1; 0 before it was asked.
    round: u64,
    /// What it said, by round: who is behind may need it.
    said: BTreeMap<u64, Words>,
    /// What it heard, by round, from the one before its own on.
    heard: BTreeMap<u64, Heard>,
    /// Who said to have decided, in which round, and what.
    deciders: BTreeMap<NodeId, (u64, Choice)>,
    decided: Option<Choice>,
    /// The decision with which its rounds ended, and the round in which somebody came to it. Where
    /// liars are about, who decided because others did goes on until its own rounds end: the
    /// others may need its words.
    concluded: Option<(u64, Choice)>,
    /// It may have said something and cannot read what: it says nothing new.
    abstains: bool,
    /// Requests that wait for the outcome; more than one only if several clients ask one node.
    unanswered: Vec<OpId>,
}

/// The timers of a node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Timer {
    /// When to say again what was said in this round.
    Repeat,
}

impl Protocol for BenOr {
    const NAME: &'static str = "ben-or";
    const SUMMARY: &'static str = "randomised agreement: rounds of two phases, and a coin";
    const MARKS: &'static [Mark] = marks::MARKS;
    const MUTANTS: &'static [Mutant] = &[
        Mutant {
            id: "BO1",
            summary: "one proposal is enough to decide, instead of t+1",
            breaks: &[DECISION_CARRIES_OVER, AGREEMENT],
        },
        Mutant {
            id: "BO2",
            summary: "a majority of the reports heard is enough to propose, instead of all nodes",
            breaks: &[PROPOSAL_AGREEMENT, DECISION_CARRIES_OVER, AGREEMENT],
        },
        Mutant {
            id: "BO3",
            summary: "a node says things before it has written them down",
            breaks: &[ONE_WORD, PROPOSAL_AGREEMENT, DECISION_CARRIES_OVER, AGREEMENT],
        },
        Mutant {
            id: "BO4",
            summary: "where t may lie, one node's word that it decided is believed",
            breaks: &[AGREEMENT, UNANIMITY],
        },
    ];
    type Problem = Decision;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Record = Record;
    type Monitor = Referee;

    fn contract(config: &Config, cluster: Cluster) -> Contract {
        let survived = config.resilience(cluster).min(config.survivable(cluster));
        let byzantine = match config.faults {
            Faults::Crash => 0,
            Faults::Byzantine => survived,
        };
        Contract {
            promise: Promise(vec![AGREEMENT, VALIDITY, UNANIMITY, INTEGRITY, TERMINATION]),
            safety: Assumptions {
                byzantine,
                forgetful: 0,
                faulty: u32::MAX,
                ..Assumptions::CRASH_RECOVERY
            },
            liveness: Assumptions {
                byzantine,
                forgetful: 0,
                faulty: survived,
                ..Assumptions::CRASH_RECOVERY
            },
        }
    }

    fn objections(config: &Config, cluster: Cluster) -> Vec<Objection> {
        config.objections(cluster)
    }

    fn boot(disk: &[Stored<Record>], ctx: &mut Context<'_, Self>) -> Self {
        let mut node = Self {
            round: 0,
            said: BTreeMap::new(),
            heard: BTreeMap::new(),
            deciders: BTreeMap::new(),
            decided: None,
            concluded: None,
            abstains: false,
            unanswered: Vec::new(),
        };
        for stored in disk {
            match stored {
                Stored::Intact(record) => node.remember(record, ctx.me()),
                Stored::Damaged => node.abstains = true,
            }
        }
        node.resume(ctx);
        node
    }

    fn on_request(
        &mut self,
        op: OpId,
        Propose { choice, .. }: Propose,
        ctx: &mut Context<'_, Self>,
    ) {
        if choice.of() > 2 {
            ctx.announce(Landmark::Undecided);
            ctx.answer(op, Conclusion::Undecided);
            return;
        }
        match self.decided {
            Some(decided) => ctx.answer(op, Conclusion::Decided(decided)),
            None if self.unanswered.contains(&op) => {}
            None => self.unanswered.push(op),
        }
        if self.round == 0 && self.concluded.is_none() && !self.abstains {
            self.enter(1, choice, ctx);
            self.schedule(ctx);
        }
    }

    fn on_message(&mut self, from: NodeId, message: Message, ctx: &mut Context<'_, Self>) {
        if !ctx.cluster().contains(from) {
            return;
        }
        match message {
            Message::Report { round, choice, again } => {
                self.hear(round, |heard| heard.report(from, choice));
                self.advance(ctx);
                self.help(from, round, again, ctx);
            }
            Message::Proposal { round, choice, again } => {
                self.hear(round, |heard| heard.propose(from, choice));
                self.advance(ctx);
                self.help(from, round, again, ctx);
            }
            Message::Decided { round, choice } => {
                self.deciders.entry(from).or_insert((round, choice));
                self.stand_in();
                self.believe(round, choice, ctx);
                self.advance(ctx);
            }
        }
    }

    fn on_timer(&mut self, Timer::Repeat: Timer, ctx: &mut Context<'_, Self>) {
        self.repeat(ctx);
        self.schedule(ctx);
    }

    fn monitor(_: &Config, _: Cluster) -> Referee {
        Referee::default()
    }
}

/// What the dealer of the common coin drew for a round.
fn common_coin(salt: u64, round: u64, sides: u8) -> Choice {
    let side = Digest::of(&("common coin", salt, round)) % u64::from(sides);
    Choice::new(side as u8, sides)
}

impl BenOr {
    /// Takes up what an earlier life wrote down.
    fn remember(&mut self, record: &Record, me: NodeId) {
        match *record {
            Record::Report(round, report) => {
                self.round = round;
                self.said.insert(round, Words { report, proposal: None });
                self.heard.entry(round).or_default().report(me, report);
            }
            Record::Proposal(round, proposal) => {
                if let Some(words) = self.said.get_mut(&round) {
                    words.proposal = Some(proposal);
                }
                self.heard.entry(round).or_default().propose(me, proposal);
            }
            Record::Told(choice) => self.decided = Some(choice),
            Record::Concluded(round, choice) => {
                self.decided.get_or_insert(choice);
                self.concluded = Some((round, choice));
            }
        }
    }

    /// Goes on where an earlier life stopped. A crash may have kept the records and lost what was
    /// to be said after them.
    fn resume(&mut self, ctx: &mut Context<'_, Self>) {
        if let Some(choice) = self.decided {
            ctx.indicate(Conclusion::Decided(choice));
        }
        match self.concluded {
            Some((round, choice)) => ctx.broadcast(Message::Decided { round, choice }),
            None => {
                self.repeat(ctx);
                self.schedule(ctx);
                self.advance(ctx);
            }
        }
    }

    /// Writes something down, unless a bug keeps the node from it.
    fn write(record: Record, ctx: &mut Context<'_, Self>) {
        if !ctx.mutant("BO3") {
            ctx.persist(record);
        }
    }

    /// Says something to everybody, oneself included.
    fn say(message: Message, ctx: &mut Context<'_, Self>) {
        ctx.broadcast(message.clone());
        ctx.send(ctx.me(), message);
    }

    /// Goes into a round with `choice`.
    fn enter(&mut self, round: u64, choice: Choice, ctx: &mut Context<'_, Self>) {
        self.round = round;
        self.said.insert(round, Words { report: choice, proposal: None });
        // One round back is kept for the judges.
        self.heard = self.heard.split_off(&round.saturating_sub(1));
        self.stand_in();
        ctx.announce(Landmark::Round { round });
        Self::write(Record::Report(round, choice), ctx);
        Self::say(Message::Report { round, choice, again: false }, ctx);
    }

    /// Keeps what was heard of a round that is not over.
    fn hear(&mut self, round: u64, keep: impl FnOnce(&mut Heard)) {
        if self.concluded.is_none() && round >= self.round.max(1) {
            keep(self.heard.entry(round).or_default());
        }
    }

    /// Lets the last word of those who are done stand for what they say in this round.
    fn stand_in(&mut self) {
        if self.round == 0 {
            return;
        }
        let heard = self.heard.entry(self.round).or_default();
        for (node, (round, choice)) in &self.deciders {
            if *round < self.round {
                heard.report(*node, *choice);
                heard.propose(*node, Some(*choice));
            }
        }
    }

    /// Ends the phase, if enough was heard in it.
    fn advance(&mut self, ctx: &mut Context<'_, Self>) {
        let needed = ctx.config().thresholds(ctx.cluster()).heard;
        let (Some(words), Some(heard)) = (self.said.get(&self.round), self.heard.get(&self.round))
        else {
            return;
        };
        if self.concluded.is_some() || self.abstains {
            return;
        }
        let me = ctx.me();
        if words.proposal.is_none() {
            if heard.reports.contains_key(&me) && heard.reports.len() as u32 >= needed {
                self.propose(heard.most_reported(), ctx);
            }
        } else if heard.proposals.contains_key(&me) && heard.proposals.len() as u32 >= needed {
            self.end_round(heard.most_proposed(), ctx);
        }
    }

    /// The second phase: proposes what enough reported.
    fn propose(&mut self, most: Option<(Choice, u32)>, ctx: &mut Context<'_, Self>) {
        let mut needed = ctx.config().thresholds(ctx.cluster());
        if ctx.mutant("BO2") {
            needed.propose = needed.heard / 2 + 1;
        }
        let enough = most.filter(|(_, count)| *count >= needed.propose);
        let (round, choice) = (self.round, enough.map(|(choice, _)| choice));
        if let Some(words) = self.said.get_mut(&round) {
            words.proposal = Some(choice);
        }
        if choice.is_some() {
            ctx.announce(Landmark::Prepared { term: round, index: 0 });
        }
        Self::write(Record::Proposal(round, choice), ctx);
        Self::say(Message::Proposal { round, choice, again: false }, ctx);
    }

    /// Decides, adopts or tosses the coin.
    fn end_round(&mut self, most: Option<(Choice, u32)>, ctx: &mut Context<'_, Self>) {
        let mut needed = ctx.config().thresholds(ctx.cluster());
        if ctx.mutant("BO1") {
            needed.decide = needed.adopt;
        }
        let with = |least: u32| most.filter(|(_, count)| *count >= least).map(|(choice, _)| choice);
        if let Some(choice) = with(needed.decide) {
            self.conclude(self.round, choice, ctx);
        } else {
            let adopted = with(needed.adopt);
            ctx.announce(match adopted {
                Some(_) => PROPOSAL_ADOPTED.reached(),
                None => COIN_FLIPPED.reached(),
            });
            let next = adopted.unwrap_or_else(|| self.toss(ctx));
            self.enter(self.round + 1, next, ctx);
        }
    }

    /// Tosses the coin of this round.
    fn toss(&self, ctx: &mut Context<'_, Self>) -> Choice {
        let sides = self.said[&self.round].report.of();
        match ctx.config().coin {
            Coin::Local => Choice::new(ctx.random().below(sides.into()) as u8, sides),
            Coin::Common => common_coin(ctx.config().salt, self.round, sides),
        }
    }

    /// The node's rounds end, with the decision that somebody came to in `round`.
    fn conclude(&mut self, round: u64, choice: Choice, ctx: &mut Context<'_, Self>) {
        self.concluded = Some((round, choice));
        ctx.cancel_timer(Timer::Repeat);
        ctx.persist(Record::Concluded(round, choice));
        ctx.broadcast(Message::Decided { round, choice });
        self.decide(choice, ctx);
    }

    /// Decides if enough nodes say that they decided `choice`, the last of them in `round`.
    fn believe(&mut self, round: u64, choice: Choice, ctx: &mut Context<'_, Self>) {
        let mut needed = ctx.config().thresholds(ctx.cluster()).believe;
        if ctx.mutant("BO4") {
            needed = 1;
        }
        let agree = self.deciders.values().filter(|(_, other)| *other == choice).count() as u32;
        if self.decided.is_some() || agree < needed {
            return;
        }
        match ctx.config().faults {
            // Nobody lies, so whoever asks this node can be told to stop too.
            Faults::Crash => self.conclude(round, choice, ctx),
            Faults::Byzantine => {
                ctx.persist(Record::Told(choice));
                self.decide(choice, ctx);
            }
        }
    }

    /// Tells the outcome to all who wait here, once.
    fn decide(&mut self, choice: Choice, ctx: &mut Context<'_, Self>) {
        if self.decided.is_some() {
            return;
        }
        self.decided = Some(choice);
        ctx.announce(Landmark::Decided);
        let conclusion = Conclusion::Decided(choice);
        if self.unanswered.is_empty() {
            ctx.indicate(conclusion);
        }
        for op in self.unanswered.drain(..) {
            ctx.answer(op, conclusion);
        }
    }

    /// Says to a node that repeats itself in `round` what it lacks. Who is in the same round
    /// repeats itself anyway.
    fn help(&self, node: NodeId, round: u64, asked: bool, ctx: &mut Context<'_, Self>) {
        if !asked || node == ctx.me() {
            return;
        }
        if self.concluded.is_some() || round < self.round {
            self.words(round, false).into_iter().for_each(|message| ctx.send(node, message));
        }
        if let Some((round, choice)) = self.concluded {
            ctx.send(node, Message::Decided { round, choice });
        }
    }

    /// Says again, to everybody, what was said in this round.
    fn repeat(&self, ctx: &mut Context<'_, Self>) {
        self.words(self.round, true).into_iter().for_each(|message| ctx.broadcast(message));
    }

    /// What the node said in a round.
    fn words(&self, round: u64, again: bool) -> Vec<Message> {
        let Some(Words { report, proposal }) = self.said.get(&round) else {
            return Vec::new();
        };
        let mut words = vec![Message::Report { round, choice: *report, again }];
        words.extend(proposal.map(|choice| Message::Proposal { round, choice, again }));
        words
    }

    /// Sets the timer, while there is something to repeat.
    fn schedule(&self, ctx: &mut Context<'_, Self>) {
        let interval = ctx.config().retransmit;
        if !interval.is_zero() && self.round > 0 && self.concluded.is_none() {
            ctx.set_timer(Timer::Repeat, interval);
        }
    }
}
