//! The command line, as `--help` shows it.

use std::path::PathBuf;

use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use sim_core::id::NodeId;
use sim_core::time::Duration;

use crate::precision::Precision;
use crate::registry;
use crate::seeds::Seeds;
use crate::shard::Shard;
use crate::shrink::{MOST_TRIES, OTHERS};
use crate::verify::Verify;

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

/// What to do.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Make one run and say what it showed.
    #[command(after_help = "Example:\n  synod run seed-case --seed 7 --set network.loss=5%")]
    Run(RunArgs),
    /// Make many runs; keep a row of each, judge them, and draw the charts.
    #[command(after_help = SWEEP_EXAMPLES)]
    Sweep(SweepArgs),
    /// Put the shards of a sweep together; judge and draw them as one.
    #[command(after_help = "Example:\n  synod merge part-0 part-1 part-2 -o out")]
    Merge(MergeArgs),
    /// Run scenario files as a test-suite, each judged by what it expects.
    #[command(after_help = TEST_EXAMPLES)]
    Test(TestArgs),
    /// Compare protocols or results, seed by seed, each with the first.
    #[command(after_help = COMPARE_EXAMPLES)]
    Compare(CompareArgs),
    /// Make one run and show everything that happened in it.
    #[command(
        after_help = "Examples:\n  synod trace seed-case --seed 7 --from 1s --to 2s --node n0\n  synod \
                      trace seed-case --export mermaid --to 100ms --out trace.mmd\n  synod trace seed-case --seed 7 \
                      --save seed7.trace"
    )]
    Trace(TraceArgs),
    /// Make a run again, from a trace or a sweep, and say whether it went as before.
    #[command(after_help = REPLAY_EXAMPLES)]
    Replay(ReplayArgs),
    /// Find the smallest scenario that still breaks what a run broke.
    #[command(
        after_help = "Examples:\n  synod shrink voting/two-liars-split --seed 0 -o small.toml\n  \
                      synod sweep small.toml\n  synod shrink results/latest --run 441"
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
    /// Write the JSON Schema of scenario files, by which editors complete and check them.
    #[command(
        after_help = "Example:\n  synod schema > synod.schema.json\n\nThe first line of a scenario \
                      names it for editors: #:schema ./synod.schema.json"
    )]
    Schema,
    /// Write what a shell needs to complete commands.
    #[command(
        after_help = "Example:\n  synod completions bash > ~/.local/share/bash-completion/completions/synod"
    )]
    Completions(CompletionsArgs),
    /// Write the manual.
    #[command(
        after_help = "Examples:\n  synod man sweep | man -l -\n  synod man -o share/man/man1"
    )]
    Man(ManArgs),
}

/// The whole command line under the name of this program.
pub fn command() -> clap::Command {
    let program = registry::program();
    Cli::command().name(program).bin_name(program)
}

const SWEEP_EXAMPLES: &str = "\
Examples:
  synod sweep seed-case --seeds 0..1000
  synod sweep seed-case --over network.loss=0%,1%,5% --set protocol.nodes=7
  synod sweep a.toml b.toml -o paper --profile ci
  synod sweep seed-case --shard 0/4 -o part-0
  synod sweep --resume results/latest";

const REPLAY_EXAMPLES: &str = "\
Examples:
  synod replay seed7.trace
  synod replay seed7.trace --from 8.1s --to 8.3s
  synod replay results/latest --run 441
  synod replay a.trace --diff b.trace
  git bisect run synod replay seed7.trace --bisect";

const TEST_EXAMPLES: &str = "\
Examples:
  synod test scenarios/
  synod test raft voting/tie --seeds 0..20 -j 2
  synod test scenarios/ --profile ci --junit junit.xml --github

In a folder, files whose names begin with _ or . are for others to extend.";

