//! Building consensus: proposals, their evaluation, ballots in rounds, and one record of it all.
//!
//! The agents propose options and say what all of them are worth; everybody evaluates them by the
//! same criteria and its own opinion (`evaluation`), and casts a ballot. If the rule finds a winner
//! that enough of them put first, that is the outcome; if not, they give way and vote again, and
//! after the last round it is an outcome too that there is no agreement.
//!
//! A facilitator collects. It may fail at any time, so the minutes are agreed on as Lamport's
//! part-time parliament agrees on a decree ("The Part-Time Parliament", ACM TOCS 16(2), 1998; we
//! follow "Paxos Made Simple", ACM SIGACT News 32(4), 2001): facilitators take turns in numbered
//! views; a new one first hears from a majority, which from then on takes nothing of earlier views,
//! and goes on with the latest minutes among theirs. A ballot says as well that the minutes before it
//! are on the voter's disk, so a round opens only when a majority has kept the one before, and minutes
//! with an outcome that a majority has kept are the outcome for good. Within a view minutes only grow.
//!
//! Ours is what is agreed on: the record itself, which everybody holds in the end.

mod chair;
mod config;
mod evaluation;
mod marks;
mod message;
mod minutes;
mod monitor;
mod record;
#[cfg(test)]
mod mutants;
#[cfg(test)]
mod tests;

pub use config::{Config, Method, Refinement};
pub use message::{Message, Record};
pub use minutes::{Minutes, Round, Standing};
pub use monitor::{FAITHFUL_RECORD, ONE_RECORD, Secretary};

use std::sync::Arc;

use sim_core::id::{Cluster, NodeId, OpId};
use sim_core::landmark::Landmark;
use sim_core::mark::Mark;
use sim_core::problem::Promise;
use sim_core::protocol::{Assumptions, Context, Contract, Mutant, Objection, Protocol, Stored};
use sim_core::record::Section;

use crate::problem::decision::{
    AGREEMENT, Conclusion, Decision, INTEGRITY, Load, Propose, TERMINATION, UNANIMITY, VALIDITY,
};
use chair::Chair;
use marks::{BLIND, NO_AGREEMENT};

/// One agent; each is the facilitator in its turn.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Default)]
pub struct ConsensusBuilder {
    /// What it was asked to propose.
    asked: Option<Propose>,
    /// It takes nothing of an earlier view than this.
    view: u64,
    /// The minutes that are on its disk or on the way there, and of which view.
    kept: Option<(u64, Arc<Minutes>)>,
    /// What it knows as facilitator, while it is one.
    chair: Option<Chair>,
    ended: Option<Ending>,
    /// Requests that wait for the outcome; more than one only if several clients ask one agent.
    unanswered: Vec<OpId>,
}

/// How it ended for one agent.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
enum Ending {
    /// With this record.
    Recorded(Arc<Minutes>),
    /// It cannot read what it has written, so it must say nothing more.
    Blind,
}

/// The timers of an agent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Timer {
    /// When to take the facilitator's place.
    TakeOver,
    /// When the facilitator stops waiting for everybody.
    Patience,
    /// When the facilitator repeats itself.
    Resend,
}

