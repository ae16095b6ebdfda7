//! Who takes part: fewer nodes, fewer clients, fewer requests, less time.

use serde_json::{Map, Value as Json, json};
use sim_core::id::NodeId;
use sim_core::outcome::Verdict;
use sim_core::time::Duration;

use super::document::{Step, below, with};
use super::{Allow, Shrinker};

/// The most requests that are counted out one by one.
const COUNTED: u64 = 24;

/// The document with its nodes renamed; who has no name any more is left out wherever a list says
/// who, and a strike that strikes nobody any more is left out too.
fn renamed(value: &Json, name: &impl Fn(NodeId) -> Option<NodeId>) -> Option<Json> {
    let node = |text: &str| text.parse::<NodeId>().ok();
    match value {
        Json::String(text) => match node(text) {
            Some(node) => name(node).map(|node| json!(node.to_string())),
            None => Some(value.clone()),
        },
        Json::Array(items) => {
            let kept: Vec<Json> = items.iter().filter_map(|item| renamed(item, name)).collect();
            (items.is_empty() || !kept.is_empty()).then_some(Json::Array(kept))
        }
        Json::Object(fields) => {
            let mut kept = Map::new();
            for (key, inner) in fields {
                match (node(key).map(name), inner) {
                    (None, Json::Object(_)) => {
                        let inner = renamed(inner, name).unwrap_or_else(|| json!({}));
                        kept.insert(key.clone(), inner);
                    }
                    (None, _) => {
                        kept.insert(key.clone(), renamed(inner, name)?);
                    }
                    (Some(Some(key)), _) => {
                        kept.insert(key.to_string(), inner.clone());
                    }
                    (Some(None), _) => {}
                }
            }
            Some(Json::Object(kept))
        }
        _ => Some(value.clone()),
    }
}

/// The document without the nodes that `name` has no name for, of whom there remain so many.
fn among(document: &Json, nodes: u32, name: &impl Fn(NodeId) -> Option<NodeId>) -> Option<Json> {
    let mut smaller = document.clone();
    for section in ["fault", "network", "clock", "protocol", "adversary"] {
        match document.get(section) {
            None => {}
            // A schedule may become empty.
            Some(Json::Array(items)) => {
                smaller[section] = items.iter().filter_map(|item| renamed(item, name)).collect();
            }
            Some(value) => smaller[section] = renamed(value, name)?,
        }
    }
    Some(with(&smaller, &below("protocol", "nodes"), json!(nodes)))
}

/// Every node that is named in some place.
fn named(value: &Json, found: &mut Vec<NodeId>) {
    match value {
        Json::String(text) => found.extend(text.parse::<NodeId>()),
        Json::Array(items) => items.iter().for_each(|item| named(item, found)),
        Json::Object(fields) => {
            found.extend(fields.keys().filter_map(|key| key.parse::<NodeId>().ok()));
            fields.values().for_each(|inner| named(inner, found));
        }
        _ => {}
    }
}

/// The same cluster with fewer nodes, the fewest first, in at most so many ways: those that are named
/// move together, or one node is left out.
pub(super) fn smaller_clusters(document: &Json, nodes: u32, most: usize) -> Vec<Json> {
    let mut mentioned = Vec::new();
    named(document, &mut mentioned);
    mentioned.sort_unstable();
    mentioned.dedup();
    let together = |count: u32| {
        let name = |node: NodeId| {
            let place = mentioned.iter().position(|other| *other == node)? as u32;
            (place < count).then_some(NodeId(place))
        };
        among(document, count, &name)
    };
    let without = |gone: u32| {
        let name = |node: NodeId| match node.0 {
            other if other == gone => None,
            other => Some(NodeId(other - u32::from(other > gone))),
        };
        among(document, nodes - 1, &name)
    };
    let one_less = if nodes > 1 { nodes } else { 0 };
    let jumps = (1..nodes).filter_map(together);
    jumps.chain((0..one_less).rev().filter_map(without)).take(most).collect()
}

/// Rounded up to two digits, or as it is.
fn rounded_up(span: Duration) -> Duration {
    let nanos = span.as_nanos();
    let unit = 10_u64.pow(nanos.checked_ilog10().unwrap_or(0).saturating_sub(1));
    Duration::from_nanos(nanos.div_ceil(unit).saturating_mul(unit))
}

