//! A toy protocol for tests of the world: a node echoes a request around and answers when a
//! majority has echoed it back.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use sim_core::checker::{Checker, Class, End, Monitor, Property, Violation, Witness};
use sim_core::experiment::Experiment;
use sim_core::gauge::{CurvePoint, Gauge, Measure, Metric, Reading};
use sim_core::history::{Entry, Event};
use sim_core::id::{ClientId, Cluster, Incarnation, NodeId, NodeSet, OpId};
use sim_core::landmark::Landmark;
use sim_core::message::{Forger, Lie, Message, Record};
use sim_core::problem::{Answer, Client, Problem, ProblemGauge, Promise};
use sim_core::protocol::{Assumptions, Context, Contract, DiskMark, Protocol, Stored};
use sim_core::rng::{ChaCha, Random as _, Ratio};
use sim_core::setup::Setup;
use sim_core::time::{Duration, Time};
use sim_core::workload::{Retry, Workload};

/// Every request is answered with its own number.
#[derive(Debug)]
pub(crate) struct Echoing;

/// No keys.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Load {}

impl Problem for Echoing {
    const NAME: &'static str = "echoing";
    const SUMMARY: &'static str = "every request is answered with its own number";
    const PROPERTIES: &'static [&'static str] = &["truth", "termination"];
    type Request = u32;
    type Indication = u32;
    type Load = Load;

    fn workload(cluster: Cluster) -> Workload {
        Workload {
            think: Duration::from_millis(10),
            requests: Some(50),
            timeout: Duration::from_millis(100),
            retry: Retry::Next,
            ..Workload::once(cluster.n)
        }
    }

    fn client(_: &Load, _: Cluster, client: ClientId) -> Box<dyn Client<Self>> {
        Box::new(Counter(client.0 * 1_000))
    }

    fn answer(_: &u32) -> Answer {
        Answer::Done
    }

    fn properties(_: Cluster, promise: &Promise) -> Vec<Property<u32, u32>> {
        let judge = |name, class| Property {
            name,
            class,
            checker: Box::new(Judge { class, liars: NodeSet::EMPTY, open: Vec::new() }) as _,
        };
        [("truth", Class::Safety), ("termination", Class::Liveness)]
            .into_iter()
            .filter(|(name, _)| promise.includes(name))
            .map(|(name, class)| judge(name, class))
            .collect()
    }

    const METRICS: &'static [Metric] = &[Metric {
        name: "answers_count",
        summary: "answers that were given, repeated ones too",
        may_be_censored: false,
    }];

    fn gauge(_: &Load, _: Cluster) -> Option<ProblemGauge<Self>> {
        Some(Box::<Answers>::default())
    }
}

/// Counts answers, and draws when each came.
#[derive(Default)]
struct Answers(Vec<Time>);

impl Gauge<u32, u32> for Answers {
    fn observe(&mut self, entry: &Entry<u32, u32>) {
        if let Event::Indicated { answers: Some(_), .. } = entry.event {
            self.0.push(entry.at);
        }
    }

    fn conclude(&mut self, _: &End) -> Reading {
        let measures = vec![Measure::Value(self.0.len() as f64)];
        let point = |(count, at): (usize, &Time)| CurvePoint {
            curve: "answers",
            node: None,
            x: at.as_millis_f64(),
            y: count as f64,
            weight: 1,
        };
        Reading { measures, points: self.0.iter().enumerate().map(point).collect() }
    }
}

struct Counter(u32);

impl Client<Echoing> for Counter {
    fn next(&mut self, _: &mut ChaCha) -> u32 {
        self.0 += 1;
        self.0
    }
}

struct Judge {
    class: Class,
    liars: NodeSet,
    open: Vec<(OpId, u32, Time)>,
}

impl Checker<u32, u32> for Judge {
    fn observe(&mut self, entry: &Entry<u32, u32>) -> Option<Witness> {
        match entry.event {
            Event::Requested { op, request, .. } => {
                let known = self.open.iter().any(|(open, ..)| *open == op);
                if !known && !self.liars.contains(entry.node) {
                    self.open.push((op, request, entry.at));
                }
                None
            }
            Event::Indicated { answers: Some(op), indication } => {
                let at = self.open.iter().position(|(open, ..)| *open == op)?;
                let (_, asked, _) = self.open.remove(at);
                (self.class == Class::Safety && asked != indication)
                    .then(|| format!("{op} asked {asked}, heard {indication}"))
            }
            // Nothing is owed to the clients of a liar.
            Event::Corrupted => {
                self.open.retain(|(op, ..)| op.client.0 != entry.node.0);
                self.liars.insert(entry.node);
                None
            }
            _ => None,
        }
    }

    fn conclude(&mut self, end: &End) -> Option<Witness> {
        if self.class == Class::Safety {
            return None;
        }
        let overdue = self.open.iter().find(|(_, _, since)| end.is_overdue(*since))?;
        Some(format!("{} was never answered", overdue.0))
    }

    fn is_settled(&self, _: &NodeSet) -> bool {
        self.open.is_empty()
    }
}

#[derive(Clone, Debug, Hash)]
pub(crate) enum Note {
    Echo { op: OpId, number: u32 },
    Back { op: OpId, number: u32 },
}

impl Message for Note {
    const KINDS: &'static [&'static str] = &["echo", "back"];

    fn kind(&self) -> usize {
        usize::from(matches!(self, Self::Back { .. }))
    }

    fn bytes(&self) -> u32 {
        16
    }

    fn forge(&self, lie: Lie, forger: &mut Forger<'_>) -> Option<Self> {
        match self {
            Self::Back { op, .. } => {
                // The toy has no terms, no times and nobody to blame: other numbers stand for them.
                let number = match lie {
                    Lie::Content => 1_000_000,
                    Lie::Round => 2_000_000,
                    Lie::Time => 3_000_000,
                    Lie::Accusation => 4_000_000,
                };
                let number = number + forger.draw.below(1_000) as u32;
                Some(Self::Back { op: *op, number })
            }
            _ => None,
        }
    }
}

