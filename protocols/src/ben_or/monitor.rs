//! The referee: watches from inside what every node says in every round.
//!
//! These are the lemmas of the proof. A run in which one fails may still end in agreement, by luck
//! of the coin; so they break earlier, and in more runs, than agreement does.

use std::collections::BTreeMap;

use sim_core::checker::{Monitor, Violation};
use sim_core::id::{Incarnation, NodeId};

use super::BenOr;
use super::round::Heard;
use crate::problem::decision::Choice;

/// A correct node says one thing in each phase of a round, in all its lives.
pub const ONE_WORD: &str = "one_word";
/// No two correct nodes propose different choices in one round.
pub const PROPOSAL_AGREEMENT: &str = "proposal_agreement";
/// After a correct node decided in a round, all correct nodes go into the later ones with what it
/// decided.
pub const DECISION_CARRIES_OVER: &str = "decision_carries_over";

/// The white-box judge of Ben-Or's protocols. It believes what a node heard itself say: that is
/// durable, and the others may have heard it too.
#[derive(Clone, Debug, Default)]
pub struct Referee {
    reports: BTreeMap<(u64, NodeId), Choice>,
    proposals: BTreeMap<(u64, NodeId), Option<Choice>>,
    /// The first of each round who proposed a choice.
    proposed: BTreeMap<u64, (NodeId, Choice)>,
    /// Who decided in the earliest round, and what.
    decided: Option<(u64, NodeId, Choice)>,
}

impl Referee {
    fn one_word(&mut self, node: NodeId, round: u64, heard: &Heard) -> Option<String> {
        if let Some(report) = heard.reports.get(&node) {
            let before = self.reports.entry((round, node)).or_insert(*report);
            if before != report {
                return Some(format!("{node} reports {before} and {report} in round {round}"));
            }
        }
        let proposal = heard.proposals.get(&node)?;
        let before = self.proposals.entry((round, node)).or_insert(*proposal);
        (before != proposal)
            .then(|| format!("{node} proposes {before:?} and {proposal:?} in round {round}"))
    }

    fn proposal_agreement(&mut self, node: NodeId, round: u64, heard: &Heard) -> Option<String> {
        let choice = (*heard.proposals.get(&node)?)?;
        let (first, settled) = *self.proposed.entry(round).or_insert((node, choice));
        (settled != choice)
            .then(|| format!("{first} proposes {settled} and {node} {choice} in round {round}"))
    }

    /// Whether the node's report is for what was decided before.
    fn carries_over(&self, node: NodeId, round: u64, heard: &Heard) -> Option<String> {
        let (earliest, decider, choice) =
            self.decided.filter(|(earliest, ..)| *earliest < round)?;
        let report = *heard.reports.get(&node).filter(|report| **report != choice)?;
        Some(Self::left_behind((earliest, decider, choice), (round, node, report)))
    }

    /// Whether all reports of later rounds that were seen are for what is now decided.
    fn binds(&mut self, node: NodeId, decision: (u64, Choice)) -> Option<String> {
        let (round, choice) = decision;
        if self.decided.is_some_and(|(earliest, ..)| earliest <= round) {
            return None;
        }
        self.decided = Some((round, node, choice));
        let mut later = self.reports.range((round + 1, NodeId(0))..);
        let ((later, odd), report) = later.find(|(_, report)| **report != choice)?;
        Some(Self::left_behind((round, node, choice), (*later, *odd, *report)))
    }

    fn left_behind(decision: (u64, NodeId, Choice), report: (u64, NodeId, Choice)) -> String {
        let (round, decider, choice) = decision;
        let (later, node, report) = report;
        format!(
            "{decider} decided {choice} in round {round}, and {node} goes into round {later} \
             with {report}"
        )
    }
}

