//! SWIM: each member probes one other a period, asks others to try before it suspects, and passes
//! on the news on the back of its probes; so load and detection time do not grow with the group.
//!
//! Das, Gupta and Motivala, "SWIM: Scalable Weakly-consistent Infection-style Process Group
//! Membership Protocol" (DSN 2002): the detector of section 3.1, dissemination on the back of
//! probes (4.1), suspicion and incarnations (4.2), the shuffled round-robin (4.3).
//!
//! The paper's processes do not come back, and its network heals before anybody notices. Ours do
//! not, so there is more here: a node that comes up again does so under a later incarnation, which
//! raises it from the dead; whoever is held for dead is told so when it speaks; and members exchange
//! whole views with everyone in turn, with the dead too.

mod config;
mod gossip;
mod marks;
mod message;
mod monitor;
mod probe;
#[cfg(test)]
mod mutants;
#[cfg(test)]
mod tests;

pub use config::{Config, Incarnations, Targets};
pub use message::{Message, Purpose, Record, Sequence, UPDATE_BYTES, Update};
pub use monitor::{Auditor, STALE_NEWS_IS_STALE};

use std::collections::BTreeMap;

use sim_core::id::{Cluster, NodeId, OpId};
use sim_core::mark::Mark;
use sim_core::problem::Promise;
use sim_core::protocol::{Assumptions, Context, Contract, Mutant, Objection, Protocol, Stored};
use sim_core::rng::{Random as _, Ratio};
use sim_core::time::{Duration, DurationRange};

use crate::problem::membership::{
    ACCURACY, Belief, COMPLETENESS, Indication, Membership, NO_RESURRECTION, RISING_INCARNATION,
    Request, STRONG_ACCURACY, Status, VIEWS_AGREE,
};
use gossip::Gossip;
use marks::{REFUTED, RETURNED};
use probe::{Probe, Relay};

/// One node.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct Swim {
    incarnation: u64,
    /// Whether it has not left.
    is_member: bool,
    /// Whether somebody told it whom there is.
    is_introduced: bool,
    view: BTreeMap<NodeId, Belief>,
    /// How many others in the view are present.
    present: usize,
    gossip: Gossip,
    /// Whom it will probe in this round; the next one is the last.
    round: Vec<NodeId>,
    /// With whom it will exchange views in this round; the next one is the last.
    partners: Vec<NodeId>,
    probe: Option<Probe>,
    sequence: Sequence,
    relays: BTreeMap<Sequence, Relay>,
    /// The first sequence number of the last period: older relays are given up.
    earlier: Sequence,
    /// The news on the message that was handled last: what a judge has to look at.
    heard: Vec<Update>,
}

/// The timers of a node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Timer {
    /// When its first period begins.
    Start,
    /// When the next period begins.
    Period,
    /// When others are asked to try.
    Unanswered,
    /// When a suspect has not spoken up in time.
    Suspicion(NodeId),
    /// When to exchange views.
    Sync,
    /// When to ask again who is there.
    Introduction,
}

