//! The judges of the replicated log.
//!
//! They run at every entry of every history, so their memory is dense: vectors by position and by
//! client and sequence number. None allocates but to grow.

use sim_core::checker::{Checker, Witness};
use sim_core::history::{Entry, Event};
use sim_core::id::{NodeId, OpId};
use sim_core::time::Time;

use super::super::operation::{PerOp, place};
use super::{Command, Indication};

/// That a node said something about an operation and a position, and when.
#[derive(Clone, Copy, Debug)]
struct Saying {
    node: NodeId,
    at: Time,
    op: OpId,
    position: u64,
    verb: &'static str,
}

impl std::fmt::Display for Saying {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { node, at, op, position, verb } = self;
        write!(f, "{node} {verb} {op} at position {position} at {at} s")
    }
}

/// The delivery that an entry reports, if it reports one.
fn delivery(entry: &Entry<Command, Indication>) -> Option<(Saying, Command)> {
    let Event::Indicated { indication: Indication::Delivered { position, op, command }, .. } =
        entry.event
    else {
        return None;
    };
    let (node, at) = (entry.node, entry.at);
    Some((Saying { node, at, op, position, verb: "delivered" }, command))
}

/// The acknowledgement that an entry reports, if it reports one.
fn acknowledgement(entry: &Entry<Command, Indication>) -> Option<Saying> {
    let Event::Indicated { answers, indication: Indication::Acknowledged { position } } =
        entry.event
    else {
        return None;
    };
    let (node, at) = (entry.node, entry.at);
    Some(Saying { node, at, op: answers?, position, verb: "acknowledged" })
}

/// Judges [`AGREEMENT`].
#[derive(Default)]
pub(super) struct Agreement {
    /// The first delivery at each position.
    first: Vec<Option<(Saying, Command)>>,
}

impl Checker<Command, Indication> for Agreement {
    fn observe(&mut self, entry: &Entry<Command, Indication>) -> Option<Witness> {
        let (saying, command) = delivery(entry)?;
        let first = place(&mut self.first, saying.position as usize);
        let (earlier, agreed) = first.get_or_insert((saying, command));
        if (earlier.op, *agreed) == (saying.op, command) {
            return None;
        }
        Some(format!("{saying} ({command:?}), {earlier} ({agreed:?})"))
    }
}

/// Judges [`PREFIX_AGREEMENT`].
#[derive(Default)]
pub(super) struct PrefixAgreement {
    /// The last position that each node delivered in this life.
    last: Vec<u64>,
}

impl Checker<Command, Indication> for PrefixAgreement {
    fn observe(&mut self, entry: &Entry<Command, Indication>) -> Option<Witness> {
        if matches!(entry.event, Event::Booted) {
            *place(&mut self.last, entry.node.index()) = 0;
        }
        let (saying, _) = delivery(entry)?;
        let before = std::mem::replace(place(&mut self.last, entry.node.index()), saying.position);
        (saying.position != before + 1)
            .then(|| format!("{saying}, and position {before} was its last in this life"))
    }
}

/// Judges [`VALIDITY`].
#[derive(Default)]
pub(super) struct Validity {
    requested: PerOp<Command>,
}

impl Checker<Command, Indication> for Validity {
    fn observe(&mut self, entry: &Entry<Command, Indication>) -> Option<Witness> {
        // What no node heard, no node can deliver.
        if let Event::Requested { op, request, reached: true } = entry.event {
            self.requested.slot(op).get_or_insert(request);
            return None;
        }
        let (saying, command) = delivery(entry)?;
        match self.requested.get(saying.op) {
            Some(requested) if *requested == command => None,
            Some(requested) => Some(format!(
                "{saying} with {command:?}, and its client had asked for {requested:?}"
            )),
            None => Some(format!("{saying}, and nobody had requested it")),
        }
    }
}

/// Judges [`EXACTLY_ONCE`].
#[derive(Default)]
pub(super) struct ExactlyOnce {
    /// What each node delivered in this life.
    nodes: Vec<PerOp<(u64, Time)>>,
}

impl Checker<Command, Indication> for ExactlyOnce {
    fn observe(&mut self, entry: &Entry<Command, Indication>) -> Option<Witness> {
        if matches!(entry.event, Event::Booted) {
            place(&mut self.nodes, entry.node.index()).forget_all();
        }
        let (saying, _) = delivery(entry)?;
        let delivered = place(&mut self.nodes, entry.node.index());
        let (position, at) = delivered.slot(saying.op).replace((saying.position, saying.at))?;
        let earlier = Saying { position, at, ..saying };
        Some(format!("{saying}, {earlier}"))
    }
}

/// Judges [`DURABILITY`]: acknowledgements and deliveries must tell one story, both by position
/// and by operation.
#[derive(Default)]
pub(super) struct Durability {
    /// The first delivery at each position.
    delivered: Vec<Option<Saying>>,
    /// The first delivery of each operation.
    placed: PerOp<Saying>,
    /// The first acknowledgement of each position.
    acknowledged: Vec<Option<Saying>>,
    /// The first acknowledgement of each operation.
    answered: PerOp<Saying>,
}