#[derive(Clone, Debug, Hash)]
pub(crate) struct Written(pub(crate) u32);

impl Record for Written {
    const KINDS: &'static [&'static str] = &["written"];

    fn kind(&self) -> usize {
        0
    }
}

/// What the toy does beside echoing.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Habits {
    /// Writes each request down before it echoes it.
    pub(crate) writes: bool,
    /// Panics at its first timer.
    pub(crate) panics: bool,
    /// Lets its timer repeat instead of setting it anew, and ends that at the tenth tick.
    pub(crate) repeats: bool,
    /// Boots as if its disk were empty.
    pub(crate) forgets: bool,
    /// Sends itself messages without end.
    pub(crate) spins: bool,
    /// How often its timer fires.
    pub(crate) tick: Duration,
    /// By how much clocks may differ in pace, if its safety hangs on that.
    pub(crate) clock_drift: Option<Ratio>,
    /// How long messages may take, if its safety hangs on that.
    pub(crate) synchrony: Option<Duration>,
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            writes: false,
            repeats: false,
            panics: false,
            forgets: false,
            spins: false,
            tick: Duration::from_millis(50),
            clock_drift: None,
            synchrony: None,
        }
    }
}

#[derive(Clone, Debug, Hash)]
pub(crate) struct Echo {
    open: Vec<(OpId, u32, u32)>,
    pub(crate) remembered: u64,
    pub(crate) ticks: u64,
}

/// Nothing is ever forgotten: what a monitor once saw on a node's disk is there after a reboot.
pub(crate) struct Memory(Vec<u64>);

impl Monitor<Echo> for Memory {
    const INVARIANTS: &'static [&'static str] = &["memory"];

    fn observe(&mut self, node: NodeId, life: Incarnation, state: &Echo) -> Option<Violation> {
        let known = &mut self.0[node.index()];
        let forgot = state.remembered < *known;
        *known = (*known).max(state.remembered);
        forgot.then(|| Violation {
            property: "memory",
            witness: format!("{node} forgot before life {life}"),
        })
    }
}

impl Protocol for Echo {
    const NAME: &'static str = "echo";
    const SUMMARY: &'static str = "echoes requests around";
    type Problem = Echoing;
    type Config = Habits;
    type Message = Note;
    type Timer = u8;
    type Record = Written;
    type Monitor = Memory;

    fn contract(habits: &Habits, cluster: Cluster) -> Contract {
        // Whoever relies on time bears a liar.
        let byzantine = u32::from(habits.synchrony.is_some());
        Contract {
            promise: Promise(vec!["truth", "termination"]),
            safety: Assumptions {
                byzantine,
                clock_drift: habits.clock_drift,
                synchrony: habits.synchrony,
                ..Assumptions::CRASH_RECOVERY
            },
            liveness: Assumptions {
                byzantine,
                forgetful: 0,
                faulty: cluster.minority(),
                ..Assumptions::CRASH_RECOVERY
            },
        }
    }

    fn boot(disk: &[Stored<Written>], ctx: &mut Context<'_, Self>) -> Self {
        if ctx.config().repeats {
            ctx.repeat_timer(0, ctx.config().tick);
        } else {
            ctx.set_timer(0, ctx.config().tick);
        }
        if ctx.me() == NodeId(0) {
            ctx.announce(Landmark::Leader { term: 1 });
        }
        ctx.announce(Landmark::Committed { index: disk.len() as u64 });
        let remembered = if ctx.config().forgets { 0 } else { disk.len() as u64 };
        Self { open: Vec::new(), remembered, ticks: 0 }
    }

    fn on_request(&mut self, op: OpId, number: u32, ctx: &mut Context<'_, Self>) {
        if ctx.config().writes {
            ctx.persist(Written(number));
        }
        self.open.push((op, number, 1));
        ctx.broadcast(Note::Echo { op, number });
        if ctx.cluster().n == 1 {
            ctx.answer(op, number);
        }
    }

    fn on_message(&mut self, from: NodeId, note: Note, ctx: &mut Context<'_, Self>) {
        match note {
            Note::Echo { .. } if from == ctx.me() => ctx.send(from, note),
            Note::Echo { op, number } => ctx.send(from, Note::Back { op, number }),
            Note::Back { op, number } => {
                let majority = ctx.cluster().majority();
                if let Some(open) = self.open.iter_mut().find(|open| open.0 == op) {
                    open.2 += 1;
                    if open.2 == majority {
                        ctx.answer(op, number);
                    }
                }
            }
        }
    }

    fn on_timer(&mut self, timer: u8, ctx: &mut Context<'_, Self>) {
        assert!(!ctx.config().panics, "the toy was told to panic");
        self.ticks += 1;
        if !ctx.config().repeats || self.ticks == 10 {
            ctx.set_timer(timer, ctx.config().tick);
        }
        if ctx.config().spins {
            let op = OpId::default();
            ctx.send(ctx.me(), Note::Echo { op, number: 0 });
        }
    }

    fn on_durable(&mut self, mark: DiskMark, _: &mut Context<'_, Self>) {
        self.remembered = mark.0;
    }

    fn monitor(_: &Habits, cluster: Cluster) -> Memory {
        Memory(vec![0; cluster.n as usize])
    }
}

/// Three nodes for two seconds.
pub(crate) fn toy() -> Experiment<Echo> {
    Experiment::new(Habits::default(), Setup::new(3, Duration::from_secs(2)))
}