impl Protocol for Swim {
    const NAME: &'static str = "swim";
    const SUMMARY: &'static str = "membership by random probes, suspicion and gossip";
    const MARKS: &'static [Mark] = marks::MARKS;
    const MUTANTS: &'static [Mutant] = &[
        Mutant {
            id: "G01",
            summary: "a member does not raise its incarnation when it is suspected",
            breaks: &[ACCURACY, VIEWS_AGREE],
        },
        Mutant {
            id: "G02",
            summary: "later news of a dead member's death does not raise its incarnation",
            breaks: &[STALE_NEWS_IS_STALE],
        },
    ];
    type Problem = Membership;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Record = Record;
    type Monitor = Auditor;

    fn contract(config: &Config, _: Cluster) -> Contract {
        let mut promise = vec![NO_RESURRECTION, COMPLETENESS, ACCURACY, VIEWS_AGREE];
        if config.incarnation == Incarnations::Persisted {
            promise.push(RISING_INCARNATION);
        }
        if config.synchrony.is_some() {
            promise.push(STRONG_ACCURACY);
        }
        let safety = Assumptions {
            clock_drift: config.synchrony.map(|_| Ratio::NEVER),
            synchrony: config.synchrony,
            ..Assumptions::CRASH_RECOVERY
        };
        Contract {
            promise: Promise(promise),
            safety,
            // Who forgot its incarnation is told.
            liveness: Assumptions { forgetful: u32::MAX, ..Assumptions::CRASH_RECOVERY },
        }
    }

    fn objections(config: &Config, cluster: Cluster) -> Vec<Objection> {
        config.objections(cluster)
    }

    fn boot(disk: &[Stored<Record>], ctx: &mut Context<'_, Self>) -> Self {
        let mut node = Self {
            incarnation: 0,
            is_member: true,
            is_introduced: true,
            view: BTreeMap::new(),
            present: 0,
            gossip: Gossip::default(),
            round: Vec::new(),
            partners: Vec::new(),
            probe: None,
            sequence: 0,
            relays: BTreeMap::new(),
            earlier: 0,
            heard: Vec::new(),
        };
        if ctx.config().seeds.is_none() {
            let others = ctx.cluster().others(ctx.me());
            node.view = others.map(|member| (member, Belief::alive(0))).collect();
            node.present = node.view.len();
        }
        for stored in disk {
            let Stored::Intact(record) = *stored else { continue };
            let (Record::Present(last) | Record::Left(last)) = record;
            node.is_member = matches!(record, Record::Present(_));
            node.incarnation = node.incarnation.max(last.saturating_add(1));
        }
        if node.is_member {
            // Whoever comes up again knows nothing of what happened since.
            node.is_introduced = disk.is_empty() && ctx.config().seeds.is_none();
            node.enter(None, ctx);
        }
        node
    }

    fn on_request(&mut self, op: OpId, request: Request, ctx: &mut Context<'_, Self>) {
        self.heard.clear();
        match request {
            Request::Leave => self.leave(op, ctx),
            Request::Join if !self.is_member => {
                self.is_member = true;
                self.is_introduced = false;
                self.incarnation = self.incarnation.saturating_add(1);
                // Whatever is kept of incarnations, the disk says that it left.
                if ctx.config().incarnation == Incarnations::Volatile {
                    ctx.compact(Record::Present(self.incarnation));
                }
                self.enter(Some(op), ctx);
            }
            Request::Join | Request::Count => {
                let count = if self.is_member { self.present as u32 + 1 } else { 0 };
                ctx.answer(op, Indication::Counted(count));
            }
        }
    }

    fn on_message(&mut self, from: NodeId, message: Message, ctx: &mut Context<'_, Self>) {
        let Message { purpose, incarnation, updates } = message;
        self.heard = updates;
        if !self.is_member || !ctx.cluster().contains(from) {
            self.heard.clear();
            return;
        }
        if let Some(incarnation) = incarnation {
            self.learn(Update { member: from, belief: Belief::alive(incarnation) }, ctx);
        }
        for place in 0..self.heard.len() {
            self.learn(self.heard[place], ctx);
        }
        match purpose {
            Purpose::Ping(probe) => self.say(from, Purpose::Ack(probe), ctx),
            Purpose::PingRequest { target, probe } => self.relay(from, target, probe, ctx),
            Purpose::Ack(probe) => self.hear_ack(probe, ctx),
            Purpose::Sync => self.show(from, Purpose::View, ctx),
            Purpose::View => {
                self.is_introduced = true;
                ctx.cancel_timer(Timer::Introduction);
            }
            Purpose::News => {}
        }
    }

    fn on_timer(&mut self, timer: Timer, ctx: &mut Context<'_, Self>) {
        self.heard.clear();
        // What ran out while the node stood still comes after it left.
        if !self.is_member {
            return;
        }
        match timer {
            Timer::Start => {
                ctx.repeat_timer(Timer::Period, ctx.config().period);
                self.begin_period(ctx);
            }
            Timer::Period => self.begin_period(ctx),
            Timer::Unanswered => self.ask_others(ctx),
            Timer::Suspicion(member) => self.lose_patience(member, ctx),
            Timer::Sync => self.exchange(ctx),
            Timer::Introduction => self.introduce(ctx),
        }
    }

    fn monitor(_: &Config, _: Cluster) -> Auditor {
        Auditor::default()
    }
}

