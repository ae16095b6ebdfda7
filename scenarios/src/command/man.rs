//! `synod man`: the manual, a page for the program and one for each verb.

use std::fs;
use std::path::Path;

use clap::Command;
use clap_mangen::Man;

use crate::cli::{self, ManArgs};
use crate::diagnostic::{clean, did_you_mean};
use crate::error::Error;
use crate::terminal::Terminal;

/// Writes one page, or all of them into a folder.
///
/// # Errors
/// When there is no such verb, or a page cannot be written.
pub fn man(args: &ManArgs, terminal: &mut Terminal) -> Result<u8, Error> {
    let mut command = cli::command();
    command.build();
    if let Some(folder) = &args.out {
        return all(&command, folder, terminal);
    }
    let page = match &args.verb {
        None => Some(&command),
        Some(verb) => command.find_subcommand(verb),
    };
    let Some(page) = page else {
        let verb = args.verb.as_deref().unwrap_or_default();
        let verbs: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
        let message = format!("there is no verb `{}`{}", clean(verb), did_you_mean(verb, &verbs));
        return Err(Error::Usage { message, next: "synod help".to_owned() });
    };
    let text = String::from_utf8_lossy(&roff(page)?).into_owned();
    text.lines().try_for_each(|line| terminal.line(line))?;
    Ok(0)
}

/// Every page into a file of its own, as `man` looks for it: `synod-sweep.1`.
fn all(command: &Command, folder: &Path, terminal: &mut Terminal) -> Result<u8, Error> {
    fs::create_dir_all(folder).map_err(Error::io("make", folder))?;
    for page in std::iter::once(command).chain(command.get_subcommands()) {
        let path = folder.join(format!("{}.1", name(page)));
        fs::write(&path, roff(page)?).map_err(Error::io("write", &path))?;
        terminal.line(&format!("  wrote    {}", path.display()))?;
    }
    Ok(0)
}

/// The name of a page: what is typed, with hyphens.
fn name(page: &Command) -> String {
    page.get_bin_name().unwrap_or_else(|| page.get_name()).replace(' ', "-")
}

fn roff(page: &Command) -> Result<Vec<u8>, Error> {
    let mut text = Vec::new();
    let written = Man::new(page.clone()).title(name(page)).render(&mut text);
    written.map_err(|error| Error::Internal(format!("a page of the manual: {error}")))?;
    Ok(text)
}
