//! Simulacra: a typed event queue, and on it a network with topology, routes, jitter and cuts.

use simulacra::{
    Duration, LatencyModel, NetEvent, Network, NodeId, SimRng, Simulation, Time, TopologyBuilder,
};

use super::{
    Counted, DRAIN_MS, ELECTION_MS, FOLLOWERS, Job, LATENCY_MS, Simulator, Tally, UNIT_MS,
    Workload, hold_ms, nanos, other, phold_ms,
};

/// Simulacra.
#[derive(Debug)]
pub struct Simulacra;

/// Beyond so many nodes the network is not used: it finds a route for each ordered pair, each by a
/// search of all links.
const MESH_MAX: u32 = 100;

impl Simulator for Simulacra {
    fn name(&self) -> &'static str {
        "simulacra"
    }

    fn prepare(&self, workload: Workload, events: u64) -> Result<Job, &'static str> {
        Ok(match workload {
            Workload::PingPong => {
                let topology = TopologyBuilder::new(2).full_mesh(span(UNIT_MS)).build();
                play(Network::new(topology, 1), 2, 1, at(events as f64 * UNIT_MS))
            }
            Workload::Phold { nodes } if nodes > MESH_MAX => {
                pass(nodes, at(phold_ms(nodes, events)))
            }
            Workload::Phold { nodes } => {
                let builder = TopologyBuilder::new(nodes as usize).full_mesh(span(UNIT_MS));
                let mut topology = builder.build();
                topology.precompute_routes();
                let network = Network::with_latency_model(topology, Hold, 1);
                play(network, nodes, nodes, at(phold_ms(nodes, events)))
            }
            Workload::Pattern => beat(Workload::rounds(events)),
        })
    }

    fn note(&self, workload: Workload) -> &'static str {
        match workload {
            Workload::PingPong => "",
            Workload::Phold { nodes } if nodes > MESH_MAX => {
                "on the bare event queue: the network searches a route for each of n² pairs"
            }
            Workload::Phold { .. } => "routes computed beforehand",
            Workload::Pattern => {
                "on the bare event queue (the network has no timers, the tasks have no jitter) and \
                 without cancelling: an election timer that was re-armed is popped and ignored"
            }
        }
    }
}

fn span(ms: f64) -> Duration {
    Duration::from_nanos(nanos(ms))
}

fn at(ms: f64) -> Time {
    Time::from_nanos(nanos(ms))
}

/// An exponential time on top of the link's own.
struct Hold;

impl LatencyModel for Hold {
    fn compute(&mut self, base_latency: Duration, rng: &mut SimRng) -> Duration {
        base_latency + span(hold_ms(rng.f64()))
    }
}

/// The network runs until it is empty, so balls are no longer passed on from `end`.
fn play<L: LatencyModel + 'static>(
    mut network: Network<(), L>,
    nodes: u32,
    balls: u32,
    end: Time,
) -> Job {
    for node in 0..balls {
        network.send(NodeId(node), NodeId(other(node, nodes, 0)), ());
    }
    Box::new(move || {
        let mut counted = Counted::default();
        network.run(|ctx, event| {
            let NetEvent::Deliver(message) = event else { panic!("a message was lost") };
            if ctx.now() <= end {
                counted.delivery();
            }
            if ctx.now() < end {
                let me = message.dst;
                let step = if nodes == 2 { 0 } else { ctx.rng().u64(u64::from(nodes) - 1) };
                ctx.send(me, NodeId(other(me.as_u32(), nodes, step as u32)), ());
            }
        });
        counted
    })
}

/// PHOLD on the bare queue; an event is the node that the ball reaches.
fn pass(nodes: u32, end: Time) -> Job {
    let mut rng = SimRng::new(1);
    let mut sim = Simulation::with_capacity(nodes as usize);
    let throw = move |sim: &mut Simulation<u32>, rng: &mut SimRng, me: u32| {
        let step = rng.u64(u64::from(nodes) - 1) as u32;
        sim.schedule_in(span(UNIT_MS + hold_ms(rng.f64())), other(me, nodes, step));
    };
    (0..nodes).for_each(|node| throw(&mut sim, &mut rng, node));
    Box::new(move || {
        let mut counted = Counted::default();
        sim.run_until(|sim, me| {
            let goes_on = sim.now() <= end;
            if goes_on {
                counted.delivery();
                throw(sim, &mut rng, me);
            }
            goes_on
        });
        counted
    })
}

enum Happening {
    Tick,
    Append { follower: usize, round: u64 },
    Reply { round: u64 },
    Election { follower: usize, armed: u64 },
}

struct Cluster {
    rounds: u64,
    rng: SimRng,
    tally: Tally,
    /// How often each follower re-armed its election timer.
    armed: [u64; FOLLOWERS as usize],
    counted: Counted,
}

impl Cluster {
    fn draw(&mut self, (least, most): (f64, f64)) -> Duration {
        span(self.rng.f64_range(least, most))
    }

    fn rearm(&mut self, sim: &mut Simulation<Happening>, follower: usize) {
        self.armed[follower] += 1;
        let armed = self.armed[follower];
        sim.schedule_in(self.draw(ELECTION_MS), Happening::Election { follower, armed });
    }

    fn handle(&mut self, sim: &mut Simulation<Happening>, happening: Happening) {
        match happening {
            Happening::Tick => {
                self.counted.timer();
                let round = self.tally.open();
                for follower in 0..FOLLOWERS as usize {
                    let append = Happening::Append { follower, round };
                    sim.schedule_in(self.draw(LATENCY_MS), append);
                }
                if round < self.rounds {
                    sim.schedule_in(span(UNIT_MS), Happening::Tick);
                }
            }
            Happening::Append { follower, round } => {
                self.counted.delivery();
                self.rearm(sim, follower);
                sim.schedule_in(self.draw(LATENCY_MS), Happening::Reply { round });
            }
            Happening::Reply { round } => {
                self.counted.delivery();
                self.tally.reply(round);
            }
            Happening::Election { follower, armed } => {
                assert_ne!(self.armed[follower], armed, "an election while the leader is up");
            }
        }
    }
}

fn beat(rounds: u64) -> Job {
    let mut sim = Simulation::new();
    let mut cluster = Cluster {
        rounds,
        rng: SimRng::new(1),
        tally: Tally::default(),
        armed: [0; FOLLOWERS as usize],
        counted: Counted::default(),
    };
    let end = at(rounds as f64 * UNIT_MS + DRAIN_MS);
    (0..FOLLOWERS as usize).for_each(|follower| cluster.rearm(&mut sim, follower));
    sim.schedule(at(UNIT_MS), Happening::Tick);
    Box::new(move || {
        sim.run_until(|sim, happening| {
            let goes_on = sim.now() <= end;
            if goes_on {
                cluster.handle(sim, happening);
            }
            goes_on
        });
        assert_eq!(cluster.tally.majorities, rounds);
        cluster.counted
    })
}
