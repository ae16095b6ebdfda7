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

    /// Looks at a new decision, and whether all reports of later rounds are for the earliest one.
    fn carries_over(&mut self, decision: Option<(u64, NodeId, Choice)>) -> Option<String> {
        if let Some(new) = decision
            && self.decided.is_none_or(|(earliest, ..)| new.0 < earliest)
        {
            self.decided = Some(new);
        }
        let (round, decider, choice) = self.decided?;
        let mut later = self.reports.range((round + 1, NodeId(0))..);
        let ((later, node), report) = later.find(|(_, report)| **report != choice)?;
        Some(format!(
            "{decider} decided {choice} in round {round}, and {node} goes into round {later} \
             with {report}"
        ))
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
        }
        let decision = state.concluded.map(|(round, choice)| (round, node, choice));
        let witness = self.carries_over(decision)?;
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

    /// What the referee says of nodes that say these things in these rounds, and of the decisions
    /// that come last.
    fn judge(words: &[(u32, u64, Word)], decisions: &[(u64, Choice)]) -> Option<&'static str> {
        let mut referee = Referee::default();
        for (node, round, word) in words {
            let (node, mut heard) = (NodeId(*node), Heard::default());
            match word {
                Report(choice) => heard.report(node, *choice),
                Proposal(choice) => heard.propose(node, *choice),
            }
            if referee.one_word(node, *round, &heard).is_some() {
                return Some(ONE_WORD);
            }
            if referee.proposal_agreement(node, *round, &heard).is_some() {
                return Some(PROPOSAL_AGREEMENT);
            }
        }
        let decisions = decisions.iter().map(|(round, choice)| Some((*round, NodeId(9), *choice)));
        let mut decisions: Vec<_> = decisions.collect();
        decisions.push(None);
        let witness = decisions.into_iter().find_map(|decision| referee.carries_over(decision));
        witness.map(|_| DECISION_CARRIES_OVER)
    }

    #[test]
    fn a_node_says_one_thing_in_each_phase() {
        assert_eq!(judge(&[(0, 1, Report(A)), (0, 1, Report(B))], &[]), Some(ONE_WORD));
        assert_eq!(
            judge(&[(0, 1, Proposal(None)), (0, 1, Proposal(Some(A)))], &[]),
            Some(ONE_WORD)
        );
        let good =
            [(0, 1, Report(A)), (0, 1, Proposal(None)), (0, 2, Report(B)), (1, 1, Report(B))];
        assert_eq!(judge(&good, &[]), None);
    }

    #[test]
    fn two_nodes_propose_the_same_or_nothing() {
        let with =
            |choice, round| judge(&[(0, 1, Proposal(Some(A))), (1, round, Proposal(choice))], &[]);
        assert_eq!(with(Some(B), 1), Some(PROPOSAL_AGREEMENT));
        assert_eq!(with(Some(B), 2), None);
        assert_eq!(with(Some(A), 1), None);
        assert_eq!(with(None, 1), None);
    }

    #[test]
    fn nobody_leaves_a_decision_behind() {
        let after = |round, choice, decisions: &[(u64, Choice)]| {
            judge(&[(0, round, Report(choice))], decisions)
        };
        assert_eq!(after(2, B, &[(1, A)]), Some(DECISION_CARRIES_OVER));
        assert_eq!(after(7, B, &[(1, A)]), Some(DECISION_CARRIES_OVER));
        assert_eq!(after(2, A, &[(1, A)]), None);
        assert_eq!(after(1, B, &[(1, A)]), None);
        // The earliest decision is the one that binds.
        assert_eq!(after(2, B, &[(2, A)]), None);
        assert_eq!(after(2, B, &[(2, A), (1, A)]), Some(DECISION_CARRIES_OVER));
    }
}
