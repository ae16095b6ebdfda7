//! A register all of whose written values differ, judged by its zones in O(n log n).
//!
//! A *cluster* is a write with the reads of its value. In any linearization it is in one piece, so
//! clusters are ordered as wholes: one must be before another if one of its operations was
//! answered before one of the other's was invoked. The *zone* of a cluster lies between its first
//! answer and its last invocation: *forward* if the answer comes first, else *backward*. The order
//! exists if no two forward zones overlap and no backward zone lies inside a forward one (Gibbons
//! and Korach 1997). To find the answer that breaks a history costs another factor of log n.

use rustc_hash::FxHashMap;

use super::specification::Access;
use super::{Finding, Object, SequentialSpec};

/// Nanoseconds, with room for before the run and after it.
type Instant = i128;

const BEFORE: Instant = -1;
const AFTER: Instant = Instant::MAX;

/// The history as reads and writes of values, which are told by number.
struct Accesses {
    /// For each call: what it does, and when.
    calls: Vec<Interval>,
    answered: usize,
    /// How many values there are; number 0 is the initial one.
    values: usize,
}

#[derive(Clone, Copy)]
struct Interval {
    kind: Kind,
    invoked: Instant,
    answered: Instant,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// A read of the value of this number; `None` if nobody ever wrote it.
    Read(Option<usize>),
    Write(usize),
    /// A read of which nobody heard.
    Nothing,
}

/// A write with the reads of its value.
#[derive(Clone)]
struct Cluster {
    /// When the value was first there to be read.
    written: Instant,
    first_answer: Instant,
    last_invocation: Instant,
    /// The write, if it is not the initial value's, then the reads.
    calls: Vec<usize>,
    has_reads: bool,
}

impl Cluster {
    const fn is_forward(&self) -> bool {
        self.first_answer < self.last_invocation
    }
}

/// Judges the object; `None` if it is no register with values that differ.
pub(super) fn judge<S: SequentialSpec>(object: &Object<'_, S>) -> Option<Finding> {
    let accesses = Accesses::new(object)?;
    if accesses.order(accesses.answered).is_some() {
        return Some(Finding::Linearizable);
    }
    // What is cut off a linearizable history leaves a linearizable one (Herlihy and Wing 1990),
    // so that the first answer too many can be found by halving.
    let (mut fits, mut too_many) = (0, accesses.answered);
    let mut prefix = Vec::new();
    while too_many - fits > 1 {
        let middle = fits.midpoint(too_many);
        match accesses.order(middle) {
            Some(order) => (fits, prefix) = (middle, order),
            None => too_many = middle,
        }
    }
    Some(Finding::Violation { prefix, misfit: fits })
}

impl Accesses {
    fn new<S: SequentialSpec>(object: &Object<'_, S>) -> Option<Self> {
        let initial = object.spec.initial();
        let mut accesses = Vec::with_capacity(object.calls.len());
        for call in &object.calls {
            accesses.push(object.spec.access(call.op, call.answer.map(|(_, result)| result))?);
        }
        let mut numbers = FxHashMap::default();
        numbers.insert(&initial, 0);
        for access in &accesses {
            if let Access::Write(value) = access {
                let number = numbers.len();
                if numbers.insert(*value, number).is_some() {
                    return None;
                }
            }
        }
        let interval = |(access, call): (&Access<'_, S::State>, &super::Call<'_, _, _>)| Interval {
            kind: match access {
                Access::Read(value) => Kind::Read(numbers.get(*value).copied()),
                Access::Write(value) => Kind::Write(numbers[*value]),
                Access::Nothing => Kind::Nothing,
            },
            invoked: call.invoked.as_nanos().into(),
            answered: call.answer.map_or(AFTER, |(at, _)| at.as_nanos().into()),
        };
        let calls = accesses.iter().zip(&object.calls).map(interval).collect();
        Some(Self { calls, answered: object.answered, values: numbers.len() })
    }

    /// An order that explains the first `answers` answers, if there is one.
    fn order(&self, answers: usize) -> Option<Vec<usize>> {
        let mut clusters = self.clusters(answers)?;
        let mut forward: Vec<&Cluster> = clusters.iter().filter(|c| c.is_forward()).collect();
        forward.sort_by_key(|cluster| cluster.first_answer);
        if forward.windows(2).any(|pair| pair[0].last_invocation > pair[1].first_answer) {
            return None;
        }
        let mut places = Vec::with_capacity(clusters.len());
        for (number, cluster) in clusters.iter().enumerate() {
            places.push((place(cluster, &forward)?, cluster.is_forward(), number));
        }
        // A backward cluster at the edge of a forward one stands before it.
        places.sort_unstable();
        let calls =
            places.iter().flat_map(|&(_, _, number)| std::mem::take(&mut clusters[number].calls));
        Some(calls.collect())
    }

    /// The clusters as they are when the first `answers` answers are in, or `None` if one of these
    /// tells a value before its write began. A write without an answer counts if it was read.
    fn clusters(&self, answers: usize) -> Option<Vec<Cluster>> {
        let blank = Cluster {
            written: BEFORE,
            first_answer: BEFORE,
            last_invocation: BEFORE,
            calls: Vec::new(),
            has_reads: false,
        };
        let mut clusters = vec![blank; self.values];
        for (number, call) in self.calls.iter().enumerate() {
            if let Kind::Write(value) = call.kind {
                let cluster = &mut clusters[value];
                (cluster.written, cluster.last_invocation) = (call.invoked, call.invoked);
                cluster.first_answer = call.answered;
                cluster.calls.push(number);
            }
        }
        let mut reads: Vec<usize> = (0..answers).collect();
        reads.sort_by_key(|&call| self.calls[call].invoked);
        for number in reads {
            let call = self.calls[number];
            if let Kind::Read(value) = call.kind {
                let cluster = &mut clusters[value?];
                if call.answered < cluster.written {
                    return None;
                }
                cluster.first_answer = cluster.first_answer.min(call.answered);
                cluster.last_invocation = cluster.last_invocation.max(call.invoked);
                cluster.calls.push(number);
                cluster.has_reads = true;
            }
        }
        clusters.retain(|c| c.has_reads || c.calls.first().is_some_and(|&write| write < answers));
        Some(clusters)
    }
}

/// Where a cluster stands among the forward ones, which are in order and do not overlap.
fn place(cluster: &Cluster, forward: &[&Cluster]) -> Option<Instant> {
    if cluster.is_forward() {
        return Some(cluster.first_answer);
    }
    let earliest = cluster.last_invocation;
    let begun = forward.partition_point(|zone| zone.first_answer < earliest);
    let Some(zone) = begun.checked_sub(1).map(|last| forward[last]) else {
        return Some(earliest);
    };
    let place = earliest.max(zone.last_invocation);
    (place <= cluster.first_answer).then_some(place)
}
