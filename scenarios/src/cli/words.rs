//! The words that arguments choose among.

use clap::ValueEnum;

/// How results are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Format {
    /// For people.
    Human,
    /// One JSON document.
    Json,
    /// Tables in Markdown, with headings; of lists only.
    Markdown,
}

/// When to use colours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Color {
    /// On a terminal that wants them.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The formats that a trace can be written in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Export {
    /// A line per step, for people.
    Text,
    /// A JSON object per line.
    Ndjson,
    /// A sequence diagram of Mermaid, of at most 500 arrows.
    Mermaid,
    /// A log with vector clocks for `ShiViz`; its first line is the parser to give there.
    Shiviz,
    /// Chrome's trace-event JSON, for ui.perfetto.dev.
    Perfetto,
    /// The faults as they struck, as `[[fault]]` entries of a scenario.
    Schedule,
}

/// What sort of step.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Kind {
    /// A node came up.
    Boot,
    /// A client asked a node.
    Request,
    /// A message arrived.
    Deliver,
    /// A message was sent.
    Send,
    /// A message was lost.
    Lose,
    /// A message was altered.
    Alter,
    /// A timer ran out.
    Timer,
    /// Records became durable.
    Durable,
    /// A node told its application something.
    Indicate,
    /// A node announced a landmark.
    Landmark,
    /// A fault struck or ended.
    Fault,
    /// A judge saw a promise broken.
    Violation,
}

/// What can be listed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Topic {
    /// The protocols and the problems that they solve.
    Protocols,
    /// The built-in scenarios.
    Scenarios,
    /// The kinds of fault.
    Faults,
    /// The keys of a fault.
    FaultKeys,
    /// Schedules of faults by name.
    Profiles,
    /// Networks that are cut in part.
    Shapes,
    /// The voting rules.
    Rules,
    /// The measurements of a run.
    Metrics,
    /// The strategies of the adversary.
    Adversaries,
    /// The states that some run should reach.
    Marks,
    /// The keys of each protocol, and of the workload of each problem.
    Keys,
    /// The bugs that can be planted, and which judges catch them.
    Bugs,
    /// The charts, and what they are drawn from.
    Charts,
}
