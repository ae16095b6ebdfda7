//! Synod: network model, fingerprint, judges, disks, adversary and faults compiled in, all traces off.

use benches::ball::{Idle, Player, game};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::checker::{Monitor, Violation};
use sim_core::experiment::Experiment;
use sim_core::id::{Cluster, Incarnation, NodeId, OpId};
use sim_core::latency::Latency;
use sim_core::message::{Forger, Lie, Message};
use sim_core::outcome::{Measure, Outcome};
use sim_core::problem::Promise;
use sim_core::protocol::{Assumptions, Context, Contract, Protocol, Stored};
use sim_core::rng::{Draw, Random as _};
use sim_core::setup::{Limits, Setup};
use sim_core::simulation::Simulation as _;
use sim_core::time::{Duration, DurationRange};

use super::{
    Counted, DRAIN_MS, ELECTION_MS, FOLLOWERS, HOP_MS, Job, LATENCY_MS, Simulator, Tally, UNIT_MS,
    Workload, nanos, phold_ms,
};

/// This project.
#[derive(Debug)]
pub struct Synod;

impl Simulator for Synod {
    fn name(&self) -> &'static str {
        "Synod"
    }

    fn package(&self) -> &'static str {
        "sim-core"
    }

    fn prepare(&self, workload: Workload, events: u64) -> Result<Job, &'static str> {
        Ok(match workload {
            Workload::PingPong => {
                play(game(2, 0, Latency::Constant(ms(UNIT_MS)), u64::MAX), events as f64 + 0.5, 1)
            }
            Workload::Phold { nodes } => {
                let latency = Latency::Exponential { mean: ms(HOP_MS), min: ms(UNIT_MS) };
                play(game(nodes, 1, latency, u64::MAX), phold_ms(nodes, events), nodes)
            }
            Workload::Pattern => beat(Workload::rounds(events)),
        })
    }

    fn note(&self, workload: Workload) -> &'static str {
        match workload {
            Workload::Pattern => "an invariant is judged after every event",
            _ => "",
        }
    }
}

fn ms(ms: f64) -> Duration {
    Duration::from_nanos(nanos(ms))
}

fn range((least, most): (f64, f64)) -> DurationRange {
    DurationRange { min: ms(least), max: ms(most) }
}

/// Lets the time alone end the run: no client ever asks for anything.
fn run_for<P: Protocol<Problem = Idle>>(mut experiment: Experiment<P>, time: Duration) -> Outcome {
    experiment.workload.start = time + Duration::from_secs(1);
    experiment.setup.horizon = time;
    let outcome = experiment.run(1);
    assert!(outcome.breaches.is_empty(), "{}", outcome.reason);
    assert_eq!(outcome.ended.as_nanos(), time.as_nanos(), "{}", outcome.reason);
    outcome
}

fn sent(outcome: &Outcome) -> u64 {
    match outcome.metrics.msgs_count {
        Measure::Value(count) => count as u64,
        _ => 0,
    }
}

/// In these games every event is a delivery, and the balls are in flight at the end.
fn play(game: Experiment<Player>, time_ms: f64, balls: u32) -> Job {
    Box::new(move || {
        let outcome = run_for(game, ms(time_ms));
        let counted = Counted { events: outcome.events, messages: outcome.events };
        assert_eq!(sent(&outcome), counted.messages + u64::from(balls));
        counted
    })
}

fn beat(rounds: u64) -> Job {
    let nodes = 1 + FOLLOWERS as u32;
    let time = ms(rounds as f64 * UNIT_MS + DRAIN_MS);
    let mut setup = Setup::new(nodes, time);
    setup.network.latency = Latency::Uniform(range(LATENCY_MS));
    setup.limits = Limits {
        events: u64::MAX,
        events_per_instant: u64::MAX,
        queue: u32::MAX,
        strikes: u32::MAX,
    };
    let experiment = Experiment::<Node>::new(Rounds { rounds }, setup);
    Box::new(move || {
        let outcome = run_for(experiment, time);
        Counted { events: outcome.events, messages: sent(&outcome) }
    })
}

