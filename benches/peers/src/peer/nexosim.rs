//! nexosim: models with wired ports on an asynchronous executor; timers with keys that cancel.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use nexosim::model::{Context, Model, schedulable};
use nexosim::ports::Output;
use nexosim::simulation::{EventKey, Mailbox, SimInit, Simulation};
use nexosim::time::MonotonicTime;
use serde::{Deserialize, Serialize};

use super::{
    Counted, DRAIN_MS, Dice, ELECTION_MS, FOLLOWERS, Job, LATENCY_MS, Simulator, Tally, UNIT_MS,
    Workload, hold_ms, nanos, phold_ms,
};

/// nexosim.
#[derive(Debug)]
pub struct Nexosim;

impl Simulator for Nexosim {
    fn name(&self) -> &'static str {
        "nexosim"
    }

    fn prepare(&self, workload: Workload, events: u64) -> Result<Job, &'static str> {
        Ok(match workload {
            Workload::PingPong => ping_pong(events as f64 * UNIT_MS + 0.5),
            Workload::Phold { nodes } => phold(nodes, phold_ms(nodes, events)),
            Workload::Pattern => beat(Workload::rounds(events)),
        })
    }

    fn note(&self, workload: Workload) -> &'static str {
        match workload {
            Workload::PingPong => {
                "one thread; ports have no delay: the sender schedules itself to send later"
            }
            Workload::Phold { .. } => {
                "one thread; ports have no delay and are wired: the sender schedules itself to send \
                 later, to a hub that hands on"
            }
            Workload::Pattern => {
                "one thread; ports have no delay: the sender schedules itself to send later, with a \
                 delay that it draws"
            }
        }
    }

    fn divisor(&self, _: Workload) -> u64 {
        2
    }
}

fn span(ms: f64) -> Duration {
    Duration::from_nanos(nanos(ms))
}

/// The models belong to the simulation, so they share their account.
#[derive(Default)]
struct Account {
    deliveries: AtomicU64,
    ticks: AtomicU64,
    majorities: AtomicU64,
}

fn add(count: &AtomicU64) {
    count.fetch_add(1, Ordering::Relaxed);
}

fn job(bench: SimInit, time_ms: f64, account: Arc<Account>) -> Job {
    let mut simulation: Simulation =
        bench.init(MonotonicTime::EPOCH).expect("the bench is wired completely");
    Box::new(move || {
        simulation.step_until(span(time_ms)).expect("no model fails");
        let [messages, ticks, majorities] =
            [&account.deliveries, &account.ticks, &account.majorities]
                .map(|count| count.load(Ordering::Relaxed));
        assert_eq!(majorities, ticks);
        Counted { events: messages + ticks, messages }
    })
}

#[derive(Serialize, Deserialize)]
struct Pinger {
    serves: bool,
    out: Output<()>,
    #[serde(skip)]
    account: Arc<Account>,
}

#[Model]
impl Pinger {
    #[nexosim(init)]
    async fn init(&mut self, cx: &Context<Self>) {
        if self.serves {
            self.throw_later(cx);
        }
    }

    fn throw_later(&self, cx: &Context<Self>) {
        cx.schedule_event(span(UNIT_MS), schedulable!(Self::throw), ()).expect("it is later");
    }

    async fn catch(&mut self, (): (), cx: &Context<Self>) {
        add(&self.account.deliveries);
        self.throw_later(cx);
    }

    #[nexosim(schedulable)]
    async fn throw(&mut self) {
        self.out.send(()).await;
    }
}

fn ping_pong(time_ms: f64) -> Job {
    let account = Arc::new(Account::default());
    let mailboxes = [Mailbox::new(), Mailbox::new()];
    let mut bench = SimInit::with_num_threads(1);
    let mut pingers = [true, false].map(|serves| Pinger {
        serves,
        out: Output::default(),
        account: Arc::clone(&account),
    });
    pingers[0].out.connect(Pinger::catch, &mailboxes[1]);
    pingers[1].out.connect(Pinger::catch, &mailboxes[0]);
    for (pinger, mailbox) in pingers.into_iter().zip(mailboxes) {
        bench = bench.add_model(pinger, mailbox, "pinger");
    }
    job(bench, time_ms, account)
}

#[derive(Serialize, Deserialize)]
struct Holder {
    me: u32,
    nodes: u32,
    hub: Output<u32>,
    #[serde(skip)]
    dice: Dice,
    #[serde(skip)]
    account: Arc<Account>,
}

#[Model]
impl Holder {
    #[nexosim(init)]
    async fn init(&mut self, cx: &Context<Self>) {
        self.hold(cx);
    }

    fn hold(&mut self, cx: &Context<Self>) {
        let delay = UNIT_MS + hold_ms(self.dice.unit());
        cx.schedule_event(span(delay), schedulable!(Self::throw), ()).expect("it is later");
    }

    async fn catch(&mut self, (): (), cx: &Context<Self>) {
        add(&self.account.deliveries);
        self.hold(cx);
    }