impl Shrinker<'_> {
    /// Fewer nodes.
    pub(super) fn leave_out_nodes(&mut self) {
        loop {
            // Of a thousand nodes there are more than can be tried, each a document of its own.
            let candidates =
                smaller_clusters(&self.best.document, self.best.nodes, self.tries_left());
            if self.try_all(&candidates, Allow::Any).is_none() {
                return;
            }
        }
    }

    /// Fewer clients, and no more requests than it takes.
    pub(super) fn ask_less(&mut self) {
        let base = self.best.document.clone();
        let set = |key: &str, count: u64| with(&base, &below("workload", key), json!(count));
        let most = self.best.operations.min(COUNTED);
        let clients = (1..=most).map(|clients| set("clients", clients));
        let few = (1..=most).map(|requests| {
            let one = with(&base, &below("workload", "clients"), json!(1));
            with(&one, &below("workload", "requests"), json!(requests))
        });
        let requests = (1..=most).map(|requests| set("requests", requests));
        let candidates: Vec<Json> = few.chain(requests).chain(clients).collect();
        self.try_all(&candidates, Allow::Fewer);
    }

    fn until(&self, horizon: Duration) -> Json {
        with(&self.best.document, &[Step::Key("horizon".into())], json!(horizon.to_string()))
    }

    /// Ends soon after the failure; what comes a little later may still come.
    pub(super) fn cut_short(&mut self) {
        let failed = Duration::from_nanos(self.best.failed_at.as_nanos());
        let horizon = rounded_up(failed * 2);
        if self.failure.verdict != Verdict::Stalled && horizon < self.best.horizon {
            let candidate = self.until(horizon);
            self.try_all(&[candidate], Allow::Any);
        }
    }

    /// Ends as early as can be.
    pub(super) fn end_early(&mut self) {
        let failed = Duration::from_nanos(self.best.failed_at.as_nanos());
        let whole = self.best.horizon.as_nanos();
        let parts = [whole / 4, whole / 2, whole / 4 * 3, whole / 10 * 9].map(Duration::from_nanos);
        let right_after = failed + Duration::from_nanos(1);
        let round = rounded_up(right_after);
        let ends = [round, right_after].into_iter().filter(|_| round != self.best.horizon);
        // Something good that is missed may be missed as well for a shorter time.
        let ends = ends.chain(parts.into_iter().map(rounded_up));
        let sooner = ends.filter(|end| *end < self.best.horizon && !end.is_zero());
        let candidates: Vec<Json> = sooner.map(|end| self.until(end)).collect();
        self.try_all(&candidates, Allow::Any);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_move_together_and_strikes_on_nobody_go() {
        let document = json!({
            "protocol": { "nodes": 5 },
            "fault": [{ "target": ["n1", "n4"] }, { "target": "n3" }, { "target": "leader" }],
            "clock": { "nodes": { "n4": { "drift_ppm": 5 }, "n0": { "drift_ppm": 7 } } },
        });
        let smaller = smaller_clusters(&document, 5, usize::MAX);
        assert_eq!(smaller.len(), 4 + 5);
        assert_eq!(smaller_clusters(&document, 5, 6), smaller[..6]);
        assert_eq!(
            smaller[1],
            json!({
                "protocol": { "nodes": 2 },
                "fault": [{ "target": ["n1"] }, { "target": "leader" }],
                "clock": { "nodes": { "n0": { "drift_ppm": 7 } } },
            })
        );
        assert_eq!(
            smaller[4 + 1],
            json!({
                "protocol": { "nodes": 4 },
                "fault": [{ "target": ["n1", "n3"] }, { "target": "leader" }],
                "clock": { "nodes": { "n3": { "drift_ppm": 5 }, "n0": { "drift_ppm": 7 } } },
            })
        );
    }

    #[test]
    fn horizons_are_rounded_up_to_two_digits() {
        for (span, up) in
            [(1_234_567, 1_300_000), (1_300_000, 1_300_000), (7, 7), (99_999, 100_000)]
        {
            assert_eq!(rounded_up(Duration::from_nanos(span)), Duration::from_nanos(up));
        }
    }
}
