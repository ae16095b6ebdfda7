//! The causal past of an event: what happened before it in the sense of Lamport, "Time, clocks, and
//! the ordering of events in a distributed system" (1978).

use std::collections::{BTreeMap, BTreeSet};

use sim_core::trace::Step;

use crate::export::message::messages;

/// The places of the steps of an event and of all that happened before it: what caused it, what
/// the nodes concerned had seen until then, and so on. Empty if there is no such event.
pub fn causal_past(steps: &[Step], event: u64) -> BTreeSet<usize> {
    let Some(last) = steps.iter().rposition(|step| step.event == event) else {
        return BTreeSet::new();
    };
    let ends =
        messages(steps).into_iter().filter_map(|message| Some((message.end?, message.send?)));
    let sends: BTreeMap<usize, usize> = ends.collect();
    let (mut past, mut nodes, mut events) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::from([event]));
    let mut end = last + 1;
    while end > 0 {
        let number = steps[end - 1].event;
        let start =
            steps[..end].iter().rposition(|step| step.event != number).map_or(0, |at| at + 1);
        let known = |step: &Step| step.node.is_some_and(|node| nodes.contains(&node));
        // Event 0 is the beginning, which every node has for itself.
        let whole = events.contains(&number) || number > 0 && steps[start..end].iter().any(known);
        let reached: Vec<usize> =
            (start..end).filter(|place| whole || known(&steps[*place])).collect();
        for place in reached {
            let step = &steps[place];
            past.insert(place);
            nodes.extend(step.node);
            events.extend((step.cause > 0).then_some(step.cause));
            events.extend(sends.get(&place).map(|send| steps[*send].event));
        }
        end = start;
    }
    past
}
