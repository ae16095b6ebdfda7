//! Oral messages: generals who cannot sign agree by telling each other what they were told.
//!
//! Algorithm OM(m) of Lamport, Shostak and Pease, "The Byzantine Generals Problem" (ACM TOPLAS
//! 4(3), 1982, section 3): the commander tells every lieutenant an order; every lieutenant passes
//! it on to the others as the commander of OM(m−1); and each obeys the majority. It copes with m
//! traitors if there are more than 3m generals, and with fewer generals nothing copes (section 2).
//!
//! The order that the commander gives is what its application proposes; the opinions of lieutenants
//! are not asked for. In the interactive form every general is the commander of an instance of its
//! own, and the majority of all orders is decided.
//!
//! We depart from the paper in two ways. A lieutenant that was told nothing keeps silent instead of
//! passing the default on, which the receiver puts in by itself. And the recursion runs as rounds
//! over a tree of paths, so that it ends everywhere at once. Safety counts whoever lies or goes
//! down, even for a moment, among the m traitors; every node that stays up ends, whoever fails. The
//! model of time is that of [`generals`](crate::generals).

mod config;
mod message;
mod monitor;
mod tree;
#[cfg(test)]
mod bounds;
#[cfg(test)]
mod mutants;
#[cfg(test)]
mod tests;

pub use config::{Config, Form, MESSAGES_MAX, messages};
pub use message::{Message, Path};
pub use monitor::{Archivist, FAITHFUL_RELAYS, WELL_FORMED_PATHS};

use sim_core::id::{Cluster, NodeId, NodeSet, OpId};
use sim_core::problem::Promise;
use sim_core::protocol::{Assumptions, Context, Contract, Mutant, Objection, Protocol, Stored};

use crate::generals::{General, Timer};
use crate::problem::decision::{
    AGREEMENT, COMMANDER, COMMANDER_VALIDITY, Choice, Decision, INTEGRITY, Propose, TERMINATION,
    UNANIMITY,
};
use tree::{Tree, View, majority};

/// One general.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct OralMessages {
    general: General,
    tree: Tree,
}

