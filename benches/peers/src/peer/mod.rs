//! The workloads, what each of them demands, and the simulators that run them.

pub mod anysystem;
pub mod desru;
#[cfg(feature = "dscale")]
pub mod dscale;
pub mod nexosim;
pub mod simcore;
pub mod simulacra;
pub mod synod;
pub mod turmoil;

/// What every simulator is asked to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Workload {
    /// Two nodes throw one ball to each other; it flies for 1 ms.
    PingPong,
    /// Each node starts with one ball; who gets one passes it to another node, drawn at random,
    /// after an exponential time with a mean of 9 ms, and 1 ms.
    Phold {
        /// The number of nodes.
        nodes: u32,
    },
    /// A leader and four followers exchange what an idle Raft exchanges; see [`Tally`].
    Pattern,
}

impl Workload {
    /// All of them, in the order in which they are run.
    pub const ALL: [Self; 4] =
        [Self::PingPong, Self::Phold { nodes: 100 }, Self::Phold { nodes: 1_000 }, Self::Pattern];

    /// The name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PingPong => "pingpong",
            Self::Phold { nodes: 1_000 } => "phold_1000",
            Self::Phold { nodes: 100 } => "phold_100",
            Self::Phold { .. } => "phold",
            Self::Pattern => "raft_pattern_5",
        }
    }

    /// The workload of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|workload| workload.name() == name)
    }

    /// How many rounds of the pattern make so many events.
    pub const fn rounds(events: u64) -> u64 {
        events / EVENTS_PER_ROUND
    }

    /// Fails if a run that was to make `events` events did another amount of work.
    ///
    /// Ping-pong and the pattern are exact. PHOLD is run for the time in which `events` arrivals
    /// are expected; their number has a standard deviation of 0.9 √`events`, and six of those and
    /// one arrival per node at the edges are allowed.
    pub fn check(self, events: u64, counted: Counted) -> Result<(), String> {
        let exactly = |events, messages| counted == Counted { events, messages };
        let fits = match self {
            Self::PingPong => exactly(events, events),
            Self::Phold { nodes } => {
                let slack = 6.0 * 0.9 * (events as f64).sqrt() + f64::from(nodes);
                let near = counted.messages.abs_diff(events) as f64 <= slack;
                counted.events == counted.messages && near
            }
            Self::Pattern => {
                let rounds = Self::rounds(events);
                exactly(EVENTS_PER_ROUND * rounds, 2 * FOLLOWERS * rounds)
            }
        };
        let wrong = || format!("{}: {counted:?} where {events} events were asked", self.name());
        fits.then_some(()).ok_or_else(wrong)
    }
}

/// The flight of a ping-pong ball, the least flight of a PHOLD ball, and the leader's period.
pub const UNIT_MS: f64 = 1.0;
/// The mean of the exponential part of a PHOLD hop.
pub const HOLD_MS: f64 = 9.0;
/// The mean of a PHOLD hop.
pub const HOP_MS: f64 = UNIT_MS + HOLD_MS;
/// The least and the greatest latency of the pattern.
pub const LATENCY_MS: (f64, f64) = (0.5, 1.5);
/// The least and the greatest patience of a follower of the pattern.
pub const ELECTION_MS: (f64, f64) = (150.0, 300.0);
/// The followers of the pattern.
pub const FOLLOWERS: u64 = 4;
/// A tick, an append to each follower, a reply of each.
pub const EVENTS_PER_ROUND: u64 = 1 + 2 * FOLLOWERS;
/// How long after the last tick a run of the pattern ends: its last replies take at most 3 ms.
pub const DRAIN_MS: f64 = 5.0;

/// The simulated time in which PHOLD is expected to make so many events.
pub fn phold_ms(nodes: u32, events: u64) -> f64 {
    events as f64 * HOP_MS / f64::from(nodes)
}

/// What a run did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counted {
    /// Deliveries and timers that ran out.
    pub events: u64,
    /// Deliveries.
    pub messages: u64,
}

impl Counted {
    /// One more delivery.
    pub const fn delivery(&mut self) {
        self.events += 1;
        self.messages += 1;
    }

    /// One more timer.
    pub const fn timer(&mut self) {
        self.events += 1;
    }
}

/// A simulation that is built and waits to be run once.
pub type Job = Box<dyn FnOnce() -> Counted>;

/// A simulator under measurement.
pub trait Simulator: Sync {
    /// The name in tables.
    fn name(&self) -> &'static str;

    /// The package whose version is printed.
    fn package(&self) -> &'static str {
        self.name()
    }

    /// Builds a run of about `events` events, or says why this simulator cannot express it.
    fn prepare(&self, workload: Workload, events: u64) -> Result<Job, &'static str>;

    /// How the workload was expressed, where that is not obvious.
    fn note(&self, _workload: Workload) -> &'static str {
        ""
    }

    /// By how much fewer events a repetition has, so that it takes no longer than half a second
    /// or so.
    fn divisor(&self, _workload: Workload) -> u64 {
        1
    }
}

