//! Majority voting: every agent casts one ballot, and a choice wins with a quorum of all agents.
//!
//! That a majority *of the electorate* is what makes two winners impossible is the insight of
//! Thomas, "A Majority Consensus Approach to Concurrency Control for Multiple Copy Databases"
//! (ACM TODS 4(2), 1979). We depart from it: there is one question and one ballot each, ballots
//! are opinions rather than acceptances of an update, nobody votes again after a tie, and an agent
//! that hears too little gives up. So voting always ends and never ends in two ways, but it may
//! end without a decision; the protocols that came later are the price of doing better.

mod config;
mod guarantee;
mod marks;
mod message;
mod monitor;
mod record;
mod reliable;
mod spread;
mod tally;
mod vote;
#[cfg(test)]
mod bounds;
#[cfg(test)]
mod mutants;
#[cfg(test)]
mod returning;
#[cfg(test)]
mod ruled;
#[cfg(test)]
mod spreading;
#[cfg(test)]
mod tests;

pub use config::{Config, Electorate, Form, Tie};
pub use message::{Message, Record};
pub use monitor::{ONE_VOTER_ONE_VOTE, QUORUM_OF_ELECTORATE, Scrutineer};
pub use record::PIVOT_TRIES;
pub use vote::Vote;

use std::collections::BTreeMap;

use sim_core::id::{Cluster, NodeId, NodeSet, OpId};
use sim_core::landmark::Landmark;
use sim_core::mark::Mark;
use sim_core::protocol::{Assumptions, Context, Contract, Mutant, Objection, Protocol, Stored};
use sim_core::record::Section;

use crate::bracha::Step;
use crate::problem::decision::{AGREEMENT, Choice, Conclusion, Decision, Load, Propose};
use config::Needs;
use marks::{DUPLICATE_BALLOT, EARLY_FINALISATION, EQUIVOCATION, LATE_BALLOT, MISSING_BALLOT, TIE};
use reliable::Broadcasts;
use tally::{Lead, Tally};

/// One agent.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct Voting {
    /// Its own ballot, which is on its disk or on the way there.
    ballot: Option<Vote>,
    /// It may have voted and cannot read what.
    abstains: bool,
    needs: Needs,
    tally: Tally,
    /// The first ballot that it heard of each voter.
    heard: BTreeMap<NodeId, Vote>,
    broadcasts: Broadcasts,
    /// How often it will push what it has.
    pushes: u64,
    outcome: Option<Settled>,
    /// Whose ballot came only after the outcome.
    late: NodeSet,
    /// Ballots beyond the first of their voter, whether they repeat it or contradict it.
    duplicates: u32,
    /// Requests that wait for the outcome; more than one only if several clients ask one agent.
    unanswered: Vec<OpId>,
    is_waiting: bool,
}

/// How it ended for one agent, and how the agent knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
struct Settled {
    decided: Option<Choice>,
    basis: Basis,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
enum Basis {
    /// It counted ballots, or waited for them in vain.
    Count,
    /// The collector said so.
    Announcement,
    /// An earlier life wrote it down.
    Disk,
}

impl Settled {
    fn conclusion(self) -> Conclusion {
        self.decided.map_or(Conclusion::Undecided, Conclusion::Decided)
    }
}

/// The timers of an agent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Timer {
    /// When to stop waiting for an outcome.
    GiveUp,
    /// When to repeat the ballot.
    Resend,
    /// When to push what it has.
    Push,
}

