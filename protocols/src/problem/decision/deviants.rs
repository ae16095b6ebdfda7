//! Deviants: a share of the agents that do not come to what they say as the others do.
//!
//! So a sweep can ask what each rule makes of more and more of them, with one number to turn.

use super::Load;
use super::agents::by_node;
use super::conduct::Conduct;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::id::{Cluster, NodeId};
use sim_core::rng::Ratio;

/// The last agents of all, as many as a share of them rounded down.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deviants {
    /// How many, of all agents.
    pub share: Ratio,
    /// How they come to say what they say.
    pub conduct: Conduct,
}

impl Load {
    /// How the agent at `node` comes to say what it says.
    pub(super) fn conduct(&self, node: NodeId, cluster: Cluster) -> Conduct {
        let deviant = self.deviants.as_ref().filter(|deviants| {
            let others = u64::from(cluster.n) - deviants.share.of(cluster.n.into());
            u64::from(node.0) >= others
        });
        let listed = || by_node(&self.conduct, node).copied().unwrap_or_default();
        deviant.map_or_else(listed, |deviants| deviants.conduct)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_the_agents_deviates_and_the_others_do_as_listed() {
        for (percent, count) in [(0, 0), (20, 2), (29, 2), (50, 5), (100, 10)] {
            let share = Ratio::new(percent, 100);
            let load = Load {
                conduct: vec![Conduct::Abstaining],
                deviants: Some(Deviants { share, conduct: Conduct::Lying }),
                ..Load::default()
            };
            let conduct = |node| load.conduct(NodeId(node), Cluster { n: 10 });
            let deviate = (0..10).filter(|node| conduct(*node) == Conduct::Lying);
            assert_eq!(deviate.collect::<Vec<_>>(), (10 - count..10).collect::<Vec<_>>());
            let others = (0..10 - count).map(conduct);
            assert!(others.into_iter().all(|conduct| conduct == Conduct::Abstaining));
        }
    }
}
