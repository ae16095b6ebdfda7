//! Agents that trust each other as far as they can check: signed letters through a broker that is
//! not trusted, certificates of an authority that is, capabilities, and an audit log whose keeper
//! can be convicted.
//!
//! The parts are of the literature: letters sign all that they say, with receiver, kind and term
//! (Abadi and Needham, "Prudent Engineering Practice for Cryptographic Protocols", 1996), and name
//! the operation, which is accepted once; certificates expire, and a dated list of the revoked
//! spreads by gossip, without which a verifier trusts nobody (RFC 5280); rights are chains of
//! narrowing capabilities (`capability`); the log is a Merkle tree whose heads are gossiped
//! (`audit`; Crosby and Wallach 2009; Laurie, Langley and Käsper, RFC 6962), and evidence of two logs
//! convicts its keeper (`evidence`). Each defence can be left out, to see what it is worth.
//!
//! Attacks are programs (`attack`) that corrupt nodes run under the strategy `program`: what the
//! broker, the keeper or an agent can do with what it has, and no more, since a signature cannot be
//! made without the key and a sealed letter cannot be opened by another.

mod agent;
mod attack;
mod config;
mod defence;
mod evidence;
mod marks;
mod message;
mod offices;
mod receiving;
mod recording;
mod rulebook;
mod silence;
mod statements;
mod theft;
mod watch;
#[cfg(test)]
mod mutants;
#[cfg(test)]
mod tests;

pub use config::{Attack, Config, Theft};
pub use defence::{Defence, Defences};
pub use evidence::{Evidence, SignedHead};
pub use message::{Body, Letter, Message, News, Record, Sealed, Seen, Statement, Warning};

use sim_core::checker::Unwatched;
use sim_core::id::{Cluster, NodeId, OpId};
use sim_core::mark::Mark;
use sim_core::problem::Promise;
use sim_core::protocol::{Assumptions, Context, Contract, Mutant, Objection, Protocol, Stored};

use crate::problem::secure_messaging::{
    AUTHENTICITY, AUTHORITY, CONFIDENTIALITY, Cause, Indication, LOG_CONSISTENCY,
    NO_FALSE_ACCUSATION, Office, REVOCATION_FRESHNESS, Request, SecureMessaging as Problem,
    TERMINATION, policy,
};
use agent::Agent;
use attack::{Loot, Program};
use offices::{Ledger, Registry};

/// What a node does honestly.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
enum Part {
    Agent(Box<Agent>),
    Authority(Registry),
    Keeper(Ledger),
    Broker,
}

/// One node.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct SecureMessaging {
    part: Part,
    /// What the adversary does through it.
    program: Option<Program>,
    /// What thieves brought.
    loot: Option<Loot>,
}

/// The timers of a node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Timer {
    /// The authority issues the next list.
    Refresh,
    /// An agent tells another what it knows.
    Gossip,
    /// An agent sends again what was not answered.
    Retransmit,
    /// An agent gets its next key.
    Rotate,
    /// A key of this agent is stolen.
    Theft,
    /// This agent notices.
    Notice,
    /// The hostile program does the next thing.
    Attack,
}

