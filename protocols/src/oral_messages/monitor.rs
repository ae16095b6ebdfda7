//! The archivist: compares what the generals wrote down about each other, from inside.
//!
//! Agreement can come about by luck. These invariants are what its proof rests on: paths are what
//! they claim to be, and between two correct generals a message is what was said (A1 and A2 of the
//! paper).

use std::collections::BTreeMap;

use sim_core::checker::{Monitor, Violation};
use sim_core::id::{Cluster, Incarnation, NodeId, NodeSet};

use super::tree::Tree;
use super::{Config, OralMessages};
use crate::problem::decision::Choice;

/// Every path that is kept begins with a commander, goes through nobody twice, ends elsewhere, and
/// is no longer than there are rounds.
pub const WELL_FORMED_PATHS: &str = "well_formed_paths";
/// What came from a correct general is what that general was told, or ordered itself.
pub const FAITHFUL_RELAYS: &str = "faithful_relays";

/// The white-box judge of oral messages.
#[derive(Clone, Debug)]
pub struct Archivist {
    config: Config,
    cluster: Cluster,
    /// The trees of the generals that came to the end of the rounds.
    trees: BTreeMap<NodeId, Tree>,
}

impl Archivist {
    pub(super) const fn new(config: Config, cluster: Cluster) -> Self {
        Self { config, cluster, trees: BTreeMap::new() }
    }

    fn is_well_formed(&self, keeper: NodeId, path: &[NodeId]) -> bool {
        let names: NodeSet = path.iter().copied().collect();
        let begins = path.first().is_some_and(|first| self.config.commands(*first));
        let is_own_order = path == [keeper];
        begins
            && names.len() as usize == path.len()
            && path.iter().all(|name| self.cluster.contains(*name))
            && path.len() <= self.config.rounds(self.cluster) as usize
            && (is_own_order || !names.contains(keeper))
    }

    /// What `reader` kept as the word of `writer` that `writer` has no ground for.
    fn invention(&self, reader: NodeId, writer: NodeId) -> Option<String> {
        let (read, written) = (self.trees.get(&reader)?, self.trees.get(&writer)?);
        let of_writer = read.all().filter(|(path, _)| path.last() == Some(&writer));
        let told = |path: &[NodeId]| match path {
            [_] => written.told(path),
            [before @ .., _] => written.told(before),
            [] => None,
        };
        let differs = |(path, choice): &(&Vec<NodeId>, Choice)| told(path) != Some(*choice);
        let (path, choice) = of_writer.into_iter().find(differs)?;
        let ground = told(path);
        Some(format!("{reader} kept {choice} for {path:?}, but {writer} had {ground:?} to tell"))
    }
}

impl Monitor<OralMessages> for Archivist {
    const INVARIANTS: &'static [&'static str] = &[WELL_FORMED_PATHS, FAITHFUL_RELAYS];

    fn observe(
        &mut self,
        node: NodeId,
        incarnation: Incarnation,
        state: &OralMessages,
    ) -> Option<Violation> {
        // A later life has seen nothing; what the first one kept is no longer there.
        if state.general.outcome().is_none() || incarnation > 0 || self.trees.contains_key(&node) {
            return None;
        }
        let mut paths = state.tree.all().map(|(path, _)| path);
        if let Some(path) = paths.find(|path| !self.is_well_formed(node, path)) {
            let witness = format!("{node} kept something for the path {path:?}");
            return Some(Violation { property: WELL_FORMED_PATHS, witness });
        }
        self.trees.insert(node, state.tree.clone());
        let pairs = self.trees.keys().flat_map(|other| [(node, *other), (*other, node)]);
        let witness = pairs.into_iter().find_map(|(one, other)| self.invention(one, other))?;
        Some(Violation { property: FAITHFUL_RELAYS, witness })
    }
}

#[cfg(test)]
mod tests {
    use sim_core::tabletop::Tabletop;

    use super::*;
    use crate::generals::Timer;
    use crate::oral_messages::Form;

    const A: Choice = Choice::new(0, 2);
    const B: Choice = Choice::new(1, 2);

    /// What the archivist of four generals says at the end of the rounds, when each of these nodes
    /// kept these values for these paths.
    fn judge(config: &Config, kept: &[(u32, &[u32], Choice)]) -> Option<Violation> {
        let mut archivist = Archivist::new(config.clone(), Cluster { n: 4 });
        (0..4).find_map(|node| {
            let mut table = Tabletop::<OralMessages>::new(4, config.clone());
            let rounds = config.rounds(Cluster { n: 4 });
            (0..rounds).for_each(|_| table.fire(node, Timer::RoundEnds));
            let mut state = table.state(node).clone();
            for (_, path, choice) in kept.iter().filter(|(keeper, _, _)| *keeper == node) {
                state.tree.keep(path.iter().copied().map(NodeId).collect(), *choice);
            }
            archivist.observe(NodeId(node), 0, &state)
        })
    }

    #[test]
    fn a_path_is_what_it_claims_to_be() {
        let bad = |path: &[u32]| judge(&Config::default(), &[(1, path, A)]);
        for path in [&[2][..], &[0, 0], &[0, 1], &[0, 7]] {
            let violation = bad(path).unwrap_or_else(|| panic!("{path:?} is kept in peace"));
            assert_eq!(violation.property, WELL_FORMED_PATHS);
        }
        let interactive = Config { form: Form::Interactive, ..Config::default() };
        assert_eq!(judge(&interactive, &[(1, &[1], A)]), None, "its own order");
    }

    #[test]
    fn nobody_is_quoted_with_what_it_was_not_told() {
        let honest = [(0, &[0][..], A), (1, &[0], A), (2, &[0], A), (2, &[0, 1], A)];
        assert_eq!(judge(&Config::default(), &honest), None);
        for (reader, lie) in [(2, (2, &[0, 1][..], B)), (3, (3, &[0, 1], B))] {
            let kept = [&honest[..3], &[lie]].concat();
            let violation = judge(&Config::default(), &kept).expect("an invention");
            assert_eq!(violation.property, FAITHFUL_RELAYS);
            let words = format!("n{reader} kept B for [n0, n1], but n1 had Some(A) to tell");
            assert_eq!(violation.witness, words);
        }
        // Also if the one who is quoted comes to its end later than the reader.
        let kept = [(1, &[0, 2][..], B), (2, &[0], A)];
        assert!(judge(&Config::default(), &kept).is_some());
    }
}
