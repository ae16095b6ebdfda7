//! Which delivery or loss belongs to which send.
//!
//! A step about a message names its ends and the event of its send. Words only tell apart the
//! messages that one event sends to one node.

use std::collections::BTreeMap;

use sim_core::id::NodeId;
use sim_core::trace::{Ends, Step, StepKind};

/// What became of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It reached a node that was up.
    Delivered,
    /// It was lost, cut, withheld, or found its receiver down.
    Lost,
    /// It was still on its way when the run ended.
    Pending,
}

/// One copy of a message, from its send to its end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message<'a> {
    /// Who sent it.
    pub from: NodeId,
    /// Whom it was for.
    pub to: NodeId,
    /// What it says; for what was never sent, why.
    pub what: &'a str,
    /// The place of its send; none for what one says to oneself, and for what was withheld.
    pub send: Option<usize>,
    /// The place of its delivery or loss.
    pub end: Option<usize>,
    /// What became of it.
    pub fate: Fate,
}

/// All messages of a run, in the order in which they ended; those on their way come last.
pub fn messages(steps: &[Step]) -> Vec<Message<'_>> {
    let mut open = Sends::default();
    let mut messages = Vec::new();
    for (place, step) in steps.iter().enumerate() {
        match (step.kind, step.ends) {
            (StepKind::Send, Some(ends)) => open.add(Sent { place, ends, what: &step.what }),
            (StepKind::Deliver | StepKind::Lose, Some(ends)) => {
                messages.push(ended(steps, place, ends, &mut open));
            }
            _ => {}
        }
    }
    messages.extend(open.pending());
    messages
}

/// The message that ends with a step.
fn ended<'a>(steps: &'a [Step], place: usize, ends: Ends, open: &mut Sends<'a>) -> Message<'a> {
    let step = &steps[place];
    let fate = match step.kind {
        StepKind::Deliver => fate_at(steps, place),
        _ => Fate::Lost,
    };
    // What one says to oneself, or would have said at a mouth, never went out.
    let is_withheld = step.kind == StepKind::Lose && step.node.is_some();
    let send = match is_withheld || ends.from == ends.to {
        true => None,
        false => open.take(ends, (step.kind == StepKind::Deliver).then_some(step.what.as_str())),
    };
    let what = send.as_ref().filter(|_| fate == Fate::Lost).map_or(&*step.what, |send| send.what);
    let send = send.map(|send| send.place);
    Message { from: ends.from, to: ends.to, what, send, end: Some(place), fate }
}

/// A delivery to a node that is down says so with the next step: a loss without ends.
fn fate_at(steps: &[Step], place: usize) -> Fate {
    let down = |next: &&Step| {
        let here = next.event == steps[place].event && next.node == steps[place].node;
        here && next.kind == StepKind::Lose && next.ends.is_none()
    };
    match steps.get(place + 1).filter(down) {
        Some(_) => Fate::Lost,
        None => Fate::Delivered,
    }
}

/// A message on its way.
#[derive(Clone, Copy)]
struct Sent<'a> {
    place: usize,
    ends: Ends,
    what: &'a str,
}

/// What was sent so far, by event and ends, and whether it ended; a message may end more than once.
#[derive(Default)]
struct Sends<'a>(BTreeMap<(u64, NodeId, NodeId), Vec<(Sent<'a>, bool)>>);

impl<'a> Sends<'a> {
    fn add(&mut self, sent: Sent<'a>) {
        self.0.entry(key(sent.ends)).or_default().push((sent, false));
    }

    /// The send of what ends: one with its words if there is one (else it was damaged), and one
    /// that has not ended yet before one that has.
    fn take(&mut self, ends: Ends, what: Option<&str>) -> Option<Sent<'a>> {
        let sends = self.0.get_mut(&key(ends))?;
        let same = |sent: &Sent<'_>| what.is_none_or(|what| sent.what == what);
        let place = (sends.iter().rposition(|(sent, ended)| !ended && same(sent)))
            .or_else(|| sends.iter().rposition(|(sent, _)| what.is_some() && same(sent)))
            .or_else(|| sends.iter().rposition(|(_, ended)| !ended))
            .or_else(|| sends.len().checked_sub(1))?;
        sends[place].1 = true;
        Some(sends[place].0)
    }

    fn pending(self) -> Vec<Message<'a>> {
        let mut open: Vec<Sent<'a>> = (self.0.into_values().flatten())
            .filter_map(|(sent, ended)| (!ended).then_some(sent))
            .collect();
        open.sort_unstable_by_key(|sent| sent.place);
        let message = |sent: Sent<'a>| Message {
            from: sent.ends.from,
            to: sent.ends.to,
            what: sent.what,
            send: Some(sent.place),
            end: None,
            fate: Fate::Pending,
        };
        open.into_iter().map(message).collect()
    }
}

const fn key(ends: Ends) -> (u64, NodeId, NodeId) {
    (ends.sent, ends.from, ends.to)
}