impl Swim {
    /// What is believed of a member.
    pub fn belief(&self, member: NodeId) -> Option<Belief> {
        self.view.get(&member).copied()
    }

    /// Becomes a member under the present incarnation.
    fn enter(&mut self, op: Option<OpId>, ctx: &mut Context<'_, Self>) {
        self.stand(ctx);
        let period = ctx.config().period;
        let joined = Indication::Joined { incarnation: self.incarnation, period };
        match op {
            Some(op) => ctx.answer(op, joined),
            None => ctx.indicate(joined),
        }
        for (member, belief) in &self.view {
            ctx.indicate(Indication::Changed { member: *member, belief: *belief });
        }
        match ctx.config().in_step {
            true => ctx.repeat_timer(Timer::Period, period),
            false => {
                let wait = DurationRange { min: Duration::ZERO, max: period };
                let wait = ctx.random().between(wait);
                ctx.set_timer(Timer::Start, wait);
            }
        }
        if !ctx.config().sync.is_zero() {
            ctx.repeat_timer(Timer::Sync, ctx.config().sync);
        }
        for member in self.those(|belief| belief.status == Status::Suspect) {
            self.give_time(member, ctx);
        }
        if !self.is_introduced {
            self.introduce(ctx);
        }
    }

    /// Writes down its incarnation, and tells it, unless everybody takes it for granted.
    fn stand(&mut self, ctx: &mut Context<'_, Self>) {
        if ctx.config().incarnation == Incarnations::Persisted {
            ctx.compact(Record::Present(self.incarnation));
        }
        if self.incarnation > 0 || ctx.config().seeds.is_some() {
            let belief = Belief::alive(self.incarnation);
            self.gossip.add(Update { member: ctx.me(), belief });
        }
    }

    /// Says farewell to a few, who will tell the others.
    fn leave(&mut self, op: OpId, ctx: &mut Context<'_, Self>) {
        if self.is_member {
            self.is_member = false;
            ctx.compact(Record::Left(self.incarnation));
            let belief = Belief::alive(self.incarnation).turned(Status::Left);
            let farewell = Message {
                purpose: Purpose::News,
                incarnation: None,
                updates: vec![Update { member: ctx.me(), belief }],
            };
            let mut others = self.those(|belief| belief.is_present());
            ctx.random().shuffle(&mut others);
            for to in others.into_iter().take(self.transmissions(ctx) as usize) {
                ctx.send(to, farewell.clone());
            }
            self.rest(ctx);
        }
        ctx.answer(op, Indication::Left);
    }

    /// Stops all timers and forgets what is under way.
    fn rest(&mut self, ctx: &mut Context<'_, Self>) {
        let suspects = self.those(|belief| belief.status == Status::Suspect);
        let timers = suspects.into_iter().map(Timer::Suspicion);
        let others =
            [Timer::Start, Timer::Period, Timer::Unanswered, Timer::Sync, Timer::Introduction];
        timers.chain(others).for_each(|timer| ctx.cancel_timer(timer));
        self.probe = None;
        self.relays.clear();
        self.gossip = Gossip::default();
    }

    fn those(&self, are: impl Fn(Belief) -> bool) -> Vec<NodeId> {
        let those = self.view.iter().filter(|(_, belief)| are(**belief));
        those.map(|(member, _)| *member).collect()
    }

    fn transmissions(&self, ctx: &Context<'_, Self>) -> u32 {
        ctx.config().transmissions(self.present + 1)
    }

    /// Says something, with what the receiver should know of itself and the latest news.
    fn say(&mut self, to: NodeId, purpose: Purpose, ctx: &mut Context<'_, Self>) {
        let (bytes, limit) = (ctx.config().piggyback, self.transmissions(ctx));
        let mut updates = Vec::new();
        // Whoever is suspected or held for dead must hear of it, or could not refute it.
        let belief = self.belief(to).filter(|belief| belief.status != Status::Alive);
        if let Some(belief) = belief.filter(|_| bytes >= UPDATE_BYTES) {
            updates.push(Update { member: to, belief });
        }
        self.gossip.tell(&mut updates, bytes, limit);
        ctx.send(to, Message { purpose, incarnation: Some(self.incarnation), updates });
    }

