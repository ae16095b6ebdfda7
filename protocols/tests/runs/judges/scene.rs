//! A history with the end of its run, and what the judges of its problem say of it.

use std::collections::BTreeSet;

use sim_core::checker::End;
use sim_core::experiment::Experiment;
use sim_core::history::{Entry, Event};
use sim_core::id::{ClientId, Cluster, Incarnation, NodeId, NodeSet, OpId};
use sim_core::outcome::Verdict;
use sim_core::problem::{Problem, Promise};
use sim_core::protocol::Protocol;
use sim_core::simulation::history;
use sim_core::time::{Duration, Time};

pub(crate) type Line<B> = Entry<<B as Problem>::Request, <B as Problem>::Indication>;
pub(crate) type Happening<B> = Event<<B as Problem>::Request, <B as Problem>::Indication>;

/// A history, how its run ended, and what was promised.
pub(crate) struct Scene<B: Problem> {
    pub(crate) story: Vec<Line<B>>,
    pub(crate) end: End,
    pub(crate) promise: Promise,
}

impl<B: Problem> Clone for Scene<B> {
    fn clone(&self) -> Self {
        let Self { story, end, promise } = self;
        Self { story: story.clone(), end: end.clone(), promise: promise.clone() }
    }
}

/// When hand-written histories end, in seconds, and how long they wait.
const END: u64 = 1_000;
const PATIENCE: Duration = Duration::from_secs(100);

pub(crate) const fn op(client: u32) -> OpId {
    OpId { client: ClientId(client), sequence: 0 }
}

impl<B: Problem> Scene<B> {
    /// Three nodes, all of the core, and an event each second: node, life and event.
    pub(crate) fn new(events: Vec<(u32, Incarnation, Happening<B>)>) -> Self {
        let line = |(second, (node, incarnation, event))| Entry {
            at: Time::ZERO + Duration::from_secs(second),
            node: NodeId(node),
            incarnation,
            event,
        };
        let cluster = Cluster { n: 3 };
        let end = End {
            at: Time::ZERO + Duration::from_secs(END),
            gst: Some(Time::ZERO),
            patience: PATIENCE,
            cluster,
            core: cluster.nodes().collect(),
        };
        let story = (0..).zip(events).map(line).collect();
        Self { story, end, promise: Promise(B::PROPERTIES.to_vec()) }
    }

    /// The same among so many nodes, all of the core.
    pub(crate) fn among(mut self, nodes: u32) -> Self {
        self.end.cluster = Cluster { n: nodes };
        self.end.core = self.end.cluster.nodes().collect();
        self
    }

    /// The same of which only some nodes are of the core.
    pub(crate) fn with_core(mut self, core: &[u32]) -> Self {
        self.end.core = core.iter().copied().map(NodeId).collect();
        self
    }

    /// The same with another end, in seconds.
    pub(crate) fn ending(mut self, second: u64) -> Self {
        self.end.at = Time::ZERO + Duration::from_secs(second);
        self
    }

    /// What a correct run of a protocol showed, and its end long after.
    pub(crate) fn record<P: Protocol<Problem = B>>(experiment: &Experiment<P>, seed: u64) -> Self {
        let (run, story) = history(experiment, seed);
        assert_eq!(run.verdict, Verdict::Pass, "{}: {}", P::NAME, run.reason);
        let cluster = experiment.setup.cluster();
        let mut core: NodeSet = cluster.nodes().collect();
        for entry in &story {
            match entry.event {
                Event::Crashed | Event::Corrupted => _ = core.remove(entry.node),
                Event::Booted => _ = core.insert(entry.node),
                _ => {}
            }
        }
        let at = run.ended + Duration::from_secs(END);
        let end = End { at, gst: Some(Time::ZERO), patience: PATIENCE, cluster, core };
        let scene = Self { story, end, promise: experiment.contract().promise };
        assert!(scene.broken().is_empty(), "{}: {:?}", P::NAME, scene.broken());
        scene
    }

