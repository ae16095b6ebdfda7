//! The white-box judge: everybody holds the same record, and the record says what follows from it.

use std::sync::Arc;

use sim_core::checker::{Monitor, Violation};
use sim_core::id::{Cluster, Incarnation, NodeId};

use super::{Config, ConsensusBuilder, Ending, Minutes, Round, Standing};

/// All agents that ended with a record hold the same.
pub const ONE_RECORD: &str = "one_record";
/// A record has an outcome, and every round in it says what its ballots come to.
pub const FAITHFUL_RECORD: &str = "faithful_record";

/// The judge.
#[derive(Clone, Debug)]
pub struct Secretary {
    config: Config,
    cluster: Cluster,
    /// The first record, and whose it was.
    record: Option<(NodeId, Arc<Minutes>)>,
}

impl Secretary {
    pub(super) const fn new(config: Config, cluster: Cluster) -> Self {
        Self { config, cluster, record: None }
    }

    /// What is wrong with a record by itself.
    fn flaw(&self, minutes: &Minutes) -> Option<String> {
        if minutes.standing(&self.config) == Standing::Open {
            return Some("has no outcome".into());
        }
        let mut before = Minutes { proposals: minutes.proposals.clone(), rounds: Vec::new() };
        for (number, round) in minutes.rounds.iter().enumerate() {
            let table = before.table(&self.config);
            let ballots = round.ballots.clone();
            if *round != Round::close(table, ballots, &self.config, self.cluster) {
                return Some(format!("says of round {number} what does not follow: {round:?}"));
            }
            before.rounds.push(round.clone());
        }
        None
    }
}

impl Monitor<ConsensusBuilder> for Secretary {
    const INVARIANTS: &'static [&'static str] = &[ONE_RECORD, FAITHFUL_RECORD];

    fn observe(
        &mut self,
        node: NodeId,
        _: Incarnation,
        state: &ConsensusBuilder,
    ) -> Option<Violation> {
        let Some(Ending::Recorded(minutes)) = &state.ended else { return None };
        let Some((first, record)) = &self.record else {
            let flaw = self.flaw(minutes);
            self.record = Some((node, Arc::clone(minutes)));
            return flaw.map(|flaw| Violation {
                property: FAITHFUL_RECORD,
                witness: format!("the record of {node} {flaw}"),
            });
        };
        (record != minutes).then(|| Violation {
            property: ONE_RECORD,
            witness: format!("{first} holds {record:?}, but {node} holds {minutes:?}"),
        })
    }
}