    /// Shows the whole view.
    fn show(&self, to: NodeId, purpose: Purpose, ctx: &mut Context<'_, Self>) {
        let all = self.view.iter().map(|(member, belief)| (*member, *belief));
        let updates = all.map(|(member, belief)| Update { member, belief }).collect();
        ctx.send(to, Message { purpose, incarnation: Some(self.incarnation), updates });
    }

    /// Takes news in, if it is any, and will pass it on.
    fn learn(&mut self, update: Update, ctx: &mut Context<'_, Self>) {
        let Update { member, belief } = update;
        if member == ctx.me() {
            return self.hear_of_oneself(belief, ctx);
        }
        let before = self.belief(member);
        if before.is_some_and(|before| belief <= before) || !ctx.cluster().contains(member) {
            return;
        }
        let is_dead = |belief: Belief| belief.status == Status::Dead;
        if ctx.mutant("G02") && before.is_some_and(is_dead) && belief.status != Status::Alive {
            return;
        }
        self.view.insert(member, belief);
        self.gossip.add(update);
        ctx.indicate(Indication::Changed { member, belief });
        if let Some(landmark) = belief.landmark(member, before) {
            ctx.announce(landmark);
        }
        let was_present = before.is_some_and(Belief::is_present);
        match (was_present, belief.is_present()) {
            (false, true) => {
                self.present += 1;
                self.welcome(member, ctx);
                if before.is_some() {
                    ctx.announce(RETURNED.reached());
                }
            }
            (true, false) => self.present -= 1,
            _ => {}
        }
        if belief.status == Status::Suspect {
            self.give_time(member, ctx);
        } else if before.is_some_and(|before| before.status == Status::Suspect) {
            ctx.cancel_timer(Timer::Suspicion(member));
        }
    }

    /// A member that is said to be suspected or gone, and is not, rises above it.
    fn hear_of_oneself(&mut self, belief: Belief, ctx: &mut Context<'_, Self>) {
        if belief <= Belief::alive(self.incarnation) || ctx.mutant("G01") {
            return;
        }
        self.incarnation = belief.incarnation.saturating_add(1);
        ctx.announce(REFUTED.reached());
        self.stand(ctx);
        ctx.indicate(Indication::Refuted { incarnation: self.incarnation });
    }

    fn give_time(&self, member: NodeId, ctx: &mut Context<'_, Self>) {
        let timeout = ctx.config().suspicion_timeout(self.present + 1);
        ctx.set_timer(Timer::Suspicion(member), timeout);
    }

    fn lose_patience(&mut self, member: NodeId, ctx: &mut Context<'_, Self>) {
        let suspected = self.belief(member).filter(|belief| belief.status == Status::Suspect);
        if let Some(belief) = suspected {
            self.learn(Update { member, belief: belief.turned(Status::Dead) }, ctx);
        }
    }

    /// Asks who is there: the seeds, and somebody whom it remembers, since no seed may be there.
    fn introduce(&mut self, ctx: &mut Context<'_, Self>) {
        let me = ctx.me();
        let seeds = ctx.config().seeds.unwrap_or(0);
        let mut hosts: Vec<NodeId> =
            ctx.cluster().others(me).filter(|host| host.0 < seeds).collect();
        let remembered = self.next_partner(ctx);
        hosts.extend(remembered.filter(|partner| !hosts.contains(partner)));
        if hosts.is_empty() {
            self.is_introduced = true;
            return;
        }
        for host in hosts {
            self.show(host, Purpose::Sync, ctx);
        }
        ctx.set_timer(Timer::Introduction, ctx.config().period);
    }

    /// Exchanges views with the next in turn.
    fn exchange(&mut self, ctx: &mut Context<'_, Self>) {
        if let Some(partner) = self.next_partner(ctx) {
            self.show(partner, Purpose::Sync, ctx);
        }
    }

    /// Everyone in turn, also the dead and those who left: they may be back, and if all whom this
    /// one sees go, nobody else would tell it. By chance alone two groups that hold each other for
    /// gone could miss each other for as long as you like.
    fn next_partner(&mut self, ctx: &mut Context<'_, Self>) -> Option<NodeId> {
        if self.partners.is_empty() {
            self.partners = self.view.keys().copied().collect();
            ctx.random().shuffle(&mut self.partners);
        }
        self.partners.pop()
    }
}
