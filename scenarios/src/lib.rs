//! Experiments, and the command line: scenario files in, tables and verdicts out.
//!
//! The modules stand in the order in which a sweep goes through them: a text is read into a
//! [`document`], a [`scenario`] is made of it with all its [`point`]s, a [`sweep`] runs them, each
//! outcome is a row of a [`table`], is [`fold`]ed and kept as a line of [`parts`], and what was
//! [`expect`]ed is [`judge`]d.

pub mod error;
pub mod registry;
pub mod seeds;
pub mod document;
pub mod diagnostic;
pub mod catalog;
pub mod layers;
pub mod grid;
pub mod expect;
pub mod point;
pub mod scenario;
pub mod schema;
pub mod quorums;
pub mod stopwatch;
pub mod table;
pub mod fold;
pub mod codec;
pub mod parts;
pub mod shard;
pub mod divergence;
pub mod verify;
pub mod sweep;
pub mod precision;
pub mod judge;
pub mod evidence;
pub mod suite;
pub mod comparison;
pub mod results;
pub mod recipe;
pub mod shrink;
pub mod terminal;
pub mod progress;
pub mod cli;
pub mod export;
pub mod command;
pub mod capsule;
pub mod rerun;

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
        if !sweep::is_running() {
            usual(info);
        }
    }));
}