/// How many rounds the leader opens.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
struct Rounds {
    rounds: u64,
}

#[derive(Clone, Debug, Hash)]
enum Word {
    Append { round: u64 },
    Reply { round: u64 },
}

impl Message for Word {
    const KINDS: &'static [&'static str] = &["append", "reply"];

    fn kind(&self) -> usize {
        match self {
            Self::Append { .. } => 0,
            Self::Reply { .. } => 1,
        }
    }

    fn bytes(&self) -> u32 {
        64
    }

    fn forge(&self, _: Lie, forger: &mut Forger<'_>) -> Option<Self> {
        let draw = &mut forger.draw;
        let lie = |round: u64, draw: &mut Draw| round ^ draw.below(2);
        Some(match *self {
            Self::Append { round } => Self::Append { round: lie(round, draw) },
            Self::Reply { round } => Self::Reply { round: lie(round, draw) },
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum Bell {
    Tick,
    Election,
}

#[derive(Clone, Debug, Hash)]
struct Node {
    tally: Tally,
}

impl Node {
    fn rearm(ctx: &mut Context<'_, Self>) {
        let patience = ctx.random().between(range(ELECTION_MS));
        ctx.set_timer(Bell::Election, patience);
    }
}

impl Protocol for Node {
    const NAME: &'static str = "pattern";
    const SUMMARY: &'static str = "exchanges what an idle Raft exchanges";
    type Problem = Idle;
    type Config = Rounds;
    type Message = Word;
    type Timer = Bell;
    type Record = ();
    type Monitor = Pace;

    fn contract(_: &Rounds, _: Cluster) -> Contract {
        let any =
            Assumptions { byzantine: 0, forgetful: 0, faulty: 0, ..Assumptions::CRASH_RECOVERY };
        Contract { promise: Promise(Vec::new()), safety: any, liveness: any }
    }

    fn boot(_: &[Stored<()>], ctx: &mut Context<'_, Self>) -> Self {
        if ctx.me() == NodeId(0) {
            ctx.set_timer(Bell::Tick, ms(UNIT_MS));
        } else {
            Self::rearm(ctx);
        }
        Self { tally: Tally::default() }
    }

    fn on_request(&mut self, _: OpId, (): (), _: &mut Context<'_, Self>) {}

    fn on_message(&mut self, from: NodeId, message: Word, ctx: &mut Context<'_, Self>) {
        match message {
            Word::Append { round } => {
                Self::rearm(ctx);
                ctx.send(from, Word::Reply { round });
            }
            Word::Reply { round } => self.tally.reply(round),
        }
    }

    fn on_timer(&mut self, timer: Bell, ctx: &mut Context<'_, Self>) {
        assert_eq!(timer, Bell::Tick, "an election while the leader is up");
        let round = self.tally.open();
        ctx.broadcast(Word::Append { round });
        if round < ctx.config().rounds {
            ctx.set_timer(Bell::Tick, ms(UNIT_MS));
        }
    }

    fn monitor(_: &Rounds, _: Cluster) -> Pace {
        Pace
    }
}

/// Judges that the leader counts its majorities as they come.
struct Pace;

impl Pace {
    /// Every round has its majority within 3 ms, hence at most so many lack theirs.
    const OPEN_ROUNDS: u64 = 4;
}

impl Monitor<Node> for Pace {
    const INVARIANTS: &'static [&'static str] = &["majorities-keep-pace"];

    fn observe(&mut self, node: NodeId, _: Incarnation, state: &Node) -> Option<Violation> {
        let Tally { rounds, majorities, .. } = state.tally;
        (rounds - majorities > Self::OPEN_ROUNDS).then(|| Violation {
            property: Self::INVARIANTS[0],
            witness: format!("{node} opened {rounds} rounds and saw {majorities} majorities"),
        })
    }
}
