//! scratch
use protocols::pbft::{Config, Pbft, Authentication};
use sim_core::adversary::Strategy;
use sim_core::experiment::Experiment;
use sim_core::fault::{Fault, FaultSpec, Target, Targets, When};
use sim_core::id::NodeId;
use sim_core::latency::Latency;
use sim_core::setup::Setup;
use sim_core::simulation::Simulation as _;
use sim_core::time::{Duration, DurationRange};

#[test]
fn smoke() {
    for authentication in [Authentication::Signatures, Authentication::Macs] {
    for n in [1u32, 4, 5, 7] {
        for seed in 0..3 {
        let mut setup = Setup::new(n, Duration::from_secs(10));
        setup.network.latency = Latency::Uniform(DurationRange::from_millis(1, 9));
        let mut e = Experiment::<Pbft>::new(Config{authentication,..Config::default()}, setup);
        e.workload.until = Some(Duration::from_secs(4));
        let run = e.run(seed);
        println!("{n} {seed} {:?} {} {:?} ok {:?} msgs {:?} ev {}", run.verdict, run.reason, run.breaches, run.metrics.ops_ok_count, run.metrics.msgs_per_op_ratio, run.events);
        }
    }}
}

#[test]
fn liars() {
    for authentication in [Authentication::Signatures, Authentication::Macs] {
    for (n, liars) in [(4u32, vec![0]), (4, vec![1]), (4,vec![3]), (7, vec![0,6]), (7, vec![1,2]), (7,vec![0,1]),(4, vec![0,3]),(4,vec![0,1]),(7,vec![0,2,4])] {
    for strategy in [Strategy::Mute, Strategy::Equivocate, Strategy::Forge] {
        let mut tally = std::collections::BTreeMap::new();
        for seed in 0..20 {
        let mut setup = Setup::new(n, Duration::from_secs(30));
        setup.network.latency = Latency::Uniform(DurationRange::from_millis(1, 9));
        setup.budget = Some(n);
        setup.adversary.strategy = strategy;
        setup.faults = liars.iter().map(|l| FaultSpec::at(Duration::ZERO, Fault::Corrupt{target: Targets(vec![Target::Node(NodeId(*l))])})).collect();
        let mut e = Experiment::<Pbft>::new(Config{authentication, ..Config::default()}, setup);
        e.workload.until = Some(Duration::from_secs(4));
        let run = e.run(seed);
        *tally.entry(format!("{:?} {} {}", run.verdict, run.reason, run.assumptions_held)).or_insert(0) += 1;
        }
        println!("{authentication:?} {n} {liars:?} {strategy:?} {tally:?}");
    }}}
}
