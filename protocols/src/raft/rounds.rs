//! What a leader knows of who still follows it, and since when: rounds of heartbeats.
//!
//! Each round of heartbeats has a number, and its answers say which round they answer. A round that
//! a majority answered confirms that nobody led a later term when it was sent: reads rest on that
//! (dissertation, 6.4), and for a while after it a lease (6.4.1).

use std::collections::VecDeque;

use sim_core::id::{Cluster, NodeId};
use sim_core::time::{Duration, Time};

use super::message::Round;

/// A leader's rounds. Times are its own monotonic clock's.
#[derive(Clone, Debug, Hash)]
pub struct Rounds {
    latest: Round,
    /// By node: the last round that it answered.
    answered: Vec<Round>,
    /// By node: when it last answered anything.
    heard: Vec<Time>,
    /// The last round that a majority answered.
    confirmed: Round,
    /// When the rounds after that one were sent.
    sent: VecDeque<(Round, Time)>,
    /// When the last confirmed round was sent.
    lease_from: Option<Time>,
}

impl Rounds {
    /// Nothing is known yet, and everybody is given time.
    pub(super) fn new(cluster: Cluster, now: Time) -> Self {
        Self {
            latest: 0,
            answered: vec![0; cluster.n as usize],
            heard: vec![now; cluster.n as usize],
            confirmed: 0,
            sent: VecDeque::new(),
            lease_from: None,
        }
    }

    /// The last round that was sent.
    pub(super) const fn latest(&self) -> Round {
        self.latest
    }

    /// The last round that a majority answered.
    pub(super) const fn confirmed(&self) -> Round {
        self.confirmed
    }

    /// Counts a round whose answers nobody looks at.
    pub(super) const fn count(&mut self) {
        self.latest += 1;
    }

    /// Begins a round whose answers are counted; `me` answers it at once.
    pub(super) fn begin(&mut self, me: NodeId, cluster: Cluster, now: Time) {
        self.latest += 1;
        self.sent.push_back((self.latest, now));
        self.answer(me, self.latest, cluster);
    }

    /// A node was heard of.
    pub(super) fn hear(&mut self, node: NodeId, now: Time) {
        self.heard[node.index()] = now;
    }

    /// A node answers a round, and so all before it; a liar may answer what was never sent.
    pub(super) fn answer(&mut self, node: NodeId, round: Round, cluster: Cluster) {
        let round = round.min(self.latest);
        let answered = &mut self.answered[node.index()];
        *answered = round.max(*answered);
        let enough = |round: Round| {
            let count = self.answered.iter().filter(|answered| **answered >= round).count();
            count >= cluster.majority() as usize
        };
        if round > self.confirmed && enough(round) {
            self.confirmed = round;
            while let Some((_, at)) = self.sent.pop_front_if(|(sent, _)| *sent <= round) {
                self.lease_from = Some(at);
            }
        }
    }

    /// Whether the lease holds that the last confirmed round gave for so long.
    pub(super) fn holds_lease(&self, length: Duration, now: Time) -> bool {
        self.lease_from.is_some_and(|from| now.since(from) < length)
    }

    /// Whether a majority, the leader among it, was heard of in the last `span`.
    pub(super) fn has_quorum(
        &self,
        me: NodeId,
        span: Duration,
        cluster: Cluster,
        now: Time,
    ) -> bool {
        let recent = |(node, at): (NodeId, &Time)| node == me || now.since(*at) < span;
        let recent = cluster.nodes().zip(&self.heard).filter(|heard| recent(*heard)).count();
        recent >= cluster.majority() as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Cluster = Cluster { n: 5 };

    fn at(millis: u64) -> Time {
        Time::ZERO + Duration::from_millis(millis)
    }

    #[test]
    fn a_lease_counts_from_the_sending_of_the_last_round_that_a_majority_answered() {
        let mut rounds = Rounds::new(ALL, at(0));
        let length = Duration::from_millis(100);
        rounds.begin(NodeId(0), ALL, at(10));
        rounds.begin(NodeId(0), ALL, at(60));
        rounds.answer(NodeId(1), 2, ALL);
        assert!(!rounds.holds_lease(length, at(61)), "two of five are no majority");
        rounds.answer(NodeId(2), 1, ALL);
        assert_eq!(rounds.confirmed(), 1);
        assert!(rounds.holds_lease(length, at(109)) && !rounds.holds_lease(length, at(110)));
        rounds.answer(NodeId(3), 9, ALL);
        assert_eq!(rounds.confirmed(), 2, "nobody can answer more than was sent");
        assert!(rounds.holds_lease(length, at(159)) && !rounds.holds_lease(length, at(160)));
    }

    #[test]
    fn who_is_alone_confirms_its_own_rounds() {
        let mut rounds = Rounds::new(Cluster { n: 1 }, at(0));
        rounds.begin(NodeId(0), Cluster { n: 1 }, at(5));
        assert_eq!(rounds.confirmed(), 1);
    }

    #[test]
    fn a_quorum_is_a_majority_that_was_heard_of_lately() {
        let mut rounds = Rounds::new(ALL, at(0));
        let followed = |rounds: &Rounds, now| {
            rounds.has_quorum(NodeId(0), Duration::from_millis(100), ALL, at(now))
        };
        assert!(followed(&rounds, 99) && !followed(&rounds, 100));
        rounds.hear(NodeId(3), at(50));
        assert!(!followed(&rounds, 100));
        rounds.hear(NodeId(4), at(60));
        assert!(followed(&rounds, 149) && !followed(&rounds, 150));
    }
}
