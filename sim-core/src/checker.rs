//! Judges: checkers of the history, and monitors of protocol states.
//!
//! A checker is shown one entry at a time and never receives the world, so it cannot touch what it
//! judges. A monitor is shown the state of the node that was just touched, and has a memory of its
//! own, because many invariants speak of the past.

use crate::history::Entry;
use crate::id::{Cluster, Incarnation, NodeId, NodeSet};
use crate::time::{Duration, Time};

/// What the witness of a violation says, in a sentence that names the contradicting events.
pub type Witness = String;

/// A promise that was broken: which, and how one can see it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// The name of the property or invariant.
    pub property: &'static str,
    /// The events that contradict each other.
    pub witness: Witness,
}

/// Safety says that nothing bad happens, liveness that something good does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    /// Once broken, broken for ever; judged at every entry.
    Safety,
    /// Judged at the end, and only for what had time enough after GST.
    Liveness,
}

/// One property of a problem, with its judge, fresh for one run.
pub struct Property<Q, I> {
    /// The name by which scenarios, tables and mutants refer to it.
    pub name: &'static str,
    /// Whether it is about safety or liveness.
    pub class: Class,
    /// The judge.
    pub checker: Box<dyn Checker<Q, I>>,
}

/// How a run ended, for judges of liveness.
#[derive(Clone, Debug)]
pub struct End {
    /// When the run ended.
    pub at: Time,
    /// When the faults were over; `None` if they never were before the end.
    pub gst: Option<Time>,
    /// How long after GST, or after its request if that is later, anything good may take.
    pub patience: Duration,
    /// The electorate.
    pub cluster: Cluster,
    /// The nodes that must make progress: correct, up, and connected to enough others.
    pub core: NodeSet,
}

impl End {
    /// Whether a node owes answers: it is of the core, or a client that is a node of its own.
    pub fn must_answer(&self, node: NodeId) -> bool {
        self.core.contains(node) || !self.cluster.contains(node)
    }

    /// Whether something that was due since `since` should have happened by now.
    pub fn is_overdue(&self, since: Time) -> bool {
        self.gst.is_some_and(|gst| self.at.since(gst.max(since)) >= self.patience)
    }
}

/// How a service that answers many requests gets on: when it answered last, and how new a request
/// it has answered.
///
/// A service that is overloaded and goes on is late, not stuck: so what is due is owed only if
/// nothing was answered for as long as patience lasts, or if what was asked for that much later
/// was (it was passed over: starvation).
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    /// When something was answered last.
    last: Time,
    /// When the newest of what was answered had been asked for.
    newest: Time,
}

impl Progress {
    /// Something that had first been asked for at `asked` was answered at `at`.
    pub fn answered(&mut self, asked: Time, at: Time) {
        self.last = self.last.max(at);
        self.newest = self.newest.max(asked);
    }

    /// Whether what was first asked for at `asked` should have been answered by the end.
    pub fn owes(&self, asked: Time, end: &End) -> bool {
        let passed_over = self.newest >= asked && self.newest.since(asked) >= end.patience;
        end.is_overdue(asked) && (end.is_overdue(self.last) || passed_over)
    }
}

/// A judge of the history.
pub trait Checker<Q, I>: Send {
    /// Looks at the next entry; says what is wrong, if something now is.
    fn observe(&mut self, entry: &Entry<Q, I>) -> Option<Witness>;

    /// Looks back at the end of the run.
    fn conclude(&mut self, _end: &End) -> Option<Witness> {
        None
    }

    /// Whether this judge, having looked back, can say neither that all is well nor that it is not.
    fn is_undecided(&self) -> bool {
        false
    }

    /// Whether all that this judge waits for has happened; a run may end early once all say so.
    fn is_settled(&self, _core: &NodeSet) -> bool {
        true
    }

    /// Whether it certainly waits for more, whoever the core is. It is asked first, because to find
    /// the core of a large cluster takes long; to say no too often costs only time.
    fn must_wait(&self) -> bool {
        false
    }
}

/// A white-box judge of a protocol's states, which are of type `S`.
pub trait Monitor<S>: Send {
    /// The names of the invariants that it judges.
    const INVARIANTS: &'static [&'static str];

    /// Looks at the state of the node that was just touched.
    fn observe(&mut self, node: NodeId, incarnation: Incarnation, state: &S) -> Option<Violation>;
}

/// No invariants.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl<S> Monitor<S> for Unwatched {
    const INVARIANTS: &'static [&'static str] = &[];

    fn observe(&mut self, _: NodeId, _: Incarnation, _: &S) -> Option<Violation> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_core_owes_answers_and_so_do_clients_that_are_nodes() {
        let core = [NodeId(0), NodeId(1)].into_iter().collect();
        let patience = Duration::from_secs(1);
        let end = End { at: Time::ZERO, gst: None, patience, cluster: Cluster { n: 3 }, core };
        let owes = [0, 1, 2, 3].map(|node| end.must_answer(NodeId(node)));
        assert_eq!(owes, [true, true, false, true]);
    }
}