impl Protocol for Voting {
    const NAME: &'static str = "voting";
    const SUMMARY: &'static str = "one ballot each; a choice wins with a quorum of all agents";
    const MARKS: &'static [Mark] = marks::MARKS;
    const MUTANTS: &'static [Mutant] = &[
        Mutant {
            id: "N01",
            summary: "a voter whose ballot is repeated is counted again",
            breaks: &[ONE_VOTER_ONE_VOTE, AGREEMENT],
        },
        Mutant {
            id: "N03",
            summary: "a tie is won by the choice of the ballot that arrived last",
            breaks: &[AGREEMENT, QUORUM_OF_ELECTORATE],
        },
        Mutant {
            id: "N04",
            summary: "at the timeout a majority of the ballots received is enough",
            breaks: &[AGREEMENT, QUORUM_OF_ELECTORATE],
        },
    ];
    type Problem = Decision;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Record = Record;
    type Monitor = Scrutineer;

    fn contract(config: &Config, cluster: Cluster) -> Contract {
        Contract {
            promise: config.promise(),
            safety: Assumptions {
                byzantine: config.liars_survived(cluster),
                forgetful: 0,
                faulty: u32::MAX,
                ..Assumptions::CRASH_RECOVERY
            },
            // An agent's own timeout ends its wait, whatever becomes of the others.
            liveness: Assumptions {
                byzantine: u32::MAX,
                forgetful: u32::MAX,
                faulty: u32::MAX,
                ..Assumptions::CRASH_RECOVERY
            },
        }
    }

    fn objections(config: &Config, cluster: Cluster) -> Vec<Objection> {
        config.objections(cluster)
    }

    fn load_objection(config: &Config, load: &Load) -> Option<(&'static str, String)> {
        let (key, reason) = load.unranked().filter(|_| config.rule.is_some())?;
        Some((key, format!("{reason}: list fewer, or leave out the `rule` for a quorum")))
    }

    fn boot(disk: &[Stored<Record>], ctx: &mut Context<'_, Self>) -> Self {
        let mut agent = Self {
            ballot: None,
            abstains: false,
            needs: ctx.config().needs(ctx.cluster()),
            tally: Tally::default(),
            heard: BTreeMap::new(),
            broadcasts: Broadcasts::default(),
            pushes: 0,
            outcome: None,
            late: NodeSet::EMPTY,
            duplicates: 0,
            unanswered: Vec::new(),
            is_waiting: false,
        };
        for stored in disk {
            match stored {
                Stored::Intact(Record::Ballot(vote)) => agent.ballot = Some(*vote),
                Stored::Intact(Record::Outcome(decided)) => {
                    agent.outcome = Some(Settled { decided: *decided, basis: Basis::Disk });
                }
                Stored::Intact(Record::Said(step, voter, vote)) => {
                    agent.broadcasts.restore(ctx.me(), *step, *voter, *vote);
                }
                Stored::Damaged => agent.abstains = true,
            }
        }
        agent.repeat(ctx);
        // A crash may have kept the records and lost what was to be said after them.
        if let Some(outcome) = agent.outcome {
            ctx.indicate(outcome.conclusion());
            Self::proclaim(outcome.decided, ctx);
            if let Some(vote) = agent.ballot {
                agent.send_ballot(vote, ctx);
            }
        } else if let Some(vote) = agent.ballot {
            agent.cast(vote, ctx);
        }
        agent
    }

    fn on_request(
        &mut self,
        op: OpId,
        Propose { choice, opinion }: Propose,
        ctx: &mut Context<'_, Self>,
    ) {
        let before = self.outcome;
        if before.is_none() && !self.unanswered.contains(&op) {
            self.unanswered.push(op);
        }
        let vote = ctx.config().vote(choice, &opinion);
        if let Some(vote) = vote.filter(|_| self.ballot.is_none() && !self.abstains) {
            self.ballot = Some(vote);
            ctx.persist(Record::Ballot(vote));
            self.cast(vote, ctx);
        }
        match before {
            Some(outcome) => ctx.answer(op, outcome.conclusion()),
            None => self.wait(ctx),
        }
    }

    fn on_message(&mut self, from: NodeId, message: Message, ctx: &mut Context<'_, Self>) {
        match message {
            Message::Ballot { vote } => {
                let is_counted = ctx.config().is_direct() && ctx.config().counts(ctx.me());
                if is_counted && ctx.cluster().contains(from) {
                    self.hear(from, vote, ctx);
                }
            }
            Message::Ballots { ballots } => {
                if ctx.config().form == Form::Gossip && ctx.cluster().contains(from) {
                    self.pushed(ballots, ctx);
                }
            }
            Message::Relay { step, voter, vote } => {
                let are_voters = [from, voter].iter().all(|node| ctx.cluster().contains(*node));
                if ctx.config().form == Form::Reliable && are_voters {
                    self.relayed(from, step, voter, vote, ctx);
                }
            }
            Message::Outcome { decided } => {
                let is_news = self.outcome.is_none() && from != ctx.me();
                if is_news && ctx.config().is_collector(from) {
                    self.conclude(decided, Basis::Announcement, ctx);
                }
            }
        }
    }

    fn on_timer(&mut self, timer: Timer, ctx: &mut Context<'_, Self>) {
        match timer {
            Timer::Push => self.push_again(ctx),
            _ if self.outcome.is_some() => {}
            Timer::GiveUp => {
                self.miss(ctx);
                let of_reachable = ctx.config().electorate == Electorate::Reachable;
                let is_enough = of_reachable || ctx.mutant("N04");
                let decided = is_enough.then(|| self.among_received(ctx)).flatten();
                self.conclude(decided, Basis::Count, ctx);
            }
            Timer::Resend => {
                if let Some(vote) = self.ballot {
                    self.send_ballot(vote, ctx);
                    self.repeat(ctx);
                    Self::schedule_resend(ctx);
                }
            }
        }
    }

    fn minutes(config: &Config, cluster: Cluster, nodes: &[(NodeId, Self)]) -> Vec<Section> {
        record::sections(config, cluster, nodes)
    }

    fn monitor(config: &Config, cluster: Cluster) -> Scrutineer {
        Scrutineer::new(config.clone(), cluster)
    }
}

