//! What each verb takes.

use std::path::PathBuf;

use clap::Args;
use sim_core::id::NodeId;
use sim_core::time::Duration;

use crate::diagnostic::clean;
use crate::precision::Precision;
use crate::seeds::Seeds;
use crate::shard::Shard;
use crate::shrink::{MOST_TRIES, OTHERS};
use crate::verify::Verify;

use super::words::{Export, Kind, Topic};

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

/// On how many threads.
#[derive(Args, Clone, Copy, Debug)]
pub struct ThreadArgs {
    /// How many threads; as many as there are processors if left out.
    #[arg(short, long, value_parser = jobs)]
    pub jobs: Option<usize>,
}

/// One run: what `run` takes, and what `trace` looks at.
#[derive(Args, Debug)]
pub struct RunArgs {
    #[command(flatten)]
    /// The scenario.
    pub scenario: ScenarioArgs,
    /// The seed.
    #[arg(long, default_value_t = 0, value_parser = seed)]
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
    #[command(flatten)]
    /// On how many threads.
    pub threads: ThreadArgs,
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
    #[command(flatten)]
    /// On how many threads.
    pub threads: ThreadArgs,
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
    /// Folders of sweeps, scenarios (one with several protocols is a side for each), or with
    /// --faults protocols; the first is compared with.
    #[arg(required = true, value_name = "SIDE")]
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
    #[command(flatten)]
    /// On how many threads.
    pub threads: ThreadArgs,
    /// Write compare.csv to this folder.
    #[arg(short, long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// Arguments of `trace`.
#[derive(Args, Debug)]
pub struct TraceArgs {
    #[command(flatten)]
    /// The run.
    pub run: RunArgs,
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
    #[arg(long, value_name = "RUN", value_parser = whole)]
    pub run: Option<u64>,
    /// Compare with this trace: where do the two runs part?
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = [
            "run", "bisect", "from", "to", "node", "kind", "cause", "export", "out"
        ]
    )]
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
    #[arg(long, value_name = "EVENT", value_parser = whole)]
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
    #[arg(long, default_value_t = 0, value_parser = seed)]
    pub seed: u64,
    /// Which run of the sweep.
    #[arg(
        long,
        value_name = "RUN",
        value_parser = whole,
        conflicts_with_all = ["seed", "set", "profile"]
    )]
    pub run: Option<u64>,
    /// Seeds that a smaller scenario is tried on where its own does not fail; none with 0..0.
    #[arg(long, default_value_t = OTHERS)]
    pub seeds: Seeds,
    /// How many smaller scenarios are tried at most.
    #[arg(long, default_value_t = MOST_TRIES, value_name = "COUNT", value_parser = whole)]
    pub tries: u64,
    #[command(flatten)]
    /// On how many threads.
    pub threads: ThreadArgs,
    /// Where the scenario goes; stdout if left out.
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Arguments of `list`.
#[derive(Args, Debug)]
pub struct ListArgs {
    /// What to list; everything if left out.
    #[arg(value_enum)]
    pub topic: Option<Topic>,
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

/// A whole number of at least 0.
fn whole(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("`{}` is no whole number, such as 7", clean(text)))
}

fn seed(text: &str) -> Result<u64, String> {
    let many = "; many seeds are for the verb sweep, as in --seeds 0..100";
    whole(text).map_err(|error| if text.contains("..") { error + many } else { error })
}

fn jobs(text: &str) -> Result<usize, String> {
    let jobs = whole(text)?;
    usize::try_from(jobs).map_err(|_| format!("`{jobs}` are too many threads"))
}