impl Protocol for ConsensusBuilder {
    const NAME: &'static str = "consensus-builder";
    const SUMMARY: &'static str =
        "proposals, criteria, ballots in rounds, and one record of it all, by facilitators in turn";
    const MARKS: &'static [Mark] = marks::MARKS;
    const MUTANTS: &'static [Mutant] = &[
        Mutant {
            id: "CB1",
            summary: "a new facilitator goes on with its own minutes, whatever the others have kept",
            breaks: &[AGREEMENT, ONE_RECORD],
        },
        Mutant {
            id: "CB2",
            summary: "a facilitator announces the outcome before a majority has kept it",
            breaks: &[AGREEMENT, ONE_RECORD],
        },
    ];
    type Problem = Decision;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Record = Record;
    type Monitor = Secretary;

    /// One record however many crash, come back, or are cut off, as long as disks keep what they
    /// acknowledged; an end as long as a majority is there in the end. Against liars nothing: the
    /// facilitator is believed.
    fn contract(_: &Config, cluster: Cluster) -> Contract {
        let honest = Assumptions::CRASH_RECOVERY;
        Contract {
            promise: Promise(vec![AGREEMENT, VALIDITY, UNANIMITY, INTEGRITY, TERMINATION]),
            safety: honest,
            liveness: Assumptions { faulty: cluster.n - cluster.majority(), ..honest },
        }
    }

    fn objections(config: &Config, _: Cluster) -> Vec<Objection> {
        config.objections()
    }

    fn load_objection(_: &Config, load: &Load) -> Option<(&'static str, String)> {
        load.unranked()
    }

    fn boot(disk: &[Stored<Record>], ctx: &mut Context<'_, Self>) -> Self {
        let mut agent = Self::default();
        let mut is_blind = false;
        for stored in disk {
            match stored {
                Stored::Intact(Record::Asked(propose)) => agent.asked = Some(*propose),
                Stored::Intact(Record::Promised(view)) => agent.view = *view,
                Stored::Intact(Record::Kept(view, minutes)) => {
                    agent.kept = Some((*view, Arc::clone(minutes)));
                }
                Stored::Intact(Record::Outcome(minutes)) => {
                    agent.ended = Some(Ending::Recorded(Arc::clone(minutes)));
                }
                Stored::Damaged => is_blind = true,
            }
        }
        match &agent.ended {
            Some(ending) => ctx.indicate(ending.conclusion(ctx.config())),
            None if is_blind => {
                ctx.announce(BLIND.reached());
                agent.end(Ending::Blind, ctx);
            }
            None if agent.asked.is_some() => agent.wait(ctx),
            None => {}
        }
        agent
    }

    fn on_request(&mut self, op: OpId, propose: Propose, ctx: &mut Context<'_, Self>) {
        match &self.ended {
            Some(ending) => {
                let conclusion = ending.conclusion(ctx.config());
                ctx.answer(op, conclusion);
                return;
            }
            None if self.unanswered.contains(&op) => {}
            None => self.unanswered.push(op),
        }
        if self.asked.is_none() {
            self.asked = Some(propose);
            ctx.persist(Record::Asked(propose));
            // That it was not asked before shows that it has not led the first view before.
            if self.view == 0 && Config::facilitator(0, ctx.cluster()) == ctx.me() {
                self.take_chair(0, ctx);
            } else if self.chair.is_none() {
                self.wait(ctx);
            }
        }
    }

    fn on_message(&mut self, from: NodeId, message: Message, ctx: &mut Context<'_, Self>) {
        if self.ended.is_some() {
            self.tell_outcome(from, &message, ctx);
            return;
        }
        match message {
            Message::Call { view } if self.heeds(from, view, ctx) => {
                self.follow(view, ctx);
                let proposal = self.asked.filter(|asked| !asked.opinion.abstains());
                let kept = self.kept.clone();
                ctx.send(from, Message::Report { view, proposal, kept });
            }
            Message::Minutes { view, minutes } if self.heeds(from, view, ctx) => {
                self.keep(from, view, minutes, ctx);
            }
            Message::Report { view, proposal, kept } if view == self.view => {
                self.reported(from, proposal, kept, ctx);
            }
            Message::Ballot { view, rounds, vote } if view == self.view => {
                self.voted(from, rounds, vote, ctx);
            }
            Message::Outcome { minutes } => self.end(Ending::Recorded(minutes), ctx),
            _ => {}
        }
    }

    fn on_timer(&mut self, timer: Timer, ctx: &mut Context<'_, Self>) {
        match timer {
            _ if self.ended.is_some() => {}
            Timer::TakeOver => {
                let mine = |view: &u64| Config::facilitator(*view, ctx.cluster()) == ctx.me();
                if let Some(view) = (self.view + 1..).find(mine) {
                    self.take_chair(view, ctx);
                }
            }
            Timer::Patience => self.lose_patience(ctx),
            Timer::Resend => self.say(ctx),
        }
    }

    fn minutes(config: &Config, cluster: Cluster, nodes: &[(NodeId, Self)]) -> Vec<Section> {
        let ended = nodes.iter().find_map(|(_, agent)| match &agent.ended {
            Some(Ending::Recorded(minutes)) => Some(minutes),
            _ => None,
        });
        ended.map_or_else(Vec::new, |minutes| record::sections(config, cluster, minutes))
    }

    fn monitor(config: &Config, cluster: Cluster) -> Secretary {
        Secretary::new(config.clone(), cluster)
    }
}