impl Voting {
    /// Votes, or votes the same again after a reboot.
    fn cast(&mut self, vote: Vote, ctx: &mut Context<'_, Self>) {
        ctx.announce(Landmark::Round { round: 1 });
        self.send_ballot(vote, ctx);
        if self.outcome.is_none() {
            self.wait(ctx);
            Self::schedule_resend(ctx);
        }
        // By a broadcast its own ballot comes back to it.
        if ctx.config().counts(ctx.me()) && ctx.config().form != Form::Reliable {
            self.hear(ctx.me(), vote, ctx);
        }
    }

    fn send_ballot(&mut self, vote: Vote, ctx: &mut Context<'_, Self>) {
        let ballot = Message::Ballot { vote };
        match ctx.config().form {
            Form::Gossip => Self::push(vec![(ctx.me(), vote)], ctx),
            Form::Reliable => self.say(Step::Init, ctx.me(), vote, ctx),
            Form::AllToAll => ctx.broadcast(ballot),
            Form::Collector => {
                let collector = NodeId(ctx.config().collector);
                if collector != ctx.me() {
                    ctx.send(collector, ballot);
                }
            }
        }
    }

    fn schedule_resend(ctx: &mut Context<'_, Self>) {
        // The collector's ballot has nowhere to go.
        if let Some(interval) = ctx.config().resend
            && !ctx.config().is_collector(ctx.me())
        {
            ctx.set_timer(Timer::Resend, interval);
        }
    }

    /// Starts the wait, once: with the own ballot, or with the first that is heard.
    fn wait(&mut self, ctx: &mut Context<'_, Self>) {
        if !self.is_waiting {
            self.is_waiting = true;
            ctx.set_timer(Timer::GiveUp, ctx.config().patience(ctx.me()));
            if ctx.config().form == Form::Gossip {
                self.start_pushing(ctx);
            }
        }
    }

    /// Tells of the ballots for which it has waited in vain.
    fn miss(&self, ctx: &mut Context<'_, Self>) {
        if ctx.config().counts(ctx.me()) {
            let missing = ctx.cluster().nodes().filter(|voter| !self.heard.contains_key(voter));
            missing.for_each(|_| ctx.announce(MISSING_BALLOT.reached()));
        }
    }

    /// Counts a ballot if it is its voter's first and in time.
    fn hear(&mut self, voter: NodeId, vote: Vote, ctx: &mut Context<'_, Self>) {
        let first = self.heard.get(&voter).copied();
        if let Some(first) = first {
            self.duplicates += 1;
            let is_same = first == vote;
            ctx.announce(if is_same { DUPLICATE_BALLOT } else { EQUIVOCATION }.reached());
        } else {
            self.heard.insert(voter, vote);
        }
        if let Some(outcome) = self.outcome {
            if first.is_none() {
                self.late.insert(voter);
                ctx.announce(LATE_BALLOT.reached());
            } else if ctx.config().resend.is_some() && ctx.config().is_collector(ctx.me()) {
                // Who repeats a ballot has not heard the outcome.
                let decided = outcome.decided;
                ctx.send(voter, Message::Outcome { decided });
            }
            return;
        }
        if first.is_some() && !ctx.mutant("N01") {
            return;
        }
        self.wait(ctx);
        self.tally.take(voter, vote, ctx.config(), ctx.cluster());
        match (&ctx.config().rule, vote) {
            (None, Vote::Choice(latest)) => self.finalise(latest, ctx),
            _ => self.settle(vote, ctx),
        }
    }

