//! AnySystem, formerly DSLab-mp: processes on nodes, timers by name, a network with faults.

use std::cell::RefCell;
use std::rc::Rc;

use anysystem::{Context, Message, Process, System};

use super::{
    Counted, DRAIN_MS, ELECTION_MS, FOLLOWERS, Job, LATENCY_MS, Simulator, Tally, UNIT_MS,
    Workload, hold_ms, other, phold_ms,
};

/// AnySystem.
#[derive(Debug)]
pub struct AnySystem;

impl Simulator for AnySystem {
    fn name(&self) -> &'static str {
        "anysystem"
    }

    fn prepare(&self, workload: Workload, events: u64) -> Result<Job, &'static str> {
        let constant = (UNIT_MS, UNIT_MS);
        Ok(match workload {
            Workload::PingPong => {
                let (system, counted) = build(2, constant, |_, counted| Pinger { counted });
                job(system, &[process(0)], events as f64 * UNIT_MS + 0.5, counted)
            }
            Workload::Phold { nodes } => {
                let (system, counted) =
                    build(nodes, constant, |me, counted| Holder { me, nodes, counted });
                let all: Vec<_> = (0..nodes).map(process).collect();
                job(system, &all, phold_ms(nodes, events), counted)
            }
            Workload::Pattern => {
                let rounds = Workload::rounds(events);
                let nodes = 1 + FOLLOWERS as u32;
                let (system, counted) = build(nodes, LATENCY_MS, |_, counted| Node {
                    rounds,
                    tally: Tally::default(),
                    counted,
                });
                job(system, &[process(0)], rounds as f64 * UNIT_MS + DRAIN_MS, counted)
            }
        })
    }

    fn note(&self, workload: Workload) -> &'static str {
        match workload {
            Workload::Phold { .. } => {
                "its latencies are constant or uniform: the exponential time is a timer of the \
                 process, so a hop takes two of its events, and hops are what is counted; keeps a \
                 trace of everything, which cannot be turned off"
            }
            _ => "keeps a trace of everything, which cannot be turned off",
        }
    }

    fn divisor(&self, _: Workload) -> u64 {
        5
    }
}

/// The processes belong to the system, so they share their account. The second number is that of
/// the majorities.
type Account = Rc<RefCell<(Counted, u64)>>;

fn process(node: u32) -> String {
    format!("p{node}")
}

/// A process on each of `nodes` nodes.
fn build<P: Process + 'static>(
    nodes: u32,
    (least, most): (f64, f64),
    make: impl Fn(u32, Account) -> P,
) -> (System, Account) {
    let account = Account::default();
    let mut system = System::new(1);
    system.network().set_delays(least, most);
    for me in 0..nodes {
        let node = format!("n{me}");
        system.add_node(&node);
        system.add_process(&process(me), Box::new(make(me, account.clone())), &node);
    }
    (system, account)
}

/// Tells the processes that start with something to do to do it, and runs.
fn job(mut system: System, starters: &[String], time_ms: f64, account: Account) -> Job {
    for starter in starters {
        system.send_local_message(starter, Message::new("START", ""));
    }
    Box::new(move || {
        system.step_for_duration(time_ms);
        let (counted, majorities) = *account.borrow();
        assert_eq!(majorities, counted.events - counted.messages);
        counted
    })
}

#[derive(Clone)]
struct Pinger {
    counted: Account,
}

impl Process for Pinger {
    fn on_message(&mut self, msg: Message, from: String, ctx: &mut Context) -> Result<(), String> {
        self.counted.borrow_mut().0.delivery();
        ctx.send(msg, from);
        Ok(())
    }

    fn on_local_message(&mut self, _: Message, ctx: &mut Context) -> Result<(), String> {
        ctx.send(Message::new("BALL", ""), "p1".to_owned());
        Ok(())
    }

    fn on_timer(&mut self, _: String, _: &mut Context) -> Result<(), String> {
        Ok(())
    }
}

#[derive(Clone)]
struct Holder {
    me: u32,
    nodes: u32,
    counted: Account,
}

impl Process for Holder {
    fn on_message(&mut self, msg: Message, _: String, ctx: &mut Context) -> Result<(), String> {
        self.counted.borrow_mut().0.delivery();
        // A ball's name names its timer, for a node may hold several.
        let hold = hold_ms(ctx.rand());
        ctx.set_timer(&msg.data, hold);
        Ok(())
    }

    fn on_local_message(&mut self, _: Message, ctx: &mut Context) -> Result<(), String> {
        let hold = hold_ms(ctx.rand());
        ctx.set_timer(&self.me.to_string(), hold);
        Ok(())
    }

    fn on_timer(&mut self, timer: String, ctx: &mut Context) -> Result<(), String> {
        let step = (ctx.rand() * f64::from(self.nodes - 1)) as u32;
        let to = process(other(self.me, self.nodes, step));
        ctx.send(Message::new("BALL".to_owned(), timer), to);
        Ok(())
    }
}

#[derive(Clone)]
struct Node {
    rounds: u64,
    tally: Tally,
    counted: Account,
}

impl Node {
    fn rearm(ctx: &mut Context) {
        let patience = ELECTION_MS.0 + ctx.rand() * (ELECTION_MS.1 - ELECTION_MS.0);
        ctx.set_timer("election", patience);
    }
}

impl Process for Node {
    fn on_start(&mut self, ctx: &mut Context) -> Result<(), String> {
        Self::rearm(ctx);
        Ok(())
    }

    fn on_message(&mut self, msg: Message, from: String, ctx: &mut Context) -> Result<(), String> {
        self.counted.borrow_mut().0.delivery();
        if msg.tip == "APPEND" {
            Self::rearm(ctx);
            ctx.send(Message::new("REPLY".to_owned(), msg.data), from);
        } else {
            self.tally.reply(msg.data.parse().map_err(|_| "a round is a number")?);
            self.counted.borrow_mut().1 = self.tally.majorities;
        }
        Ok(())
    }

    /// Whoever is told to start leads.
    fn on_local_message(&mut self, _: Message, ctx: &mut Context) -> Result<(), String> {
        ctx.cancel_timer("election");
        ctx.set_timer("tick", UNIT_MS);
        Ok(())
    }

    fn on_timer(&mut self, timer: String, ctx: &mut Context) -> Result<(), String> {
        if timer != "tick" {
            return Err("an election while the leader is up".to_owned());
        }
        self.counted.borrow_mut().0.timer();
        let round = self.tally.open();
        for follower in 1..=FOLLOWERS as u32 {
            ctx.send(Message::new("APPEND".to_owned(), round.to_string()), process(follower));
        }
        if round < self.rounds {
            ctx.set_timer("tick", UNIT_MS);
        }
        Ok(())
    }
}
