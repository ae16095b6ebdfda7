//! Session guarantees: what a client may rely on that moves between replicas.
//!
//! The four guarantees are those of Terry, Demers, Petersen, Spreitzer, Theimer and Welch, "Session
//! Guarantees for Weakly Consistent Replicated Data" (PDIS 1994). They are judged from outside, by
//! reads and writes of keys to which no value is written twice, so that a read tells which write it
//! saw. A session is a client. In it, one operation comes before another if it was answered before
//! the other was invoked; what was never answered comes before nothing.
//!
//! Which of two writes of a key is the newer one is told by versions, where the system gives them:
//! a log position, a timestamp. Where it gives none, only what is forced can be judged: a guarantee
//! is broken if *no* order of the writes would keep it. Each guarantee is judged by itself, as if
//! the others were not promised. Real time orders nothing, because a replica need not have heard
//! of a write that ended long ago.
//!
//! What one session wrote can also break in the eyes of another: a place that shows the later write
//! and then not the earlier one has taken them in the wrong order. A *place* is a replica in one
//! life, whose data only grows.

mod order;

use std::collections::BTreeMap;
use std::fmt::{self, Debug};

use crate::checker::Witness;
use crate::id::{ClientId, OpId};
use crate::time::Time;

use order::{Floor, Force, Values};

/// A promise to each session (Terry et al. 1994, section 3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Guarantee {
    /// A read sees the writes before it in its session, or newer ones.
    ReadYourWrites,
    /// A read sees what reads before it in its session saw, or newer writes.
    MonotonicReads,
    /// A write is newer than those before it in its session, and no place has it without them.
    MonotonicWrites,
    /// A write is newer than what reads before it in its session saw, and no place has it without.
    WritesFollowReads,
}

impl Guarantee {
    /// All four.
    pub const ALL: [Self; 4] = [
        Self::ReadYourWrites,
        Self::MonotonicReads,
        Self::MonotonicWrites,
        Self::WritesFollowReads,
    ];

    /// The name as properties are named.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReadYourWrites => "read_your_writes",
            Self::MonotonicReads => "monotonic_reads",
            Self::MonotonicWrites => "monotonic_writes",
            Self::WritesFollowReads => "writes_follow_reads",
        }
    }
}

/// An instant; of what happens at one time, the turn tells what came first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Moment {
    /// The time.
    pub at: Time,
    /// The place in the history. Moments that share it too are concurrent.
    pub turn: u64,
}

/// A read or a write of a key, which happens at a place `P`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Operation<P, K, V> {
    /// Whose it is.
    pub session: ClientId,
    /// What is read or written.
    pub key: K,
    /// What is written; `None` for a read. No two operations write the same value to a key.
    pub write: Option<V>,
    /// When it was invoked.
    pub invoked: Moment,
    /// What came of it; `None` if nobody knows.
    pub answer: Option<Answer<P, V>>,
}

/// The answer to an operation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer<P, V> {
    /// When it came; not before the invocation.
    pub at: Moment,
    /// Who gave it.
    pub place: P,
    /// What a read found, or `None` if nothing was ever written there; `None` for a write.
    pub value: Option<V>,
    /// Which version of the key was read or made, if the system tells: the greater the newer.
    pub version: Option<u64>,
}

/// What is wrong with a history. Operations are told by their places in it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Findings {
    /// The broken guarantees, in the order in which that can be seen; last come those for which
    /// no order of versions was given, at most one of each guarantee.
    pub violations: Vec<Violation>,
    /// Operations that no session guarantee speaks of, and no correct system answers so: reads of
    /// what nobody had begun to write, and answers whose version was another value's before, or
    /// whose value had another version before. They take no part in the judgement.
    pub strays: Vec<usize>,
}

/// A guarantee that was broken, and the two operations of the session between which it was.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// Which.
    pub guarantee: Guarantee,
    /// The operation that came first in the session.
    pub earlier: usize,
    /// The one that came after it, and does not fit.
    pub later: usize,
    /// How it can be seen.
    pub evidence: Evidence,
}

/// How a violation can be seen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Evidence {
    /// The later operation is of an older version than the earlier one.
    Older,
    /// At one place an operation showed the later write, and then a read showed something older
    /// than what it had to come after.
    Place {
        /// The operation that showed the later write.
        seen: usize,
        /// The read that came after it, at the same place.
        missed: usize,
    },
    /// Nobody told the order of the versions, and these pairs of operations, each in its session,
    /// allow none.
    Cycle(Vec<(usize, usize)>),
}

