//! Profiles: schedules by name, for those who want trouble without writing it down.
//!
//! A profile is data: it becomes entries of the schedule like any others, and what a run drew from
//! them is in its list of strikes. Targets are symbolic, so that one profile fits every protocol.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{ClockTrouble, CrashKeeps, DiskTrouble, Fault, FaultSpec, Loss, Shape, When};
use crate::adversary::{Conduct, Strategy};
use crate::landmark::LandmarkKind;
use crate::notation::vocabulary;
use crate::rng::Ratio;
use crate::target::Target;
use crate::time::{Duration, DurationRange, Shift};

vocabulary! {
    /// A schedule by name.
    pub enum Profile {
        /// Now and then one node goes down for a moment.
        Calm "calm" "now and then one node goes down for a moment";
        /// Everything that may befall honest nodes, again and again.
        Chaos "chaos" "everything that may befall honest nodes, again and again";
        /// The same kinds, of which each run draws its own half (Groce and others, "Swarm Testing",
        /// ISSTA 2012), and at rates that differ more.
        Swarm "swarm" "the same kinds, of which each run draws its own half";
        /// Faults tied to what the protocol does: they strike voters, leaders and those who have
        /// just prepared or committed.
        Reactive "reactive" "faults tied to what the protocol does";
        /// ⌈n/3⌉ − 1 nodes have a second body each, and every receiver hears one of the two (Bano
        /// and others, "Twins: BFT Systems Made Robust", OPODIS 2021).
        Twins "twins" "up to a third of the nodes have a second body";
        /// The same, and the receivers of the one body hear nothing from those of the other.
        Split "split" "the same, and each body has its own half of the others";
    }
}

const fn range(min: u64, max: u64) -> DurationRange {
    DurationRange::from_millis(min, max)
}

/// A `[[fault]]` that names a schedule instead of a kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileSpec {
    /// Which schedule.
    pub profile: Profile,
    /// The time after which nothing of it strikes any more; without it half the horizon.
    #[serde(default)]
    pub until: Option<Duration>,
}

impl ProfileSpec {
    /// The entries of the schedule, in a run of this length.
    pub fn faults(self, horizon: Duration) -> Vec<FaultSpec> {
        let half = Duration::from_nanos(horizon.as_nanos() / 2);
        let until = self.until.unwrap_or(half);
        let mut faults = self.profile.faults();
        for spec in &mut faults {
            spec.until = Some(until);
            if let When::At(at) = &mut spec.when {
                at.max = at.max.min(until);
            }
        }
        faults
    }
}

/// Strikes at a drawn time, then after pauses drawn from `every`, and lasts a drawn while.
fn recurring(fault: Fault, every: DurationRange, lasts: DurationRange) -> FaultSpec {
    let first = DurationRange { min: Duration::ZERO, max: every.max };
    let ends = fault.kind().lasts() || fault.kind().info().knobs.contains(&"restart_after");
    let lasts = ends.then_some(lasts);
    FaultSpec { every: Some(every), lasts, ..FaultSpec::when(When::At(first), fault) }
}

/// What may befall honest nodes that lose nothing that was durable.
fn benign() -> Vec<Fault> {
    let random = || Target::Random(1).into();
    let torn = Fault::Crash {
        target: random(),
        loss: Loss::Nothing,
        keeps: Some(CrashKeeps::Torn),
        after_sends: None,
    };
    let midway = Fault::Crash {
        target: Target::Leader.into(),
        loss: Loss::Nothing,
        keeps: None,
        after_sends: Some(1),
    };
    let disk = |trouble| Fault::Disk { target: random(), trouble };
    let clock = |trouble| Fault::Clock { target: random(), trouble };
    let step = Shift { back: true, by: Duration::from_secs(3) };
    vec![
        Fault::crash(Target::Random(1)),
        Fault::crash(Target::Leader),
        torn,
        midway,
        Fault::apart(Target::Random(1)),
        Fault::apart(Target::Half),
        Fault::apart(Target::Leader),
        Fault::OneWay { from: Target::Leader.into(), to: Target::Minority.into() },
        Fault::Reshape { shape: Shape::Bridge, first: None },
        Fault::Reshape { shape: Shape::Ring, first: None },
        Fault::Reshape { shape: Shape::Chained, first: None },
        Fault::Pause { target: random() },
        Fault::SlowNode { target: random(), work: Duration::from_millis(2) },
        disk(DiskTrouble::Stall),
        disk(DiskTrouble::Slow(10)),
        disk(DiskTrouble::Fail),
        clock(ClockTrouble::Step(step)),
        clock(ClockTrouble::Drift(100_000)),
        clock(ClockTrouble::Jump(Duration::from_millis(500))),
        Fault::RequestTwice { probability: Ratio::new(1, 5) },
        Fault::Surge { factor: 3 },
    ]
}

