//! Rumours: what one node is told, all are to learn, at little cost and in little time.
//!
//! This is the problem of Demers et al., "Epidemic Algorithms for Replicated Database Maintenance"
//! (PODC 1987): a node is susceptible until it learns a rumour, infective while it spreads it, and
//! removed once it does not any more. A rumour is named by the operation that told it; client `c`
//! sits at node `c mod n`. By default one rumour is told, at n0.

mod gauge;
mod judges;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::checker::{Checker, Class, Property};
use sim_core::gauge::{Curve, Metric};
use sim_core::id::{ClientId, Cluster, OpId};
use sim_core::problem::{self, Answer, Problem, ProblemGauge, Promise};
use sim_core::rng::ChaCha;
use sim_core::workload::Workload;

/// Nobody learns what nobody was told.
pub const VALIDITY: &str = "validity";
/// No life of a node learns a rumour twice, but after it said that it forgot it, or to answer a
/// client that asks again.
pub const INTEGRITY: &str = "integrity";
/// What one node that stays was told or learned, every node that stays learns.
pub const COVERAGE: &str = "coverage";

/// The request: all are to learn this; the operation is the rumour.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Tell;

/// The indication: how the node stands to a rumour from now on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Standing {
    /// It knows it.
    Learned {
        /// The rumour.
        rumour: OpId,
        /// The round in which it learned it, by its own clock.
        round: u32,
    },
    /// It knows it and spreads it no more.
    Removed {
        /// The rumour.
        rumour: OpId,
        /// How many copies it sent.
        copies: u32,
    },
    /// It had to forget it, and may learn it again.
    Forgot {
        /// The rumour.
        rumour: OpId,
    },
}

/// The keys of the load: there are none, because rumours are opaque.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Load {}

/// The problem.
#[derive(Clone, Copy, Debug)]
pub enum Rumour {}

/// A client with something to tell.
struct Gossiper;

impl problem::Client<Rumour> for Gossiper {
    fn next(&mut self, _: &mut ChaCha) -> Tell {
        Tell
    }
}

type Judge = Box<dyn Checker<Tell, Standing>>;

impl Problem for Rumour {
    const NAME: &'static str = "rumour";
    const SUMMARY: &'static str = "what one node is told, all learn";
    const PROPERTIES: &'static [&'static str] = &[VALIDITY, INTEGRITY, COVERAGE];
    type Request = Tell;
    type Indication = Standing;
    type Load = Load;

    fn workload(_: Cluster) -> Workload {
        Workload::once(1)
    }

    fn client(_: &Load, _: Cluster, _: ClientId) -> Box<dyn problem::Client<Self>> {
        Box::new(Gossiper)
    }

    fn answer(_: &Standing) -> Answer {
        Answer::Done
    }

    fn properties(_: Cluster, promise: &Promise) -> Vec<Property<Tell, Standing>> {
        let rests = promise.includes(COVERAGE);
        let judges: [(_, _, Judge); 3] = [
            (VALIDITY, Class::Safety, Box::new(judges::Validity::new(rests))),
            (INTEGRITY, Class::Safety, Box::<judges::Integrity>::default()),
            (COVERAGE, Class::Liveness, Box::<judges::Coverage>::default()),
        ];
        promise.judged_by(judges)
    }

    const METRICS: &'static [Metric] = gauge::METRICS;
    const CURVES: &'static [Curve] = gauge::CURVES;

    fn gauge(_: &Load, cluster: Cluster) -> Option<ProblemGauge<Self>> {
        Some(Box::new(gauge::Epidemic::new(cluster)))
    }
}
