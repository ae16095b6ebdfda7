//! The command line, as `--help` shows it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use sim_core::id::NodeId;
use sim_core::time::Duration;

use crate::seeds::Seeds;

/// Pits agreement protocols against faults; a seed decides everything else.
#[derive(Parser, Debug)]
#[command(name = "synod", version, about, after_help = EXAMPLES, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// How results are written.
    #[arg(long, global = true, value_enum, default_value_t = Format::Human)]
    pub format: Format,
    /// Results only: no progress, no notes.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more.
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// When to use colours.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
}

const EXAMPLES: &str = "\
Examples:
  synod list scenarios
  synod run seed-case --seed 7
  synod sweep seed-case --seeds 0..1000 --over network.loss=0%,1%,5%";

/// How results are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Format {
    /// For people.
    Human,
    /// One JSON document.
    Json,
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

/// What to do.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Make one run and say what it showed.
    #[command(after_help = "Example:\n  synod run seed-case --seed 7 --set network.loss=5%")]
    Run(RunArgs),
    /// Make many runs; keep a row of each, judge them, and draw the charts.
    #[command(after_help = SWEEP_EXAMPLES)]
    Sweep(SweepArgs),
    /// Make one run and show everything that happened in it.
    #[command(
        after_help = "Examples:\n  synod trace seed-case --seed 7 --from 1s --to 2s --node n0\n  synod \
                      trace seed-case --export mermaid --to 100ms --out trace.mmd"
    )]
    Trace(TraceArgs),
    /// Find the smallest scenario that still breaks what a run broke.
    #[command(
        after_help = "Example:\n  synod shrink voting/two-liars-split --seed 0 -o small.toml\n  \
                      synod sweep small.toml"
    )]
    Shrink(ShrinkArgs),
    /// Show what there is.
    List(ListArgs),
    /// Show every setting of a scenario, with where it was written.
    #[command(
        after_help = "Example:\n  synod explain seed-case --set network.loss=5% --section network"
    )]
    Explain(ExplainArgs),
    /// Draw the charts of a sweep's folder again.
    #[command(after_help = "Example:\n  synod report results/latest")]
    Report(ReportArgs),
}

const SWEEP_EXAMPLES: &str = "\
Examples:
  synod sweep seed-case --seeds 0..1000
  synod sweep seed-case --over network.loss=0%,1%,5% --set protocol.nodes=7
  synod sweep a.toml b.toml -o paper --profile ci";

/// Which scenario, and what is laid over it.
#[derive(Args, Debug)]
pub struct ScenarioArgs {
    /// A file, a name from `synod list scenarios`, or - for standard input.
    pub scenario: String,
    #[command(flatten)]
    /// What is laid over it.
    pub over: OverArgs,
}

/// What is laid over scenarios.
#[derive(Args, Debug)]
pub struct OverArgs {
    /// Set one key, as in network.loss=5%.
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Lay a profile of the scenario over it.
    #[arg(long)]
    pub profile: Option<String>,
}

/// Arguments of `run`.
#[derive(Args, Debug)]
pub struct RunArgs {
    #[command(flatten)]
    /// The scenario.
    pub scenario: ScenarioArgs,
    /// The seed.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
}

/// Arguments of `sweep`.
#[derive(Args, Debug)]
pub struct SweepArgs {
    /// Files, names from `synod list scenarios`, or - for standard input.
    #[arg(required = true)]
    pub scenarios: Vec<String>,
    /// The seeds: 0..1000, 0..=999, 17,42 or @file.
    #[arg(long)]
    pub seeds: Option<Seeds>,
    /// Sweep a key over values: key=v1,v2 or key=lo..hi:step, both ends included.
    #[arg(long, value_name = "KEY=VALUES")]
    pub over: Vec<String>,
    #[command(flatten)]
    /// What is laid over the scenarios.
    pub laid: OverArgs,
    /// How many threads; as many as there are processors if left out.
    #[arg(short, long)]
    pub jobs: Option<usize>,
    /// Where the results go.
    #[arg(short, long, default_value = "results", value_name = "DIR")]
    pub out: PathBuf,
    /// Exit with 0 whatever the expectations say.
    #[arg(long)]
    pub no_fail: bool,
    /// Draw no charts and leave points.csv to `synod report`.
    #[arg(long)]
    pub no_figures: bool,
    /// Say what would be run, and run nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// Arguments of `trace`.
#[derive(Args, Debug)]
pub struct TraceArgs {
    #[command(flatten)]
    /// The scenario.
    pub scenario: ScenarioArgs,
    /// The seed.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Nothing before this time.
    #[arg(long, value_name = "TIME")]
    pub from: Option<Duration>,
    /// Nothing after this time.
    #[arg(long, value_name = "TIME")]
    pub to: Option<Duration>,
    /// Only what happened at this node; may be given several times.
    #[arg(long)]
    pub node: Vec<NodeId>,
    /// Only steps of this kind; may be given several times.
    #[arg(long, value_enum)]
    pub kind: Vec<Kind>,
    /// Only the causal past of this event: what happened before it and could have led to it.
    #[arg(long, value_name = "EVENT")]
    pub cause: Option<u64>,
    /// Write the trace in the format of another tool.
    #[arg(long, value_enum)]
    pub export: Option<Export>,
    /// Where the export goes; stdout if left out.
    #[arg(short, long, value_name = "FILE", requires = "export")]
    pub out: Option<PathBuf>,
}

/// Arguments of `shrink`.
#[derive(Args, Debug)]
pub struct ShrinkArgs {
    #[command(flatten)]
    /// The scenario.
    pub scenario: ScenarioArgs,
    /// The seed of a run that fails.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Seeds that a smaller scenario is tried on where its own does not fail; none with 0..0.
    #[arg(long, default_value = "0..50")]
    pub seeds: Seeds,
    /// How many smaller scenarios are tried at most.
    #[arg(long, default_value_t = 5_000, value_name = "COUNT")]
    pub tries: u64,
    /// How many threads; as many as there are processors if left out.
    #[arg(short, long)]
    pub jobs: Option<usize>,
    /// Where the scenario goes; stdout if left out.
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
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

/// Arguments of `list`.
#[derive(Args, Debug)]
pub struct ListArgs {
    /// What to list; everything if left out.
    #[arg(value_enum)]
    pub topic: Option<Topic>,
    /// Writes tables in Markdown, with headings.
    #[arg(long)]
    pub markdown: bool,
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
    /// The measurements of a run.
    Metrics,
    /// The strategies of the adversary.
    Adversaries,
}

/// Arguments of `explain`.
#[derive(Args, Debug)]
pub struct ExplainArgs {
    #[command(flatten)]
    /// The scenario.
    pub scenario: ScenarioArgs,
    /// Sweep a key over values.
    #[arg(long, value_name = "KEY=VALUES")]
    pub over: Vec<String>,
    /// Only this section, such as network.
    #[arg(long)]
    pub section: Option<String>,
}

/// Arguments of `report`.
#[derive(Args, Debug)]
pub struct ReportArgs {
    /// The folder of a sweep, such as results/latest.
    pub dir: PathBuf,
}