impl Checker<Command, Indication> for Durability {
    fn observe(&mut self, entry: &Entry<Command, Indication>) -> Option<Witness> {
        let contradiction = if let Some((saying, _)) = delivery(entry) {
            let at = saying.position as usize;
            place(&mut self.delivered, at).get_or_insert(saying);
            self.placed.slot(saying.op).get_or_insert(saying);
            let here = self.acknowledged.get(at).copied().flatten();
            let there = self.answered.get(saying.op).copied();
            (saying, here, there)
        } else {
            let saying = acknowledgement(entry)?;
            let at = saying.position as usize;
            let here = *place(&mut self.acknowledged, at).get_or_insert(saying);
            let answered = *self.answered.slot(saying.op).get_or_insert(saying);
            let placed = self.placed.get(saying.op).copied();
            let elsewhere = placed.filter(|placed| placed.position != saying.position);
            let delivered = self.delivered.get(at).copied().flatten();
            (saying, delivered.or(Some(here)), elsewhere.or(Some(answered)))
        };
        let (saying, here, there) = contradiction;
        let other = here
            .filter(|other| other.op != saying.op)
            .or_else(|| there.filter(|other| other.position != saying.position))?;
        Some(format!("{saying}, {other}"))
    }
}

#[cfg(test)]
mod tests {
    use sim_core::checker::End;
    use sim_core::id::{ClientId, NodeSet};

    use super::super::super::bench::{Bench, Found, end};
    use super::super::*;
    use super::*;

    const fn op(client: u32, sequence: u32) -> OpId {
        OpId { client: ClientId(client), sequence }
    }

    /// The command that the client gave to the operation.
    fn command(op: OpId) -> Command {
        Command(u64::from(op.client.0) << 32 | u64::from(op.sequence))
    }

    fn requested(op: OpId) -> Event<Command, Indication> {
        Event::Requested { op, request: command(op), reached: true }
    }

    fn delivered(position: u64, op: OpId) -> Event<Command, Indication> {
        let command = command(op);
        Event::Indicated {
            answers: None,
            indication: Indication::Delivered { position, op, command },
        }
    }

    fn acknowledged(position: u64, op: OpId) -> Event<Command, Indication> {
        Event::Indicated { answers: Some(op), indication: Indication::Acknowledged { position } }
    }

    /// What the judges say of a history, an event each second; nodes boot at need.
    fn judge(history: &[(u32, Event<Command, Indication>)], end: &End) -> Found {
        let history = history.iter().cloned();
        Bench::<Log>::after(history.map(|(node, event)| (node, 0, event))).conclude(end)
    }

    #[track_caller]
    fn rejects(history: &[(u32, Event<Command, Indication>)], expected: &[(&str, &str)]) {
        let found = judge(history, &end(0, None, &[]));
        let found: Vec<_> = found.iter().map(|(name, witness)| (*name, witness.as_str())).collect();
        assert_eq!(found, expected);
    }

    const A: OpId = op(0, 0);
    const B: OpId = op(1, 5);

    #[test]
    fn a_history_of_three_nodes_with_a_retry_and_a_reboot_is_accepted() {
        let history = [
            (0, requested(A)),
            (1, requested(B)),
            (2, requested(A)),
            (0, delivered(1, B)),
            (0, acknowledged(1, B)),
            (1, delivered(1, B)),
            (0, delivered(2, A)),
            (2, acknowledged(2, A)),
            (0, Event::Crashed),
            (0, Event::Booted),
            (0, delivered(1, B)),
            (0, delivered(2, A)),
            (0, acknowledged(2, A)),
        ];
        assert_eq!(judge(&history, &end(1_000, Some(0), &[0, 1, 2])), []);
    }

    #[test]
    fn two_operations_at_one_position_break_agreement_across_nodes_and_lives() {
        for (second, events) in [(1, vec![]), (0, vec![(0, Event::Crashed), (0, Event::Booted)])] {
            let mut history = vec![(0, requested(A)), (0, requested(B)), (0, delivered(1, A))];
            history.extend(events);
            history.push((second, delivered(1, B)));
            let found = judge(&history, &end(0, None, &[]));
            let at = history.len() - 1;
            let witness = format!(
                "n{second} delivered c1.5 at position 1 at {at} s (Command(4294967301)), \
                 n0 delivered c0.0 at position 1 at 2 s (Command(0))"
            );
            assert_eq!(found, [(AGREEMENT, witness)]);
        }
    }

    #[test]
    fn a_gap_and_a_repeat_break_prefix_agreement() {
        rejects(
            &[(0, requested(A)), (0, delivered(2, A))],
            &[(
                PREFIX_AGREEMENT,
                "n0 delivered c0.0 at position 2 at 1 s, and position 0 was its last in this life",
            )],
        );
        let repeat = [(0, requested(A)), (0, delivered(1, A)), (0, delivered(1, A))];
        let found = judge(&repeat, &end(0, None, &[]));
        assert!(found.iter().any(|(name, _)| *name == PREFIX_AGREEMENT), "{found:?}");
    }

