//! All judges of a problem at once, and its gauge, on histories that a test writes down.

use std::collections::BTreeMap;

use sim_core::checker::{End, Property, Witness};
use sim_core::gauge::Measure;
use sim_core::history::{Entry, Event};
use sim_core::id::{Cluster, Incarnation, NodeId, NodeSet};
use sim_core::problem::{Problem, Promise};
use sim_core::time::{Duration, Time};

/// What judges found, each under the name of its property.
pub(super) type Found = Vec<(&'static str, Witness)>;

/// What happened to a node in one of its lives.
pub(super) type Happening<Pr> =
    (u32, Incarnation, Event<<Pr as Problem>::Request, <Pr as Problem>::Indication>);

const CLUSTER: Cluster = Cluster { n: 5 };

/// So many seconds after the beginning of a history.
pub(super) fn second(at: u64) -> Time {
    Time::ZERO + Duration::from_secs(at)
}

/// The end of a run at this second, with a patience of 10 s after this GST.
pub(super) fn end(at: u64, gst: Option<u64>, core: &[u32]) -> End {
    End {
        cluster: CLUSTER,
        at: second(at),
        gst: gst.map(second),
        patience: Duration::from_secs(10),
        core: core.iter().copied().map(NodeId).collect(),
    }
}

/// A history with an event each second from 0 on.
fn entries<Pr: Problem>(
    history: impl IntoIterator<Item = Happening<Pr>>,
) -> impl Iterator<Item = Entry<Pr::Request, Pr::Indication>> {
    (0..).map(second).zip(history).map(|(at, (node, incarnation, event))| Entry {
        at,
        node: NodeId(node),
        incarnation,
        event,
    })
}

/// What a problem's gauge measures in a history with an event each second from 0 on that ends at
/// this second, under the names of its metrics.
pub(super) fn measured<Pr: Problem>(
    history: impl IntoIterator<Item = Happening<Pr>>,
    end: u64,
) -> BTreeMap<&'static str, Measure> {
    let mut gauge = Pr::gauge(&Pr::Load::default(), CLUSTER).expect("a problem with a gauge");
    entries::<Pr>(history).for_each(|entry| gauge.observe(&entry));
    let measures = gauge.conclude(&self::end(end, None, &[])).measures;
    assert_eq!(measures.len(), Pr::METRICS.len(), "every metric is measured");
    Pr::METRICS.iter().map(|metric| metric.name).zip(measures).collect()
}

/// The judges of all that a problem promises, and what they found.
pub(super) struct Bench<Pr: Problem> {
    properties: Vec<Property<Pr::Request, Pr::Indication>>,
    found: Found,
}

impl<Pr: Problem> Bench<Pr> {
    /// After a history with an event each second from 0 on.
    pub(super) fn after(history: impl IntoIterator<Item = Happening<Pr>>) -> Self {
        let promise = Promise(Pr::PROPERTIES.to_vec());
        let mut properties = Pr::properties(CLUSTER, &promise);
        let names = properties.iter().map(|property| property.name);
        assert!(names.eq(Pr::PROPERTIES.iter().copied()), "every property has its judge");
        let mut found = Vec::new();
        for entry in entries::<Pr>(history) {
            for property in &mut properties {
                found.extend(property.checker.observe(&entry).map(|it| (property.name, it)));
            }
        }
        Self { properties, found }
    }

    /// What they found up to the end.
    pub(super) fn conclude(&mut self, end: &End) -> Found {
        let concluded = self.properties.iter_mut().filter_map(|property| {
            property.checker.conclude(end).map(|witness| (property.name, witness))
        });
        self.found.extend(concluded);
        self.found.clone()
    }

    /// Whether nothing is left to wait for in this core.
    pub(super) fn is_settled(&self, core: &NodeSet) -> bool {
        self.properties.iter().all(|property| property.checker.is_settled(core))
    }

    /// Whether a judge gave up.
    pub(super) fn is_undecided(&self) -> bool {
        self.properties.iter().any(|property| property.checker.is_undecided())
    }
}
