//! desru: an event queue of boxed closures over `f64` time; network and nodes are ours.

use std::cell::RefCell;
use std::rc::Rc;

use desru::EventScheduler;

use super::{
    Counted, DRAIN_MS, Dice, ELECTION_MS, FOLLOWERS, Job, LATENCY_MS, Simulator, Tally, UNIT_MS,
    Workload, hold_ms, phold_ms,
};

/// desru.
#[derive(Debug)]
pub struct Desru;

impl Simulator for Desru {
    fn name(&self) -> &'static str {
        "desru"
    }

    fn prepare(&self, workload: Workload, events: u64) -> Result<Job, &'static str> {
        Ok(match workload {
            Workload::PingPong => play(2, 1, false, events as f64 * UNIT_MS - 0.5),
            Workload::Phold { nodes } => play(nodes, nodes, true, phold_ms(nodes, events)),
            Workload::Pattern => beat(Workload::rounds(events)),
        })
    }

    fn note(&self, workload: Workload) -> &'static str {
        match workload {
            Workload::PingPong => "no network: the delay is scheduled",
            Workload::Phold { .. } => "no network: the delay is drawn by the node and scheduled",
            Workload::Pattern => {
                "no network and no cancelling: delays are drawn by the nodes, and an election timer \
                 that was re-armed is popped and ignored"
            }
        }
    }
}

/// Runs until the first event at or after `end`, and keeps no log.
fn run(mut scheduler: EventScheduler, end: f64) {
    let stop = Box::new(move |scheduler: &EventScheduler| scheduler.current_time >= end);
    scheduler.run(stop, Some(Box::new(|_, _| false)));
}

/// Calls back after a delay.
fn after(
    scheduler: &mut EventScheduler,
    delay: f64,
    mut act: impl FnMut(&mut EventScheduler) + 'static,
) {
    let action = move |scheduler: &mut EventScheduler| {
        act(scheduler);
        None
    };
    scheduler.timeout(delay, Some(Box::new(action)), None);
}

struct Court {
    nodes: u32,
    holds: bool,
    dice: Dice,
    counted: Counted,
}

fn throw(scheduler: &mut EventScheduler, court: &Rc<RefCell<Court>>, me: u32) {
    let (to, delay) = {
        let Court { nodes, holds, dice, .. } = &mut *court.borrow_mut();
        let to = if *holds { dice.other(me, *nodes) } else { 1 - me };
        (to, UNIT_MS + if *holds { hold_ms(dice.unit()) } else { 0.0 })
    };
    let court = Rc::clone(court);
    after(scheduler, delay, move |scheduler| {
        court.borrow_mut().counted.delivery();
        throw(scheduler, &court, to);
    });
}

fn play(nodes: u32, balls: u32, holds: bool, end: f64) -> Job {
    let mut scheduler = EventScheduler::new();
    let court = Court { nodes, holds, dice: Dice::new(1), counted: Counted::default() };
    let court = Rc::new(RefCell::new(court));
    (0..balls).for_each(|node| throw(&mut scheduler, &court, node));
    Box::new(move || {
        run(scheduler, end);
        court.borrow().counted
    })
}

#[derive(Default)]
struct Cluster {
    rounds: u64,
    end: f64,
    dice: Dice,
    tally: Tally,
    /// How often each follower re-armed its election timer.
    armed: [u64; FOLLOWERS as usize],
    counted: Counted,
}

type Shared = Rc<RefCell<Cluster>>;

fn tick(scheduler: &mut EventScheduler, cluster: &Shared) {
    let (round, last) = {
        let mut cluster = cluster.borrow_mut();
        cluster.counted.timer();
        let round = cluster.tally.open();
        (round, round == cluster.rounds)
    };
    for follower in 0..FOLLOWERS as usize {
        let delay = cluster.borrow_mut().dice.between(LATENCY_MS);
        let cluster = Rc::clone(cluster);
        after(scheduler, delay, move |scheduler| append(scheduler, &cluster, follower, round));
    }
    if !last {
        let cluster = Rc::clone(cluster);
        after(scheduler, UNIT_MS, move |scheduler| tick(scheduler, &cluster));
    }
}

fn append(scheduler: &mut EventScheduler, cluster: &Shared, follower: usize, round: u64) {
    cluster.borrow_mut().counted.delivery();
    rearm(scheduler, cluster, follower);
    let delay = cluster.borrow_mut().dice.between(LATENCY_MS);
    let cluster = Rc::clone(cluster);
    after(scheduler, delay, move |_| {
        let mut cluster = cluster.borrow_mut();
        cluster.counted.delivery();
        cluster.tally.reply(round);
    });
}

fn rearm(scheduler: &mut EventScheduler, cluster: &Shared, follower: usize) {
    let (armed, delay) = {
        let mut cluster = cluster.borrow_mut();
        cluster.armed[follower] += 1;
        (cluster.armed[follower], cluster.dice.between(ELECTION_MS))
    };
    let cluster = Rc::clone(cluster);
    after(scheduler, delay, move |scheduler| {
        let cluster = cluster.borrow();
        let stale = cluster.armed[follower] != armed || scheduler.current_time > cluster.end;
        assert!(stale, "an election while the leader is up");
    });
}

fn beat(rounds: u64) -> Job {
    let mut scheduler = EventScheduler::new();
    let end = rounds as f64 * UNIT_MS + DRAIN_MS;
    let cluster = Cluster { rounds, end, ..Cluster::default() };
    let cluster = Rc::new(RefCell::new(cluster));
    (0..FOLLOWERS as usize).for_each(|follower| rearm(&mut scheduler, &cluster, follower));
    let leader = Rc::clone(&cluster);
    after(&mut scheduler, UNIT_MS, move |scheduler| tick(scheduler, &leader));
    Box::new(move || {
        run(scheduler, end);
        let cluster = cluster.borrow();
        assert_eq!(cluster.tally.majorities, rounds);
        cluster.counted
    })
}
