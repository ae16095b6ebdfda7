//! The trace in the making: its steps, its links, and the history that goes with it.
//!
//! An untraced run is compiled without a thought of it.

use std::collections::BTreeMap;

use super::{Attempt, Caused, Occurrence, World};
use crate::id::{InstanceId, NodeId};
use crate::protocol::{History, Protocol};
use crate::queue::Popped;
use crate::trace::{Ends, EventKind, Link, Step, StepKind, Trace};

/// A trace in the making, and the history that goes with it.
pub(super) struct Recording<P: Protocol> {
    pub(super) trace: Trace,
    pub(super) history: History<P>,
    /// The correct nodes that were up at the end.
    pub(super) survivors: Vec<(NodeId, P)>,
    /// The event that armed each running timer.
    pub(super) armed_by: BTreeMap<(InstanceId, P::Timer), u64>,
}

impl<P: Protocol> Default for Recording<P> {
    fn default() -> Self {
        Self {
            trace: Trace::default(),
            history: Vec::new(),
            survivors: Vec::new(),
            armed_by: BTreeMap::new(),
        }
    }
}

impl<P: Protocol, const TRACED: bool> World<'_, P, TRACED> {
    /// Adds a step to the trace, if one is kept.
    #[inline]
    pub(super) fn step(
        &mut self,
        kind: StepKind,
        instance: Option<InstanceId>,
        what: impl FnOnce() -> String,
    ) {
        if TRACED {
            let node = instance.map(|instance| self.nodes[instance.index()].identity);
            let (at, event, cause) = (self.now, self.event, self.cause);
            let (ends, what) = (None, what());
            self.recording.trace.steps.push(Step { at, event, cause, node, kind, ends, what });
        }
    }

    /// Adds a step about a message to the trace, if one is kept.
    #[inline]
    pub(super) fn tell(
        &mut self,
        kind: StepKind,
        instance: Option<InstanceId>,
        ends: Ends,
        what: impl FnOnce() -> String,
    ) {
        if TRACED {
            self.step(kind, instance, what);
            if let Some(step) = self.recording.trace.steps.last_mut() {
                step.ends = Some(ends);
            }
        }
    }

    /// Begins a link, if a trace is kept; that ends the one before it.
    #[inline]
    pub(super) fn link(&mut self, kind: EventKind, node: Option<NodeId>) {
        if TRACED {
            self.end_link();
            let link = Link { at: self.now, kind, node, fingerprint: 0 };
            self.recording.trace.links.push(link);
        }
    }

    /// Begins the link of the event at hand, if a trace is kept.
    #[inline]
    pub(super) fn link_to(&mut self, popped: &Popped<Caused<P>, (InstanceId, P::Timer), Attempt>) {
        if !TRACED {
            return;
        }
        let identity = |instance: InstanceId| self.nodes[instance.index()].identity;
        let (kind, node) = match popped {
            Popped::Delivery(Caused { occurrence, .. }) => match occurrence {
                Occurrence::Arrive { to, .. } => (EventKind::Arrival, Some(identity(*to))),
                Occurrence::Synced { instance, .. } => (EventKind::Sync, Some(identity(*instance))),
                Occurrence::Worked { instance, .. } => (EventKind::Work, Some(identity(*instance))),
                Occurrence::Swizzle { node, .. } => (EventKind::Clog, Some(*node)),
                Occurrence::Churn { node, .. } => (EventKind::Churn, Some(*node)),
                Occurrence::Due { .. } => (EventKind::Request, None),
                Occurrence::Redirected(_) => (EventKind::Redirect, None),
                Occurrence::Strike(_) => (EventKind::Strike, None),
                Occurrence::StrikeEnd { .. } => (EventKind::StrikeEnd, None),
                Occurrence::Disarm => (EventKind::Disarm, None),
                Occurrence::Gst => (EventKind::Gst, None),
            },
            Popped::Timer((instance, _)) | Popped::Repeated((instance, _)) => {
                (EventKind::Timer, Some(identity(*instance)))
            }
            Popped::Deadline(_) => (EventKind::Patience, None),
        };
        self.link(kind, node);
    }

    /// Gives the last link the fingerprint that the run has now.
    pub(super) fn end_link(&mut self) {
        if let Some(link) = self.recording.trace.links.last_mut() {
            link.fingerprint = self.fingerprint.value();
        }
    }

    /// Keeps which event armed a timer, if a trace is kept.
    #[inline]
    pub(super) fn remember_cause(&mut self, instance: InstanceId, timer: P::Timer) {
        if TRACED {
            self.recording.armed_by.insert((instance, timer), self.event);
        }
    }

    /// The event that armed a timer, if a trace is kept.
    #[inline]
    pub(super) fn armed_by(&mut self, instance: InstanceId, timer: P::Timer) -> u64 {
        if !TRACED {
            return 0;
        }
        self.recording.armed_by.remove(&(instance, timer)).unwrap_or(0)
    }
}
