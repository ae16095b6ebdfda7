//! Balls that nodes throw to each other: ping-pong and PHOLD.
//!
//! With two nodes and one ball it is ping-pong, the least that a simulator can do per event. With
//! many nodes, several balls and receivers drawn at random it is PHOLD (Fujimoto 1990), the usual
//! stress of an event queue: the number of events that wait stays constant.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::checker::{Property, Unwatched};
use sim_core::experiment::Experiment;
use sim_core::id::{ClientId, Cluster, NodeId, OpId};
use sim_core::latency::Latency;
use sim_core::message::{Forger, Lie, Message};
use sim_core::problem::{Answer, Client, Problem, Promise};
use sim_core::protocol::{Assumptions, Context, Contract, Protocol, Stored};
use sim_core::rng::{ChaCha, Random as _};
use sim_core::setup::{Limits, Setup};
use sim_core::time::Duration;
use sim_core::workload::{Retry, Workload};

/// Nothing is asked and nothing is promised.
#[derive(Debug)]
pub struct Idle;

/// The problem's keys: none.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Nothing {}

impl Problem for Idle {
    const NAME: &'static str = "idle";
    const SUMMARY: &'static str = "nothing is asked";
    const PROPERTIES: &'static [&'static str] = &[];
    type Request = ();
    type Indication = ();
    type Load = Nothing;

    fn workload(_: Cluster) -> Workload {
        Workload { retry: Retry::Never, ..Workload::once(1) }
    }

    fn client(_: &Nothing, _: Cluster, _: ClientId) -> Box<dyn Client<Self>> {
        Box::new(Once)
    }

    fn answer((): &()) -> Answer {
        Answer::Done
    }

    fn properties(_: Cluster, _: &Promise) -> Vec<Property<(), ()>> {
        Vec::new()
    }
}

struct Once;

impl Client<Idle> for Once {
    fn next(&mut self, _: &mut ChaCha) {}
}

/// A ball.
#[derive(Clone, Debug, Hash)]
pub struct Ball;

impl Message for Ball {
    const KINDS: &'static [&'static str] = &["ball"];

    fn kind(&self) -> usize {
        0
    }

    fn bytes(&self) -> u32 {
        64
    }

    fn forge(&self, _: Lie, _: &mut Forger<'_>) -> Option<Self> {
        None
    }
}

/// How many balls each node throws in at the start, and to whom it passes one on.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Rules {
    /// Balls of each node; with 0, node 0 throws one.
    pub balls: u32,
}

/// A node that passes every ball on.
#[derive(Clone, Debug, Hash)]
pub struct Player;

impl Player {
    fn pass(ctx: &mut Context<'_, Self>) {
        let n = ctx.cluster().n;
        let step = if n == 2 { 1 } else { 1 + ctx.random().below(u64::from(n) - 1) as u32 };
        ctx.send(NodeId((ctx.me().0 + step) % n), Ball);
    }
}

impl Protocol for Player {
    const NAME: &'static str = "ball";
    const SUMMARY: &'static str = "passes every ball on";
    type Problem = Idle;
    type Config = Rules;
    type Message = Ball;
    type Timer = ();
    type Record = ();
    type Monitor = Unwatched;

    fn contract(_: &Rules, _: Cluster) -> Contract {
        let any =
            Assumptions { byzantine: 0, forgetful: 0, faulty: 0, ..Assumptions::CRASH_RECOVERY };
        Contract { promise: Promise(Vec::new()), safety: any, liveness: any }
    }

    fn boot(_: &[Stored<()>], ctx: &mut Context<'_, Self>) -> Self {
        let balls = match ctx.config().balls {
            0 => u32::from(ctx.me().0 == 0),
            balls => balls,
        };
        (0..balls).for_each(|_| Self::pass(ctx));
        Self
    }

    fn on_request(&mut self, _: OpId, (): (), _: &mut Context<'_, Self>) {}

    #[inline]
    fn on_message(&mut self, _: NodeId, _: Ball, ctx: &mut Context<'_, Self>) {
        Self::pass(ctx);
    }

    fn on_timer(&mut self, (): (), _: &mut Context<'_, Self>) {}

    fn monitor(_: &Rules, _: Cluster) -> Unwatched {
        Unwatched
    }
}

/// `events` passes of a ball among `nodes` nodes, `balls` of them at a time for each node.
pub fn game(nodes: u32, balls: u32, latency: Latency, events: u64) -> Experiment<Player> {
    let mut setup = Setup::new(nodes, Duration::from_secs(1_000_000));
    setup.network.latency = latency;
    setup.limits =
        Limits { events, events_per_instant: u64::MAX, queue: u32::MAX, strikes: u32::MAX };
    Experiment::new(Rules { balls }, setup)
}
