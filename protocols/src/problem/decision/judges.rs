//! The judges of decisions: of one choice, of one that was proposed, of one outcome for each.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use sim_core::checker::{Checker, End, Witness};
use sim_core::history::{Entry, Event};
use sim_core::id::{Cluster, Incarnation, NodeId, NodeSet};
use sim_core::time::Time;

use super::super::operation::Waiting;
use super::{Choice, Conclusion, Propose};

pub(super) type Seen = Entry<Propose, Conclusion>;

/// An outcome as a witness quotes it.
#[derive(Clone, Copy)]
pub(super) struct Sighting {
    node: NodeId,
    at: Time,
    conclusion: Conclusion,
}

impl Sighting {
    pub(super) const fn of(entry: &Seen, conclusion: Conclusion) -> Self {
        Self { node: entry.node, at: entry.at, conclusion }
    }
}

impl fmt::Display for Sighting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { node, at, .. } = self;
        match self.conclusion {
            Conclusion::Decided(choice) => write!(f, "{node} decided {choice} at {at} s"),
            Conclusion::Undecided => write!(f, "{node} ended undecided at {at} s"),
        }
    }
}

/// The decision that an entry shows, if it shows one.
pub(super) fn decision(entry: &Seen) -> Option<(Choice, Sighting)> {
    match entry.event {
        Event::Indicated { indication, .. } => match indication {
            Conclusion::Decided(choice) => Some((choice, Sighting::of(entry, indication))),
            Conclusion::Undecided => None,
        },
        _ => None,
    }
}

/// Keeps the decisions of nodes that are still thought correct; they are all for one choice.
#[derive(Default)]
pub(super) struct Agreement {
    decided: BTreeMap<NodeId, (Choice, Sighting)>,
}

impl Checker<Propose, Conclusion> for Agreement {
    fn observe(&mut self, entry: &Seen) -> Option<Witness> {
        if let Event::Corrupted = entry.event {
            self.decided.remove(&entry.node);
        }
        let (choice, later) = decision(entry)?;
        // Any of them speaks for all: a decision that contradicts them is not kept.
        if let Some((settled, earlier)) = self.decided.values().next()
            && *settled != choice
        {
            return Some(format!("{earlier}, but {later}"));
        }
        self.decided.entry(entry.node).or_insert((choice, later));
        None
    }
}

/// Judges only while nobody is corrupt: a liar may have proposed anything.
#[derive(Default)]
pub(super) struct Validity {
    proposed: BTreeSet<Choice>,
    liars: bool,
}

impl Checker<Propose, Conclusion> for Validity {
    fn observe(&mut self, entry: &Seen) -> Option<Witness> {
        match entry.event {
            // What no node heard, no node can decide.
            Event::Requested { request, reached: true, .. } => {
                self.proposed.insert(request.choice);
            }
            Event::Corrupted => self.liars = true,
            _ => {}
        }
        let (choice, sighting) = decision(entry)?;
        let invented = !self.liars && !self.proposed.contains(&choice);
        let proposed = &self.proposed;
        invented.then(|| format!("{sighting}, but until then only {proposed:?} was proposed"))
    }
}

/// Judges at the end: until then any node may still turn out to be a liar, and its proposal void.
pub(super) struct Unanimity {
    cluster: Cluster,
    asked: NodeSet,
    corrupt: NodeSet,
    proposals: BTreeSet<(NodeId, Choice)>,
    decisions: BTreeMap<(NodeId, Choice), Sighting>,
}

impl Unanimity {
    pub(super) const fn of(cluster: Cluster) -> Self {
        Self {
            cluster,
            asked: NodeSet::EMPTY,
            corrupt: NodeSet::EMPTY,
            proposals: BTreeSet::new(),
            decisions: BTreeMap::new(),
        }
    }
}

impl Checker<Propose, Conclusion> for Unanimity {
    fn observe(&mut self, entry: &Seen) -> Option<Witness> {
        match entry.event {
            Event::Requested { request, .. } => {
                self.asked.insert(entry.node);
                self.proposals.insert((entry.node, request.choice));
            }
            Event::Corrupted => {
                self.corrupt.insert(entry.node);
            }
            _ => {}
        }
        if let Some((choice, sighting)) = decision(entry) {
            let first = self.decisions.entry((entry.node, choice));
            first.or_insert(sighting);
        }
        None
    }

