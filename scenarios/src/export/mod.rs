//! Traces in the formats of other tools; one file per format.

pub mod message;
pub mod past;
pub mod text;
pub mod ndjson;
pub mod mermaid;
pub mod shiviz;
pub mod perfetto;
pub mod schedule;
pub mod record;

use std::collections::BTreeSet;

use sim_core::trace::Step;

use crate::export::message::{Message, messages};

/// A trace, and what of it is shown.
///
/// Formats that connect steps need those in between even where only some are shown.
#[derive(Debug)]
pub struct View<'a> {
    /// Every step of the run, in order.
    pub steps: &'a [Step],
    /// The places of the steps that are shown.
    pub shown: BTreeSet<usize>,
    /// Every message of the run.
    pub messages: Vec<Message<'a>>,
}

impl<'a> View<'a> {
    /// Shows the steps that are wanted.
    pub fn new(steps: &'a [Step], wanted: impl Fn(usize, &Step) -> bool) -> Self {
        let places = steps.iter().enumerate().filter(|(place, step)| wanted(*place, step));
        Self { steps, shown: places.map(|(place, _)| place).collect(), messages: messages(steps) }
    }

    /// The steps that are shown, in order.
    pub fn shown(&self) -> impl Iterator<Item = &'a Step> + '_ {
        self.shown.iter().map(|place| &self.steps[*place])
    }

    /// Whether the step at a place is there and shown.
    pub fn shows(&self, place: Option<usize>) -> bool {
        place.is_some_and(|place| self.shown.contains(&place))
    }
}

#[cfg(test)]
mod tests;
