//! The facilitator: it hears how far a majority was, goes on from there, and closes round after
//! round when a majority has kept the one before.

use std::collections::BTreeMap;
use std::sync::Arc;

use sim_core::id::NodeId;
use sim_core::landmark::Landmark;
use sim_core::protocol::Context;

use super::marks::{CLOSED_WITHOUT_ALL, MINUTES_ADOPTED, REFINED};
use super::{ConsensusBuilder, Ending, Message, Minutes, Standing, Timer};
use crate::problem::decision::Propose;
use crate::voting::Vote;

/// What an agent reported.
type Report = (Option<Propose>, Option<(u64, Arc<Minutes>)>);

/// What the facilitator of a view knows.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Default)]
pub(super) struct Chair {
    /// What it circulates; nothing yet while it asks who is there.
    minutes: Option<Arc<Minutes>>,
    /// Who is there.
    reports: BTreeMap<NodeId, Report>,
    /// Who has kept the minutes, and votes so in the next round.
    ballots: BTreeMap<NodeId, Option<Vote>>,
    /// Whether it has waited long enough for all.
    is_late: bool,
}

impl Chair {
    fn has_answered(&self, node: NodeId) -> bool {
        match self.minutes {
            None => self.reports.contains_key(&node),
            Some(_) => self.ballots.contains_key(&node),
        }
    }

    fn answers(&self) -> usize {
        match self.minutes {
            None => self.reports.len(),
            Some(_) => self.ballots.len(),
        }
    }
}

impl ConsensusBuilder {
    /// Becomes the facilitator of a view, which is its own and which it has never led before.
    pub(super) fn take_chair(&mut self, view: u64, ctx: &mut Context<'_, Self>) {
        self.follow(view, ctx);
        ctx.cancel_timer(Timer::TakeOver);
        ctx.announce(Landmark::Candidate { term: view });
        self.chair = Some(Chair::default());
        self.open_step(ctx);
    }

    /// Asks everybody, and waits.
    fn open_step(&self, ctx: &mut Context<'_, Self>) {
        ctx.set_timer(Timer::Patience, ctx.config().patience);
        self.say(ctx);
    }

    /// Says what this step is about to all who have not answered, and will do so again.
    pub(super) fn say(&self, ctx: &mut Context<'_, Self>) {
        let Some(chair) = &self.chair else { return };
        let view = self.view;
        let message = match &chair.minutes {
            None => Message::Call { view },
            Some(minutes) => Message::Minutes { view, minutes: Arc::clone(minutes) },
        };
        for node in ctx.cluster().nodes().filter(|node| !chair.has_answered(*node)) {
            ctx.send(node, message.clone());
        }
        ctx.set_timer(Timer::Resend, ctx.config().resend);
    }

    pub(super) fn lose_patience(&mut self, ctx: &mut Context<'_, Self>) {
        if let Some(chair) = &mut self.chair {
            chair.is_late = true;
            self.advance(ctx);
        }
    }

    /// An agent answers the call.
    pub(super) fn reported(
        &mut self,
        from: NodeId,
        proposal: Option<Propose>,
        kept: Option<(u64, Arc<Minutes>)>,
        ctx: &mut Context<'_, Self>,
    ) {
        if let Some(chair) = &mut self.chair
            && chair.minutes.is_none()
            && ctx.cluster().contains(from)
        {
            chair.reports.entry(from).or_insert((proposal, kept));
            self.advance(ctx);
        }
    }

    /// An agent has kept the minutes of so many rounds, and votes.
    pub(super) fn voted(
        &mut self,
        from: NodeId,
        rounds: u32,
        vote: Option<Vote>,
        ctx: &mut Context<'_, Self>,
    ) {
        let Some(chair) = &mut self.chair else { return };
        let at_hand = chair.minutes.as_ref().map(|minutes| minutes.rounds.len());
        if at_hand == Some(rounds as usize) && ctx.cluster().contains(from) {
            chair.ballots.entry(from).or_insert(vote);
            self.advance(ctx);
        }
    }

    /// Goes on if enough have answered: all, or a majority when the wait for all is over or has no
    /// point.
    fn advance(&mut self, ctx: &mut Context<'_, Self>) {
        let Some(chair) = &self.chair else { return };
        let (n, majority) = (ctx.cluster().n as usize, ctx.cluster().majority() as usize);
        let answers = chair.answers();
        let minutes = chair.minutes.clone();
        let standing = minutes.as_ref().map(|minutes| minutes.standing(ctx.config()));
        let is_over = standing.is_some_and(|standing| standing != Standing::Open);
        let is_enough = answers == n || answers >= majority && (chair.is_late || is_over);
        if !is_enough {
            return;
        }
        if answers < n && !is_over {
            ctx.announce(CLOSED_WITHOUT_ALL.reached());
        }
        match minutes {
            Some(minutes) if is_over => self.announce_outcome(minutes, ctx),
            Some(minutes) => self.close_round(&minutes, ctx),
            None => self.open_minutes(ctx),
        }
    }

    /// Goes on with the latest minutes that a majority knows of, or begins with the proposals.
    fn open_minutes(&mut self, ctx: &mut Context<'_, Self>) {
        let (me, view) = (ctx.me(), self.view);
        let Some(chair) = &mut self.chair else { return };
        let reports = std::mem::take(&mut chair.reports);
        let others_count = !ctx.mutant("CB1");
        let heard = reports.iter().filter(|(from, _)| others_count || **from == me);
        let kept = heard.filter_map(|(_, (_, kept))| kept.clone());
        let latest = kept.max_by_key(|(view, minutes)| (*view, minutes.rounds.len()));
        ctx.announce(Landmark::QuorumFormed { term: view });
        ctx.announce(Landmark::Leader { term: view });
        if latest.is_some() {
            ctx.announce(MINUTES_ADOPTED.reached());
        }
        let begin = || {
            let proposals = reports.into_iter().filter_map(|(from, (it, _))| Some((from, it?)));
            Arc::new(Minutes { proposals: proposals.collect(), rounds: Vec::new() })
        };
        let minutes = latest.map_or_else(begin, |(_, minutes)| minutes);
        self.circulate(minutes, ctx);
    }

    /// Counts the ballots that are in.
    fn close_round(&mut self, minutes: &Minutes, ctx: &mut Context<'_, Self>) {
        let Some(chair) = &mut self.chair else { return };
        let ballots = std::mem::take(&mut chair.ballots);
        let ballots = ballots.into_iter().filter_map(|(from, vote)| Some((from, vote?)));
        let minutes = minutes.after(ballots.collect(), ctx.config(), ctx.cluster());
        let minutes = Arc::new(minutes);
        if minutes.standing(ctx.config()) == Standing::Open {
            ctx.announce(REFINED.reached());
        } else if ctx.mutant("CB2") {
            self.announce_outcome(minutes, ctx);
            return;
        }
        self.circulate(minutes, ctx);
    }

    fn circulate(&mut self, minutes: Arc<Minutes>, ctx: &mut Context<'_, Self>) {
        if let Some(chair) = &mut self.chair {
            chair.minutes = Some(minutes);
            chair.ballots.clear();
            chair.is_late = false;
            self.open_step(ctx);
        }
    }

    /// A majority has kept the minutes, and no later facilitator can miss them.
    fn announce_outcome(&mut self, minutes: Arc<Minutes>, ctx: &mut Context<'_, Self>) {
        self.end(Ending::Recorded(Arc::clone(&minutes)), ctx);
        ctx.broadcast(Message::Outcome { minutes });
    }
}
