//! Experiments, and the command line: scenario files in, tables and verdicts out.
//!
//! The modules stand in the order in which a sweep goes through them: a text is read into a
//! [`document`], a [`scenario`] is made of it with all its [`point`]s, a [`sweep`] runs them, each
//! outcome is a row of a [`table`] and is [`fold`]ed, and what was [`expect`]ed is [`judge`]d.

pub mod error;
pub mod seeds;
pub mod document;
pub mod diagnostic;
pub mod catalog;
pub mod layers;
pub mod grid;
pub mod expect;
pub mod point;
pub mod scenario;
pub mod quorums;
pub mod stopwatch;
pub mod table;
pub mod sweep;
pub mod histogram;
pub mod fold;
pub mod judge;
pub mod results;
pub mod terminal;
pub mod progress;
pub mod cli;
pub mod export;
pub mod command;

use std::panic;

use crate::cli::{Cli, Color, Command};
use crate::error::Error;
use crate::terminal::{Terminal, Volume};

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
    let result = match cli.command {
        Command::Run(args) => command::run::run(&args, cli.format, &mut terminal),
        Command::Sweep(args) => command::sweep::sweep(&args, cli.format, &mut terminal),
        Command::Trace(args) => command::trace::trace(&args, cli.format, &mut terminal),
        Command::List(args) => command::list::list(&args, cli.format, &mut terminal),
        Command::Explain(args) => command::explain::explain(&args, cli.format, &mut terminal),
        Command::Report(args) => command::report::report(&args, cli.format, &mut terminal),
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
        terminal.warn(&format!("  next: {next}"));
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
