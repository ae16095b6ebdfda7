//! Planted bugs, found by drawn faults and shrunk: few strikes are left, and a trace that fits on a
//! page; and the file that is written breaks the same again.

#![cfg(feature = "mutants")]

use std::fs;
use std::path::Path;

use scenarios::guard::guarded;
use scenarios::point::{Point, build, settings};
use scenarios::scenario::{Overrides, Scenario, load};
use scenarios::seeds::Seeds;
use scenarios::shrink::{Failure, Shrunk, Task, headline, sentence, shrink, written};
use sim_core::outcome::Outcome;

/// Strikes that may be left.
const MOST_STRIKES: usize = 5;
/// Events that half of the cases may have, at most, until they fail.
const MEDIAN_EVENTS: u64 = 100;

/// Planted bugs that drawn faults find, with the scenarios that find them: of all such bugs those
/// that are shrunk in a few seconds.
const BUGS: [(&str, &str); 30] = [
    ("R02", "raft-amnesia"),
    ("R03", "raft-chaos"),
    ("R07", "raft-chaos"),
    ("R08", "raft-chaos"),
    ("R10", "raft-chaos"),
    ("R13", "raft-chaos"),
    ("R17", "kv-restless"),
    ("R20", "raft-chaos"),
    ("N01", "voting-repeated"),
    ("N03", "voting-tie"),
    ("N04", "voting-parted"),
    ("B01", "pbft-liar-of-4"),
    ("B02", "pbft-liar-of-5"),
    ("B06", "pbft-liars-twice"),
    ("B10", "pbft-transplant"),
    ("BO1", "ben-or-divided"),
    ("BO2", "ben-or-divided"),
    ("BO3", "ben-or-blinking"),
    ("BO4", "ben-or-liar"),
    ("BR1", "bracha-liar"),
    ("BR2", "bracha-reboots"),
    ("C01", "crdt-counter"),
    ("C03", "crdt-register"),
    ("C04", "crdt-set"),
    ("C06", "crdt-quarrel"),
    ("C08", "crdt-both"),
    ("O01", "oral-lieutenant"),
    ("O02", "oral-commander"),
    ("SM1", "signed-late-commander"),
    ("SM2", "signed-lieutenant"),
];

fn read(reference: &str, set: &[String]) -> (Scenario, Point) {
    let overrides = Overrides { set: set.to_vec(), ..Overrides::default() };
    let (mut scenarios, _) =
        load(&[reference.to_owned()], &overrides, false).unwrap_or_else(|error| panic!("{error}"));
    let mut scenario = scenarios.remove(0);
    let point = scenario.points.remove(0);
    (scenario, point)
}

/// The scenario with the bug planted.
fn planted(id: &str, drawn: &str) -> Point {
    let file = format!("{}/tests/shrink/drawn/{drawn}.toml", env!("CARGO_MANIFEST_DIR"));
    read(&file, &[format!("protocol.mutant={id}")]).1
}

/// The first seed that fails within the protocol's assumptions.
fn first_failing(id: &str, point: &Point) -> u64 {
    let fails = |seed: &u64| {
        let failure = Failure::of(&guarded(point.simulation.as_ref(), *seed));
        failure.is_some_and(|failure| failure.assumptions_held)
    };
    (0..400).find(fails).unwrap_or_else(|| panic!("{id} goes unseen"))
}

fn shrunk(point: &Point, seed: u64) -> Shrunk {
    let task = Task { point, seed, others: Seeds::Range(0, 50), most_tries: 5_000 };
    shrink(&task, &|_, _| {}).unwrap_or_else(|outcome| panic!("does not fail: {outcome:?}"))
}

/// What is written is read again, and breaks in its only seed what broke before.
fn breaks_again(id: &str, text: &str, shrunk: &Shrunk) {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("shrunk-{id}.toml"));
    fs::write(&file, text).expect("a folder to write to");
    let (scenario, point) = read(&file.to_string_lossy(), &[]);
    fs::remove_file(&file).expect("the file that was written");
    assert_eq!(scenario.seeds.len(), 1, "{text}");
    let outcome = guarded(point.simulation.as_ref(), scenario.seeds.get(0));
    assert_eq!(Failure::of(&outcome).as_ref(), Some(&shrunk.failure), "{text}");
    assert_eq!(outcome.events, shrunk.after.events, "{text}");
}

/// Shrinks a planted bug; says how many events are left of the run that shows it.
fn events_left(id: &str, drawn: &str) -> u64 {
    let point = planted(id, drawn);
    let seed = first_failing(id, &point);
    let shrunk = shrunk(&point, seed);
    println!("{id} seed {seed}: {}\n    {}", sentence(&shrunk.after), headline(&shrunk));
    let text = written(&point, seed, &shrunk);
    breaks_again(id, &text, &shrunk);
    assert!(shrunk.after.strikes <= MOST_STRIKES, "{id}: {}\n{text}", headline(&shrunk));
    shrunk.after.events
}

#[test]
fn of_a_planted_bug_few_strikes_are_left_and_a_short_trace() {
    let events: Vec<u64> = BUGS.iter().map(|(id, drawn)| events_left(id, drawn)).collect();
    let mut sorted = events.clone();
    sorted.sort_unstable();
    assert!(sorted[sorted.len() / 2] < MEDIAN_EVENTS, "{events:?}");
}

/// Nothing is drawn in what was written down, and the run is the same to everybody in it.
#[test]
fn a_schedule_written_down_strikes_as_it_did_when_it_was_drawn() {
    let point = planted("R07", "raft-chaos");
    for seed in 0..10 {
        let (drawn, trace) = point.simulation.trace(seed);
        let faults: Result<Vec<_>, _> =
            trace.schedule.iter().map(|struck| serde_json::to_value(&struck.spec)).collect();
        let mut document = point.resolved.clone();
        document["fault"] = faults.expect("plain data").into();
        let written = build("written", settings(&document), Vec::new());
        let written = written.unwrap_or_else(|wrong| panic!("{wrong:?}"));
        let again = written.simulation.run(seed);
        assert_eq!(again.first_breach(), drawn.first_breach(), "seed {seed}");
        assert_eq!((again.metrics, &again.latencies), (drawn.metrics, &drawn.latencies));
        let struck = |outcome: &Outcome| -> Vec<_> {
            let bit = outcome.strikes.iter().filter(|strike| strike.changed > 0);
            let mut struck: Vec<_> =
                bit.map(|strike| (strike.at, strike.ended, strike.changed)).collect();
            struck.sort_unstable();
            struck
        };
        assert_eq!(struck(&again), struck(&drawn), "seed {seed}");
        assert!(struck(&drawn).len() >= 2, "seed {seed} proves little");
    }
}