/// Judges a history, whose operations may be in any order. For n operations of few keys that is
/// O(n log n) if all values have versions, and O(n²) if none has.
///
/// # Panics
/// If a value is written twice to a key, or an operation is answered before it was invoked.
pub fn check<P: Ord, K: Ord, V: Ord>(history: &[Operation<P, K, V>]) -> Findings {
    let moments = moments(history);
    let mut sweep = Sweep {
        history,
        values: Values::of(history, moments.iter().filter(|(.., is_answer, _)| *is_answer)),
        done: BTreeMap::new(),
        before: BTreeMap::new(),
        owed: BTreeMap::new(),
        forces: Vec::new(),
        violations: Vec::new(),
    };
    for (_, is_answer, place) in moments {
        match is_answer {
            false => sweep.invoke(place),
            true => sweep.answer(place),
        }
    }
    let Sweep { values, forces, mut violations, .. } = sweep;
    let forced = |guarantee| order::contradiction(guarantee, &values, &forces);
    violations.extend(Guarantee::ALL.into_iter().filter_map(forced));
    Findings { violations, strays: values.strays }
}

/// Invocations and answers as they came; of those at one moment the invocations first.
fn moments<P, K, V>(history: &[Operation<P, K, V>]) -> Vec<(Moment, bool, usize)> {
    let mut moments = Vec::with_capacity(2 * history.len());
    for (place, operation) in history.iter().enumerate() {
        moments.push((operation.invoked, false, place));
        if let Some(answer) = &operation.answer {
            let sound = answer.at >= operation.invoked;
            assert!(sound, "operation {place} is answered before it was invoked");
            moments.push((answer.at, true, place));
        }
    }
    moments.sort_unstable();
    moments
}

/// The newest that a session has written to a key, and read from it, with the operations.
#[derive(Clone, Default)]
struct Done {
    writes: Floor<usize>,
    reads: Floor<usize>,
}

/// Why a place must show something: the two operations of the session, and where the later showed.
#[derive(Clone, Copy)]
struct Reason {
    earlier: usize,
    later: usize,
    seen: usize,
}

/// The judge on its way through a history.
struct Sweep<'a, P, K, V> {
    history: &'a [Operation<P, K, V>],
    values: Values,
    done: BTreeMap<ClientId, BTreeMap<&'a K, Done>>,
    /// What the session of each write had done when it was invoked.
    before: BTreeMap<usize, BTreeMap<&'a K, Done>>,
    /// What each place must show of each key, by monotonic writes and by writes follow reads.
    owed: BTreeMap<(&'a P, &'a K), [Floor<Reason>; 2]>,
    forces: Vec<Force>,
    violations: Vec<Violation>,
}

impl<'a, P: Ord, K: Ord, V: Ord> Sweep<'a, P, K, V> {
    fn invoke(&mut self, place: usize) {
        let Some(high) = self.values.of_operation[place] else { return };
        let Operation { session, key, write, answer, .. } = &self.history[place];
        let (own, others) = match write {
            Some(_) => (Guarantee::MonotonicWrites, Guarantee::WritesFollowReads),
            None => (Guarantee::ReadYourWrites, Guarantee::MonotonicReads),
        };
        let mut due = Vec::new();
        if let Some(done) = self.done.get(session).and_then(|keys| keys.get(key)) {
            for (guarantee, floor) in [(own, &done.writes), (others, &done.reads)] {
                due.extend(floor.iter().map(|(low, earlier)| Force {
                    guarantee,
                    earlier,
                    later: place,
                    low,
                    high,
                    shown: None,
                }));
            }
        }
        if write.is_some() {
            let mut before = self.done.get(session).cloned().unwrap_or_default();
            before.remove(key);
            self.before.insert(place, before);
        } else if let Some(answer) = answer
            && let Some(owed) = self.owed.get(&(&answer.place, key))
        {
            for (guarantee, floor) in
                [Guarantee::MonotonicWrites, Guarantee::WritesFollowReads].into_iter().zip(owed)
            {
                due.extend(floor.iter().map(|(low, Reason { earlier, later, seen })| Force {
                    guarantee,
                    earlier,
                    later,
                    low,
                    high,
                    shown: Some((seen, place)),
                }));
            }
        }
        due.into_iter().for_each(|force| self.demand(force));
    }