impl Protocol for OralMessages {
    const NAME: &'static str = "oral_messages";
    const SUMMARY: &'static str = "OM(m): generals obey the majority of what all were told";
    const MUTANTS: &'static [Mutant] = &[
        Mutant {
            id: "O01",
            summary: "a lieutenant heeds one other, as if there were three generals",
            breaks: &[COMMANDER_VALIDITY, AGREEMENT],
        },
        Mutant {
            id: "O02",
            summary: "a lieutenant obeys the commander's word whatever the others were told",
            breaks: &[AGREEMENT],
        },
        Mutant {
            id: "O03",
            summary: "the last name on a path need not be that of the sender",
            breaks: &[COMMANDER_VALIDITY, FAITHFUL_RELAYS],
        },
    ];
    type Problem = Decision;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Record = ();
    type Monitor = Archivist;

    fn contract(config: &Config, cluster: Cluster) -> Contract {
        let traitors = config.traitors_survived(cluster);
        let obedience = match config.form {
            Form::General => COMMANDER_VALIDITY,
            Form::Interactive => UNANIMITY,
        };
        Contract {
            promise: Promise(vec![AGREEMENT, obedience, INTEGRITY, TERMINATION]),
            // Nothing is on a disk that could be lost.
            safety: Assumptions {
                byzantine: traitors,
                forgetful: u32::MAX,
                faulty: traitors,
                ..Assumptions::in_rounds(config.round, config.rounds(cluster))
            },
            // The own clock ends the rounds, whatever becomes of the others.
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

    fn boot(_disk: &[Stored<()>], ctx: &mut Context<'_, Self>) -> Self {
        let rounds = ctx.config().rounds(ctx.cluster());
        Self { general: General::boot(ctx.config().round, ctx), tree: Tree::new(rounds) }
    }

    fn on_request(
        &mut self,
        op: OpId,
        Propose { choice, .. }: Propose,
        ctx: &mut Context<'_, Self>,
    ) {
        let path = vec![ctx.me()];
        let is_in_time = self.general.ask(op, choice, ctx);
        let is_new = self.tree.told(&path).is_none();
        if is_in_time && is_new && ctx.config().commands(ctx.me()) {
            self.tree.keep(path.clone(), choice);
            ctx.broadcast(Message { path, choice });
        }
    }

    fn on_message(&mut self, from: NodeId, message: Message, ctx: &mut Context<'_, Self>) {
        let Message { path, choice } = message;
        if self.is_valid(from, &path, ctx) && self.general.knows(choice) {
            self.tree.keep(path, choice);
        }
    }

    fn on_timer(&mut self, Timer::RoundEnds: Timer, ctx: &mut Context<'_, Self>) {
        let Some(round) = self.general.round() else { return };
        if (round as usize) < self.tree.rounds() {
            self.relay(round, ctx);
            self.general.advance(ctx);
        } else {
            let decided = self.decide(ctx);
            self.general.conclude(decided, ctx);
        }
    }

    fn monitor(config: &Config, cluster: Cluster) -> Archivist {
        Archivist::new(config.clone(), cluster)
    }
}

impl Config {
    /// Whether `node` gives orders.
    pub fn commands(&self, node: NodeId) -> bool {
        match self.form {
            Form::General => node == COMMANDER,
            Form::Interactive => true,
        }
    }
}

impl OralMessages {
    /// Whether such a message can have been sent in time for its round. A path of r names is said
    /// in round r; a sender whose clock is ahead may say it before that round has begun here.
    fn is_valid(&self, from: NodeId, path: &[NodeId], ctx: &Context<'_, Self>) -> bool {
        let Some(round) = self.general.round() else { return false };
        let names: NodeSet = path.iter().copied().collect();
        let in_time = (round as usize..=self.tree.rounds()).contains(&path.len());
        let by_sender = path.last() == Some(&from) || ctx.mutant("O03");
        in_time
            && by_sender
            && ctx.config().commands(path[0])
            && names.len() as usize == path.len()
            && path.iter().all(|name| ctx.cluster().contains(*name))
            && !names.contains(ctx.me())
    }

    /// Tells the others what came in this round, as the commander of the next level.
    fn relay(&self, round: u32, ctx: &mut Context<'_, Self>) {
        let me = ctx.me();
        for (path, choice) in self.tree.level(round).filter(|(path, _)| !path.contains(&me)) {
            let mut onward = path.clone();
            onward.push(me);
            for to in ctx.cluster().others(me).filter(|to| !path.contains(to)) {
                ctx.send(to, Message { path: onward.clone(), choice });
            }
        }
    }

    /// The order to obey; `None` if this general never heard of any option.
    fn decide(&self, ctx: &Context<'_, Self>) -> Option<Choice> {
        let me = ctx.me();
        let default = self.general.default_order(ctx.config().default)?;
        let view = View { me, generals: Self::heeded(ctx), default };
        let order_of = |commander: NodeId| self.tree.resolve(&vec![commander], &view);
        match ctx.config().form {
            Form::General if ctx.mutant("O02") => self.tree.told(&[COMMANDER]).or(Some(default)),
            Form::General => Some(order_of(COMMANDER)),
            Form::Interactive => {
                let orders: Vec<_> = ctx.cluster().nodes().map(order_of).collect();
                majority(&orders).or(Some(default))
            }
        }
    }

    /// Whose word counts: everybody's.
    fn heeded(ctx: &Context<'_, Self>) -> NodeSet {
        let (me, cluster) = (ctx.me(), ctx.cluster());
        if ctx.mutant("O01") {
            let next = cluster.nodes().cycle().skip(me.index() + 1);
            let mut others = next.take(cluster.n as usize).filter(|node| *node != COMMANDER);
            return [Some(COMMANDER), Some(me), others.next()].into_iter().flatten().collect();
        }
        cluster.nodes().collect()
    }
}
