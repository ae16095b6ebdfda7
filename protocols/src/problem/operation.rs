//! What judges know of operations, in every problem whose clients ask for many: which there were,
//! who waits for which, and that all are answered in the end.
//!
//! Judges run at every entry of every history, so their memory is dense where it can be.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use sim_core::checker::{Checker, End, Progress, Witness};
use sim_core::history::{Entry, Event};
use sim_core::id::{ClientId, NodeId, NodeSet, OpId};
use sim_core::problem::{Answer, Problem};
use sim_core::time::Time;

/// A memory of at most one thing per operation.
#[derive(Clone, Debug)]
pub(super) struct PerOp<T>(Vec<Vec<Option<T>>>);

impl<T: Clone> Default for PerOp<T> {
    fn default() -> Self {
        Self::empty()
    }
}

impl<T: Clone> PerOp<T> {
    /// Nothing is remembered.
    pub(super) const fn empty() -> Self {
        Self(Vec::new())
    }

    pub(super) fn get(&self, op: OpId) -> Option<&T> {
        self.0.get(op.client.0 as usize)?.get(op.sequence as usize)?.as_ref()
    }

    pub(super) fn slot(&mut self, op: OpId) -> &mut Option<T> {
        place(place(&mut self.0, op.client.0 as usize), op.sequence as usize)
    }

    /// All that is remembered, by client and sequence number.
    pub(super) fn iter(&self) -> impl Iterator<Item = (OpId, &T)> {
        self.0.iter().zip(0..).flat_map(|(ops, client)| {
            let op = move |sequence| OpId { client: ClientId(client), sequence };
            ops.iter().zip(0..).filter_map(move |(it, sequence)| Some((op(sequence), it.as_ref()?)))
        })
    }

    pub(super) fn forget_all(&mut self) {
        self.0.iter_mut().for_each(Vec::clear);
    }
}

/// The place `at` of a vector that grows to have it.
pub(super) fn place<T: Clone + Default>(places: &mut Vec<T>, at: usize) -> &mut T {
    if places.len() <= at {
        places.resize(at + 1, T::default());
    }
    &mut places[at]
}

/// How often each operation waits for an answer at each node: an answer may be told again to whoever
/// asks again.
#[derive(Default)]
pub(super) struct Waiting(BTreeMap<(NodeId, OpId), u32>);

impl Waiting {
    /// A request reached its node, or did not.
    pub(super) fn ask(&mut self, node: NodeId, op: OpId, reached: bool) {
        *self.0.entry((node, op)).or_default() += u32::from(reached);
    }

    /// Takes the request that is answered here off those that wait; says whether there was one.
    pub(super) fn answer(&mut self, node: NodeId, answers: Option<OpId>) -> bool {
        let open = answers.and_then(|op| self.0.get_mut(&(node, op)));
        open.filter(|count| **count > 0).map(|count| *count -= 1).is_some()
    }
}

/// The operation that nobody waits for any more after this entry.
fn settled<Pr: Problem>(entry: &Entry<Pr::Request, Pr::Indication>) -> Option<OpId> {
    match &entry.event {
        Event::Abandoned { op } => Some(*op),
        Event::Indicated { answers, indication } => {
            answers.filter(|_| !matches!(Pr::answer(indication), Answer::Elsewhere(_)))
        }
        _ => None,
    }
}

/// Judges termination: that every operation of a problem is answered.
#[derive(Default)]
pub(super) struct Termination<Pr> {
    asked: PerOp<Asked>,
    pending: u64,
    progress: Progress,
    problem: PhantomData<Pr>,
}

#[derive(Clone, Copy, Debug)]
struct Asked {
    first: Time,
    /// Whom the client asked last: nothing is due from a node that is down, cut off or corrupt.
    last_node: NodeId,
    answered: bool,
}

impl<Pr: Problem> Checker<Pr::Request, Pr::Indication> for Termination<Pr> {
    fn observe(&mut self, entry: &Entry<Pr::Request, Pr::Indication>) -> Option<Witness> {
        if let Event::Requested { op, .. } = entry.event {
            let asked = self.asked.slot(op);
            self.pending += u64::from(asked.is_none());
            let new = Asked { first: entry.at, last_node: entry.node, answered: false };
            asked.get_or_insert(new).last_node = entry.node;
        } else if let Some(asked) = settled::<Pr>(entry)
            .and_then(|op| self.asked.slot(op).as_mut())
            .filter(|asked| !asked.answered)
        {
            asked.answered = true;
            self.pending -= 1;
            if !matches!(entry.event, Event::Abandoned { .. }) {
                self.progress.answered(asked.first, entry.at);
            }
        }
        None
    }

    fn conclude(&mut self, end: &End) -> Option<Witness> {
        let mut overdue = 0_u64;
        let mut oldest: Option<(Time, OpId, NodeId)> = None;
        for (op, asked) in self.asked.iter() {
            if asked.answered
                || !end.must_answer(asked.last_node)
                || !self.progress.owes(asked.first, end)
            {
                continue;
            }
            overdue += 1;
            let this = (asked.first, op, asked.last_node);
            oldest = Some(oldest.map_or(this, |oldest| oldest.min(this)));
        }
        let (first, op, node) = oldest?;
        Some(format!(
            "{op}, first requested at {first} s and last at {node}, was never acknowledged until \
             {} s (operations overdue: {overdue})",
            end.at
        ))
    }

    fn is_settled(&self, _: &NodeSet) -> bool {
        self.pending == 0
    }
}