    /// The properties that the judges find broken.
    pub(crate) fn broken(&self) -> BTreeSet<&'static str> {
        let mut properties = B::properties(self.end.cluster, &self.promise);
        let mut broken = BTreeSet::new();
        for entry in &self.story {
            for property in &mut properties {
                broken.extend(property.checker.observe(entry).map(|_| property.name));
            }
        }
        for property in &mut properties {
            broken.extend(property.checker.conclude(&self.end).map(|_| property.name));
        }
        broken
    }

    /// Everything happens so much later.
    pub(crate) fn shift(&mut self, by: Duration) {
        self.story.iter_mut().for_each(|entry| entry.at = entry.at + by);
        self.end.at = self.end.at + by;
        self.end.gst = self.end.gst.map(|gst| gst + by);
    }

    /// One more asks at the end, too late to be owed anything.
    pub(crate) fn ask_in_vain(&mut self) {
        let request = self.story.iter().find_map(|entry| match &entry.event {
            Event::Requested { request, .. } => Some((entry.node, request.clone())),
            _ => None,
        });
        let Some((node, request)) = request else { return };
        let event = Event::Requested { op: op(99), request, reached: false };
        self.story.push(Entry { at: self.end.at, node, incarnation: 9, event });
    }

    /// Other names for the nodes of the electorate.
    pub(crate) fn rename_nodes(&mut self, name: impl Fn(u32) -> u32) {
        let cluster = self.end.cluster;
        let rename =
            |node: NodeId| if cluster.contains(node) { NodeId(name(node.0)) } else { node };
        self.story.iter_mut().for_each(|entry| entry.node = rename(entry.node));
        self.end.core = self.end.core.iter().map(rename).collect();
    }

    /// Other names for the operations of the story, but for what indications say within.
    pub(crate) fn rename_ops(&mut self, name: impl Fn(OpId) -> OpId) {
        for entry in &mut self.story {
            match &mut entry.event {
                Event::Requested { op, .. }
                | Event::Abandoned { op }
                | Event::Indicated { answers: Some(op), .. } => *op = name(*op),
                _ => {}
            }
        }
    }
}

/// A history and what it breaks, in the order of the alphabet.
pub(crate) struct Case<B: Problem> {
    pub(crate) name: &'static str,
    pub(crate) scene: Scene<B>,
    pub(crate) broken: Vec<&'static str>,
}

