//! Faults that are drawn strike the same nodes at the same times, whatever protocol they meet: so
//! that two protocols are compared under the same trouble.

use protocols::ben_or::BenOr;
use protocols::pbft::Pbft;
use protocols::raft::Raft;
use protocols::voting::Voting;
use sim_core::experiment::Experiment;
use sim_core::fault::{Fault, FaultSpec, Profile, Shape, When};
use sim_core::protocol::Protocol;
use sim_core::rng::Ratio;
use sim_core::setup::{Gst, Setup};
use sim_core::simulation::Simulation as _;
use sim_core::target::Target;
use sim_core::time::{Duration, DurationRange, Time};

fn strikes<P: Protocol>(seed: u64) -> Vec<(Time, String)> {
    let mut setup = Setup::new(5, Duration::from_secs(10));
    // A run that ends before the last strike would know of fewer.
    (setup.gst, setup.budget) = (Gst::At(Duration::from_secs(9)), Some(5));
    let drawn = |fault, chance| FaultSpec {
        chance,
        every: Some(DurationRange::from_millis(200, 2_000)),
        lasts: Some(DurationRange::from_millis(10, 400)),
        until: Some(Duration::from_secs(6)),
        ..FaultSpec::when(When::At(DurationRange::from_millis(0, 3_000)), fault)
    };
    setup.faults = vec![
        drawn(Fault::crash(Target::Random(2)), Ratio::ALWAYS),
        drawn(Fault::apart(Target::Half), Ratio::new(1, 2)),
        drawn(Fault::Pause { target: Target::Minority.into() }, Ratio::new(1, 2)),
    ];
    // What aims at the leader, and disks that fail when they are used, look at the protocol; all
    // other kinds do not.
    let neutral = |spec: &FaultSpec| match spec.fault {
        Fault::Disk { .. } | Fault::Reshape { shape: Shape::Chained, .. } => false,
        _ => !spec.fault.targets().contains(&Target::Leader),
    };
    setup.faults.extend(Profile::Chaos.faults().into_iter().filter(neutral).map(|mut spec| {
        spec.until = Some(Duration::from_secs(6));
        if let When::At(at) = &mut spec.when {
            at.max = Duration::from_secs(5);
        }
        spec
    }));
    let run = Experiment::<P>::new(P::Config::default(), setup).run(seed);
    run.strikes.iter().map(|strike| (strike.at, strike.label.clone())).collect()
}

#[test]
fn drawn_faults_strike_the_same_nodes_at_the_same_times_whatever_the_protocol() {
    for seed in 0..10 {
        let raft = strikes::<Raft>(seed);
        assert!(raft.len() > 15, "{raft:?}");
        assert_eq!(raft, strikes::<Pbft>(seed), "pbft, seed {seed}");
        assert_eq!(raft, strikes::<BenOr>(seed), "ben-or, seed {seed}");
        assert_eq!(raft, strikes::<Voting>(seed), "voting, seed {seed}");
    }
}
