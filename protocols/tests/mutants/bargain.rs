//! Monotonic concession with a bug planted, in the whole world: loss and reboots hide nothing.

use crate::trial::found;
use protocols::concession::{Concession, Config};
use sim_core::experiment::Experiment;
use sim_core::fault::{Fault, FaultSpec, When};
use sim_core::latency::Latency;
use sim_core::rng::Ratio;
use sim_core::setup::Setup;
use sim_core::target::Target;
use sim_core::time::{Duration, DurationRange};

#[test]
fn co1_is_found_by_two_who_agree_on_two_things() {
    let mut setup = Setup::new(2, Duration::from_secs(15));
    setup.network.latency = Latency::Uniform(DurationRange::from_millis(1, 90));
    setup.network.loss = Ratio::new(1, 10);
    setup.faults = vec![FaultSpec {
        when: When::At(DurationRange::from_millis(10, 500)),
        lasts: Some(DurationRange::from_millis(5, 100)),
        ..FaultSpec::at(Duration::ZERO, Fault::crash(Target::Random(1)))
    }];
    let concession = Experiment::<Concession>::new(Config::default(), setup);
    assert_eq!(found(concession, "CO1", 50), ["agreement"]);
}
