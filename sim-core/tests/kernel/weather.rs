//! Weather over whole runs: nothing vanishes, and everything that changes a message is counted.

use std::collections::BTreeMap;

use crate::setting::ms;
use crate::toy::{Echo, toy};
use sim_core::adversary::Strategy;
use sim_core::experiment::Experiment;
use sim_core::fault::{Fault, FaultSpec};
use sim_core::latency::Latency;
use sim_core::outcome::{Measure, Metrics, Outcome, Verdict};
use sim_core::rng::Ratio;
use sim_core::setup::{Bandwidth, Bursts, InFlight, LinkSpec, Reordering};
use sim_core::simulation::Simulation as _;
use sim_core::target::Target;
use sim_core::time::{Duration, DurationRange};
use sim_core::trace::StepKind;

fn percent(percent: u64) -> Ratio {
    Ratio::new(percent, 100)
}

/// The measurements of a run that are counts of messages, by their names.
fn messages(run: &Outcome) -> BTreeMap<&'static str, u64> {
    let columns = Metrics::COLUMNS.iter().zip(run.metrics.values());
    let counts = columns.filter_map(|(column, measure)| {
        let name = column.name.strip_suffix("_count")?;
        let name = name.strip_prefix("msgs_").or((name == "msgs").then_some("sent"))?;
        match measure {
            Measure::Value(value) => Some((name, value as u64)),
            _ => None,
        }
    });
    counts.collect()
}

/// What was sent and copied is what was delivered, what was dropped and what is on its way.
fn nothing_vanished(run: &Outcome) {
    let counts = messages(run);
    let ends = ["delivered", "lost", "cut", "overflowed", "rejected", "down", "in_flight"];
    let ended: u64 = ends.iter().map(|end| counts[end]).sum();
    assert_eq!(counts["sent"] + counts["duplicated"], ended, "seed {}: {counts:?}", run.seed);
}

/// Every sort of weather at once, with crashes, partitions and a liar.
fn everything() -> Experiment<Echo> {
    let drawn = |at: u64, every: u64, fault| FaultSpec {
        every: Some(DurationRange::from_millis(every, 2 * every)),
        until: Some(ms(1_900)),
        ..FaultSpec::at(ms(at), fault).lasting(ms(60))
    };
    let mut toy = toy();
    toy.config.writes = true;
    toy.workload.requests = None;
    toy.setup.nodes = 5;
    toy.setup.budget = Some(5);
    toy.setup.faults = vec![
        drawn(100, 150, Fault::crash(Target::Random(1))),
        drawn(120, 170, Fault::Partition { groups: vec![Target::Minority.into()] }),
        FaultSpec::at(ms(900), Fault::corrupt(Target::Random(1))),
    ];
    toy.setup.adversary.strategy = Strategy::Mute;
    let network = &mut toy.setup.network;
    network.latency = Latency::Uniform(DurationRange::from_millis(1, 30));
    network.detour = Latency::Uniform(DurationRange::from_millis(0, 5));
    network.loss = percent(3);
    network.duplicate = percent(5);
    network.copies = 2;
    network.corrupt = percent(3);
    network.checksums = false;
    network.burst_loss = Some(Bursts { share: percent(5), mean: ms(20) });
    network.reorder = Some(Reordering { probability: percent(10), by: ms(20) });
    network.bandwidth = Some(Bandwidth { bytes_per_second: 5_000, queue: 32 });
    let back = vec!["back".to_owned()];
    network.links = vec![
        LinkSpec { messages: back, loss: Some(percent(10)), ..LinkSpec::default() },
        LinkSpec { to: vec!["n1".into()], slow_down: Some(2.0), ..LinkSpec::default() },
    ];
    toy
}

#[test]
fn no_message_vanishes_in_any_weather() {
    let mut toy = everything();
    assert_eq!(toy.complaints(), []);
    let mut seen: BTreeMap<&str, u64> = BTreeMap::new();
    for seed in 0..200 {
        // With and without what depends on the choice.
        toy.setup.network.checksums = seed % 2 == 0;
        toy.setup.network.in_flight =
            if seed % 3 == 0 { InFlight::Arrives } else { InFlight::Lost };
        let run = toy.run(seed);
        assert_ne!(run.verdict, Verdict::Panicked, "{}", run.reason);
        nothing_vanished(&run);
        for (cause, count) in messages(&run) {
            *seen.entry(cause).or_default() += count;
        }
    }
    // A cause that never came up would have been tested by nothing. Clogs come with strikes only,
    // and a mute liar hears everything.
    for (cause, count) in seen {
        assert_eq!(count > 0, !["clogged", "unheard"].contains(&cause), "{cause}: {count}");
    }
}

#[test]
fn no_message_vanishes_on_links_that_are_first_in_first_out() {
    let mut toy = everything();
    toy.setup.network.fifo = true;
    toy.setup.network.reorder = None;
    assert_eq!(toy.complaints(), []);
    (0..50).for_each(|seed| nothing_vanished(&toy.run(seed)));
}

