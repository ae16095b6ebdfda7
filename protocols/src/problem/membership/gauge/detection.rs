//! How soon a crash is noticed, by one and by all.

use sim_core::gauge::Measure;
use sim_core::history::{Entry, Event};
use sim_core::id::NodeId;
use sim_core::time::Time;

use super::super::standing::Standings;
use super::super::{Indication, Request, Status};

/// One crash, and who knows of it.
pub(super) struct Detection {
    victim: NodeId,
    crashed: Time,
    first: Option<Time>,
    all: Option<Time>,
    /// When the victim came back, and there was nothing to notice any more.
    returned: Option<Time>,
}

impl Detection {
    pub(super) const fn of(victim: NodeId, crashed: Time) -> Self {
        Self { victim, crashed, first: None, all: None, returned: None }
    }

    /// Looks at an entry that `standings` have seen.
    pub(super) fn observe(&mut self, entry: &Entry<Request, Indication>, standings: &Standings) {
        if self.returned.is_some() || self.all.is_some() {
            return;
        }
        match entry.event {
            Event::Booted if entry.node == self.victim => {
                self.returned = Some(entry.at);
                return;
            }
            Event::Indicated { indication, .. } if self.is_noticed(indication) => {
                self.first.get_or_insert(entry.at);
            }
            // Whoever is blind may have gone, too.
            Event::Crashed | Event::Indicated { indication: Indication::Left, .. } => {}
            _ => return,
        }
        let mut members = standings.members().peekable();
        let somebody = members.peek().is_some();
        if somebody && members.all(|(_, observer)| !observer.sees(self.victim).0) {
            self.all = Some(entry.at);
        }
    }

    fn is_noticed(&self, indication: Indication) -> bool {
        match indication {
            Indication::Unanswered { member } => member == self.victim,
            Indication::Changed { member, belief } => {
                member == self.victim && belief.status != Status::Alive
            }
            _ => false,
        }
    }

    /// When the first noticed, and when all knew.
    pub(super) fn times(&self, end: Time) -> [Measure; 2] {
        let watched = self.returned.unwrap_or(end).since(self.crashed).as_millis_f64();
        [self.first, self.all].map(|noticed| match noticed {
            Some(at) => Measure::Value(at.since(self.crashed).as_millis_f64()),
            None => Measure::Censored(watched),
        })
    }
}