impl Ending {
    fn conclusion(&self, config: &Config) -> Conclusion {
        match self {
            Self::Recorded(minutes) => match minutes.standing(config) {
                Standing::Agreed(choice) => Conclusion::Decided(choice),
                Standing::Open | Standing::Disagreed => Conclusion::Undecided,
            },
            Self::Blind => Conclusion::Undecided,
        }
    }
}

impl ConsensusBuilder {
    /// Whether the sender is the facilitator of a view that is not over for this agent.
    fn heeds(&self, from: NodeId, view: u64, ctx: &Context<'_, Self>) -> bool {
        view >= self.view && Config::facilitator(view, ctx.cluster()) == from
    }

    /// Waits for the facilitator, and longer the later its own turn is.
    fn wait(&self, ctx: &mut Context<'_, Self>) {
        let wait = ctx.config().wait(ctx.me(), self.view, ctx.cluster());
        ctx.set_timer(Timer::TakeOver, wait);
    }

    /// Takes nothing of earlier views any more.
    fn follow(&mut self, view: u64, ctx: &mut Context<'_, Self>) {
        if view == self.view {
            return;
        }
        self.view = view;
        ctx.persist(Record::Promised(view));
        if self.chair.take().is_some() {
            ctx.cancel_timer(Timer::Patience);
            ctx.cancel_timer(Timer::Resend);
            ctx.announce(Landmark::Follower { term: view });
        }
        self.wait(ctx);
    }

    /// Writes the minutes down, unless they are there, and votes on what they leave open.
    fn keep(
        &mut self,
        from: NodeId,
        view: u64,
        minutes: Arc<Minutes>,
        ctx: &mut Context<'_, Self>,
    ) {
        let of_view = self.kept.as_ref().filter(|(kept_in, _)| *kept_in == view);
        let known = of_view.map(|(_, minutes)| minutes.rounds.len());
        let rounds = minutes.rounds.len();
        // Within a view minutes only grow, so these came late.
        if known.is_some_and(|known| rounds < known) {
            return;
        }
        self.follow(view, ctx);
        let is_open = minutes.standing(ctx.config()) == Standing::Open;
        let asked = self.asked.filter(|_| is_open);
        let vote = asked.and_then(|asked| minutes.ballot(ctx.config(), &asked));
        if known != Some(rounds) {
            ctx.persist(Record::Kept(view, Arc::clone(&minutes)));
            self.kept = Some((view, minutes));
            if self.chair.is_none() {
                self.wait(ctx);
            }
        }
        if vote.is_some() {
            ctx.announce(Landmark::Round { round: rounds as u64 + 1 });
        }
        ctx.send(from, Message::Ballot { view, rounds: rounds as u32, vote });
    }

    /// Writes the outcome down and tells it to all who wait here.
    fn end(&mut self, ending: Ending, ctx: &mut Context<'_, Self>) {
        if let Ending::Recorded(minutes) = &ending {
            ctx.persist(Record::Outcome(Arc::clone(minutes)));
        }
        for timer in [Timer::TakeOver, Timer::Patience, Timer::Resend] {
            ctx.cancel_timer(timer);
        }
        self.chair = None;
        let conclusion = ending.conclusion(ctx.config());
        match conclusion {
            Conclusion::Decided(_) => ctx.announce(Landmark::Decided),
            Conclusion::Undecided => {
                ctx.announce(Landmark::Undecided);
                if ending != Ending::Blind {
                    ctx.announce(NO_AGREEMENT.reached());
                }
            }
        }
        self.ended = Some(ending);
        if self.unanswered.is_empty() {
            ctx.indicate(conclusion);
        }
        self.unanswered.drain(..).for_each(|op| ctx.answer(op, conclusion));
    }

    /// Whoever still calls or circulates has not heard how it ended.
    fn tell_outcome(&self, to: NodeId, message: &Message, ctx: &mut Context<'_, Self>) {
        let is_behind = matches!(message, Message::Call { .. } | Message::Minutes { .. });
        if let Some(Ending::Recorded(minutes)) = &self.ended
            && is_behind
            && to != ctx.me()
        {
            ctx.send(to, Message::Outcome { minutes: Arc::clone(minutes) });
        }
    }
}
