//! Experiments, and the command line: scenario files in, tables and verdicts out.
//!
//! # A tour
//!
//! What `synod sweep` does, without the files: a text is read into a [`scenario`] with all its
//! [`point`]s, a [`sweep`] runs every seed at every point, each outcome is [`fold`]ed, and what was
//! [`expect`]ed is [`judge`]d.
//!
//! ```
//! use scenarios::fold::Fold;
//! use scenarios::judge::{Answer, judge};
//! use scenarios::plan::Plan;
//! use scenarios::scenario::of_text;
//! use scenarios::sweep::{Made, unkept};
//! use std::sync::atomic::AtomicBool;
//!
//! let scenario = of_text(
//!     "vote.toml",
//!     r#"
//!         horizon = "5s"
//!         protocol = { kind = "voting", nodes = 5 }
//!         network = { latency = "5ms..20ms" }
//!
//!         [[expect]]
//!         property = "agreement"
//!     "#,
//! )?;
//! let plan = Plan::new(vec![scenario], Some("0..20".parse()?))?;
//! assert_eq!(plan.runs(), 20);
//!
//! let setup = plan.points[0].simulation.setup();
//! let mut fold = Fold::new(setup, plan.points[0].entry.metrics, []);
//! let mut take = |made: Made| {
//!     fold.add(&made.outcome, setup);
//!     Ok(())
//! };
//! unkept(&plan, 1, &AtomicBool::new(false), &mut take)?;
//!
//! let judged = judge(&plan.scenarios[0].expectations[0], &[&fold]);
//! assert_eq!(judged.answer, Answer::Holds);
//! assert_eq!(judged.cells[0].found, "broken in 0 of 20 (≤ 16 %)");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A wrong text is an error that shows the characters in question:
//!
//! ```
//! let error = scenarios::scenario::of_text("vote.toml", "horizon = 5").err().expect("no unit");
//! assert!(error.to_string().contains("vote.toml:1:11"));
//! assert_eq!(error.code(), 3);
//! ```
//!
//! # The rooms
//!
//! The order of the modules below in `lib.rs` is the order of dependency: a module imports only those
//! above it.
//!
//! - What is read: [`registry`], [`seeds`], [`sources`], [`document`] and [`diagnostic`] (TOML with
//!   places, and what is wrong there), [`catalog`], [`layers`] (files, profiles and `--set` over each
//!   other), [`grid`] (axes), [`point`], [`expect`], [`scenario`], [`schema`], [`quorums`].
//! - What is run: a [`plan`], by a [`sweep`] on all threads, in [`shard`]s, [`verify`] (runs made
//!   twice), [`precision`] (when enough is known), [`guard`] (runs that panic); [`stopwatch`] is the
//!   one place that asks what time it is.
//! - What is kept: [`table`] (`runs.csv`) with its [columns](mod@column), [`parts`] (lines that survive, each an
//!   outcome in the words of [`codec`]), [`fold`], [`results`] (the folder), [`recipe`] (how to plan
//!   it again).
//! - What is concluded: [`judge`], [`evidence`], [`suite`], [`comparison`].
//! - One run at a time: [`capsule`] (a run in a file), [`rerun`], [`divergence`] (where two runs
//!   part), [`export`], [`shrink`] (the smallest scenario that still fails).
//! - Whom it talks to: [`cli`], [`terminal`], [`progress`], [`error`], and [`command`] with a file
//!   for each verb.

pub mod error;
pub mod registry;
pub mod guard;
pub mod stopwatch;
pub mod sources;
pub mod diagnostic;
pub mod seeds;
pub mod document;
pub mod catalog;
pub mod layers;
pub mod grid;
pub mod point;
pub mod expect;
pub mod scenario;
pub mod schema;
pub mod quorums;
pub mod column;
pub mod divergence;
pub mod verify;
pub mod plan;
pub mod fold;
pub mod table;
pub mod codec;
pub mod parts;
pub mod shard;
pub mod sweep;
pub mod precision;
pub mod judge;
pub mod evidence;
pub mod suite;
pub mod comparison;
pub mod results;
pub mod terminal;
pub mod progress;
pub mod recipe;
pub mod capsule;
pub mod rerun;
pub mod shrink;
pub mod export;
pub mod cli;
pub mod command;