#[test]
fn the_same_storm_gives_the_same_run_traced_or_not() {
    let toy = everything();
    for seed in 0..20 {
        let run = toy.run(seed);
        assert_eq!(toy.run(seed), run);
        assert_eq!(toy.trace(seed).0, run, "tracing changed the run");
    }
}

#[test]
fn weather_for_one_link_leaves_all_other_links_as_they_were() {
    // The storm rages where the network is never asked: between a node and itself.
    let mut calm = toy();
    calm.setup.network.latency = Latency::Uniform(DurationRange::from_millis(1, 30));
    calm.setup.network.loss = percent(5);
    calm.setup.network.duplicate = percent(5);
    let mut stormy = Experiment::<Echo>::new(calm.config.clone(), calm.setup.clone());
    stormy.setup.network.links = vec![LinkSpec {
        from: vec!["n0".into()],
        to: vec!["n0".into()],
        loss: Some(percent(100)),
        reorder: Some(Reordering { probability: percent(100), by: ms(100) }),
        ..LinkSpec::default()
    }];
    for seed in 0..20 {
        assert_eq!(stormy.run(seed).fingerprint, calm.run(seed).fingerprint, "seed {seed}");
    }
}

#[test]
fn on_a_link_that_is_first_in_first_out_messages_arrive_as_they_were_sent() {
    let sent_and_heard = |fifo: bool| -> (Vec<String>, Vec<String>) {
        let mut toy = toy();
        toy.workload.clients = 1;
        toy.workload.rate = Some("500/s".parse().expect("a rate"));
        toy.setup.network.fifo = fifo;
        toy.setup.network.latency = Latency::Uniform(DurationRange::from_millis(1, 30));
        let steps = toy.trace(1).1.steps;
        let says = |kind, node: u32, start: &str| -> Vec<String> {
            let of = steps
                .iter()
                .filter(|step| step.kind == kind && step.node.is_some_and(|other| other.0 == node));
            of.filter_map(|step| step.words().strip_prefix(start).map(str::to_owned)).collect()
        };
        (says(StepKind::Send, 0, "to n1 "), says(StepKind::Deliver, 1, "from n0 "))
    };
    let (sent, heard) = sent_and_heard(true);
    assert!(heard.len() > 20 && sent.starts_with(&heard), "{} of {}", heard.len(), sent.len());
    let (sent, heard) = sent_and_heard(false);
    assert!(!sent.starts_with(&heard), "nothing was overtaken without it");
}

#[test]
fn contradictions_are_complained_of_where_they_were_written() {
    let mut toy = toy();
    let network = &mut toy.setup.network;
    network.fifo = true;
    network.reorder = Some(Reordering { probability: percent(1), by: ms(1) });
    network.burst_loss = Some(Bursts { share: percent(100), mean: ms(1) });
    network.copies = 0;
    network.matrix = Some("moon".into());
    network.links = vec![LinkSpec {
        messages: vec!["ecco".into()],
        slow_down: Some(-1.0),
        copies: Some(2),
        bandwidth: Some(Bandwidth { bytes_per_second: 0, queue: 1 }),
        ..LinkSpec::default()
    }];
    let mut paths: Vec<String> = toy.complaints().into_iter().map(|found| found.path).collect();
    paths.sort_unstable();
    assert_eq!(
        paths,
        [
            "network.burst_loss.share",
            "network.copies",
            "network.link[0].bandwidth.bytes_per_second",
            "network.link[0].copies",
            "network.link[0].messages[0]",
            "network.link[0].slow_down",
            "network.matrix",
            "network.reorder",
        ]
    );
}

#[test]
fn regions_of_a_published_table_get_its_round_trips_unless_they_say_otherwise() {
    let mut toy = toy();
    let network = &mut toy.setup.network;
    network.matrix = Some("ibm-cloud".into());
    let regions = [("dallas", 0), ("london", 1), ("tokyo", 2)];
    network.regions =
        regions.map(|(name, node)| (name.to_owned(), vec![sim_core::id::NodeId(node)])).into();
    network.round_trip = vec![("dallas".into(), "tokyo".into(), ms(500))];
    toy.workload.clients = 1;
    // A few, so that the run outlasts the message to the farthest.
    toy.workload.requests = Some(10);
    toy.workload.timeout = ms(1_000);
    assert_eq!(toy.complaints(), []);
    let steps = toy.trace(1).1.steps;
    let heard = |node: u32| {
        let echoed = steps.iter().find(|step| {
            step.kind == StepKind::Deliver && step.node.is_some_and(|other| other.0 == node)
        });
        echoed.map(|step| step.at.since(sim_core::time::Time::ZERO))
    };
    let started = steps.iter().find(|step| step.kind == StepKind::Request).map(|step| step.at);
    let started = started.expect("a request").since(sim_core::time::Time::ZERO);
    assert_eq!(heard(1), Some(started + Duration::from_micros(56_500)));
    assert_eq!(heard(2), Some(started + ms(250)));
    toy.setup.network.regions.insert("atlantis".into(), Vec::new());
    assert_eq!(toy.complaints()[0].path, "network.regions.atlantis");
}