    fn conclude(&mut self, _end: &End) -> Option<Witness> {
        let correct = |node: NodeId| !self.corrupt.contains(node);
        let mut silent = self.cluster.nodes().filter(|node| !self.asked.contains(*node));
        let mut proposals = self.proposals.iter().filter(|(node, _)| correct(*node));
        let (_, common) = proposals.next()?;
        if silent.any(correct) || proposals.any(|(_, choice)| choice != common) {
            return None;
        }
        let mut decisions = self.decisions.iter();
        let (_, odd) = decisions.find(|((node, choice), _)| correct(*node) && choice != common)?;
        Some(format!("{odd}, but every correct node proposed {common}"))
    }
}

/// Allows what a retry or a reboot needs: the outcome may be said again to who asks again, and
/// once more in each life.
#[derive(Default)]
pub(super) struct Integrity {
    waiting: Waiting,
    lives: BTreeMap<NodeId, Life>,
}

struct Life {
    incarnation: Incarnation,
    last: Sighting,
    decision: Option<(Choice, Sighting)>,
}

impl Checker<Propose, Conclusion> for Integrity {
    fn observe(&mut self, entry: &Seen) -> Option<Witness> {
        let (answers, indication) = match entry.event {
            Event::Requested { op, reached, .. } => {
                self.waiting.ask(entry.node, op, reached);
                return None;
            }
            Event::Indicated { answers, indication } => (answers, indication),
            _ => return None,
        };
        let was_asked = self.waiting.answer(entry.node, answers);
        let new = Sighting::of(entry, indication);
        let incarnation = entry.incarnation;
        let Some(life) = self.lives.get_mut(&entry.node) else {
            let life = Life { incarnation, last: new, decision: decision(entry) };
            self.lives.insert(entry.node, life);
            return None;
        };
        let earlier = life.last;
        let same_life = std::mem::replace(&mut life.incarnation, incarnation) == incarnation;
        life.last = new;
        if let Some((choice, _)) = decision(entry) {
            let (kept, before) = *life.decision.get_or_insert((choice, new));
            if kept != choice {
                return Some(format!("{before}, but later {new}"));
            }
        }
        if same_life && earlier.conclusion != indication {
            return Some(format!("{earlier}, but in the same life {new}"));
        }
        (same_life && !was_asked)
            .then(|| format!("{earlier}, and again, without being asked, {new}"))
    }
}

#[cfg(test)]
mod tests {
    use sim_core::id::{ClientId, OpId};
    use sim_core::problem::{Problem as _, Promise};
    use sim_core::time::Duration;

    use super::*;
    use crate::problem::decision::{
        AGREEMENT, Decision, INTEGRITY, Judge, TERMINATION, UNANIMITY, VALIDITY,
    };
    use crate::problem::ending::Termination;

    const A: Choice = Choice::new(0, 2);
    const B: Choice = Choice::new(1, 2);
    const DECIDED_A: Event<Propose, Conclusion> = says(None, Conclusion::Decided(A));
    const DECIDED_B: Event<Propose, Conclusion> = says(None, Conclusion::Decided(B));
    const UNDECIDED: Event<Propose, Conclusion> = says(None, Conclusion::Undecided);

    const fn op(client: u32) -> OpId {
        OpId { client: ClientId(client), sequence: 0 }
    }

    fn asks(client: u32, choice: Choice) -> Event<Propose, Conclusion> {
        Event::Requested { op: op(client), request: Propose::from(choice), reached: true }
    }

    const fn says(answers: Option<OpId>, indication: Conclusion) -> Event<Propose, Conclusion> {
        Event::Indicated { answers, indication }
    }

    const fn answers(client: u32, choice: Choice) -> Event<Propose, Conclusion> {
        says(Some(op(client)), Conclusion::Decided(choice))
    }

