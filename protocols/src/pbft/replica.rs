//! A replica: its state, who gets which message, and what it waits for.

use std::collections::VecDeque;
use std::sync::Arc;

use sim_core::id::{NodeId, OpId};
use sim_core::protocol::DiskMark;
use sim_core::time::{Duration, Time};

use super::certificates::Rules;
use super::history::History;
use super::log::Log;
use super::message::{
    Certificate, Checkpoint, Fingerprint, Message, NewView, Phase, Proposal, Seal, Sequence, View,
    ViewChange,
};
use super::requests::Requests;
use super::{Context, Timer};
use crate::machine::Machine;

/// How often in a row the time for a view change is doubled at most.
const DOUBLINGS: u32 = 8;

/// What a replica said itself, and counts when its disk has it.
#[derive(Clone, Debug, Hash)]
pub(super) enum Own {
    Vote { phase: Phase, proposal: Proposal, seal: Seal },
    ViewChange(Arc<ViewChange>),
    Checkpoint(Checkpoint),
}

/// What a replica waits for; if it waits too long for one thing, it gives up on the primary.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Default)]
pub(super) enum Awaited {
    #[default]
    Nothing,
    /// The oldest request that it was asked for.
    Request(OpId),
    /// The next sequence number, when a later or this one was proposed.
    Sequence(Sequence),
    /// That the view begins, now that a quorum moves to it.
    NewView(View),
}

/// The patience of a replica. The timer is not armed anew for each request: when it fires, the
/// time that is left is waited for.
#[derive(Clone, Copy, Debug, Hash, Default)]
pub(super) struct Patience {
    awaited: Awaited,
    since: Time,
    /// When the timer fires, if it runs.
    fires: Option<Time>,
}

/// How far the replica was when its timer for repeating was armed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Default)]
pub(super) struct Progress {
    pub(super) view: View,
    pub(super) active: bool,
    pub(super) executed: Sequence,
}

/// Something that a replica reached, for its judge.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Milestone {
    /// It holds a prepared certificate.
    Prepared(Proposal),
    /// It knows that a quorum holds one.
    Committed(Proposal),
    /// A checkpoint is stable.
    Stable {
        /// Its sequence number.
        sequence: Sequence,
        /// The digest of its state.
        digest: Fingerprint,
    },
}

/// One replica.
#[derive(Clone, Debug, Hash)]
pub struct Replica<M> {
    pub(super) rules: Rules,
    pub(super) view: View,
    /// Whether the view has begun for it.
    pub(super) active: bool,
    pub(super) log: Log,
    pub(super) executed: Sequence,
    pub(super) history: History,
    /// What the history made.
    pub(super) machine: M,
    pub(super) requests: Requests,
    /// The last sequence number that it assigned, if it is the primary.
    pub(super) assigned: Sequence,
    pub(super) stable: Option<Arc<Certificate>>,
    /// The highest checkpoint that is stable and that it has not reached.
    pub(super) ahead: Option<Arc<Certificate>>,
    /// The last checkpoints of each replica.
    pub(super) checkpoints: Vec<Vec<Checkpoint>>,
    /// The latest view change of each replica.
    pub(super) view_changes: Vec<Option<Arc<ViewChange>>>,
    /// What began the current view; nothing begins view 0.
    pub(super) new_view: Option<Arc<NewView>>,
    /// What each replica said of views that have not begun here.
    pub(super) early: Vec<Vec<Message>>,
    /// View changes in a row without an operation between them.
    pub(super) attempts: u32,
    pub(super) patience: Patience,
    /// How far it was when it last looked whether to repeat itself, if it does look.
    pub(super) repeating: Option<Progress>,
    /// How often it asked for a state: each time another replica.
    pub(super) fetches: u32,
    pub(super) unsaved: VecDeque<(DiskMark, Own)>,
    /// What it reached since its last input.
    pub(super) milestones: Vec<Milestone>,
}

impl<M: Machine> Replica<M> {
    /// The view that it is in or moves to.
    pub const fn view(&self) -> View {
        self.view
    }

    /// The last sequence number that it executed.
    pub const fn executed(&self) -> Sequence {
        self.executed
    }

    /// How many operations it delivered.
    pub const fn position(&self) -> u64 {
        self.history.position()
    }

    /// The log between its watermarks.
    pub const fn log(&self) -> &Log {
        &self.log
    }

    /// What it reached since its last input.
    pub fn milestones(&self) -> &[Milestone] {
        &self.milestones
    }

    /// A replica that has done nothing yet.
    pub(super) fn new(ctx: &Context<'_, M>) -> Self {
        let rules = Rules::of(ctx);
        let n = rules.cluster.n as usize;
        Self {
            rules,
            view: 0,
            active: true,
            log: Log::new(rules.window),
            executed: 0,
            history: History::default(),
            machine: M::default(),
            requests: Requests::default(),
            assigned: 0,
            stable: None,
            ahead: None,
            checkpoints: vec![Vec::new(); n],
            view_changes: vec![None; n],
            new_view: None,
            early: vec![Vec::new(); n],
            attempts: 0,
            patience: Patience::default(),
            repeating: None,
            fetches: 0,
            unsaved: VecDeque::new(),
            milestones: Vec::new(),
        }
    }