/// All simulators, in the order of the table; Synod first, because ratios refer to it.
pub const ALL: &[&dyn Simulator] = &[
    &synod::Synod,
    &simulacra::Simulacra,
    &simcore::Simcore,
    #[cfg(feature = "dscale")]
    &dscale::Dscale,
    &desru::Desru,
    &nexosim::Nexosim,
    &anysystem::AnySystem,
    &turmoil::Turmoil,
];

/// The leader's account of the pattern.
///
/// Every millisecond the leader opens a round and sends an append to each of four followers; a
/// follower that gets one re-arms its election timer, which therefore never runs out, and
/// replies; the leader counts the replies of each round until, with itself, a majority of five is
/// reached. A reply may come up to 3 ms after its round was opened, so rounds overlap.
#[derive(Clone, Debug, Default, Hash)]
pub struct Tally {
    /// Rounds that were opened.
    pub rounds: u64,
    /// Rounds that reached a majority.
    pub majorities: u64,
    replies: [u8; 8],
}

impl Tally {
    /// The replies that make a majority of five, with the leader itself.
    const QUORUM: u8 = 2;

    const fn place(round: u64) -> usize {
        (round % 8) as usize
    }

    /// Opens a round and names it.
    pub const fn open(&mut self) -> u64 {
        self.rounds += 1;
        self.replies[Self::place(self.rounds)] = 0;
        self.rounds
    }

    /// Counts a reply.
    pub const fn reply(&mut self, round: u64) {
        let replies = &mut self.replies[Self::place(round)];
        *replies += 1;
        if *replies == Self::QUORUM {
            self.majorities += 1;
        }
    }
}

/// Randomness for the simulators that bring none to their nodes (SplitMix64, after Steele, Lea
/// and Flood 2014).
#[derive(Clone, Debug, Default)]
pub struct Dice(u64);

impl Dice {
    /// Dice of this seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// A uniform number in [0, 1).
    pub const fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A uniform number of this range.
    pub const fn between(&mut self, (least, most): (f64, f64)) -> f64 {
        least + self.unit() * (most - least)
    }

    /// One of `nodes` nodes, uniformly, but not `me`.
    pub const fn other(&mut self, me: u32, nodes: u32) -> u32 {
        let step = ((self.next() as u128 * (nodes as u128 - 1)) >> 64) as u32;
        other(me, nodes, step)
    }
}

/// The `step`-th of the nodes that follow `me` around the circle.
pub const fn other(me: u32, nodes: u32, step: u32) -> u32 {
    (me + 1 + step) % nodes
}

/// The exponential time, in milliseconds, for a uniform number of [0, 1).
pub fn hold_ms(unit: f64) -> f64 {
    -HOLD_MS * (1.0 - unit).ln()
}

/// Milliseconds as whole nanoseconds.
pub const fn nanos(ms: f64) -> u64 {
    (ms * 1e6) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: [Workload; 4] = [
        Workload::PingPong,
        Workload::Phold { nodes: 20 },
        Workload::Phold { nodes: 100 },
        Workload::Pattern,
    ];

    fn run(simulator: &dyn Simulator, workload: Workload, events: u64) -> Option<Counted> {
        let job = simulator.prepare(workload, events).ok()?;
        let counted = job();
        workload.check(events, counted).unwrap_or_else(|wrong| {
            panic!("{}: {wrong}", simulator.name());
        });
        Some(counted)
    }

    #[test]
    fn everybody_does_the_work_that_is_asked() {
        for simulator in ALL.iter().copied() {
            for workload in SMALL {
                let events = 9_000;
                let counted = run(simulator, workload, events);
                let refuses = simulator.name() == "turmoil" && workload == Workload::Pattern;
                assert_eq!(counted.is_none(), refuses, "{} {workload:?}", simulator.name());
            }
        }
    }

    #[test]
    fn a_thousand_nodes_play_too() {
        for simulator in ALL.iter().copied().filter(|simulator| simulator.name() != "turmoil") {
            assert!(run(simulator, Workload::Phold { nodes: 1_000 }, 9_000).is_some());
        }
    }

    #[test]
    fn a_run_is_the_same_twice() {
        for simulator in ALL.iter().copied() {
            let runs = [(); 2].map(|()| run(simulator, Workload::Phold { nodes: 20 }, 2_000));
            assert_eq!(runs[0], runs[1], "{}", simulator.name());
        }
    }

    #[test]
    fn too_little_work_is_noticed() {
        let idle = Counted { events: 8_000, messages: 8_000 };
        for workload in SMALL {
            assert!(workload.check(9_000, idle).is_err(), "{workload:?}");
        }
    }

    #[test]
    fn a_majority_is_counted_once_per_round() {
        let mut tally = Tally::default();
        for _ in 0..100 {
            let round = tally.open();
            (0..FOLLOWERS).for_each(|_| tally.reply(round));
        }
        assert_eq!((tally.rounds, tally.majorities), (100, 100));
    }
}
