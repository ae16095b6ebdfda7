//! What voting promises under each rule and form, and how many liars the promise survives.
//!
//! Agents end a vote only when no ballot that is out can change the outcome. So whatever part of the
//! same ballots each of them has counted, all who decide decide alike, under every rule: what is
//! left to prove is against liars, whose ballots are not the same for all.

use sim_core::id::Cluster;
use sim_core::problem::Promise;

use super::config::{Config, Electorate, Form, Tie};
use crate::bracha::Config as Broadcast;
use crate::election::{Base, Kind};
use crate::problem::decision::{AGREEMENT, INTEGRITY, TERMINATION, UNANIMITY, VALIDITY};
use crate::quorum::Reading;

/// Whether what wins was somebody's favourite: a compromise may be nobody's.
fn picks_a_favourite(rule: &Kind) -> bool {
    match rule {
        Kind::Majority(_)
        | Kind::Supermajority(..)
        | Kind::Unanimity(_)
        | Kind::Plurality
        | Kind::InstantRunoff => true,
        Kind::Condorcet
        | Kind::Copeland
        | Kind::Minimax
        | Kind::Kemeny
        | Kind::Schulze
        | Kind::RankedPairs
        | Kind::SplitCycle
        | Kind::Nanson
        | Kind::Baldwin
        | Kind::Coombs
        | Kind::Approval
        | Kind::Score(_)
        | Kind::Star(_)
        | Kind::MajorityJudgement(_)
        | Kind::Borda => false,
        Kind::Quorum(_, of) | Kind::Veto(of) => picks_a_favourite(of),
    }
}

/// Whether nothing wins against the common favourite of more than half of the weight: so it is under
/// majorities, run-offs and all methods of pairwise comparison, and not where points are added up
/// or graded: two others may keep it out of a run-off, and others may be graded as high.
fn heeds_a_majority(rule: &Kind) -> bool {
    match rule {
        Kind::Approval
        | Kind::Score(_)
        | Kind::Star(_)
        | Kind::MajorityJudgement(_)
        | Kind::Borda => false,
        Kind::Quorum(_, of) | Kind::Veto(of) => heeds_a_majority(of),
        _ => true,
    }
}

/// The weight of first choices that a winner needs out of that of the whole electorate, where the
/// rule asks for a share of it.
fn needed(rule: &Kind, whole: u64) -> Option<u64> {
    match rule {
        Kind::Majority(Base::Electorate) => Some(whole / 2 + 1),
        Kind::Supermajority(share, Base::Electorate) => {
            let (part, of) = share.lowest_terms();
            let needed = (u128::from(whole) * u128::from(part)).div_ceil(u128::from(of));
            Some(u64::try_from(needed).unwrap_or(u64::MAX))
        }
        Kind::Unanimity(Base::Electorate) => Some(whole),
        Kind::Quorum(_, of) | Kind::Veto(of) => needed(of, whole),
        _ => None,
    }
}

impl Config {
    /// What is promised.
    pub(super) fn promise(&self) -> Promise {
        let rule = self.rule.as_ref();
        let mut promise = vec![AGREEMENT];
        promise.extend(rule.is_none_or(picks_a_favourite).then_some(VALIDITY));
        promise.extend(rule.is_none_or(heeds_a_majority).then_some(UNANIMITY));
        promise.extend([INTEGRITY, TERMINATION]);
        Promise(promise)
    }

    /// How many liars agreement and unanimity survive; 0 where nothing better is proven.
    ///
    /// A collector and who relays ballots are believed, of those who can be heard one may be all, and
    /// where one liar makes a tie for some and not for others, a tie must have no winner.
    pub(super) fn liars_survived(&self, cluster: Cluster) -> u32 {
        if self.electorate == Electorate::Reachable {
            return 0;
        }
        match (self.form, &self.rule) {
            (Form::Collector | Form::Gossip, _) => 0,
            (Form::Reliable, rule) => {
                let of_broadcast = Broadcast::resilience(cluster);
                of_broadcast.min(match rule {
                    // Who is fewer than a third is no majority.
                    None if self.quorum.count(cluster) > Some(cluster.n / 2) => cluster.n,
                    None => self.liars_in_quorums(cluster),
                    Some(rule) => self.liars_below_majority(rule, cluster),
                })
            }
            (Form::AllToAll, Some(rule)) => self.liars_below_overlap(rule, cluster),
            (Form::AllToAll, None) if self.tie == Tie::Undecided => self.liars_in_quorums(cluster),
            (Form::AllToAll, None) => 0,
        }
    }

    /// Two agents that decide differently saw two quorums, and whoever is in both is a liar that told
    /// the two different things: 2q − n agents or more, if q ballots are a quorum. One liar fewer
    /// than are in both is too few, and too few as well to be a quorum of their own.
    fn liars_in_quorums(&self, cluster: Cluster) -> u32 {
        match self.overlap(cluster) {
            // Who is not heard casts no ballot, so no agent need be spared for liveness.
            Some(Ok(overlap)) => overlap.liars(Reading::Dissemination, cluster.n),
            _ => 0,
        }
    }

    /// The same by weight, for rules that ask for a share of the whole electorate; the liars may be
    /// the heaviest, and the confidence of a ballot only makes it lighter. All other rules count
    /// those who vote, and one liar that votes for some and not for others changes that.
    fn liars_below_overlap(&self, rule: &Kind, cluster: Cluster) -> u32 {
        let whole = self.whole(cluster);
        let Some(needed) = needed(rule, whole) else { return 0 };
        self.liars_lighter_than((2 * u128::from(needed)).saturating_sub(whole.into()), cluster)
    }

    /// Where all count the same ballots, they agree under every rule. That liars may not win against
    /// the common favourite of all others is left to see to, where it is promised: they must weigh
    /// less than half, and the others may be hardly sure.
    fn liars_below_majority(&self, rule: &Kind, cluster: Cluster) -> u32 {
        match needed(rule, self.whole(cluster)) {
            _ if !heeds_a_majority(rule) => cluster.n,
            Some(needed) => self.liars_lighter_than(needed.into(), cluster),
            None if self.confidence => 0,
            None => {
                let whole = u128::from(self.whole(cluster));
                self.liars_lighter_than(whole.div_ceil(2), cluster)
            }
        }
    }

    /// How many agents, whichever they are, weigh less together than this.
    fn liars_lighter_than(&self, weight: u128, cluster: Cluster) -> u32 {
        let rights = cluster.nodes().map(|node| self.rights(node, 100).weight);
        let mut heaviest: Vec<u32> = rights.collect();
        heaviest.sort_unstable_by_key(|weight| std::cmp::Reverse(*weight));
        let mut together = 0;
        let light = heaviest.iter().take_while(|weight_of_one| {
            together += u128::from(**weight_of_one);
            together < weight
        });
        light.count() as u32
    }
}
