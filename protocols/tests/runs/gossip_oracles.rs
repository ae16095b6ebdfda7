//! Gossip against published tables and closed forms of epidemics.

use protocols::gossip::{Config, Contact, Gossip, Interest, Rounds, Topology};
use sim_core::experiment::Experiment;
use sim_core::latency::Latency;
use sim_core::outcome::{Measure, Outcome, Verdict};
use sim_core::setup::{Limits, Setup};
use sim_core::simulation::Simulation as _;
use sim_core::time::Duration;

/// One rumour among so many nodes, in rounds of 100 ms whose messages take 1 ms.
fn epidemic(nodes: u32, config: Config) -> Experiment<Gossip> {
    let mut setup = Setup::new(nodes, Duration::from_secs(10));
    setup.network.latency = Latency::Constant(Duration::from_millis(1));
    setup.limits = Limits { events: u64::MAX, queue: u32::MAX, ..Limits::default() };
    Experiment::new(Config { rounds: Rounds::Synchronous, ..config }, setup)
}

fn measure(run: &Outcome, name: &str) -> f64 {
    assert_eq!(run.verdict, Verdict::Pass, "seed {}: {}", run.seed, run.reason);
    let found = run.measures().find(|(metric, _)| metric.name == name);
    match found {
        Some((_, Measure::Value(value))) => value,
        other => panic!("seed {}: {name} is {other:?}", run.seed),
    }
}

/// The means of these measurements over so many seeds.
fn means<const N: usize>(epidemic: &Experiment<Gossip>, names: [&str; N], seeds: u64) -> [f64; N] {
    let mut sums = [0.0; N];
    for seed in 0..seeds {
        let run = epidemic.run(seed);
        for (sum, name) in sums.iter_mut().zip(names) {
            *sum += measure(&run, name);
        }
    }
    sums.map(|sum| sum / seeds as f64)
}

#[track_caller]
fn assert_near(what: &str, value: f64, published: f64, slack: f64) {
    println!("{what}: {value:.4}, published {published}");
    assert!((value - published).abs() <= slack, "{what}: {value}, published {published}");
}

/// Demers et al. (PODC 1987), Table 1: push with feedback and counter among 1,000 sites. The
/// paper's last digit is the slack, and for the last contact its sampling error.
#[test]
fn residue_traffic_and_last_contact_are_those_of_demers_table_1() {
    let names = ["residue_ratio", "copies_per_node_ratio", "last_learned_round_count"];
    for (k, residue, traffic, last) in
        [(1, 0.18, 1.7, 16.8), (2, 0.037, 3.3, 16.9), (3, 0.011, 4.5, 17.4)]
    {
        let interest = Interest::Counter;
        let config = Config { contact: Contact::Push, interest, k, ..Config::default() };
        let [found, copies, round] = means(&epidemic(1_000, config), names, 60);
        assert_near(&format!("residue, k = {k}"), found, residue, 0.1 * residue);
        assert_near(&format!("traffic, k = {k}"), copies, traffic, 0.06);
        assert_near(&format!("last, k = {k}"), round, last, 0.6);
    }
}

/// The rounds until all know: among 1,000 close to log₂ n + ln n = 16.9 (Pittel, "On Spreading a
/// Rumor", 1987, up to a constant) by push, to log₃ n + O(log log n) (Karp et al. 2000) by both.
#[test]
fn rounds_until_all_know_are_those_of_push_and_of_push_and_pull() {
    for (contact, nodes, seeds, rounds) in [
        (Contact::Push, 1_000, 200, 18.00),
        (Contact::PushPull, 1_000, 200, 9.09),
        (Contact::Push, 10_000, 10, 23.66),
    ] {
        let config = Config { contact, ..Config::default() };
        let [found] = means(&epidemic(nodes, config), ["rounds_all_count"], seeds);
        // Ten runs of a standard deviation of 1.4 say less than two hundred.
        let slack = if seeds < 60 { 1.0 } else { 0.3 };
        assert_near(&format!("{contact:?} among {nodes}"), found, rounds, slack);
    }
}

/// The residue s of infecting and dying with fan-out f solves s = e^(−f (1 − s)) (Demers et al.,
/// section 1.4): what is not reached by f copies from each that is.
#[test]
fn the_residue_of_infecting_and_dying_solves_its_equation() {
    for (fanout, residue) in [(2, 0.2032), (3, 0.0595), (4, 0.0198)] {
        let interest = Interest::Once;
        let config = Config { contact: Contact::Push, interest, fanout, ..Config::default() };
        let [found] = means(&epidemic(2_000, config), ["residue_ratio"], 40);
        assert_near(&format!("residue of {fanout}"), found, residue, 0.006);
    }
}

/// Each copy that a blind node of fan-out f sends is one of f per informed node.
#[test]
fn copies_of_infecting_and_dying_are_the_fan_out_times_the_informed() {
    let interest = Interest::Once;
    let config = Config { contact: Contact::Push, interest, fanout: 3, ..Config::default() };
    for seed in 0..5 {
        let run = epidemic(500, config.clone()).run(seed);
        let informed = 500.0 * (1.0 - measure(&run, "residue_ratio"));
        let copies = 500.0 * measure(&run, "copies_per_node_ratio");
        assert!((copies - 3.0 * informed).abs() < 1e-6, "{copies} copies, {informed} informed");
        assert!((measure(&run, "msgs_count") - copies).abs() < 1e-6);
    }
}

/// On a ring of two neighbours a rumour goes one place a round at most, both ways.
#[test]
fn a_ring_takes_at_least_half_as_many_rounds_as_it_has_nodes() {
    let on = |topology, degree| Config { topology, degree, ..Config::default() };
    let mut ring = epidemic(60, on(Topology::Ring, 2));
    ring.setup.patience = Some(Duration::from_secs(9));
    let [rounds] = means(&ring, ["rounds_all_count"], 10);
    assert!((30.0..60.0).contains(&rounds), "{rounds} rounds");
    let [random] = means(&epidemic(60, on(Topology::RandomRegular, 6)), ["rounds_all_count"], 10);
    assert!(random < rounds / 3.0, "{random} rounds among random neighbours");
}