    /// Whether this replica is the primary of its view.
    pub(super) fn leads(&self, ctx: &Context<'_, M>) -> bool {
        self.rules.primary(self.view) == ctx.me()
    }

    pub(super) const fn progress(&self) -> Progress {
        Progress { view: self.view, active: self.active, executed: self.executed }
    }

    pub(super) fn on_message(&mut self, from: NodeId, message: Message, ctx: &mut Context<'_, M>) {
        self.milestones.clear();
        self.take(from, message, ctx);
        self.look_after_timers(ctx);
    }

    /// Handles a message. Who is no replica can only ask.
    pub(super) fn take(&mut self, from: NodeId, message: Message, ctx: &mut Context<'_, M>) {
        if let Message::Request(request) = message {
            return self.on_request(from, request, ctx);
        }
        if !self.rules.cluster.contains(from) {
            return;
        }
        match message {
            Message::PrePrepare(offer) => self.on_pre_prepare(from, offer, ctx),
            Message::Prepare { proposal, seal } => {
                self.on_vote(from, Phase::Prepare, proposal, seal, ctx);
            }
            Message::Commit { proposal, seal } => {
                self.on_vote(from, Phase::Commit, proposal, seal, ctx);
            }
            Message::Checkpoint(checkpoint) => self.on_checkpoint(checkpoint, ctx),
            Message::ViewChange(change) => self.on_view_change(change, ctx),
            Message::NewView(new_view) => self.on_new_view(new_view, ctx),
            Message::Status { view, active, executed } => {
                self.on_status(from, Progress { view, active, executed }, ctx);
            }
            Message::Stable(stable) => self.on_stable(from, stable, ctx),
            Message::Fetch { executed, after } => self.on_fetch(from, executed, after, ctx),
            Message::State(state) => self.on_state(&state, ctx),
            Message::Request(_) | Message::Reply { .. } => {}
        }
    }

    pub(super) fn on_timer(&mut self, timer: Timer, ctx: &mut Context<'_, M>) {
        self.milestones.clear();
        match timer {
            Timer::Patience => self.on_patience(ctx),
            Timer::Repeat => self.on_repeat(ctx),
        }
        self.look_after_timers(ctx);
    }

    /// Counts what the replica said itself and its disk now has.
    pub(super) fn on_durable(&mut self, mark: DiskMark, ctx: &mut Context<'_, M>) {
        while let Some((at, _)) = self.unsaved.front()
            && *at <= mark
            && let Some((_, own)) = self.unsaved.pop_front()
        {
            match own {
                Own::Vote { phase, proposal, seal } => {
                    self.count(ctx.me(), phase, proposal, seal, ctx);
                }
                Own::ViewChange(change) => self.keep_view_change(change, ctx),
                Own::Checkpoint(checkpoint) => self.keep_checkpoint(checkpoint, ctx),
            }
        }
        self.look_after_timers(ctx);
    }

    /// What it waits for now; a primary waits like everybody. Say that f replicas have moved on, f
    /// have executed the request, and the liars keep silent. Then the client lacks one answer, the
    /// primary lacks votes, and only its own view change makes the f+1 that take all along.
    fn awaited(&self) -> Awaited {
        if !self.active {
            // Who has moved on has been here: a quorum that falls apart must not end the wait.
            let moved = self.view_changes.iter().flatten();
            let moved = moved.filter(|change| change.view >= self.view);
            return match self.rules.quorum_of(moved.map(|change| change.replica)) {
                true => Awaited::NewView(self.view),
                false => Awaited::Nothing,
            };
        }
        match self.requests.oldest() {
            Some(op) => Awaited::Request(op),
            None if self.log.accepted() > self.executed => Awaited::Sequence(self.executed + 1),
            None => Awaited::Nothing,
        }
    }

    /// How long it waits for one thing.
    fn limit(&self, ctx: &Context<'_, M>) -> Duration {
        let doublings = self.attempts.saturating_sub(1).min(DOUBLINGS);
        ctx.config().view_change_timeout * (1 << doublings)
    }

    /// Begins to wait, if there is something new to wait for.
    fn look_after_timers(&mut self, ctx: &mut Context<'_, M>) {
        let awaited = self.awaited();
        if awaited != self.patience.awaited {
            (self.patience.awaited, self.patience.since) = (awaited, ctx.elapsed());
            let due = self.patience.since + self.limit(ctx);
            // A timer that fires too early is armed again; one that fires too late is not left.
            if awaited != Awaited::Nothing && self.patience.fires.is_none_or(|at| at > due) {
                self.arm_patience(due, ctx);
            }
        }
        if self.repeating.is_none() && self.is_unfinished() {
            self.watch_progress(ctx);
        }
    }

    fn arm_patience(&mut self, due: Time, ctx: &mut Context<'_, M>) {
        self.patience.fires = Some(due);
        ctx.set_timer(Timer::Patience, due.since(ctx.elapsed()));
    }

    fn on_patience(&mut self, ctx: &mut Context<'_, M>) {
        self.patience.fires = None;
        if self.patience.awaited == Awaited::Nothing {
            return;
        }
        let due = self.patience.since + self.limit(ctx);
        if ctx.elapsed() < due {
            self.arm_patience(due, ctx);
        } else {
            self.change_view(self.view + 1, ctx);
        }
    }
}