    #[nexosim(schedulable)]
    async fn throw(&mut self) {
        let to = self.dice.other(self.me, self.nodes);
        self.hub.send(to).await;
    }
}

/// Hands every ball on to the node that it is for.
#[derive(Serialize, Deserialize)]
struct Hub {
    outs: Vec<Output<()>>,
}

#[Model]
impl Hub {
    async fn route(&mut self, to: u32) {
        self.outs[to as usize].send(()).await;
    }
}

fn phold(nodes: u32, time_ms: f64) -> Job {
    let account = Arc::new(Account::default());
    let mut bench = SimInit::with_num_threads(1);
    let mut hub = Hub { outs: Vec::new() };
    let hub_mailbox = Mailbox::new();
    for me in 0..nodes {
        let mailbox = Mailbox::new();
        let mut out = Output::default();
        out.connect(Holder::catch, &mailbox);
        hub.outs.push(out);
        let mut holder = Holder {
            me,
            nodes,
            hub: Output::default(),
            dice: Dice::new(u64::from(me + 1) << 32),
            account: Arc::clone(&account),
        };
        holder.hub.connect(Hub::route, &hub_mailbox);
        bench = bench.add_model(holder, mailbox, "holder");
    }
    job(bench.add_model(hub, hub_mailbox, "hub"), time_ms, account)
}

#[derive(Serialize, Deserialize)]
struct Leader {
    rounds: u64,
    appends: Vec<Output<u64>>,
    ticking: Option<EventKey>,
    #[serde(skip)]
    tally: Tally,
    #[serde(skip)]
    dice: Dice,
    #[serde(skip)]
    account: Arc<Account>,
}

#[Model]
impl Leader {
    #[nexosim(init)]
    async fn init(&mut self, cx: &Context<Self>) {
        let period = span(UNIT_MS);
        let key = cx.schedule_keyed_periodic_event(period, period, schedulable!(Self::tick), ());
        self.ticking = Some(key.expect("it is later"));
    }

    #[nexosim(schedulable)]
    async fn tick(&mut self, (): (), cx: &Context<Self>) {
        add(&self.account.ticks);
        let round = self.tally.open();
        for follower in 0..self.appends.len() {
            let delay = span(self.dice.between(LATENCY_MS));
            let append = schedulable!(Self::append);
            cx.schedule_event(delay, append, (follower, round)).expect("it is later");
        }
        if round == self.rounds
            && let Some(key) = self.ticking.take()
        {
            key.cancel();
        }
    }

    #[nexosim(schedulable)]
    async fn append(&mut self, (follower, round): (usize, u64)) {
        self.appends[follower].send(round).await;
    }

    async fn reply(&mut self, round: u64) {
        add(&self.account.deliveries);
        self.tally.reply(round);
        self.account.majorities.store(self.tally.majorities, Ordering::Relaxed);
    }
}

#[derive(Serialize, Deserialize)]
struct Follower {
    out: Output<u64>,
    election: Option<EventKey>,
    #[serde(skip)]
    dice: Dice,
    #[serde(skip)]
    account: Arc<Account>,
}

#[Model]
impl Follower {
    #[nexosim(init)]
    async fn init(&mut self, cx: &Context<Self>) {
        self.rearm(cx);
    }

    fn rearm(&mut self, cx: &Context<Self>) {
        if let Some(key) = self.election.take() {
            key.cancel();
        }
        let patience = span(self.dice.between(ELECTION_MS));
        let key = cx.schedule_keyed_event(patience, schedulable!(Self::stand), ());
        self.election = Some(key.expect("it is later"));
    }

    async fn append(&mut self, round: u64, cx: &Context<Self>) {
        add(&self.account.deliveries);
        self.rearm(cx);
        let delay = span(self.dice.between(LATENCY_MS));
        cx.schedule_event(delay, schedulable!(Self::reply), round).expect("it is later");
    }

    #[nexosim(schedulable)]
    async fn reply(&mut self, round: u64) {
        self.out.send(round).await;
    }

    #[nexosim(schedulable)]
    async fn stand(&mut self) {
        panic!("an election while the leader is up");
    }
}

fn beat(rounds: u64) -> Job {
    let account = Arc::new(Account::default());
    let mut bench = SimInit::with_num_threads(1);
    let leader_mailbox = Mailbox::new();
    let mut leader = Leader {
        rounds,
        appends: Vec::new(),
        ticking: None,
        tally: Tally::default(),
        dice: Dice::new(1),
        account: Arc::clone(&account),
    };
    for seed in 1..=FOLLOWERS {
        let mailbox = Mailbox::new();
        let mut follower = Follower {
            out: Output::default(),
            election: None,
            dice: Dice::new(seed << 32),
            account: Arc::clone(&account),
        };
        follower.out.connect(Leader::reply, &leader_mailbox);
        let mut append = Output::default();
        append.connect(Follower::append, &mailbox);
        leader.appends.push(append);
        bench = bench.add_model(follower, mailbox, "follower");
    }
    let bench = bench.add_model(leader, leader_mailbox, "leader");
    job(bench, rounds as f64 * UNIT_MS + DRAIN_MS, account)
}
