//! Gossip: nodes make contact at random, round by round, and spread what they were told.
//!
//! Rumour mongering after Demers et al., "Epidemic Algorithms for Replicated Database Maintenance"
//! (PODC 1987), section 1.4: callers push, pull or both; a node loses interest in a rumour never, at
//! once, by a counter or by a coin, with feedback or blind. With synchronous rounds a contact is
//! judged by what its receiver knew when the round began, and a useful contact sets the counter
//! back, as in the paper's Table 1; without either the residue comes out up to twice as large.
//!
//! The node that is told a rumour writes it down before it answers, so that it outlives a crash;
//! all others remember what they learned for one life.

mod config;
mod known;
mod marks;
mod message;
mod monitor;
mod topology;
#[cfg(test)]
mod tests;

pub use config::{Config, Contact, Interest, Rounds};
pub use message::{Message, Record};
pub use monitor::{Auditor, HOP_BOUND, MEMORY_BOUND};
pub use topology::{Links, Topology};

use sim_core::id::{Cluster, NodeId, OpId};
use sim_core::landmark::Landmark;
use sim_core::mark::Mark;
use sim_core::problem::Promise;
use sim_core::protocol::{Assumptions, Context, Contract, Mutant, Objection, Protocol, Stored};
use sim_core::rng::{Random as _, Ratio};
use sim_core::time::Duration;

use crate::problem::rumour::{COVERAGE, INTEGRITY, Rumour, Standing, Tell, VALIDITY};
use known::{Item, Known};
use marks::{INTEREST_KEPT, RUMOUR_FORGOTTEN, TOLD_AGAIN};

/// One node.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Default)]
pub struct Gossip {
    known: Known,
}

/// The timers of a node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Timer {
    /// When to make contact.
    Round,
}

impl Protocol for Gossip {
    const NAME: &'static str = "gossip";
    const SUMMARY: &'static str = "rumours by push and pull, with every way of losing interest";
    const MARKS: &'static [Mark] = marks::MARKS;
    const MUTANTS: &'static [Mutant] = &[
        Mutant {
            id: "GO1",
            summary: "a node does not look whether it knows a rumour already",
            breaks: &[INTEGRITY],
        },
        Mutant {
            id: "GO2",
            summary: "the node that is told a rumour answers before it has written it down",
            breaks: &[COVERAGE],
        },
    ];
    type Problem = Rumour;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Record = Record;
    type Monitor = Auditor;

    fn contract(config: &Config, cluster: Cluster) -> Contract {
        let mut promise = vec![VALIDITY, INTEGRITY];
        if config.covers() {
            promise.push(COVERAGE);
        }
        // Of nodes that all know each other any two that stay will meet; links can be cut through.
        let survived = match config.topology {
            Topology::Complete => cluster.n.saturating_sub(1),
            _ => 0,
        };
        let any = Assumptions { forgetful: u32::MAX, ..Assumptions::CRASH_RECOVERY };
        Contract {
            promise: Promise(promise),
            safety: any,
            liveness: Assumptions { faulty: survived, ..any },
        }
    }

    fn objections(config: &Config, cluster: Cluster) -> Vec<Objection> {
        config.objections(cluster)
    }

    fn boot(disk: &[Stored<Record>], ctx: &mut Context<'_, Self>) -> Self {
        let mut node = Self::default();
        for stored in disk {
            if let Stored::Intact(Record(rumour)) = *stored
                && node.known.get(rumour).is_none()
            {
                ctx.announce(TOLD_AGAIN.reached());
                let round = node.learn(rumour, 0, ctx);
                ctx.indicate(Standing::Learned { rumour, round });
            }
        }
        node.wake(ctx);
        node
    }

    fn on_request(&mut self, op: OpId, _: Tell, ctx: &mut Context<'_, Self>) {
        let round = match self.known.get(op) {
            Some(item) => item.round,
            None => {
                if !ctx.mutant("GO2") {
                    ctx.persist(Record(op));
                }
                self.learn(op, 0, ctx)
            }
        };
        ctx.answer(op, Standing::Learned { rumour: op, round });
        self.wake(ctx);
    }

    fn on_message(&mut self, from: NodeId, message: Message, ctx: &mut Context<'_, Self>) {
        match message {
            Message::Copy { rumour, hops, asks } => {
                self.hear(from, rumour, hops, ctx);
                if let Some(known) = asks {
                    self.tell(from, known, Some(rumour), ctx);
                }
                self.wake(ctx);
            }
            Message::Ask { known } => self.tell(from, known, None, ctx),
            Message::Feedback { rumour, useful } => self.weigh(rumour, useful, ctx),
        }
    }

    fn on_timer(&mut self, Timer::Round: Timer, ctx: &mut Context<'_, Self>) {
        let pulls = ctx.config().contact.pulls();
        // A timer that does not repeat has to be set anew.
        self.known.is_awake = pulls;
        for _ in 0..ctx.config().fanout {
            self.make_contact(ctx);
        }
        if ctx.config().interest == Interest::Once {
            self.remove_all(ctx);
        }
        self.wake(ctx);
    }

    fn monitor(config: &Config, _: Cluster) -> Auditor {
        Auditor::new(config)
    }
}

