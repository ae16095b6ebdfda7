//! What the tests of whole runs share: times and targets in few words, worlds under load and in bad
//! weather, and ways to read what came of them.

use crate::toy::{Echo, toy};
use sim_core::experiment::Experiment;
use sim_core::fault::{Fault, FaultSpec};
use sim_core::id::NodeId;
use sim_core::latency::Latency;
use sim_core::outcome::{Measure, Outcome};
use sim_core::rng::Ratio;
use sim_core::simulation::Simulation as _;
use sim_core::target::Target;
use sim_core::time::{Duration, DurationRange, Time};
use sim_core::trace::{StepKind, Trace};
use sim_core::workload::{Arrivals, Rate};

pub(crate) const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(crate) fn at(millis: u64) -> Time {
    Time::ZERO + ms(millis)
}

pub(crate) const fn node(node: u32) -> Target {
    Target::Node(NodeId(node))
}

pub(crate) fn for_a_while(at: u64, fault: Fault, span: u64) -> FaultSpec {
    FaultSpec::at(ms(at), fault).lasting(ms(span))
}

pub(crate) fn crash(millis: u64, target: Target) -> FaultSpec {
    FaultSpec::at(ms(millis), Fault::crash(target))
}

pub(crate) fn isolate(millis: u64, target: Target) -> FaultSpec {
    FaultSpec::at(ms(millis), Fault::apart(target))
}

/// A network on which everything is drawn.
pub(crate) fn stormy() -> Experiment<Echo> {
    let mut toy = toy();
    toy.config.writes = true;
    toy.setup.network.latency = Latency::Uniform(DurationRange::from_millis(1, 20));
    toy.setup.network.loss = Ratio::new(1, 10);
    toy.setup.network.duplicate = Ratio::new(1, 20);
    toy.setup.disk.sync = Latency::Uniform(DurationRange::from_millis(0, 3));
    toy.setup.clock.drift_ppm = 50_000;
    toy.setup.faults = vec![crash(300, Target::Random(1)).lasting(ms(200))];
    toy
}

/// Five nodes that write, under a steady load until the end, whatever is struck.
pub(crate) fn busy() -> Experiment<Echo> {
    let mut toy = toy();
    (toy.setup.nodes, toy.setup.horizon) = (5, Duration::from_secs(20));
    toy.workload.clients = 5;
    toy.config.writes = true;
    toy.setup.budget = Some(5);
    toy.setup.disk.sync = Latency::Constant(ms(1));
    toy.setup.network.latency = Latency::Uniform(DurationRange::from_millis(1, 5));
    toy.workload.requests = None;
    toy.workload.rate = Some(Rate::per_second(100));
    toy.workload.arrivals = Arrivals::Poisson;
    toy
}

pub(crate) fn struck(faults: Vec<FaultSpec>) -> Outcome {
    let mut toy = busy();
    toy.setup.faults = faults;
    toy.run(1)
}

pub(crate) fn traced(faults: Vec<FaultSpec>) -> (Outcome, Trace) {
    let mut toy = busy();
    toy.setup.faults = faults;
    toy.trace(1)
}

pub(crate) fn says(trace: &Trace, kind: StepKind, node: u32, what: &str) -> Vec<Time> {
    let of_node = trace.steps.iter().filter(|step| step.node == Some(NodeId(node)));
    of_node
        .filter(|step| step.kind == kind && step.words().contains(what))
        .map(|step| step.at)
        .collect()
}

pub(crate) fn value(measure: Measure) -> f64 {
    match measure {
        Measure::Value(value) => value,
        other => panic!("not a value: {other:?}"),
    }
}
