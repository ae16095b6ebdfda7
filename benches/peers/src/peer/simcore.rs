//! simcore, formerly DSLab's core: an event queue with components, typed events and cancelling.

use std::cell::RefCell;
use std::rc::Rc;

use serde::Serialize;
use simcore::{Event, EventHandler, EventId, Id, Simulation, SimulationContext, cast};

use super::{
    Counted, DRAIN_MS, ELECTION_MS, FOLLOWERS, Job, LATENCY_MS, Simulator, Tally, UNIT_MS,
    Workload, hold_ms, other, phold_ms,
};

/// simcore.
#[derive(Debug)]
pub struct Simcore;

impl Simulator for Simcore {
    fn name(&self) -> &'static str {
        "simcore"
    }

    fn prepare(&self, workload: Workload, events: u64) -> Result<Job, &'static str> {
        Ok(match workload {
            Workload::PingPong => play(2, 1, false, events as f64 * UNIT_MS + 0.5),
            Workload::Phold { nodes } => play(nodes, nodes, true, phold_ms(nodes, events)),
            Workload::Pattern => beat(Workload::rounds(events)),
        })
    }

    fn note(&self, workload: Workload) -> &'static str {
        match workload {
            Workload::PingPong => "no network: the event is emitted with the delay",
            _ => "no network: the node draws the delay and emits the event with it",
        }
    }
}

/// Adds components that are made from their context, and returns them.
fn add<T: EventHandler + 'static>(
    sim: &mut Simulation,
    count: u32,
    mut make: impl FnMut(u32, SimulationContext) -> T,
) -> Vec<Rc<RefCell<T>>> {
    let component = |index| {
        let name = format!("node{index}");
        let context = sim.create_context(&name);
        let component = Rc::new(RefCell::new(make(index, context)));
        sim.add_handler(name, component.clone());
        component
    };
    (0..count).map(component).collect()
}

#[derive(Clone, Serialize)]
struct Ball {}

struct Player {
    ctx: SimulationContext,
    /// The identities of components are dense and in the order in which they were added.
    me: u32,
    nodes: u32,
    holds: bool,
    counted: Counted,
}

impl Player {
    fn throw(&self) {
        let step = if self.holds { self.ctx.gen_range(0..self.nodes - 1) } else { 0 };
        let hold = if self.holds { hold_ms(self.ctx.rand()) } else { 0.0 };
        self.ctx.emit(Ball {}, other(self.me, self.nodes, step) as Id, UNIT_MS + hold);
    }
}

impl EventHandler for Player {
    fn on(&mut self, event: Event) {
        cast!(match event.data {
            Ball {} => {
                self.counted.delivery();
                self.throw();
            }
        });
    }
}

fn play(nodes: u32, balls: u32, holds: bool, end: f64) -> Job {
    let mut sim = Simulation::new(1);
    let players = add(&mut sim, nodes, |me, ctx| {
        assert_eq!(ctx.id(), me as Id);
        Player { ctx, me, nodes, holds, counted: Counted::default() }
    });
    players.iter().take(balls as usize).for_each(|player| player.borrow().throw());
    Box::new(move || {
        sim.step_until_time(end);
        let events = players.iter().map(|player| player.borrow().counted.events).sum();
        Counted { events, messages: events }
    })
}

#[derive(Clone, Serialize)]
struct Tick {}

#[derive(Clone, Serialize)]
struct Election {}

#[derive(Clone, Serialize)]
struct Append {
    round: u64,
}

#[derive(Clone, Serialize)]
struct Reply {
    round: u64,
}

struct Node {
    ctx: SimulationContext,
    rounds: u64,
    tally: Tally,
    election: Option<EventId>,
    counted: Counted,
}

impl Node {
    fn latency(&self) -> f64 {
        self.ctx.gen_range(LATENCY_MS.0..LATENCY_MS.1)
    }

    fn tick(&mut self) {
        self.counted.timer();
        let round = self.tally.open();
        for follower in 1..=FOLLOWERS {
            self.ctx.emit(Append { round }, follower as Id, self.latency());
        }
        if round < self.rounds {
            self.ctx.emit_self(Tick {}, UNIT_MS);
        }
    }

    fn rearm(&mut self) {
        if let Some(election) = self.election {
            self.ctx.cancel_event(election);
        }
        let patience = self.ctx.gen_range(ELECTION_MS.0..ELECTION_MS.1);
        self.election = Some(self.ctx.emit_self(Election {}, patience));
    }
}

impl EventHandler for Node {
    fn on(&mut self, event: Event) {
        cast!(match event.data {
            Append { round } => {
                self.counted.delivery();
                self.rearm();
                self.ctx.emit(Reply { round }, event.src, self.latency());
            }
            Reply { round } => {
                self.counted.delivery();
                self.tally.reply(round);
            }
            Tick {} => {
                self.tick();
            }
            Election {} => {
                panic!("an election while the leader is up");
            }
        });
    }
}

fn beat(rounds: u64) -> Job {
    let mut sim = Simulation::new(1);
    let nodes = add(&mut sim, 1 + FOLLOWERS as u32, |_, ctx| Node {
        ctx,
        rounds,
        tally: Tally::default(),
        election: None,
        counted: Counted::default(),
    });
    nodes[0].borrow().ctx.emit_self(Tick {}, UNIT_MS);
    nodes[1..].iter().for_each(|follower| follower.borrow_mut().rearm());
    Box::new(move || {
        sim.step_until_time(rounds as f64 * UNIT_MS + DRAIN_MS);
        assert_eq!(nodes[0].borrow().tally.majorities, rounds);
        nodes.iter().fold(Counted::default(), |sum, node| {
            let Counted { events, messages } = node.borrow().counted;
            Counted { events: sum.events + events, messages: sum.messages + messages }
        })
    })
}
