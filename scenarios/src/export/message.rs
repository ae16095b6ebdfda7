//! Which delivery or loss belongs to which send.
//!
//! A step says in words whom a message comes from or goes to; the cause of a delivery is the event
//! of its send, except where a clog held the message and its release is the cause.

use std::collections::BTreeMap;

use sim_core::id::NodeId;
use sim_core::trace::{Step, StepKind};

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
        if let (StepKind::Send, Some(from)) = (step.kind, step.node)
            && let Some((to, what)) = addressed(&step.what, "to ")
        {
            open.add(Sent { event: step.event, place, from, to, what });
        } else if let Some(message) = ended(steps, place, &mut open) {
            messages.push(message);
        }
    }
    messages.extend(open.pending());
    messages
}

/// The message that ends with a step.
fn ended<'a>(steps: &'a [Step], place: usize, open: &mut Sends<'a>) -> Option<Message<'a>> {
    let step = &steps[place];
    let (from, to, what, fate) = match (step.kind, step.node) {
        (StepKind::Deliver, Some(to)) => {
            let (from, what) = addressed(&step.what, "from ")?;
            (from, to, what, fate_at(steps, place))
        }
        (StepKind::Lose, Some(from)) => {
            let (to, _) = addressed(&step.what, "withheld from ")?;
            (from, to, "withheld", Fate::Lost)
        }
        (StepKind::Lose, None) => {
            let (from, rest) = step.what.split_once(" → ")?;
            let (to, why) = addressed(rest, "")?;
            // A message that arrives damaged is not lost.
            if why == "damaged on the way" {
                return None;
            }
            (from.parse().ok()?, to, why, Fate::Lost)
        }
        _ => return None,
    };
    let send = match (step.kind, from == to || what == "withheld") {
        (_, true) => None,
        (StepKind::Deliver, _) => open.delivered(step.cause, from, to, what),
        _ => open.lost(step, from, to),
    };
    let what = send.as_ref().filter(|_| fate == Fate::Lost).map_or(what, |send| send.what);
    Some(Message { from, to, what, send: send.map(|send| send.place), end: Some(place), fate })
}

/// A delivery to a node that is down says so with the next step.
fn fate_at(steps: &[Step], place: usize) -> Fate {
    let down = |next: &&Step| {
        let here = next.event == steps[place].event && next.node == steps[place].node;
        here && next.kind == StepKind::Lose && next.what == "is down"
    };
    match steps.get(place + 1).filter(down) {
        Some(_) => Fate::Lost,
        None => Fate::Delivered,
    }
}

/// The node that follows a word, and the rest.
fn addressed<'a>(what: &'a str, word: &str) -> Option<(NodeId, &'a str)> {
    let rest = what.strip_prefix(word)?;
    let (node, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    Some((node.parse().ok()?, rest))
}

/// A message on its way.
#[derive(Clone, Copy)]
struct Sent<'a> {
    event: u64,
    place: usize,
    from: NodeId,
    to: NodeId,
    what: &'a str,
}

/// What was sent so far, by its ends, and whether it ended; a message may end more than once.
#[derive(Default)]
struct Sends<'a>(BTreeMap<(NodeId, NodeId), Vec<(Sent<'a>, bool)>>);

impl<'a> Sends<'a> {
    fn add(&mut self, sent: Sent<'a>) {
        self.0.entry((sent.from, sent.to)).or_default().push((sent, false));
    }

    /// The send of a delivery: of its cause and with its words if there is one, else of its cause
    /// (it was damaged), else with its words (a clog held it); one that has not ended comes first.
    fn delivered(&mut self, cause: u64, from: NodeId, to: NodeId, what: &str) -> Option<Sent<'a>> {
        let (caused, same) =
            (|sent: &Sent<'_>| sent.event == cause, |sent: &Sent<'_>| sent.what == what);
        self.take(from, to, |sent| caused(sent) && same(sent))
            .or_else(|| self.take(from, to, caused))
            .or_else(|| self.take(from, to, same))
    }

    /// The send of a loss: in its event just before, or in its cause, where it was cut on arrival.
    fn lost(&mut self, step: &Step, from: NodeId, to: NodeId) -> Option<Sent<'a>> {
        let open = self.0.get_mut(&(from, to))?;
        if let Some((sent, ended)) = open.last_mut()
            && sent.event == step.event
        {
            *ended = true;
            return Some(*sent);
        }
        self.take(from, to, |sent| sent.event == step.cause)
    }

    fn take(
        &mut self,
        from: NodeId,
        to: NodeId,
        fits: impl Fn(&Sent<'_>) -> bool,
    ) -> Option<Sent<'a>> {
        let sends = self.0.get_mut(&(from, to))?;
        // The latest come last, and few are on their way at once.
        let open = sends.iter().rposition(|(sent, ended)| !ended && fits(sent));
        let place = open.or_else(|| sends.iter().rposition(|(sent, _)| fits(sent)))?;
        sends[place].1 = true;
        Some(sends[place].0)
    }

    fn pending(self) -> Vec<Message<'a>> {
        let mut open: Vec<Sent<'a>> = (self.0.into_values().flatten())
            .filter_map(|(sent, ended)| (!ended).then_some(sent))
            .collect();
        open.sort_unstable_by_key(|sent| sent.place);
        let message = |sent: Sent<'a>| Message {
            from: sent.from,
            to: sent.to,
            what: sent.what,
            send: Some(sent.place),
            end: None,
            fate: Fate::Pending,
        };
        open.into_iter().map(message).collect()
    }
}