impl Profile {
    /// The entries of the schedule.
    pub fn faults(self) -> Vec<FaultSpec> {
        let bodies = |strategy| {
            let conduct = Some(Conduct::of(strategy));
            let fault = Fault::Corrupt { target: Target::Third.into(), conduct };
            vec![FaultSpec::at(Duration::ZERO, fault)]
        };
        match self {
            Self::Calm => {
                vec![recurring(
                    Fault::crash(Target::Random(1)),
                    range(3_000, 9_000),
                    range(50, 500),
                )]
            }
            Self::Chaos => {
                let entry = |fault| recurring(fault, range(1_000, 9_000), range(50, 1_500));
                benign().into_iter().map(entry).collect()
            }
            Self::Swarm => {
                let entry = |fault| FaultSpec {
                    chance: Ratio::new(1, 2),
                    ..recurring(fault, range(200, 15_000), range(10, 5_000))
                };
                benign().into_iter().map(entry).collect()
            }
            Self::Reactive => reactive(),
            Self::Twins => bodies(Strategy::Twins),
            Self::Split => bodies(Strategy::Split),
        }
    }
}

/// Short faults on the landmarks that protocols announce, on the first few of each kind.
fn reactive() -> Vec<FaultSpec> {
    let crash = || Fault::crash(Target::Random(1));
    let kinds: [(LandmarkKind, fn() -> Fault); 15] = [
        (LandmarkKind::VoteGranted, || Fault::crash(Target::Random(1))),
        (LandmarkKind::QuorumFormed, || Fault::crash(Target::Leader)),
        (LandmarkKind::Leader, || Fault::apart(Target::Leader)),
        (LandmarkKind::Candidate, || Fault::apart(Target::Half)),
        (LandmarkKind::ViewChanged, || Fault::Reshape { shape: Shape::Bridge, first: None }),
        (LandmarkKind::Prepared, || Fault::apart(Target::Random(1))),
        (LandmarkKind::Committed, || Fault::Pause { target: Target::Leader.into() }),
        (LandmarkKind::Recovered, || Fault::crash(Target::Random(1))),
        // What those announce who know no leader and no term.
        (LandmarkKind::Updated, || Fault::apart(Target::Half)),
        (LandmarkKind::Merged, || Fault::crash(Target::Random(1))),
        (LandmarkKind::Learned, || Fault::crash(Target::Random(1))),
        (LandmarkKind::Suspected, || Fault::apart(Target::Half)),
        (LandmarkKind::Decided, || Fault::apart(Target::Random(1))),
        (LandmarkKind::Marked, || Fault::crash(Target::Random(1))),
        (LandmarkKind::Round, || Fault::apart(Target::Half)),
    ];
    let entry = |landmark, nth, fault: Fault, lasts| FaultSpec {
        chance: Ratio::new(1, 2),
        lasts: Some(lasts),
        ..FaultSpec::when(When::On { landmark, nth, after: Duration::ZERO }, fault)
    };
    let tied = kinds.into_iter().flat_map(|(landmark, fault)| {
        [1, 2, 4, 8, 16].map(|nth| entry(landmark, nth, fault(), range(20, 900)))
    });
    let blinks = [1, 3, 9].map(|nth| {
        entry(LandmarkKind::VoteGranted, nth, crash(), DurationRange::from_millis(1, 5))
    });
    tied.chain(blinks).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_write_down_what_scenario_files_could_say() {
        for (profile, name, _) in Profile::ALL {
            let faults = profile.faults();
            assert!(!faults.is_empty(), "{name}");
            for fault in faults {
                let text = serde_json::to_value(&fault).expect("a fault can be written");
                let read: FaultSpec = serde_json::from_value(text.clone())
                    .unwrap_or_else(|error| panic!("{name}: {text} cannot be read: {error}"));
                let again = serde_json::to_value(&read).expect("a fault can be written");
                assert_eq!((again, read.fault.kind()), (text, fault.fault.kind()), "{name}");
            }
        }
    }

    #[test]
    fn the_examples_of_all_kinds_can_be_read_and_written() {
        for info in super::super::FaultKind::ALL {
            let table: serde_json::Map<String, serde_json::Value> =
                toml_like(info.example).into_iter().collect();
            let spec: FaultSpec = serde_json::from_value(table.into())
                .unwrap_or_else(|error| panic!("{}: {error}", info.name));
            assert_eq!(spec.fault.kind(), info.kind, "{}", info.name);
            let again = serde_json::to_value(&spec).expect("a fault can be written");
            let again: FaultSpec = serde_json::from_value(again).expect("what was written is read");
            assert_eq!(again, spec, "{}", info.name);
        }
    }

    /// Keys and values of a one-line table without nested values but lists.
    fn toml_like(line: &str) -> Vec<(String, serde_json::Value)> {
        line.split(", ")
            .map(|pair| {
                let (key, value) = pair.split_once(" = ").expect("key = value");
                (key.to_owned(), serde_json::from_str(value).expect("a plain value"))
            })
            .collect()
    }
}