pub(crate) fn case<B: Problem>(
    name: &'static str,
    broken: &[&'static str],
    scene: Scene<B>,
) -> Case<B> {
    let mut broken = broken.to_vec();
    broken.sort_unstable();
    Case { name, scene, broken }
}

/// A history with one thing changed, and why that does not matter, if it does not.
pub(crate) struct Mutation<B: Problem> {
    pub(crate) what: String,
    pub(crate) story: Vec<Line<B>>,
    pub(crate) idle: Option<&'static str>,
}

/// Asserts that the judges notice what matters and nothing else; counts both.
pub(crate) fn assert_noticed<B: Problem>(
    scene: &Scene<B>,
    mutations: Vec<Mutation<B>>,
) -> (usize, usize) {
    let (mut noticed, mut idle) = (0, 0);
    for mutation in mutations {
        let changed = Scene { story: mutation.story, ..scene.clone() };
        let broken = changed.broken();
        let (what, why) = (&mutation.what, mutation.idle);
        assert_eq!(broken.is_empty(), why.is_some(), "{}: {what}: {broken:?}, {why:?}", B::NAME);
        match why {
            None => noticed += 1,
            Some(_) => idle += 1,
        }
    }
    (noticed, idle)
}

/// The story without line `at`, with it twice, and with it at the very beginning.
pub(crate) fn without<B: Problem>(story: &[Line<B>], at: usize) -> Vec<Line<B>> {
    let mut story = story.to_vec();
    story.remove(at);
    story
}

pub(crate) fn with_twice<B: Problem>(story: &[Line<B>], at: usize) -> Vec<Line<B>> {
    let mut story = story.to_vec();
    story.insert(at + 1, story[at].clone());
    story
}

pub(crate) fn with_first<B: Problem>(story: &[Line<B>], at: usize) -> Vec<Line<B>> {
    let mut story = story.to_vec();
    let line = story.remove(at);
    story.insert(0, line);
    story
}

/// The story in which line `at` says something else.
pub(crate) fn with_said<B: Problem>(
    story: &[Line<B>],
    at: usize,
    said: B::Indication,
) -> Vec<Line<B>> {
    let mut story = story.to_vec();
    if let Event::Indicated { indication, .. } = &mut story[at].event {
        *indication = said;
    }
    story
}

/// The story in which two lines have changed places, each at the time of the other.
pub(crate) fn with_swapped<B: Problem>(
    story: &[Line<B>],
    one: usize,
    other: usize,
) -> Vec<Line<B>> {
    let mut story = story.to_vec();
    story.swap(one, other);
    (story[one].at, story[other].at) = (story[other].at, story[one].at);
    story
}

/// A judge that is broken on purpose: what it takes the scene for.
type Blur<B> = (&'static str, fn(&mut Scene<B>));

fn blurs<B: Problem>() -> Vec<Blur<B>> {
    vec![
        ("misses the first entry", |it| _ = it.story.drain(..it.story.len().min(1))),
        ("misses the last entry", |it| _ = it.story.pop()),
        ("misses every third entry", |it| {
            let mut place = 0;
            it.story.retain(|_| {
                place += 1;
                place % 3 != 0
            });
        }),
        ("takes all nodes for one", |it| {
            it.story.iter_mut().for_each(|entry| entry.node = NodeId(0));
        }),
        ("takes all nodes for different ones", |it| {
            let cluster = it.end.cluster;
            let others = it.story.iter_mut().filter(|entry| cluster.contains(entry.node));
            (0..).zip(others).for_each(|(place, entry)| entry.node = NodeId(place % cluster.n));
        }),
        ("forgets reboots", |it| {
            it.story.retain(|entry| !matches!(entry.event, Event::Booted));
            it.story.iter_mut().for_each(|entry| entry.incarnation = 0);
        }),
        ("sees no crash", |it| it.story.retain(|entry| !matches!(entry.event, Event::Crashed))),
        ("sees no liar", |it| it.story.retain(|entry| !matches!(entry.event, Event::Corrupted))),
        ("ignores retries", |it| {
            let mut known = BTreeSet::new();
            it.story.retain(|entry| match entry.event {
                Event::Requested { op, .. } => known.insert(op),
                _ => true,
            });
        }),
        ("takes every request for heard", |it| {
            for entry in &mut it.story {
                if let Event::Requested { reached, .. } = &mut entry.event {
                    *reached = true;
                }
            }
        }),
        ("sees only requests that are heard", |it| {
            it.story.retain(|it| !matches!(it.event, Event::Requested { reached: false, .. }));
        }),
        ("does not see whom an answer is for", |it| {
            for entry in &mut it.story {
                if let Event::Indicated { answers, .. } = &mut entry.event {
                    *answers = None;
                }
            }
        }),
        ("waits for clients that went away", |it| {
            it.story.retain(|entry| !matches!(entry.event, Event::Abandoned { .. }));
        }),
        ("takes everybody for the core", |it| it.end.core = it.end.cluster.nodes().collect()),
        ("takes nobody for the core", |it| it.end.core = NodeSet::EMPTY),
        ("waits for ever", |it| it.end.gst = None),
        ("has no patience", |it| it.end.patience = Duration::ZERO),
        ("reads backwards", |it| it.story.reverse()),
    ]
}

/// Asserts that some case gives each broken judge away, but for the named ones, to which the
/// problem is blind by design; counts those given away.
pub(crate) fn break_judges<B: Problem>(cases: &[Case<B>], blind_to: &[&str]) -> usize {
    let mut killed = 0;
    for (name, blur) in blurs::<B>() {
        let tells = |case: &&Case<B>| {
            let mut scene = case.scene.clone();
            blur(&mut scene);
            scene.broken() != case.scene.broken()
        };
        let killer = cases.iter().find(tells).map(|case| case.name);
        let is_blind = blind_to.contains(&name);
        assert_eq!(killer.is_none(), is_blind, "{}: a judge that {name}: {killer:?}", B::NAME);
        killed += usize::from(killer.is_some());
    }
    killed
}
