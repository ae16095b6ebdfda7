//! dscale: processes with messages and timers, a network with latencies, bandwidth and cut links.

use std::cell::Cell;

use dscale::services::kv;
use dscale::{
    Distr, Jiffies, Message, MessagePtr, Pid, Process, Seed, SimulationBuilder, SimulationRunner,
    TimerId, broadcast_within_pool, now, pid, schedule_timer_after, send_to,
};

use super::{
    Counted, DRAIN_MS, Dice, ELECTION_MS, FOLLOWERS, Job, LATENCY_MS, Simulator, Tally, UNIT_MS,
    Workload, hold_ms, nanos, phold_ms,
};

/// dscale.
#[derive(Debug)]
pub struct Dscale;

impl Simulator for Dscale {
    fn name(&self) -> &'static str {
        "dscale"
    }

    fn prepare(&self, workload: Workload, events: u64) -> Result<Job, &'static str> {
        let constant = (UNIT_MS, UNIT_MS);
        let builder = SimulationBuilder::default().seed(1).seq_sched();
        Ok(match workload {
            Workload::PingPong => {
                let builder = builder.add_pool::<Pinger>(PLAYERS, 2);
                job(builder, constant, events as f64 * UNIT_MS, || ())
            }
            Workload::Phold { nodes } => {
                let builder = builder.add_pool::<Holder>(PLAYERS, nodes as usize);
                job(builder, constant, phold_ms(nodes, events), move || kv::set(PLAYERS, nodes))
            }
            Workload::Pattern => {
                let rounds = Workload::rounds(events);
                let builder = builder
                    .add_pool::<Leader>(LEADER, 1)
                    .add_pool::<Follower>(FOLLOWING, FOLLOWERS as usize);
                let time = rounds as f64 * UNIT_MS + DRAIN_MS;
                let end = jiffies(time);
                job(builder, LATENCY_MS, time, move || {
                    kv::set(LEADER, rounds);
                    kv::set(FOLLOWING, end);
                })
            }
        })
    }

    fn note(&self, workload: Workload) -> &'static str {
        match workload {
            Workload::PingPong => "",
            Workload::Phold { .. } => {
                "its latencies are uniform, normal, Bernoulli or Pareto: the exponential time is a \
                 timer of the node, so a hop takes two of its events, and hops are what is counted"
            }
            Workload::Pattern => {
                "no cancelling: an election timer that was re-armed is popped and ignored"
            }
        }
    }
}

const PLAYERS: &str = "players";
const LEADER: &str = "leader";
const FOLLOWING: &str = "followers";

thread_local! {
    /// Processes are made and kept by the simulator, so they count here.
    static COUNTED: Cell<Counted> = const { Cell::new(Counted { events: 0, messages: 0 }) };
    static MAJORITIES: Cell<u64> = const { Cell::new(0) };
}

fn count(note: impl FnOnce(&mut Counted)) {
    let mut counted = COUNTED.get();
    note(&mut counted);
    COUNTED.set(counted);
}

/// A jiffy is a nanosecond here.
const fn jiffies(ms: f64) -> Jiffies {
    Jiffies(nanos(ms) as usize)
}

/// Builds at once; `configure` fills the store from which processes read at their start.
fn job(
    builder: SimulationBuilder,
    (least, most): (f64, f64),
    time_ms: f64,
    configure: impl FnOnce(),
) -> Job {
    let latency = Distr::Uniform { low: jiffies(least), high: jiffies(most) };
    let builder = builder.default_latency(latency).time_budget(jiffies(time_ms));
    let mut runner: Box<dyn SimulationRunner> = builder.build();
    configure();
    COUNTED.set(Counted::default());
    MAJORITIES.set(0);
    Box::new(move || {
        runner.run_full_budget();
        let counted = COUNTED.get();
        assert_eq!(MAJORITIES.get(), (counted.events - counted.messages));
        counted
    })
}

struct Ball;

impl Message for Ball {}

#[derive(Default)]
struct Pinger;

impl Process for Pinger {
    fn on_start(&mut self, _: Seed) {
        if pid() == 0 {
            send_to(1, Ball);
        }
    }

    fn on_message(&mut self, from: Pid, _: MessagePtr) {
        count(Counted::delivery);
        send_to(from, Ball);
    }

    fn on_timer(&mut self, _: TimerId) {}
}

#[derive(Default)]
struct Holder {
    nodes: u32,
    dice: Dice,
}

impl Holder {
    fn hold(&mut self) {
        schedule_timer_after(jiffies(hold_ms(self.dice.unit())));
    }
}

impl Process for Holder {
    fn on_start(&mut self, seed: Seed) {
        self.nodes = kv::get(PLAYERS);
        self.dice = Dice::new(seed << 32);
        self.hold();
    }

    fn on_message(&mut self, _: Pid, _: MessagePtr) {
        count(Counted::delivery);
        self.hold();
    }

    fn on_timer(&mut self, _: TimerId) {
        send_to(self.dice.other(pid() as u32, self.nodes) as Pid, Ball);
    }
}

struct Append(u64);

impl Message for Append {}

struct Reply(u64);

impl Message for Reply {}

#[derive(Default)]
struct Leader {
    rounds: u64,
    tally: Tally,
}

impl Process for Leader {
    fn on_start(&mut self, _: Seed) {
        self.rounds = kv::get(LEADER);
        schedule_timer_after(jiffies(UNIT_MS));
    }

    fn on_message(&mut self, _: Pid, message: MessagePtr) {
        count(Counted::delivery);
        self.tally.reply(message.as_type::<Reply>().0);
        MAJORITIES.set(self.tally.majorities);
    }

    fn on_timer(&mut self, _: TimerId) {
        count(Counted::timer);
        let round = self.tally.open();
        broadcast_within_pool(FOLLOWING, Append(round));
        if round < self.rounds {
            schedule_timer_after(jiffies(UNIT_MS));
        }
    }
}

#[derive(Default)]
struct Follower {
    end: Jiffies,
    dice: Dice,
    election: TimerId,
}

impl Follower {
    fn rearm(&mut self) {
        self.election = schedule_timer_after(jiffies(self.dice.between(ELECTION_MS)));
    }
}

impl Process for Follower {
    fn on_start(&mut self, seed: Seed) {
        self.end = kv::get(FOLLOWING);
        self.dice = Dice::new(seed << 32);
        self.rearm();
    }

    fn on_message(&mut self, from: Pid, message: MessagePtr) {
        count(Counted::delivery);
        self.rearm();
        send_to(from, Reply(message.as_type::<Append>().0));
    }

    fn on_timer(&mut self, id: TimerId) {
        assert!(id != self.election || now() > self.end, "an election while the leader is up");
    }
}