impl Gossip {
    /// The round by the node's own clock.
    fn round(ctx: &Context<'_, Self>) -> u32 {
        (ctx.elapsed().as_nanos() / ctx.config().period.as_nanos().max(1)) as u32
    }

    /// Whether the node knew a rumour when the contact began that is judged now.
    fn knew(item: &Item, ctx: &Context<'_, Self>) -> bool {
        match ctx.config().rounds {
            Rounds::Synchronous => item.round < Self::round(ctx),
            Rounds::Asynchronous => true,
        }
    }

    /// Keeps a rumour that is new, and says in which round that was.
    fn learn(&mut self, rumour: OpId, hops: u32, ctx: &mut Context<'_, Self>) -> u32 {
        let round = Self::round(ctx);
        let config = ctx.config();
        let is_hot = config.hops.is_none_or(|most| hops < most);
        if config.memory.is_some_and(|most| self.known.len() >= most as usize)
            && let Some(rumour) = self.known.forget()
        {
            ctx.announce(RUMOUR_FORGOTTEN.reached());
            ctx.indicate(Standing::Forgot { rumour });
        }
        self.known.add(Item { rumour, round, hops, copies: 0, misses: 0, is_hot });
        ctx.announce(Landmark::Learned);
        round
    }

    /// Starts the round timer, unless it runs or there is nothing to do.
    fn wake(&mut self, ctx: &mut Context<'_, Self>) {
        let pulls = ctx.config().contact.pulls();
        if self.known.is_awake || !(pulls || self.known.is_hot()) {
            return;
        }
        self.known.is_awake = true;
        let period = ctx.config().period;
        let first = match ctx.config().rounds {
            Rounds::Synchronous => {
                let into = ctx.elapsed().as_nanos() % period.as_nanos();
                Duration::from_nanos(period.as_nanos() - into)
            }
            Rounds::Asynchronous if pulls || self.is_fresh() => {
                Duration::from_nanos(1 + ctx.random().below(period.as_nanos()))
            }
            Rounds::Asynchronous => period,
        };
        match pulls {
            true => ctx.repeat_timer_from(Timer::Round, first, period),
            false => ctx.set_timer(Timer::Round, first),
        }
    }

    /// Whether it has just begun to spread anything: then its phase is still to be drawn.
    fn is_fresh(&self) -> bool {
        self.known.items().all(|item| !item.is_hot || item.copies == 0)
    }