use std::env;
use std::panic;
use std::path::Path;
use std::process::ExitCode;

use clap::FromArgMatches as _;
use sim_core::simulation::Entry;

use crate::cli::{Cli, Color, Command, Format};
use crate::error::Error;
use crate::terminal::{Terminal, Volume};

/// The whole command line, as the `main` of a program with these protocols.
///
/// ```no_run
/// # use std::process::ExitCode;
/// fn main() -> ExitCode {
///     scenarios::main_with(&[protocols::REGISTRY])
/// }
/// ```
pub fn main_with(protocols: &[&[Entry]]) -> ExitCode {
    let typed = env::args_os().next().unwrap_or_default();
    let program = Path::new(&typed).file_stem().map(|stem| stem.to_string_lossy().into_owned());
    if let Err(reason) = registry::install(program.as_deref().unwrap_or("synod"), protocols) {
        tell(&Error::Internal(reason), &Terminal::new(Volume::Normal));
        return ExitCode::from(70);
    }
    let matches = cli::command().get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    ExitCode::from(run(cli))
}

/// Does what the command line asks and returns the exit code.
pub fn run(cli: Cli) -> u8 {
    let volume = match (cli.quiet, cli.verbose) {
        (true, _) => Volume::Quiet,
        (_, true) => Volume::Verbose,
        _ => Volume::Normal,
    };
    match cli.color {
        Color::Auto => anstream::ColorChoice::Auto,
        Color::Always => anstream::ColorChoice::Always,
        Color::Never => anstream::ColorChoice::Never,
    }
    .write_global();
    quiet_panics();
    let mut terminal = Terminal::new(volume);
    let is_list = matches!(cli.command, Command::List(_));
    if cli.format == Format::Markdown && !is_list {
        let message = "only lists are written in Markdown".to_owned();
        let error = Error::Usage { message, next: "synod list --format markdown".to_owned() };
        tell(&error, &terminal);
        return error.code();
    }
    let result = match cli.command {
        Command::Run(args) => command::run::run(&args, cli.format, &mut terminal),
        Command::Sweep(args) => command::sweep::sweep(&args, cli.format, &mut terminal),
        Command::Merge(args) => command::merge::merge(&args, cli.format, &mut terminal),
        Command::Test(args) => command::test::test(&args, cli.format, &mut terminal),
        Command::Compare(args) => command::compare::compare(&args, cli.format, &mut terminal),
        Command::Shrink(args) => command::shrink::shrink(&args, cli.format, &mut terminal),
        Command::Trace(args) => command::trace::trace(&args, cli.format, &mut terminal),
        Command::Replay(args) => command::replay::replay(&args, cli.format, &mut terminal),
        Command::List(args) => command::list::list(&args, cli.format, &mut terminal),
        Command::Explain(args) => command::explain::explain(&args, cli.format, &mut terminal),
        Command::Report(args) => command::report::report(&args, cli.format, &mut terminal),
        Command::Schema => command::schema::schema(&mut terminal),
        Command::Completions(args) => command::completions::completions(&args, &mut terminal),
        Command::Man(args) => command::man::man(&args, &mut terminal),
    };
    result.unwrap_or_else(|error| {
        tell(&error, &terminal);
        error.code()
    })
}

fn tell(error: &Error, terminal: &Terminal) {
    match error {
        Error::Invalid(diagnostics) => terminal.warn(diagnostics),
        error => terminal.warn(&format!("error: {error}")),
    }
    if let Some(next) = error.next() {
        terminal.next(&next);
    }
}

/// A panic inside a run is a verdict and is told with its seed; any other is told at once.
fn quiet_panics() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !guard::is_running() {
            usual(info);
        }
    }));
}
