//! The auditor: remembers what every node was told, and looks whether it forgets.

use std::collections::BTreeMap;

use sim_core::checker::{Monitor, Violation};
use sim_core::id::{Incarnation, NodeId};

use super::Swim;
use super::message::Update;
use crate::problem::membership::Belief;

/// Whom a node holds for present, it holds so by the latest news that it was told: stale news
/// raises nobody from the dead.
pub const STALE_NEWS_IS_STALE: &str = "stale_news_is_stale";

/// The white-box judge of SWIM.
#[derive(Clone, Debug, Default)]
pub struct Auditor {
    /// The greatest belief that each life of a node was told, by member.
    told: BTreeMap<NodeId, (Incarnation, BTreeMap<NodeId, Belief>)>,
}

impl Auditor {
    fn examine(
        &mut self,
        node: NodeId,
        life: Incarnation,
        heard: &[Update],
        believed: impl Fn(NodeId) -> Option<Belief>,
    ) -> Option<Violation> {
        let (of, told) = self.told.entry(node).or_default();
        if *of != life {
            (*of, *told) = (life, BTreeMap::new());
        }
        heard.iter().filter(|update| update.member != node).find_map(|update| {
            let member = update.member;
            let greatest = told.entry(member).or_insert(update.belief);
            *greatest = (*greatest).max(update.belief);
            let belief = believed(member)?;
            (belief.is_present() && belief < *greatest).then(|| Violation {
                property: STALE_NEWS_IS_STALE,
                witness: format!(
                    "{node} was told that {member} is {greatest:?}, and believes {belief:?}"
                ),
            })
        })
    }
}

impl Monitor<Swim> for Auditor {
    const INVARIANTS: &'static [&'static str] = &[STALE_NEWS_IS_STALE];

    fn observe(&mut self, node: NodeId, life: Incarnation, state: &Swim) -> Option<Violation> {
        self.examine(node, life, &state.heard, |member| state.belief(member))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::membership::Status;

    const DEAD: Belief = Belief { incarnation: 10, status: Status::Dead };

    fn judge(told: &[Belief], life: Incarnation, believed: Belief) -> Option<Violation> {
        let mut auditor = Auditor::default();
        let update = |belief: &Belief| Update { member: NodeId(2), belief: *belief };
        for belief in told {
            let content = auditor.examine(NodeId(0), 0, &[update(belief)], |_| Some(DEAD));
            assert_eq!(content, None);
        }
        auditor.examine(NodeId(0), life, &[update(&believed)], |_| Some(believed))
    }

    #[test]
    fn an_earlier_incarnation_is_no_news_and_a_later_one_is() {
        let violation = judge(&[DEAD], 0, Belief::alive(2)).unwrap();
        assert_eq!(violation.property, STALE_NEWS_IS_STALE);
        assert!(judge(&[DEAD], 0, Belief::alive(10)).is_some());
        assert_eq!(judge(&[DEAD], 0, Belief::alive(11)), None);
    }

    #[test]
    fn another_life_has_not_been_told() {
        assert_eq!(judge(&[DEAD], 1, Belief::alive(2)), None);
    }
}