    /// Three nodes; each event at `(node, incarnation)`, one millisecond apart from 1 ms on.
    /// Everybody is core, GST is at 5 ms, the run ends at 1 s and the patience is 100 ms.
    fn judge(
        property: &'static str,
        history: &[(u32, Incarnation, Event<Propose, Conclusion>)],
    ) -> Option<Witness> {
        let cluster = Cluster { n: 3 };
        let promise = Promise(vec![property]);
        let mut properties = Decision::properties(cluster, &promise);
        assert_eq!(properties.len(), 1);
        let checker = &mut properties[0].checker;
        let end = End {
            cluster,
            at: Time::from_nanos(1_000_000_000),
            gst: Some(Time::from_nanos(5_000_000)),
            patience: Duration::from_millis(100),
            core: cluster.nodes().collect(),
        };
        let mut at = Time::ZERO;
        for (node, incarnation, event) in history {
            at = at + Duration::from_millis(1);
            let witness = checker.observe(&Entry {
                at,
                node: NodeId(*node),
                incarnation: *incarnation,
                event: event.clone(),
            });
            if witness.is_some() {
                return witness;
            }
        }
        checker.conclude(&end)
    }

    #[test]
    fn agreement_forbids_two_choices_among_correct_nodes() {
        let bad = [(0, 0, DECIDED_A), (1, 0, DECIDED_B)];
        assert_eq!(
            judge(AGREEMENT, &bad).unwrap(),
            "n0 decided A at 0.001 s, but n1 decided B at 0.002 s"
        );
        assert!(judge(AGREEMENT, &[(0, 0, DECIDED_A), (0, 1, DECIDED_B)]).is_some());
        let good = [(0, 0, DECIDED_A), (1, 0, UNDECIDED), (2, 0, DECIDED_A)];
        assert_eq!(judge(AGREEMENT, &good), None);
        let liar = [(0, 0, DECIDED_A), (0, 0, Event::Corrupted), (1, 0, DECIDED_B)];
        assert_eq!(judge(AGREEMENT, &liar), None);
        let others =
            [(0, 0, DECIDED_A), (1, 0, DECIDED_A), (0, 0, Event::Corrupted), (2, 0, DECIDED_B)];
        assert!(judge(AGREEMENT, &others).unwrap().starts_with("n1 decided A"));
    }

    #[test]
    fn validity_forbids_to_decide_what_nobody_proposed() {
        let bad = [(0, 0, asks(0, A)), (1, 0, DECIDED_B)];
        assert_eq!(
            judge(VALIDITY, &bad).unwrap(),
            "n1 decided B at 0.002 s, but until then only {A} was proposed"
        );
        let too_late = [(0, 0, asks(0, A)), (1, 0, DECIDED_B), (2, 0, asks(2, B))];
        assert!(judge(VALIDITY, &too_late).is_some());
        let good = [(0, 0, asks(0, A)), (2, 0, asks(2, B)), (1, 0, DECIDED_B)];
        assert_eq!(judge(VALIDITY, &good), None);
        assert_eq!(judge(VALIDITY, &[(1, 0, UNDECIDED)]), None);
        let liar = [(2, 0, Event::Corrupted), (1, 0, DECIDED_B)];
        assert_eq!(judge(VALIDITY, &liar), None);
    }

    #[test]
    fn unanimity_holds_correct_nodes_to_their_common_proposal() {
        let asked = |third| [(0, 0, asks(0, A)), (1, 0, asks(1, A)), (2, 0, asks(2, third))];
        let odd = [(1, 0, DECIDED_B)];
        assert_eq!(
            judge(UNANIMITY, &[&asked(A)[..], &odd].concat()).unwrap(),
            "n1 decided B at 0.004 s, but every correct node proposed A"
        );
        let liar = [(2, 0, Event::Corrupted)];
        let liar_last = [&asked(B)[..], &odd, &liar].concat();
        assert!(judge(UNANIMITY, &liar_last).is_some());
        let the_liar_itself = [&asked(A)[..], &[(2, 0, DECIDED_B)], &liar].concat();
        assert_eq!(judge(UNANIMITY, &the_liar_itself), None);
        assert_eq!(judge(UNANIMITY, &[&asked(B)[..], &odd].concat()), None);
        assert_eq!(judge(UNANIMITY, &[&asked(A)[..2], &odd].concat()), None);
        assert!(judge(UNANIMITY, &[&asked(A)[..2], &odd, &liar].concat()).is_some());
        let same = [(1, 0, DECIDED_A), (0, 0, UNDECIDED)];
        assert_eq!(judge(UNANIMITY, &[&asked(A)[..], &same].concat()), None);
    }

