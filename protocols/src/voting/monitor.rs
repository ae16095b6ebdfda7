//! The scrutineer: watches every agent's count from inside.
//!
//! A decision can be right by luck. These invariants say how it must have come about, so they
//! break earlier and in more runs than agreement does.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use sim_core::checker::{Monitor, Violation};
use sim_core::id::{Cluster, Incarnation, NodeId};

use super::config::Needs;
use super::{Basis, Config, Electorate, Settled, Tie, Voting};
use crate::election::Kind;
use crate::problem::decision::Choice;

/// Every counted ballot is of another voter, and there are no more of them than voters.
pub const ONE_VOTER_ONE_VOTE: &str = "one_voter_one_vote";
/// What was decided by counting had its quorum, out of all who may vote (where a majority of the
/// reachable is the rule: had that).
pub const QUORUM_OF_ELECTORATE: &str = "quorum_of_electorate";

/// The white-box judge of voting.
#[derive(Clone, Debug)]
pub struct Scrutineer {
    config: Config,
    cluster: Cluster,
    needs: Needs,
    /// The last life in which each agent was seen with an outcome, and the outcome.
    outcomes: BTreeMap<NodeId, (Incarnation, Option<Choice>)>,
}

impl Scrutineer {
    pub(super) fn new(config: Config, cluster: Cluster) -> Self {
        let needs = config.needs(cluster);
        Self { config, cluster, needs, outcomes: BTreeMap::new() }
    }

    /// Why `choice` may not have been decided on this count, if it may not.
    fn protest(&self, state: &Voting, choice: Choice) -> Option<String> {
        match &self.config.rule {
            Some(rule) => self.protest_by_rule(rule, state, choice),
            None => self.protest_by_quorum(state, choice),
        }
    }

    /// The rule must find the choice on the ballots that were counted, and on all that are out too.
    fn protest_by_rule(&self, rule: &Kind, state: &Voting, choice: Choice) -> Option<String> {
        let standing = state.tally.standing(&self.config, self.cluster);
        let of_reachable = self.config.electorate == Electorate::Reachable;
        let is_right = standing.is_some_and(|standing| {
            standing.decided == Some(choice) && (standing.is_settled || of_reachable)
        });
        let (ballots, n) = (state.tally.ballots(), self.cluster.n);
        (!is_right).then(|| {
            format!("decided {choice} on {ballots} ballots of {n}, which {rule} does not settle so")
        })
    }

    fn protest_by_quorum(&self, state: &Voting, choice: Choice) -> Option<String> {
        let (tally, n) = (&state.tally, self.cluster.n);
        let votes = tally.votes(choice);
        let choices = || (0..choice.of()).map(|index| Choice::new(index, choice.of()));
        let first_leader = choices().max_by_key(|one| (tally.votes(*one), Reverse(*one)));
        let is_tied = choices().any(|rival| rival != choice && tally.votes(rival) == votes);
        let may_win_a_tie = self.config.tie == Tie::First && tally.voters() == n;
        let won_a_tie = may_win_a_tie && is_tied && first_leader == Some(choice);
        let of_reachable = self.config.electorate == Electorate::Reachable;
        let won_here = of_reachable && 2 * votes > tally.ballots();
        (!tally.suffices(choice, &self.needs) && !won_a_tie && !won_here).then(|| {
            let rule = &self.config.quorum;
            format!("decided {choice} on {votes} ballots of {n}, which is not {rule}")
        })
    }

    /// What is wrong with how the agent came to its outcome.
    fn examine(
        &mut self,
        node: NodeId,
        incarnation: Incarnation,
        state: &Voting,
        outcome: Settled,
    ) -> Option<String> {
        let Settled { decided, basis } = outcome;
        let before = self.outcomes.insert(node, (incarnation, decided));
        match basis {
            Basis::Count => decided.and_then(|choice| self.protest(state, choice)),
            Basis::Announcement => {
                self.config.counts(node).then(|| "took another's word, but counts itself".into())
            }
            // Only the life just before is sure to have written what this one read.
            Basis::Disk => before
                .filter(|(life, earlier)| life + 1 == incarnation && *earlier != decided)
                .map(|(_, earlier)| format!("came back with {decided:?} after {earlier:?}")),
        }
    }
}

