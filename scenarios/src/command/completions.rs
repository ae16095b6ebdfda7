//! `synod completions`: what a shell needs to complete commands.

use crate::cli::{self, CompletionsArgs};
use crate::error::Error;
use crate::registry;
use crate::terminal::Terminal;

/// Writes the script for a shell.
///
/// # Errors
/// When it cannot be written.
pub fn completions(args: &CompletionsArgs, terminal: &mut Terminal) -> Result<u8, Error> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut cli::command(), registry::program(), &mut script);
    let script = String::from_utf8_lossy(&script);
    script.lines().try_for_each(|line| terminal.line(line))?;
    Ok(0)
}