    fn demand(&mut self, force: Force) {
        match self.values.fits(force.low, force.high) {
            Some(true) => {}
            None => self.forces.push(force),
            Some(false) => {
                let Force { guarantee, earlier, later, shown, .. } = force;
                let evidence = match shown {
                    None => Evidence::Older,
                    Some((seen, missed)) => Evidence::Place { seen, missed },
                };
                self.violations.push(Violation { guarantee, earlier, later, evidence });
            }
        }
    }

    fn answer(&mut self, place: usize) {
        let Some(value) = self.values.of_operation[place] else { return };
        let Operation { session, key, write, answer, .. } = &self.history[place];
        let done = self.done.entry(*session).or_default().entry(key).or_default();
        let floor = if write.is_some() { &mut done.writes } else { &mut done.reads };
        floor.add(value, place, &self.values);
        let (Some(writer), Some(answer)) = (self.values.writer[value], answer) else { return };
        let before = self.before.get(&writer).into_iter().flatten();
        for (other, done) in before {
            let owed = self.owed.entry((&answer.place, other)).or_default();
            for (floor, done) in owed.iter_mut().zip([&done.writes, &done.reads]) {
                for (low, earlier) in done.iter() {
                    floor.add(low, Reason { earlier, later: writer, seen: place }, &self.values);
                }
            }
        }
    }
}

/// Takes down what clients do, as it happens, for the judge.
#[derive(Clone, Debug)]
pub struct Recorder<P, K, V> {
    history: Vec<Operation<P, K, V>>,
    /// Where the operations are that were not answered yet.
    open: BTreeMap<OpId, usize>,
    turn: u64,
}

impl<P, K, V> Default for Recorder<P, K, V> {
    fn default() -> Self {
        Self { history: Vec::new(), open: BTreeMap::new(), turn: 0 }
    }
}

impl<P: Ord, K: Ord, V: Ord> Recorder<P, K, V> {
    fn moment(&mut self, at: Time) -> Moment {
        self.turn += 1;
        Moment { at, turn: self.turn }
    }

    /// A client asks for the first time: to write a value, or to read. To ask again, record
    /// nothing.
    pub fn invoke(&mut self, at: Time, op: OpId, key: K, write: Option<V>) {
        let invoked = self.moment(at);
        self.open.insert(op, self.history.len());
        let session = op.client;
        self.history.push(Operation { session, key, write, invoked, answer: None });
    }

    /// A client is answered; of several answers the first counts. For the last two see [`Answer`].
    pub fn answer(&mut self, at: Time, op: OpId, place: P, value: Option<V>, version: Option<u64>) {
        let at = self.moment(at);
        if let Some(open) = self.open.remove(&op) {
            self.history[open].answer = Some(Answer { at, place, value, version });
        }
    }

    /// What was taken down, in the order of invocation.
    pub fn history(&self) -> &[Operation<P, K, V>] {
        &self.history
    }
}

impl<P: Debug, K: Debug, V: Debug> Operation<P, K, V> {
    /// The operation as a witness quotes it.
    fn quote(&self) -> String {
        let Self { session, key, write, invoked, answer } = self;
        let what = match (write, answer.as_ref().map(|answer| &answer.value)) {
            (Some(value), _) => format!("wrote {value:?} to {key:?}"),
            (None, Some(Some(value))) => format!("read {value:?} from {key:?}"),
            (None, Some(None)) => format!("found nothing at {key:?}"),
            (None, None) => format!("asked for {key:?}"),
        };
        match answer {
            Some(Answer { at, place, .. }) => {
                format!("{session} {what} at {place:?} from {} s to {} s", invoked.at, at.at)
            }
            None => format!("{session} {what} from {} s on, unanswered", invoked.at),
        }
    }
}

impl Violation {
    /// The violation in a sentence. `history` is the one that was judged.
    pub fn witness<P: Debug, K: Debug, V: Debug>(&self, history: &[Operation<P, K, V>]) -> Witness {
        let quote = |place: usize| history[place].quote();
        let (earlier, later) = (quote(self.earlier), quote(self.later));
        match &self.evidence {
            Evidence::Older => format!("{earlier}; then {later}, which is older"),
            Evidence::Place { seen, missed } => {
                let (seen, missed) = (quote(*seen), quote(*missed));
                format!("{earlier}; then {later}; but {seen}, and after that {missed}")
            }
            Evidence::Cycle(pairs) => {
                let pairs = pairs.iter().map(|(low, high)| {
                    format!("({}) is not newer than ({})", quote(*low), quote(*high))
                });
                let pairs: Vec<String> = pairs.collect();
                format!("{earlier}; then {later}; no order fits: {}", pairs.join(", "))
            }
        }
    }
}

impl fmt::Display for Guarantee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