const COMPARE_EXAMPLES: &str = "\
Examples:
  synod compare raft pbft --faults raft/leader-crash --seeds 0..300
  synod compare a.toml b.toml --metric failover_ms:p50
  synod compare results/main results/branch --fail-on unavailable_ms:p99:+5%";

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
#[derive(Args, Clone, Debug)]
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
    #[arg(required_unless_present = "resume")]
    pub scenarios: Vec<String>,
    /// Go on with the sweep of this folder, from what the folder itself says.
    #[arg(
        long,
        value_name = "DIR",
        conflicts_with_all = ["scenarios", "over", "set", "profile", "out"]
    )]
    pub resume: Option<PathBuf>,
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
    /// The share of seeds that are run twice and must go alike; runs that fail always are.
    /// With 0% none is.
    #[arg(long, default_value = "1%", value_name = "PERCENT")]
    pub verify: Verify,
    /// Make only shard I of N, as in 0/4, and leave judging to `synod merge`.
    #[arg(long, value_name = "I/N")]
    pub shard: Option<Shard>,
    /// Stop once a statistic is known so well at every point, as in `unavailable_ms:p99:±5%`.
    #[arg(long, value_name = "METRIC:STAT:±P%", conflicts_with = "shard")]
    pub until_ci: Option<Precision>,
    #[command(flatten)]
    /// What follows when all is made.
    pub ending: EndingArgs,
    /// Say what would be run, and run nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// What follows when all runs are there.
#[derive(Args, Clone, Copy, Debug)]
pub struct EndingArgs {
    /// Exit with 0 whatever the expectations say.
    #[arg(long)]
    pub no_fail: bool,
    /// Draw no charts and leave points.csv to `synod report`.
    #[arg(long)]
    pub no_figures: bool,
    /// Shrink the failures that are kept in failures/, as `synod shrink` does.
    #[arg(long)]
    pub shrink: bool,
}

/// Arguments of `merge`.
#[derive(Args, Debug)]
pub struct MergeArgs {
    /// The folders that the shards were written to.
    #[arg(required = true, value_name = "DIR")]
    pub dirs: Vec<PathBuf>,
    /// Where the results go.
    #[arg(short, long, default_value = "results", value_name = "DIR")]
    pub out: PathBuf,
    #[command(flatten)]
    /// What follows when all is there.
    pub ending: EndingArgs,
}

/// Arguments of `test`.
#[derive(Args, Debug)]
pub struct TestArgs {
    /// Files, folders, names or folders from `synod list scenarios`, or - for standard input.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<String>,
    /// Only scenarios with this in their path; may be given several times.
    #[arg(short = 'E', long, value_name = "TEXT")]
    pub filter: Vec<String>,
    /// The seeds of every scenario, instead of its own: 0..1000, 0..=999, 17,42 or @file.
    #[arg(long)]
    pub seeds: Option<Seeds>,
    #[command(flatten)]
    /// What is laid over the scenarios.
    pub laid: OverArgs,
    /// How many threads; as many as there are processors if left out.
    #[arg(short, long)]
    pub jobs: Option<usize>,
    /// Keep the tables of every scenario in this folder.
    #[arg(short, long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Exit with 0 whatever the expectations say.
    #[arg(long)]
    pub no_fail: bool,
    /// Write a report in JUnit's format.
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Annotate the workflow of GitHub, and append to the summary of its job.
    #[arg(long)]
    pub github: bool,
}

