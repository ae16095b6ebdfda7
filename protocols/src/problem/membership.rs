//! The problem of membership: every member keeps a view of who is there, who is suspected and who
//! is gone.
//!
//! A member starts (or starts again) under an *incarnation*, and what is believed of it is a
//! status under an incarnation: the scheme of Das, Gupta and Motivala, "SWIM" (DSN 2002), section
//! 4.2, in the form in which beliefs are totally ordered, so that views merge by taking the
//! greater belief. Completeness and accuracy are those of Chandra and Toueg, "Unreliable Failure
//! Detectors for Reliable Distributed Systems" (JACM 43:2, 1996), section 2.

mod gauge;
mod judges;
mod standing;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::checker::{Checker, Class, Property};
use sim_core::gauge::{Curve, Metric};
use sim_core::id::{ClientId, Cluster, NodeId};
use sim_core::landmark::Landmark;
use sim_core::problem::{self, Answer, Problem, ProblemGauge, Promise};
use sim_core::rng::{ChaCha, Random, Ratio};
use sim_core::time::Duration;
use sim_core::workload::{Arrivals, Rate, Workload};

/// What a member believes of another grows: no earlier incarnation, and under the same one never
/// from gone to there.
pub const NO_RESURRECTION: &str = "no_resurrection";
/// A node starts, rejoins and refutes each time under a later incarnation, in all its lives.
pub const RISING_INCARNATION: &str = "rising_incarnation";
/// Nobody who is there is declared dead, not even for a moment. Needs synchrony.
pub const STRONG_ACCURACY: &str = "strong_accuracy";
/// Whoever crashed or left is in the end gone from the view of every member.
pub const COMPLETENESS: &str = "completeness";
/// No correct and connected member is missing for good from the view of another.
pub const ACCURACY: &str = "accuracy";
/// In the end all correct and connected members see the same nodes as present.
pub const VIEWS_AGREE: &str = "views_agree";

/// How a member stands in the view of another. The order is that in which one gives way to
/// another under the same incarnation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Status {
    /// It is there.
    Alive,
    /// It did not answer; it may speak up by a later incarnation.
    Suspect,
    /// It was declared dead.
    Dead,
    /// It said itself that it leaves.
    Left,
}

/// What is believed of a member: the greater belief holds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct Belief {
    /// The incarnation that it is about.
    pub incarnation: u64,
    /// How the member stands.
    pub status: Status,
}

impl Belief {
    /// Alive under this incarnation.
    pub const fn alive(incarnation: u64) -> Self {
        Self { incarnation, status: Status::Alive }
    }

    /// The same incarnation with another status.
    #[must_use]
    pub const fn turned(self, status: Status) -> Self {
        Self { incarnation: self.incarnation, status }
    }

    /// Whether the member counts as present: alive, or only suspected.
    pub const fn is_present(self) -> bool {
        matches!(self.status, Status::Alive | Status::Suspect)
    }

    /// What a node that believed `before` of `member` announces when it comes to believe this: that
    /// it learned of a member, or that it suspects one. Who leaves is not suspected.
    pub fn landmark(self, member: NodeId, before: Option<Self>) -> Option<Landmark> {
        let status = before.map(|before| before.status);
        match (status, self.status) {
            (None | Some(Status::Dead | Status::Left), Status::Alive) => Some(Landmark::Learned),
            (None | Some(Status::Alive | Status::Left), Status::Suspect | Status::Dead) => {
                Some(Landmark::Suspected { node: member })
            }
            _ => None,
        }
    }
}

/// What a client asks of its node.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Request {
    /// How many members are there?
    Count,
    /// Leave the group.
    Leave,
    /// Join the group again.
    Join,
}

