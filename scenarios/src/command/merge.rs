//! `synod merge`: the shards of a sweep, put together.
//!
//! It is a sweep that makes no runs but takes all of them from the folders of others.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use crate::cli::{Format, MergeArgs};
use crate::error::Error;
use crate::recipe::{self, Recipe};
use crate::results::{self, Folder, Lock};
use crate::terminal::Terminal;

use super::conclude::{Finished, conclude, tell_kept, title};
use super::gather::{Harvest, gather};
use super::sweep::hold;

/// Merges the folders, judges them and says what runs are missing.
///
/// # Errors
/// When they are not of one sweep, contradict each other, or the results cannot be written.
pub fn merge(args: &MergeArgs, format: Format, terminal: &mut Terminal) -> Result<u8, Error> {
    let mut folders = Vec::new();
    for dir in &args.dirs {
        folders.extend(sweeps_in(dir)?);
    }
    let recipe = common(&folders)?;
    let mut plan = recipe.plan(None)?;
    let folder = Folder::create(&args.out, &results::folder_name(&plan), &recipe.id)?;
    let stopped = AtomicBool::new(false);
    let _lock = hold(&folder, &Lock::whole(), &stopped, terminal)?;
    recipe::check(folder.dir())?;
    let here = fs::canonicalize(folder.dir()).map_err(Error::io("find", folder.dir()))?;
    let elsewhere = |dir: &&PathBuf| fs::canonicalize(dir).is_ok_and(|dir| dir != here);
    let others = folders.iter().filter(elsewhere).map(|dir| results::parts_of(dir)).collect();
    terminal.note(&title(&plan));
    // Whoever makes no runs needs no threads.
    let jobs = if args.ending.shrink { super::sweep::jobs(None, terminal) } else { 1 };
    let harvest =
        Harvest { plan: &plan, recipe: &recipe, folder: &folder, shard: None, jobs, others };
    let gathered = gather(&harvest, &AtomicBool::new(true), terminal)?;
    plan.seeds = gathered.seeds.clone();
    tell_kept(&gathered, &folder, terminal);
    let finished =
        Finished { plan: &plan, recipe: &recipe, folder: &folder, gathered: &gathered, jobs };
    let code = conclude(&finished, args.ending, format, terminal)?;
    let missing = plan.runs() - gathered.made;
    if missing > 0 {
        let named: Vec<String> = gathered.missing.iter().map(u64::to_string).collect();
        let more = if missing > named.len() as u64 { ", …" } else { "" };
        let (runs, named) = (plan.runs(), named.join(", "));
        terminal.warn(&format!("{missing} of {runs} runs are missing: {named}{more}"));
        let dir = super::quoted(&folder.dir().to_string_lossy());
        terminal.next(&format!("synod sweep --resume {dir}"));
    }
    Ok(code)
}

/// The folders of sweeps in a folder of results, or that folder itself.
fn sweeps_in(dir: &Path) -> Result<Vec<PathBuf>, Error> {
    let is_sweep = |dir: &Path| dir.join(results::MANIFEST).is_file();
    if is_sweep(dir) {
        return Ok(vec![dir.to_owned()]);
    }
    let mut found = Vec::new();
    for named in folders_in(dir)? {
        found.extend(folders_in(&named)?.into_iter().filter(|dir| is_sweep(dir)));
    }
    if found.is_empty() {
        let shown = dir.display();
        let message = format!("{shown} holds no sweep");
        let next = format!("synod sweep SCENARIO --shard 0/4 -o {shown}");
        return Err(Error::Usage { message, next });
    }
    Ok(found)
}

/// The folders in a folder, in the order of their names; `latest` leads to one of them again.
fn folders_in(dir: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(dir).map_err(Error::io("read", dir))? {
        let entry = entry.map_err(Error::io("read", dir))?;
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            folders.push(entry.path());
        }
    }
    folders.sort();
    Ok(folders)
}

/// The recipe that all folders were made from, with the most seeds of any of them.
fn common(folders: &[PathBuf]) -> Result<Recipe, Error> {
    let mut common: Option<(Recipe, &PathBuf)> = None;
    for dir in folders {
        let recipe = Recipe::read(dir)?;
        let Some((first, first_dir)) = &common else {
            common = Some((recipe, dir));
            continue;
        };
        let differs = if first.id != recipe.id {
            format!("sweep {} and sweep {}", first.id, recipe.id)
        } else if first.seeds.series() != recipe.seeds.series() {
            format!("seeds {} and seeds {}", first.seeds, recipe.seeds)
        } else {
            if recipe.seeds.len() > first.seeds.len() {
                common = Some((recipe, dir));
            }
            continue;
        };
        return Err(Error::Usage {
            message: format!(
                "{} and {} are not shards of one sweep, but {differs}",
                first_dir.display(),
                dir.display()
            ),
            next: "synod merge, with the folders of one sweep".into(),
        });
    }
    let nothing = || Error::Internal("no folder to merge".into());
    common.map(|(recipe, _)| recipe).ok_or_else(nothing)
}