impl Monitor<Voting> for Scrutineer {
    const INVARIANTS: &'static [&'static str] = &[ONE_VOTER_ONE_VOTE, QUORUM_OF_ELECTORATE];

    fn observe(
        &mut self,
        node: NodeId,
        incarnation: Incarnation,
        state: &Voting,
    ) -> Option<Violation> {
        let (ballots, voters) = (state.tally.ballots(), state.tally.voters());
        if ballots != voters || ballots > self.cluster.n {
            let n = self.cluster.n;
            return Some(Violation {
                property: ONE_VOTER_ONE_VOTE,
                witness: format!("{node} counted {ballots} ballots of {voters} voters out of {n}"),
            });
        }
        let protest = self.examine(node, incarnation, state, state.outcome?)?;
        Some(Violation { property: QUORUM_OF_ELECTORATE, witness: format!("{node} {protest}") })
    }
}

#[cfg(test)]
mod tests {
    use sim_core::tabletop::Tabletop;

    use super::super::Form;
    use super::*;
    use crate::quorum::Rule;

    const A: Choice = Choice::new(0, 3);
    const B: Choice = Choice::new(1, 3);
    const C: Choice = Choice::new(2, 3);

    const fn settled(decided: Option<Choice>, basis: Basis) -> Settled {
        Settled { decided, basis }
    }

    /// A fresh agent of three with these ballots of n0, n1, … and this outcome.
    fn agent(ballots: &[Choice], outcome: Settled) -> Voting {
        let mut agent = Tabletop::<Voting>::new(3, Config::default()).state(0).clone();
        for (voter, choice) in (0..).zip(ballots) {
            agent.tally.count(NodeId(voter), *choice);
        }
        agent.outcome = Some(outcome);
        agent
    }

    /// What the scrutineer of three agents says of states of n0, one in each life.
    fn judge(config: Config, lives: &[Voting]) -> Option<Violation> {
        let mut scrutineer = Scrutineer::new(config, Cluster { n: 3 });
        let mut lives = (0..).zip(lives);
        lives.find_map(|(incarnation, state)| scrutineer.observe(NodeId(0), incarnation, state))
    }

    #[test]
    fn nobody_is_counted_twice() {
        let mut state = agent(&[A], settled(None, Basis::Count));
        state.tally.count(NodeId(0), A);
        let violation = judge(Config::default(), &[state]).unwrap();
        assert_eq!(violation.property, ONE_VOTER_ONE_VOTE);
        assert_eq!(violation.witness, "n0 counted 2 ballots of 1 voters out of 3");
    }

    #[test]
    fn a_decision_has_its_quorum_or_its_tie() {
        for (tie, ballots, decided, is_right) in [
            (Tie::Undecided, &[A, A][..], Some(A), true),
            (Tie::Undecided, &[A, B], Some(A), false),
            (Tie::Undecided, &[A, A], Some(B), false),
            (Tie::Undecided, &[C, B, A], Some(A), false),
            (Tie::Undecided, &[A], None, true),
            (Tie::First, &[C, B, A], Some(A), true),
            (Tie::First, &[C, B, A], Some(B), false),
            (Tie::First, &[B, A], Some(A), false),
        ] {
            let config = Config { tie, ..Config::default() };
            let violation = judge(config, &[agent(ballots, settled(decided, Basis::Count))]);
            let case = format!("{tie:?}, {ballots:?}, {decided:?}: {violation:?}");
            assert_eq!(violation.is_none(), is_right, "{case}");
            let property = violation.map_or(QUORUM_OF_ELECTORATE, |violation| violation.property);
            assert_eq!(property, QUORUM_OF_ELECTORATE);
        }
    }

    #[test]
    fn a_lone_plurality_of_all_is_no_tie() {
        let config = Config { quorum: Rule::Count(3), tie: Tie::First, ..Config::default() };
        let state = agent(&[A, A, B], settled(Some(A), Basis::Count));
        assert!(judge(config, &[state]).is_some());
    }

    #[test]
    fn who_counts_takes_nobodys_word() {
        let state = agent(&[], settled(Some(A), Basis::Announcement));
        let counted_by_n1 = Config { form: Form::Collector, collector: 1, ..Config::default() };
        assert_eq!(judge(counted_by_n1, std::slice::from_ref(&state)), None);
        assert!(judge(Config::default(), &[state]).is_some());
    }

    #[test]
    fn an_outcome_comes_back_from_the_disk_as_it_was() {
        let counted = agent(&[A, A], settled(Some(A), Basis::Count));
        let back = |decided| agent(&[], settled(decided, Basis::Disk));
        let config = Config::default;
        assert_eq!(judge(config(), &[counted.clone(), back(Some(A))]), None);
        assert!(judge(config(), &[counted.clone(), back(None)]).is_some());
        assert!(judge(config(), &[counted, back(Some(B))]).is_some());
        assert_eq!(judge(config(), &[back(Some(B))]), None);
    }
}