    /// What would win if the ballots that are in were all: the wrong question, but for a control.
    fn among_received(&self, ctx: &Context<'_, Self>) -> Option<Choice> {
        if ctx.config().rule.is_some() {
            return self.tally.standing(ctx.config(), ctx.cluster())?.decided;
        }
        match self.tally.lead()? {
            Lead::Alone(choice) => {
                Some(choice).filter(|_| 2 * self.tally.votes(choice) > self.tally.ballots())
            }
            Lead::Shared(_) => None,
        }
    }

    /// Ends the vote if the rule finds the same whatever becomes of the ballots that are out;
    /// `latest` is the vote just counted.
    fn settle(&mut self, latest: Vote, ctx: &mut Context<'_, Self>) {
        let is_all = self.tally.ballots() == ctx.cluster().n;
        let standing = self.tally.standing(ctx.config(), ctx.cluster());
        let Some(standing) = standing.filter(|standing| standing.is_settled) else {
            // No ballot that can be read came of anybody.
            if is_all {
                self.conclude(None, Basis::Count, ctx);
            }
            return;
        };
        let is_tied = standing.winners.len() > 1;
        let decided = match latest.top() {
            Some(latest) if is_tied && ctx.mutant("N03") => Some(latest),
            _ => standing.decided,
        };
        if is_tied {
            ctx.announce(TIE.reached());
        }
        if decided.is_some() {
            ctx.announce(Landmark::QuorumFormed { term: 0 });
        }
        if !is_all {
            ctx.announce(EARLY_FINALISATION.reached());
        }
        self.conclude(decided, Basis::Count, ctx);
    }

    /// Ends the vote if a choice has its quorum, or all ballots are in; `latest` is the choice just
    /// counted.
    fn finalise(&mut self, latest: Choice, ctx: &mut Context<'_, Self>) {
        // No other choice has a quorum: it would have ended the vote when it got there.
        if self.tally.suffices(latest, &self.needs) {
            ctx.announce(Landmark::QuorumFormed { term: 0 });
            if self.tally.ballots() < ctx.cluster().n {
                ctx.announce(EARLY_FINALISATION.reached());
            }
            self.conclude(Some(latest), Basis::Count, ctx);
        } else if self.tally.ballots() == ctx.cluster().n {
            let lead = self.tally.lead();
            if matches!(lead, Some(Lead::Shared(_))) {
                ctx.announce(TIE.reached());
            }
            let decided = match (lead, ctx.config().tie) {
                (Some(Lead::Shared(_)), _) if ctx.mutant("N03") => Some(latest),
                (Some(Lead::Shared(first)), Tie::First) => Some(first),
                _ => None,
            };
            self.conclude(decided, Basis::Count, ctx);
        }
    }

    /// Writes the outcome down, tells it to all who wait here, and, as collector, to everybody.
    fn conclude(&mut self, decided: Option<Choice>, basis: Basis, ctx: &mut Context<'_, Self>) {
        let outcome = Settled { decided, basis };
        self.outcome = Some(outcome);
        ctx.cancel_timer(Timer::GiveUp);
        if ctx.config().resend.is_some() {
            ctx.cancel_timer(Timer::Resend);
        }
        ctx.persist(Record::Outcome(decided));
        ctx.announce(match decided {
            Some(_) => Landmark::Decided,
            None => Landmark::Undecided,
        });
        Self::proclaim(decided, ctx);
        if self.unanswered.is_empty() {
            ctx.indicate(outcome.conclusion());
        }
        for op in self.unanswered.drain(..) {
            ctx.answer(op, outcome.conclusion());
        }
    }

    /// Tells everybody the outcome, if it is this agent's office.
    fn proclaim(decided: Option<Choice>, ctx: &mut Context<'_, Self>) {
        if ctx.config().is_collector(ctx.me()) {
            ctx.broadcast(Message::Outcome { decided });
        }
    }
}