    /// Calls somebody, tells and asks.
    fn make_contact(&mut self, ctx: &mut Context<'_, Self>) {
        let (me, cluster, contact) = (ctx.me(), ctx.cluster(), ctx.config().contact);
        let place = topology::count_peers(ctx.config(), cluster, me);
        let place = ctx.random().below(place);
        let Some(peer) = topology::peer_at(ctx.config(), cluster, me, place) else { return };
        let known = self.known.fold();
        let mut asks = contact.pulls().then_some(known);
        for place in 0..self.known.len() * usize::from(contact.pushes()) {
            if let Some(rumour) = self.given_at(place, ctx) {
                // The first copy asks for all.
                self.give(peer, rumour, asks.take(), ctx);
            }
        }
        if let Some(known) = asks {
            ctx.send(peer, Message::Ask { known });
        }
    }

    /// The rumour at this place, if it is spread and was known when the contact began.
    fn given_at(&self, place: usize, ctx: &Context<'_, Self>) -> Option<OpId> {
        let item = self.known.at(place).filter(|item| item.is_hot && Self::knew(item, ctx))?;
        Some(item.rumour)
    }

    /// Sends a copy. Who does not ask for feedback counts every copy as if it was for nothing.
    fn give(&mut self, to: NodeId, rumour: OpId, asks: Option<u32>, ctx: &mut Context<'_, Self>) {
        let Some(item) = self.known.get_mut(rumour) else { return };
        item.copies += 1;
        ctx.send(to, Message::Copy { rumour, hops: item.hops.saturating_add(1), asks });
        if !ctx.config().has_feedback() {
            self.weigh(rumour, false, ctx);
        }
    }

    /// Takes a copy.
    fn hear(&mut self, from: NodeId, rumour: OpId, hops: u32, ctx: &mut Context<'_, Self>) {
        let known = self.known.get(rumour).filter(|_| !ctx.mutant("GO1"));
        let useful = known.is_none_or(|item| !Self::knew(item, ctx));
        if known.is_none() {
            let round = self.learn(rumour, hops, ctx);
            ctx.indicate(Standing::Learned { rumour, round });
        }
        if ctx.config().has_feedback() {
            ctx.send(from, Message::Feedback { rumour, useful });
        }
    }

    /// Answers somebody who asks and knows what folds to `known`, and has just told `but`.
    fn tell(&mut self, to: NodeId, known: u32, but: Option<OpId>, ctx: &mut Context<'_, Self>) {
        let is_equal = known == self.known.fold();
        for place in 0..self.known.len() {
            match self.given_at(place, ctx) {
                Some(rumour) if is_equal && but.is_none() && ctx.config().has_feedback() => {
                    self.weigh(rumour, false, ctx);
                }
                Some(rumour) if !is_equal && but != Some(rumour) => {
                    self.give(to, rumour, None, ctx);
                }
                _ => {}
            }
        }
    }

    /// Keeps or loses interest in a rumour after a contact that was useful or not.
    fn weigh(&mut self, rumour: OpId, useful: bool, ctx: &mut Context<'_, Self>) {
        let (interest, k) = (ctx.config().interest, ctx.config().k);
        let Some(item) = self.known.get_mut(rumour).filter(|item| item.is_hot) else { return };
        let is_lost = match interest {
            Interest::Forever | Interest::Once => false,
            Interest::Coin => !useful && ctx.random().chance(Ratio::new(1, k.into())),
            Interest::Counter if useful => {
                if item.misses > 0 {
                    ctx.announce(INTEREST_KEPT.reached());
                }
                item.misses = 0;
                false
            }
            Interest::Counter => {
                item.misses += 1;
                item.misses >= k
            }
        };
        if is_lost {
            remove(item, ctx);
        }
    }

    /// Loses interest in everything.
    fn remove_all(&mut self, ctx: &mut Context<'_, Self>) {
        for item in self.known.items_mut().filter(|item| item.is_hot) {
            remove(item, ctx);
        }
    }
}

/// From now on the node spreads a rumour no more.
fn remove(item: &mut Item, ctx: &mut Context<'_, Gossip>) {
    item.is_hot = false;
    ctx.indicate(Standing::Removed { rumour: item.rumour, copies: item.copies });
}