impl Monitor<BenOr> for Referee {
    const INVARIANTS: &'static [&'static str] =
        &[ONE_WORD, PROPOSAL_AGREEMENT, DECISION_CARRIES_OVER];

    fn observe(&mut self, node: NodeId, _: Incarnation, state: &BenOr) -> Option<Violation> {
        // Its word of a round may end the round at once; so the one before counts too.
        for (round, heard) in state.heard.range(state.round.saturating_sub(1)..=state.round) {
            if let Some(witness) = self.one_word(node, *round, heard) {
                return Some(Violation { property: ONE_WORD, witness });
            }
            if let Some(witness) = self.proposal_agreement(node, *round, heard) {
                return Some(Violation { property: PROPOSAL_AGREEMENT, witness });
            }
            if let Some(witness) = self.carries_over(node, *round, heard) {
                return Some(Violation { property: DECISION_CARRIES_OVER, witness });
            }
        }
        let witness = self.binds(node, state.concluded?)?;
        Some(Violation { property: DECISION_CARRIES_OVER, witness })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Choice = Choice::new(0, 2);
    const B: Choice = Choice::new(1, 2);

    /// What a node says in a round.
    #[derive(Clone, Copy)]
    enum Word {
        Report(Choice),
        Proposal(Option<Choice>),
    }
    use Word::{Proposal, Report};

    /// What the referee says of a node that says this in a round.
    fn hear(referee: &mut Referee, node: u32, round: u64, word: Word) -> Option<&'static str> {
        let (node, mut heard) = (NodeId(node), Heard::default());
        match word {
            Report(choice) => heard.report(node, choice),
            Proposal(choice) => heard.propose(node, choice),
        }
        if referee.one_word(node, round, &heard).is_some() {
            Some(ONE_WORD)
        } else if referee.proposal_agreement(node, round, &heard).is_some() {
            Some(PROPOSAL_AGREEMENT)
        } else {
            referee.carries_over(node, round, &heard).map(|_| DECISION_CARRIES_OVER)
        }
    }

    /// What the referee says of nodes that say these things in these rounds.
    fn judge(words: &[(u32, u64, Word)]) -> Option<&'static str> {
        let mut referee = Referee::default();
        words.iter().find_map(|(node, round, word)| hear(&mut referee, *node, *round, *word))
    }

    #[test]
    fn a_node_says_one_thing_in_each_phase() {
        assert_eq!(judge(&[(0, 1, Report(A)), (0, 1, Report(B))]), Some(ONE_WORD));
        assert_eq!(judge(&[(0, 1, Proposal(None)), (0, 1, Proposal(Some(A)))]), Some(ONE_WORD));
        let good =
            [(0, 1, Report(A)), (0, 1, Proposal(None)), (0, 2, Report(B)), (1, 1, Report(B))];
        assert_eq!(judge(&good), None);
    }

    #[test]
    fn two_nodes_propose_the_same_or_nothing() {
        let with =
            |choice, round| judge(&[(0, 1, Proposal(Some(A))), (1, round, Proposal(choice))]);
        assert_eq!(with(Some(B), 1), Some(PROPOSAL_AGREEMENT));
        assert_eq!(with(Some(B), 2), None);
        assert_eq!(with(Some(A), 1), None);
        assert_eq!(with(None, 1), None);
    }

    #[test]
    fn nobody_leaves_a_decision_behind() {
        // Whether the report or the decisions come first makes no difference.
        let after = |round, choice, decisions: &[(u64, Choice)]| {
            let mut late = Referee::default();
            let mut early = Referee::default();
            let report = Report(choice);
            let mut found = [None, hear(&mut early, 0, round, report)];
            for decision in decisions {
                let binds = |referee: &mut Referee| {
                    referee.binds(NodeId(9), *decision).map(|_| DECISION_CARRIES_OVER)
                };
                assert_eq!(binds(&mut late), None, "nobody has reported");
                found[1] = found[1].or(binds(&mut early));
            }
            found[0] = hear(&mut late, 0, round, report);
            assert_eq!(found[0], found[1]);
            found[0]
        };
        assert_eq!(after(2, B, &[(1, A)]), Some(DECISION_CARRIES_OVER));
        assert_eq!(after(7, B, &[(1, A)]), Some(DECISION_CARRIES_OVER));
        assert_eq!(after(2, A, &[(1, A)]), None);
        assert_eq!(after(1, B, &[(1, A)]), None);
        // The earliest decision is the one that binds.
        assert_eq!(after(2, B, &[(2, A)]), None);
        assert_eq!(after(2, B, &[(2, A), (1, A)]), Some(DECISION_CARRIES_OVER));
        assert_eq!(after(2, B, &[(1, A), (2, A)]), Some(DECISION_CARRIES_OVER));
    }
}