    #[test]
    fn integrity_forbids_a_second_outcome_and_to_take_a_decision_back() {
        for bad in [
            vec![(0, 0, DECIDED_A), (0, 0, DECIDED_A)],
            vec![(0, 0, UNDECIDED), (0, 0, DECIDED_A)],
            vec![(0, 0, DECIDED_A), (0, 0, UNDECIDED)],
            vec![(0, 0, DECIDED_A), (0, 1, UNDECIDED), (0, 2, DECIDED_B)],
            vec![(0, 0, asks(0, A)), (0, 0, answers(0, A)), (0, 0, answers(0, A))],
            vec![(0, 0, UNDECIDED), (0, 0, asks(0, A)), (0, 0, answers(0, A))],
        ] {
            assert!(judge(INTEGRITY, &bad).is_some(), "{bad:?}");
        }
        assert_eq!(
            judge(INTEGRITY, &[(0, 0, UNDECIDED), (0, 0, DECIDED_A)]).unwrap(),
            "n0 ended undecided at 0.001 s, \
             but in the same life n0 decided A at 0.002 s"
        );
        for good in [
            vec![(0, 0, DECIDED_A), (0, 1, DECIDED_A), (1, 0, DECIDED_B)],
            vec![(0, 0, UNDECIDED), (0, 1, DECIDED_A)],
            vec![(0, 0, DECIDED_A), (0, 0, asks(0, B)), (0, 0, answers(0, A))],
            vec![
                (0, 0, asks(0, A)),
                (0, 0, asks(1, A)),
                (0, 0, answers(0, A)),
                (0, 0, answers(1, A)),
            ],
        ] {
            assert_eq!(judge(INTEGRITY, &good), None, "{good:?}");
        }
    }

    #[test]
    fn termination_wants_an_outcome_of_everybody_who_was_asked() {
        let asked = [(0, 0, asks(0, A)), (1, 0, asks(1, A))];
        assert_eq!(
            judge(TERMINATION, &[&asked[..], &[(1, 0, UNDECIDED)]].concat()).unwrap(),
            "n0 was asked at 0.001 s and has no outcome at 1 s"
        );
        let ended = [(1, 0, UNDECIDED), (0, 0, DECIDED_A)];
        assert_eq!(judge(TERMINATION, &[&asked[..], &ended].concat()), None);
        assert_eq!(judge(TERMINATION, &[(0, 0, DECIDED_A), (0, 0, asks(0, A))]), None);
        assert_eq!(judge(TERMINATION, &[]), None);
    }

    #[test]
    fn termination_waits_for_the_core_and_no_longer_than_is_due() {
        let entry = |node, at, event| Entry {
            at: Time::from_nanos(at),
            node: NodeId(node),
            incarnation: 0,
            event,
        };
        let mut judge: Judge = Box::new(Termination::by(|_| true));
        assert_eq!(judge.observe(&entry(0, 100, asks(0, A))), None);
        let end = |at, core| End {
            cluster: Cluster { n: 4 },
            at: Time::from_nanos(at),
            gst: Some(Time::ZERO),
            patience: Duration::from_nanos(50),
            core: NodeSet::from_iter([NodeId(core)]),
        };
        assert_eq!(judge.conclude(&end(149, 0)), None);
        assert!(judge.conclude(&end(150, 0)).is_some());
        assert_eq!(judge.conclude(&end(150, 1)), None);
        assert!(!judge.is_settled(&end(150, 0).core));
        assert_eq!(judge.observe(&entry(0, 160, UNDECIDED)), None);
        assert!(judge.is_settled(&end(150, 0).core));
        assert!(!judge.is_settled(&end(150, 1).core));
    }

    #[test]
    fn only_what_is_promised_is_judged() {
        let of = |promise| Decision::properties(Cluster { n: 3 }, &Promise(promise));
        let all = of(Decision::PROPERTIES.to_vec());
        let names: Vec<_> = all.iter().map(|property| property.name).collect();
        assert_eq!(names, Decision::PROPERTIES);
        assert!(of(vec![]).is_empty());
    }
}
