//! The court: all judges of one run, and what they found.

use crate::checker::{Class, End, Monitor as _, Property, Violation};
use crate::history::Entry;
use crate::id::{Cluster, Incarnation, NodeId, NodeSet};
use crate::outcome::Breach;
use crate::problem::{Problem as _, Promise};
use crate::protocol::{Indication, Protocol, Request};
use crate::setup::Judges;
use crate::time::Time;

/// The judges of one run.
pub(crate) struct Court<P: Protocol> {
    properties: Vec<Property<Request<P>, Indication<P>>>,
    monitor: Option<P::Monitor>,
    pub(crate) breaches: Vec<Breach>,
}

impl<P: Protocol> Court<P> {
    pub(crate) fn new(
        config: &P::Config,
        cluster: Cluster,
        promise: &Promise,
        judges: Judges,
    ) -> Self {
        let properties = match judges {
            Judges::None => Vec::new(),
            Judges::Properties | Judges::All => P::Problem::properties(cluster, promise),
        };
        Self {
            properties,
            monitor: (judges == Judges::All).then(|| P::monitor(config, cluster)),
            breaches: Vec::new(),
        }
    }

    /// Shows an entry of the history to the black-box judges.
    pub(crate) fn enter(&mut self, entry: &Entry<Request<P>, Indication<P>>, held: bool) {
        for property in &mut self.properties {
            if let Some(witness) = property.checker.observe(entry) {
                let Property { name, class, .. } = *property;
                record(&mut self.breaches, name, class, entry.at, witness, held);
            }
        }
    }

    /// Shows the state of the node that was just touched to the white-box judge.
    #[inline]
    pub(crate) fn observe(
        &mut self,
        node: NodeId,
        life: Incarnation,
        state: &P,
        now: Time,
        held: bool,
    ) {
        let Some(monitor) = &mut self.monitor else { return };
        if let Some(Violation { property, witness }) = monitor.observe(node, life, state) {
            record(&mut self.breaches, property, Class::Safety, now, witness, held);
        }
    }

    /// Asks the black-box judges for their last word. `held` tells for each class whether the
    /// assumptions held.
    pub(crate) fn conclude(&mut self, end: &End, held: impl Fn(Class) -> bool) {
        for property in &mut self.properties {
            if let Some(witness) = property.checker.conclude(end) {
                let Property { name, class, .. } = *property;
                record(&mut self.breaches, name, class, end.at, witness, held(class));
            }
        }
    }

    /// Whether some judge that was asked for its last word had none.
    pub(crate) fn is_undecided(&self) -> bool {
        self.properties.iter().any(|property| property.checker.is_undecided())
    }

    /// Whether some judge waits for more, whoever the core is.
    pub(crate) fn must_wait(&self) -> bool {
        self.properties.iter().any(|property| property.checker.must_wait())
    }

    /// Whether no judge waits for anything.
    pub(crate) fn is_settled(&self, core: &NodeSet) -> bool {
        self.properties.iter().all(|property| property.checker.is_settled(core))
    }
}

/// Keeps the first breach of each property: the later ones follow from it.
fn record(
    breaches: &mut Vec<Breach>,
    property: &'static str,
    class: Class,
    at: Time,
    witness: String,
    assumptions_held: bool,
) {
    if breaches.iter().all(|breach| breach.property != property) {
        breaches.push(Breach { property, class, at, witness, assumptions_held });
    }
}
