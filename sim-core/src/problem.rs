//! A problem: what may be requested, what may be indicated, what must hold between the two.
//!
//! The problem owns requests, indications, workload and properties. A protocol names the problem
//! that it solves and inherits all of them, as far as its contract promises; so protocols for one
//! problem are judged alike and stand on one chart.

use std::borrow::Cow;
use std::fmt::Debug;
use std::hash::Hash;

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};

use crate::checker::{Checker, Class, Property};
use crate::gauge::{Curve, Gauge, Metric};
use crate::history::Entry;
use crate::id::{ClientId, Cluster, NodeId};
use crate::record::Section;
use crate::rng::{ChaCha, Key};
use crate::workload::Workload;

/// What may be requested of a node, what it may indicate, and what must hold.
pub trait Problem: Sized + Send + 'static {
    /// The name of the problem.
    const NAME: &'static str;
    /// One line for lists.
    const SUMMARY: &'static str;
    /// What clients ask for.
    type Request: Clone + Debug + Hash + Send;
    /// What nodes tell their application.
    type Indication: Clone + Debug + Hash + Send;
    /// The problem's own keys in the `[workload]` of a scenario.
    type Load: DeserializeOwned + Serialize + JsonSchema + Clone + Debug + Default + Send + Sync;

    /// The workload when the scenario says nothing.
    fn workload(cluster: Cluster) -> Workload;
    /// What is wrong with this load for this cluster, as `(key, reason)`.
    fn objection(_load: &Self::Load, _cluster: Cluster) -> Option<(&'static str, String)> {
        None
    }
    /// The load as one run has it: what it leaves to chance for all clients together is drawn. What
    /// concerns one client alone is drawn by that client.
    fn drawn<'a>(load: &'a Self::Load, _cluster: Cluster, _key: Key) -> Cow<'a, Self::Load> {
        Cow::Borrowed(load)
    }
    /// One client, which makes the requests.
    fn client(load: &Self::Load, cluster: Cluster, client: ClientId) -> Box<dyn Client<Self>>;
    /// What an answer means to the client that waits for it.
    fn answer(indication: &Self::Indication) -> Answer;
    /// Whether a corrupt node's indication enters the history all the same: what a hostile program
    /// says of itself (what it tries, what it got to know), for judges and gauges that have to know
    /// the truth. All else that the corrupt indicate is no evidence.
    fn is_confession(_indication: &Self::Indication) -> bool {
        false
    }
    /// The names of all properties that define the problem.
    const PROPERTIES: &'static [&'static str];
    /// The properties that are promised, with fresh judges for one run.
    fn properties(
        cluster: Cluster,
        promise: &Promise,
    ) -> Vec<Property<Self::Request, Self::Indication>>;
    /// The measurements of the problem's own.
    const METRICS: &'static [Metric] = &[];
    /// The curves of which each run gives points.
    const CURVES: &'static [Curve] = &[];
    /// What takes them in one run; `None` if there are none.
    fn gauge(_load: &Self::Load, _cluster: Cluster) -> Option<ProblemGauge<Self>> {
        None
    }
    /// The record of one run, with what the protocol has to say in its place; empty for a problem
    /// that keeps none.
    fn record(_run: Material<'_, Self>) -> Vec<Section> {
        Vec::new()
    }
}

/// What a run of a problem leaves for its record.
pub struct Material<'a, Pr: Problem> {
    /// What the clients were to ask for, as this run had it.
    pub load: &'a Pr::Load,
    /// The electorate.
    pub cluster: Cluster,
    /// What the application saw, in order.
    pub history: &'a [Entry<Pr::Request, Pr::Indication>],
    /// What the protocol has to say.
    pub minutes: Vec<Section>,
}

/// The gauge of a problem.
pub type ProblemGauge<Pr> = Box<dyn Gauge<<Pr as Problem>::Request, <Pr as Problem>::Indication>>;

/// One client of the application: a state machine that makes requests.
pub trait Client<Pr: Problem>: Send {
    /// The next request.
    fn next(&mut self, rng: &mut ChaCha) -> Pr::Request;
    /// Hears the answer to its request of this number, counted from 0. Answers may come out of
    /// order, and never.
    fn hear(&mut self, _sequence: u32, _answer: &Pr::Indication) {}
}

/// What an indication means to the client whose operation it answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// The operation took effect.
    Done,
    /// It certainly took no effect and will not.
    Refused,
    /// It was not taken on; try again at that node, or at the next one.
    Elsewhere(Option<NodeId>),
}

/// The names of the properties that a protocol promises.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Promise(pub Vec<&'static str>);

impl Promise {
    /// Whether the property of this name is promised.
    pub fn includes(&self, property: &str) -> bool {
        self.0.contains(&property)
    }

    /// The properties that are promised, of those that these judge.
    pub fn judged_by<Q, I>(
        &self,
        judges: impl IntoIterator<Item = (&'static str, Class, Box<dyn Checker<Q, I>>)>,
    ) -> Vec<Property<Q, I>> {
        judges
            .into_iter()
            .filter(|(name, ..)| self.includes(name))
            .map(|(name, class, checker)| Property { name, class, checker })
            .collect()
    }
}
