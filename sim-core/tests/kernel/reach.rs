//! How far a strike reaches: whom it takes, what it leaves alone, and until when.

use crate::setting::{busy, for_a_while, ms, node, struck, value};
use sim_core::adversary::{Conduct, Strategy};
use sim_core::fault::{DiskTrouble, Fault, FaultSpec};
use sim_core::rng::Ratio;
use sim_core::setup::Gst;
use sim_core::simulation::Simulation as _;
use sim_core::target::Target;

#[test]
fn of_all_conducts_only_a_split_cuts_the_network() {
    for (strategy, name, _) in Strategy::ALL {
        let mut toy = busy();
        // A split is over at GST.
        toy.setup.gst = Gst::Never;
        let fault = Fault::Corrupt { target: node(0).into(), conduct: Some(Conduct::of(strategy)) };
        toy.setup.faults = vec![FaultSpec::at(ms(1_000), fault)];
        let cut = value(toy.run(1).metrics.msgs_cut_count);
        assert_eq!(cut > 0.0, strategy == Strategy::Split, "{name}: {cut} messages cut");
    }
}

#[test]
fn a_slow_disk_costs_nothing_of_the_budget_and_one_that_lies_does() {
    let spares = |trouble| {
        let mut toy = busy();
        toy.setup.budget = Some(1);
        let fault = Fault::Disk { target: Target::All.into(), trouble };
        toy.setup.faults = vec![for_a_while(5_000, fault, 500)];
        toy.run(1).strikes[0].label.contains("spares")
    };
    assert!(!spares(DiskTrouble::Stall) && !spares(DiskTrouble::Slow(10)));
    assert!(spares(DiskTrouble::Lie) && spares(DiskTrouble::Fail));
}

#[test]
fn requests_are_asked_twice_only_while_it_lasts() {
    let twice = Fault::RequestTwice { probability: Ratio::ALWAYS };
    let run = struck(vec![for_a_while(5_000, twice, 2_000)]);
    // A hundred requests a second, within some 5 standard deviations.
    let changed = run.strikes[0].changed;
    assert!((130..270).contains(&changed), "{changed} requests in two seconds");
}

#[test]
fn a_partition_names_its_sides() {
    let run = struck(vec![for_a_while(5_000, Fault::apart(node(3)), 1_000)]);
    let label = run.strikes[0].label.strip_prefix("partition ");
    let mut sides: Vec<&str> = label.expect("what it did").split(" | ").collect();
    sides.sort_unstable();
    assert_eq!(sides, ["{n0, n1, n2, n4}", "{n3}"]);
}
