//! The command line, as `--help` shows it.

mod arguments;
mod words;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::registry;

pub use arguments::{
    CompareArgs, CompletionsArgs, EndingArgs, ExplainArgs, ListArgs, ManArgs, MergeArgs, OverArgs,
    ReplayArgs, ReportArgs, RunArgs, ScenarioArgs, ShrinkArgs, SweepArgs, TestArgs, TraceArgs,
    ViewArgs,
};
pub use words::{Color, Export, Format, Kind, Topic};

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
    let renamed = |command: clap::Command| match command.get_after_help() {
        Some(examples) => {
            let examples = registry::typed(&examples.to_string());
            command.after_help(examples)
        }
        None => command,
    };
    renamed(Cli::command()).mut_subcommands(renamed).name(program).bin_name(program)
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
  synod compare job.toml
  synod compare a.toml b.toml --metric failover_ms:p50
  synod compare results/main results/branch --fail-on unavailable_ms:p99:+5%";