/// Arguments of `compare`.
#[derive(Args, Debug)]
pub struct CompareArgs {
    /// Folders of sweeps, scenarios, or with --faults protocols; the first is compared with.
    #[arg(required = true, num_args = 2.., value_name = "SIDE")]
    pub sides: Vec<String>,
    /// Run each protocol, with its defaults, in the place of this scenario's own.
    #[arg(long, value_name = "SCENARIO")]
    pub faults: Option<String>,
    /// The seeds of all sides: 0..1000, 0..=999, 17,42 or @file.
    #[arg(long)]
    pub seeds: Option<Seeds>,
    #[command(flatten)]
    /// What is laid over the scenarios.
    pub laid: OverArgs,
    /// Compare this metric instead of the headlines: its mean, or as in failover_ms:p50.
    #[arg(long, value_name = "METRIC[:STAT]")]
    pub metric: Vec<String>,
    /// Exit with 12 if the whole interval lies beyond a limit, as in unavailable_ms:p99:+5%.
    #[arg(long, value_name = "METRIC:STAT:LIMIT")]
    pub fail_on: Vec<String>,
    /// How many threads; as many as there are processors if left out.
    #[arg(short, long)]
    pub jobs: Option<usize>,
    /// Write compare.csv to this folder.
    #[arg(short, long, value_name = "DIR")]
    pub out: Option<PathBuf>,
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
    /// Keep the run in this file, for `synod replay`, and show nothing of it.
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["from", "to", "node", "kind", "cause", "export", "out"]
    )]
    pub save: Option<PathBuf>,
    /// Write what was decided, how and why as a Markdown page, to this file or to stdout.
    #[arg(
        long,
        value_name = "FILE",
        num_args = 0..=1,
        conflicts_with_all = ["save", "from", "to", "node", "kind", "cause", "export", "out"]
    )]
    pub record: Option<Option<PathBuf>>,
    #[command(flatten)]
    /// What of it is shown.
    pub view: ViewArgs,
}

/// Arguments of `replay`.
#[derive(Args, Debug)]
pub struct ReplayArgs {
    /// A trace of `synod trace --save`, or the folder of a sweep.
    pub from_where: PathBuf,
    /// Which run of the sweep.
    #[arg(long, value_name = "RUN")]
    pub run: Option<u64>,
    /// Compare with this trace: where do the two runs part?
    #[arg(long, value_name = "FILE", conflicts_with_all = ["run", "bisect"])]
    pub diff: Option<PathBuf>,
    /// Exit as `git bisect run` wants it: 0 if what the trace shows is gone, 125 if this build
    /// cannot tell, else with the code of its verdict.
    #[arg(long)]
    pub bisect: bool,
    #[command(flatten)]
    /// What of it is shown; nothing if none of these is given.
    pub view: ViewArgs,
}

/// What of a run is shown, and how.
#[derive(Args, Debug)]
pub struct ViewArgs {
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

impl ViewArgs {
    /// Whether anything of the run is asked for.
    pub fn is_wanted(&self) -> bool {
        let window = self.from.is_some() || self.to.is_some() || self.cause.is_some();
        let steps = !self.node.is_empty() || !self.kind.is_empty();
        window || steps || self.export.is_some()
    }
}

/// Arguments of `shrink`.
#[derive(Args, Debug)]
pub struct ShrinkArgs {
    #[command(flatten)]
    /// The scenario, or with --run the folder of a sweep.
    pub scenario: ScenarioArgs,
    /// The seed of a run that fails.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Which run of the sweep.
    #[arg(long, value_name = "RUN", conflicts_with_all = ["seed", "set", "profile"])]
    pub run: Option<u64>,
    /// Seeds that a smaller scenario is tried on where its own does not fail; none with 0..0.
    #[arg(long, default_value_t = OTHERS)]
    pub seeds: Seeds,
    /// How many smaller scenarios are tried at most.
    #[arg(long, default_value_t = MOST_TRIES, value_name = "COUNT")]
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

/// Arguments of `list`.
#[derive(Args, Debug)]
pub struct ListArgs {
    /// What to list; everything if left out.
    #[arg(value_enum)]
    pub topic: Option<Topic>,
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
    /// The states that some run should reach.
    Marks,
    /// The keys of each protocol, and of the workload of each problem.
    Keys,
    /// The bugs that can be planted, and which judges catch them.
    Bugs,
    /// The charts, and what they are drawn from.
    Charts,
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

/// Arguments of `completions`.
#[derive(Args, Debug)]
pub struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// Arguments of `man`.
#[derive(Args, Debug)]
pub struct ManArgs {
    /// The verb; the page of the program if left out.
    pub verb: Option<String>,
    /// A folder for all pages.
    #[arg(short, long, value_name = "DIR", conflicts_with = "verb")]
    pub out: Option<PathBuf>,
}

/// Arguments of `report`.
#[derive(Args, Debug)]
pub struct ReportArgs {
    /// The folder of a sweep, such as results/latest.
    pub dir: PathBuf,
}