    #[test]
    fn what_nobody_requested_breaks_validity() {
        rejects(
            &[(0, delivered(1, A))],
            &[(VALIDITY, "n0 delivered c0.0 at position 1 at 0 s, and nobody had requested it")],
        );
        let other = Event::Requested { op: A, request: Command(9), reached: true };
        rejects(
            &[(1, other), (0, delivered(1, A))],
            &[(
                VALIDITY,
                "n0 delivered c0.0 at position 1 at 1 s with Command(0), \
                 and its client had asked for Command(9)",
            )],
        );
    }

    #[test]
    fn a_second_delivery_in_one_life_breaks_exactly_once() {
        rejects(
            &[(0, requested(A)), (0, delivered(1, A)), (0, delivered(2, A))],
            &[(
                EXACTLY_ONCE,
                "n0 delivered c0.0 at position 2 at 2 s, n0 delivered c0.0 at position 1 at 1 s",
            )],
        );
    }

    #[test]
    fn a_delivery_against_an_acknowledgement_breaks_durability_in_either_order() {
        rejects(
            &[(0, requested(A)), (0, requested(B)), (0, acknowledged(1, A)), (1, delivered(1, B))],
            &[(
                DURABILITY,
                "n1 delivered c1.5 at position 1 at 3 s, n0 acknowledged c0.0 at position 1 at 2 s",
            )],
        );
        rejects(
            &[(0, requested(A)), (0, requested(B)), (1, delivered(1, B)), (0, acknowledged(1, A))],
            &[(
                DURABILITY,
                "n0 acknowledged c0.0 at position 1 at 3 s, n1 delivered c1.5 at position 1 at 2 s",
            )],
        );
    }

    #[test]
    fn an_operation_acknowledged_at_two_positions_or_with_another_breaks_durability() {
        let moved =
            "n1 acknowledged c0.0 at position 2 at 2 s, n0 acknowledged c0.0 at position 1 at 1 s";
        rejects(
            &[(0, requested(A)), (0, acknowledged(1, A)), (1, acknowledged(2, A))],
            &[(DURABILITY, moved)],
        );
        let shared =
            "n1 acknowledged c1.5 at position 1 at 3 s, n0 acknowledged c0.0 at position 1 at 2 s";
        rejects(
            &[
                (0, requested(A)),
                (0, requested(B)),
                (0, acknowledged(1, A)),
                (1, acknowledged(1, B)),
            ],
            &[(DURABILITY, shared)],
        );
    }

    #[test]
    fn only_what_is_overdue_at_the_core_breaks_termination() {
        let history =
            [(0, requested(A)), (1, requested(A)), (1, requested(B)), (1, acknowledged(1, B))];
        let witness = "c0.0, first requested at 0 s and last at n1, was never acknowledged until \
                       30 s (operations overdue: 1)";
        let found = judge(&history, &end(30, Some(20), &[1]));
        assert_eq!(found, [(TERMINATION, witness.to_owned())]);
        for lenient in [end(29, Some(20), &[1]), end(30, None, &[1]), end(30, Some(20), &[0, 2])] {
            assert_eq!(judge(&history, &lenient), []);
        }
    }

    #[test]
    fn who_goes_on_is_late_and_who_passes_an_operation_over_owes_it() {
        let asked = |sequence| (1, requested(op(1, sequence)));
        let done = |sequence| (1, acknowledged(u64::from(sequence) + 1, op(1, sequence)));
        let last_answer = |at: usize, sequence| {
            let mut history = vec![asked(0), asked(1), asked(2)];
            history.resize(at, (2, Event::Booted));
            history.push(done(sequence));
            judge(&history, &end(30, Some(0), &[1]))
        };
        // Patience is 10 s: the last answer came at 21 s, then at 20 s.
        assert_eq!(last_answer(21, 0), []);
        assert_eq!(last_answer(20, 0).len(), 1);
        // What was asked for 10 s after the others was answered in their place.
        let passed_over = |later: usize| {
            let mut history = vec![asked(0)];
            history.resize(later, (2, Event::Booted));
            history.push(asked(1));
            history.resize(25, (2, Event::Booted));
            history.push(done(1));
            judge(&history, &end(30, Some(0), &[1]))
        };
        assert_eq!(passed_over(9), []);
        assert_eq!(passed_over(10).len(), 1);
    }

    #[test]
    fn a_run_is_settled_when_every_request_was_acknowledged() {
        let mut checker = Termination::<Log>::default();
        let mut see = |event| {
            let entry = Entry { at: Time::ZERO, node: NodeId(0), incarnation: 0, event };
            assert_eq!(checker.observe(&entry), None);
            checker.is_settled(&NodeSet::EMPTY)
        };
        let seen =
            [requested(A), requested(A), acknowledged(1, A), acknowledged(1, A), requested(B)];
        assert_eq!(seen.map(&mut see), [false, false, true, true, false]);
    }

    #[test]
    fn only_what_is_promised_is_judged() {
        let some = Promise(vec![AGREEMENT, TERMINATION]);
        let names: Vec<_> =
            Log::properties(Cluster { n: 1 }, &some).iter().map(|property| property.name).collect();
        assert_eq!(names, [AGREEMENT, TERMINATION]);
    }
}