impl Protocol for SecureMessaging {
    const NAME: &'static str = "secure-messaging";
    const SUMMARY: &'static str = "signed letters, capabilities and an audit log among agents";
    const MARKS: &'static [Mark] = marks::MARKS;
    const MUTANTS: &'static [Mutant] = &[
        Mutant {
            id: "S01",
            summary: "the letters that were taken are forgotten in a crash",
            breaks: &[AUTHENTICITY],
        },
        Mutant {
            id: "S02",
            summary: "a key that was once good is good for ever",
            breaks: &[REVOCATION_FRESHNESS],
        },
        Mutant {
            id: "S03",
            summary: "the signature leaves out the receiver, the kind and the term",
            breaks: &[AUTHENTICITY],
        },
        Mutant {
            id: "S04",
            summary: "a log is verified from its beginning, and not against what was known of it",
            breaks: &[LOG_CONSISTENCY],
        },
        Mutant {
            id: "S06",
            summary: "a deputy acts with its own right on what it is asked to act on",
            breaks: &[AUTHORITY],
        },
    ];
    type Problem = Problem;
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Record = Record;
    type Monitor = Unwatched;

    /// What is promised depends on the defences that stand. Anybody may be corrupt but whoever
    /// vouches for keys at the authority (an insider may edit its rules); requests are answered as
    /// long as whoever carries them does so, and those who do not answer are given up.
    fn contract(config: &Config, cluster: Cluster) -> Contract {
        use Defence::{
            AccessControl, Audit, Encryption, PolicyLog, ReplayWindow, Revocation, Signatures,
            Silence,
        };
        let promises: [(&'static str, &[Defence]); 7] = [
            (AUTHENTICITY, &[Signatures, ReplayWindow]),
            (AUTHORITY, &[Signatures, AccessControl, PolicyLog]),
            (CONFIDENTIALITY, &[Encryption, AccessControl]),
            (REVOCATION_FRESHNESS, &[Signatures, Revocation]),
            (LOG_CONSISTENCY, &[Audit]),
            (NO_FALSE_ACCUSATION, &[]),
            (TERMINATION, &[Silence]),
        ];
        let kept = promises.into_iter().filter(|(_, needed)| config.defences.have(needed));
        let assumed =
            Assumptions { byzantine: cluster.n.saturating_sub(1), ..Assumptions::CRASH_RECOVERY };
        Contract {
            promise: Promise(kept.map(|(name, _)| name).collect()),
            safety: assumed,
            liveness: assumed,
        }
    }

    fn objections(config: &Config, cluster: Cluster) -> Vec<Objection> {
        config.objections(cluster)
    }

    fn boot(disk: &[Stored<Record>], ctx: &mut Context<'_, Self>) -> Self {
        let part = match policy::office(ctx.cluster(), ctx.me()) {
            Office::Agent => Part::Agent(Box::new(Agent::boot(disk, ctx))),
            Office::Authority => Part::Authority(Registry::boot(disk, ctx)),
            Office::Keeper => Part::Keeper(Ledger::boot(disk)),
            Office::Broker => Part::Broker,
        };
        Self { part, program: None, loot: None }
    }

    fn on_request(&mut self, op: OpId, request: Request, ctx: &mut Context<'_, Self>) {
        match &mut self.part {
            Part::Agent(agent) => agent.asked(op, request, ctx),
            Part::Authority(_) | Part::Keeper(_) | Part::Broker => {
                ctx.answer(op, Indication::Declined(Cause::Unknown));
            }
        }
    }

    fn on_message(&mut self, from: NodeId, message: Message, ctx: &mut Context<'_, Self>) {
        if let Message::Loot { key, certificate } = message {
            self.loot = Some(Loot { key, certificate });
            return;
        }
        if let (Some(program), Message::Enrolled { certificate, .. }) =
            (&mut self.program, &message)
        {
            program.collect(*certificate, ctx);
        }
        let mut program = self.program.as_mut();
        if let (Some(program), Part::Agent(_)) = (&mut program, &self.part)
            && program.ignores(&message, ctx)
        {
            return;
        }
        match &mut self.part {
            Part::Agent(agent) => agent.hear(from, message, ctx),
            Part::Authority(registry) => registry.hear(from, message, ctx),
            Part::Keeper(ledger) => ledger.hear(from, message, program, ctx),
            Part::Broker => {
                let Message::Letter(letter) = message else { return };
                match program {
                    Some(program) => program.carry(*letter, ctx),
                    None => offices::deliver(*letter, ctx),
                }
            }
        }
    }

    fn on_timer(&mut self, timer: Timer, ctx: &mut Context<'_, Self>) {
        match (&mut self.part, timer) {
            (part, Timer::Attack) => {
                let Some(program) = &mut self.program else { return };
                let loot = self.loot.as_ref();
                match part {
                    Part::Authority(registry) if program.edits_rules(ctx) => registry.be_edited(),
                    Part::Agent(agent) => program.act(Some(agent), loot, ctx),
                    _ => program.act(None, loot, ctx),
                }
            }
            (Part::Agent(agent), timer) => agent.wake(timer, ctx),
            (Part::Authority(registry), Timer::Refresh) => registry.refresh(ctx),
            _ => {}
        }
    }

    fn on_corrupted(&mut self, ctx: &mut Context<'_, Self>) {
        if let Part::Agent(agent) = &mut self.part {
            agent.is_guilty = ctx.config().attack == Attack::Equivocation;
        }
        self.program = Some(Program::new(ctx));
        ctx.repeat_timer(Timer::Attack, ctx.config().attack_every);
    }

    fn monitor(_: &Config, _: Cluster) -> Unwatched {
        Unwatched
    }
}
