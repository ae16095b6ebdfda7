//! A trace as a sequence diagram of Mermaid (mermaid.js.org/syntax/sequenceDiagram.html).

use std::collections::BTreeSet;

use sim_core::id::NodeId;
use sim_core::trace::{Step, StepKind, Trace};

use crate::error::Error;
use crate::export::View;
use crate::export::message::{Fate, Message};

/// More arrows than this nobody reads, and Mermaid refuses texts that are much longer.
pub const MOST_ARROWS: usize = 500;

/// Steps of messages in the diagram of a violation: what fits a screen.
const LAST_STEPS: usize = 60;

/// The characters of a message that are shown.
const LABEL: usize = 80;

/// The diagram: an arrow where a message arrives (`->>`), a cross where one is lost (`-x`), a
/// dotted arrow at its send (`-->>`) where its end is not shown; notes for landmarks, faults and
/// violations.
///
/// # Errors
/// When there would be more than [`MOST_ARROWS`] arrows.
pub fn mermaid(view: &View<'_>) -> Result<String, Error> {
    let arrows = arrows(view);
    if arrows.len() > MOST_ARROWS {
        let count = arrows.len();
        let message = format!("{count} arrows are too many for a diagram: {MOST_ARROWS} at most");
        let next = "narrow it with --from TIME --to TIME, --node NODE or --cause EVENT".into();
        return Err(Error::Usage { message, next });
    }
    let lanes = lanes(view, &arrows);
    let mut text = String::from("sequenceDiagram\n");
    for lane in &lanes {
        text += &format!("    participant {lane}\n");
    }
    let mut arrows = arrows.into_iter().peekable();
    for place in &view.shown {
        while let Some((_, message)) = arrows.next_if(|(at, _)| at == place) {
            text += &arrow(&view.steps[*place], message, view.shows(message.end));
        }
        text += &note(&view.steps[*place], &lanes).unwrap_or_default();
    }
    Ok(text)
}

/// What led up to the first violation of a run, or to its end if there is none.
///
/// # Errors
/// None, as long as so few steps make no more than [`MOST_ARROWS`] arrows.
pub fn violation(trace: &Trace) -> Result<String, Error> {
    let steps = &trace.steps;
    let violation = steps.iter().position(|step| step.kind == StepKind::Violation);
    let end = violation.map_or(steps.len(), |at| at + 1);
    let speaks = |kind| matches!(kind, StepKind::Send | StepKind::Deliver | StepKind::Lose);
    let messages = (0..end).rev().filter(|at| speaks(steps[*at].kind));
    let start = messages.take(LAST_STEPS).last().unwrap_or(0);
    mermaid(&View::new(steps, |at, _| (start..end).contains(&at)))
}

/// Every message of which an end is shown, with the place where it is drawn, in order.
fn arrows<'a>(view: &'a View<'a>) -> Vec<(usize, &'a Message<'a>)> {
    let place = |message: &Message<'_>| {
        let end = message.end.filter(|_| view.shows(message.end));
        end.or(message.send.filter(|_| view.shows(message.send)))
    };
    let drawn = view.messages.iter().filter_map(|message| Some((place(message)?, message)));
    let mut arrows: Vec<_> = drawn.collect();
    arrows.sort_by_key(|(place, _)| *place);
    arrows
}

fn lanes(view: &View<'_>, arrows: &[(usize, &Message<'_>)]) -> BTreeSet<NodeId> {
    let ends = arrows.iter().flat_map(|(_, message)| [message.from, message.to]);
    let mut lanes: BTreeSet<NodeId> =
        view.shown().filter_map(|step| step.node).chain(ends).collect();
    if lanes.is_empty() {
        // A note needs somebody to stand over.
        lanes.insert(NodeId(0));
    }
    lanes
}

fn arrow(step: &Step, message: &Message<'_>, ended: bool) -> String {
    let head = match message.fate {
        Fate::Lost if ended => "-x",
        Fate::Delivered if ended => "->>",
        _ => "-->>",
    };
    let Message { from, to, what, .. } = message;
    format!("    {from}{head}{to}: {:.9} {}\n", step.at, label(what))
}

fn note(step: &Step, lanes: &BTreeSet<NodeId>) -> Option<String> {
    let mark = match step.kind {
        StepKind::Landmark => "*",
        StepKind::Fault => "fault:",
        StepKind::Violation => "✗",
        _ => return None,
    };
    let over = match (step.node, lanes.first()?, lanes.last()?) {
        (Some(node), ..) => node.to_string(),
        (None, first, last) if first == last => first.to_string(),
        (None, first, last) => format!("{first},{last}"),
    };
    Some(format!("    Note over {over}: {:.9} {mark} {}\n", step.at, label(&step.words())))
}

/// Text as Mermaid takes it: what ends a line, a statement or a tag there is written as an entity.
fn label(text: &str) -> String {
    let mut label = String::new();
    for c in text.chars().take(LABEL) {
        match c {
            '#' => label += "#35;",
            ';' => label += "#59;",
            '<' => label += "#lt;",
            '>' => label += "#gt;",
            '%' => label += "#37;",
            c if c.is_control() => label.push(' '),
            c => label.push(c),
        }
    }
    if text.chars().nth(LABEL).is_some() {
        label.push('…');
    }
    label
}