/// What a node tells its application.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Indication {
    /// This node is a member from now on.
    Joined {
        /// Under this incarnation.
        incarnation: u64,
        /// How often it looks after others: the protocol period.
        period: Duration,
    },
    /// It was suspected or declared dead, and is there under this later incarnation.
    Refuted {
        /// The new incarnation.
        incarnation: u64,
    },
    /// This node is no member any more, because it was asked to leave.
    Left,
    /// A member did not answer a probe, neither directly nor through others.
    Unanswered {
        /// Which one.
        member: NodeId,
    },
    /// What this node believes of another has changed.
    Changed {
        /// The other.
        member: NodeId,
        /// What is believed now.
        belief: Belief,
    },
    /// So many members are present, this node included.
    Counted(u32),
}

/// The keys of the load.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Load {
    /// The share of requests by which a node leaves, or joins again if it has left, `0%` to `100%`;
    /// the others count the members.
    pub turnover: Ratio,
}

impl Default for Load {
    fn default() -> Self {
        Self { turnover: Ratio::NEVER }
    }
}

/// The problem.
#[derive(Clone, Copy, Debug)]
pub enum Membership {}

/// A client that lets its node leave and join by turns, and counts in between.
struct Turns {
    turnover: Ratio,
    has_left: bool,
}

impl problem::Client<Membership> for Turns {
    fn next(&mut self, rng: &mut ChaCha) -> Request {
        if !rng.chance(self.turnover) {
            return Request::Count;
        }
        self.has_left = !self.has_left;
        if self.has_left { Request::Leave } else { Request::Join }
    }
}

type Judge = Box<dyn Checker<Request, Indication>>;

impl Problem for Membership {
    const NAME: &'static str = "membership";
    const SUMMARY: &'static str = "every member knows who is there and who is gone";
    const PROPERTIES: &'static [&'static str] = &[
        NO_RESURRECTION,
        RISING_INCARNATION,
        STRONG_ACCURACY,
        COMPLETENESS,
        ACCURACY,
        VIEWS_AGREE,
    ];
    const METRICS: &'static [Metric] = gauge::METRICS;
    const CURVES: &'static [Curve] = gauge::CURVES;
    type Request = Request;
    type Indication = Indication;
    type Load = Load;

    fn workload(cluster: Cluster) -> Workload {
        Workload { arrivals: Arrivals::Even, ..Workload::open(cluster.n, Rate::per_second(1)) }
    }

    fn client(load: &Load, _: Cluster, _: ClientId) -> Box<dyn problem::Client<Self>> {
        Box::new(Turns { turnover: load.turnover, has_left: false })
    }

    fn answer(_: &Indication) -> Answer {
        Answer::Done
    }

    fn properties(_: Cluster, promise: &Promise) -> Vec<Property<Request, Indication>> {
        let judges: [(_, _, Judge); 6] = [
            (NO_RESURRECTION, Class::Safety, Box::<judges::NoResurrection>::default()),
            (RISING_INCARNATION, Class::Safety, Box::<judges::RisingIncarnation>::default()),
            (STRONG_ACCURACY, Class::Safety, Box::<judges::StrongAccuracy>::default()),
            (COMPLETENESS, Class::Liveness, Box::<judges::Completeness>::default()),
            (ACCURACY, Class::Liveness, Box::<judges::Accuracy>::default()),
            (VIEWS_AGREE, Class::Liveness, Box::<judges::ViewsAgree>::default()),
        ];
        promise.judged_by(judges)
    }

    fn gauge(_: &Load, cluster: Cluster) -> Option<ProblemGauge<Self>> {
        Some(Box::new(gauge::Views::new(cluster)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_learned_of_when_it_comes_to_be_alive_and_suspected_once() {
        let of = |status| Belief { incarnation: 0, status };
        let landmark = |before: Option<Status>, now| of(now).landmark(NodeId(1), before.map(of));
        let suspected = Some(Landmark::Suspected { node: NodeId(1) });
        for before in [None, Some(Status::Dead), Some(Status::Left)] {
            assert_eq!(landmark(before, Status::Alive), Some(Landmark::Learned), "{before:?}");
        }
        assert_eq!(landmark(Some(Status::Suspect), Status::Alive), None);
        assert_eq!(landmark(Some(Status::Alive), Status::Suspect), suspected);
        assert_eq!(landmark(Some(Status::Suspect), Status::Dead), None);
    }
}
