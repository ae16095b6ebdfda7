//! The recipe of a sweep: all that is needed to plan it again, kept in its folder.
//!
//! The scenario files are kept word for word, each with those that it extends, and beside them
//! what the command line laid over them. So a folder can be gone on with, merged or replayed
//! without the files that it was made from, on a machine that never had them.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use serde_json::{Value as Json, json};

use crate::catalog::Found;
use crate::error::Error;
use crate::plan::Plan;
use crate::precision::Precision;
use crate::results::{self, ENGINE, Folder, MANIFEST, SCHEMA, slug};
use crate::scenario::{self, Overrides, Recorded, Scenario};
use crate::seeds::Seeds;
use crate::terminal::Terminal;

/// All that is needed to plan a sweep again.
pub struct Recipe {
    /// The digest of what is run.
    pub id: String,
    /// The scenarios, with the files that they are made of.
    pub scenarios: Vec<Recorded>,
    /// What the command line laid over them.
    pub overrides: Overrides,
    /// The seeds; the most of them, if the sweep stops by itself.
    pub seeds: Seeds,
    /// When the sweep stops by itself.
    pub until: Option<Precision>,
}

impl Recipe {
    /// The recipe of a plan.
    pub fn of(plan: &Plan, overrides: Overrides, until: Option<Precision>) -> Self {
        let scenarios = plan.scenarios.iter().map(Scenario::recorded).collect();
        Self { id: results::id(plan), scenarios, overrides, seeds: plan.seeds.clone(), until }
    }

    /// The recipe in a folder, made by this very engine.
    ///
    /// # Errors
    /// When there is none, it cannot be understood, or another engine made it.
    pub fn read(dir: &Path) -> Result<Self, Error> {
        let manifest = manifest(dir)?.ok_or_else(|| Error::Usage {
            message: format!("{} holds no {MANIFEST}, so no sweep was kept there", dir.display()),
            next: format!("synod sweep SCENARIO -o {}", dir.display()),
        })?;
        parse(&manifest, dir)?.ok_or_else(|| foreign(dir, "its recipe is incomplete"))
    }

    /// Plans the sweep again, under these seeds or those that it had.
    ///
    /// # Errors
    /// When that is another experiment than the one whose runs are kept.
    pub fn plan(&self, seeds: Option<Seeds>) -> Result<Plan, Error> {
        let colours = Terminal::colours_errors();
        let others = || Error::Foreign {
            message: format!(
                "the files kept are not those of sweep {}: they were changed",
                self.id
            ),
            next: "synod sweep, with the scenario itself".into(),
        };
        let scenarios = scenario::restore(&self.scenarios, &self.overrides, colours)
            // What this engine took once it takes again.
            .map_err(|error| if matches!(error, Error::Invalid(_)) { others() } else { error })?;
        let plan = Plan::new(scenarios, Some(seeds.unwrap_or_else(|| self.seeds.clone())))?;
        if results::id(&plan) == self.id { Ok(plan) } else { Err(others()) }
    }

    /// Writes the scenario files into the folder.
    ///
    /// # Errors
    /// When it does not take them.
    pub fn write(&self, folder: &Folder) -> Result<(), Error> {
        for (stem, scenario) in self.stems().iter().zip(&self.scenarios) {
            for (depth, found) in scenario.files.iter().enumerate() {
                folder.write(&file_name(stem, depth), found.text.as_bytes())?;
            }
        }
        Ok(())
    }

    /// The names of the scenarios in the folder, without endings.
    pub fn stems(&self) -> Vec<String> {
        let mut stems: Vec<String> = Vec::new();
        for (index, scenario) in self.scenarios.iter().enumerate() {
            let slug = slug(&scenario.name);
            let stem = match self.scenarios.len() {
                1 => "scenario".to_owned(),
                // Different names may become one.
                _ if stems.contains(&format!("scenario-{slug}")) => {
                    format!("scenario-{index}-{slug}")
                }
                _ => format!("scenario-{slug}"),
            };
            stems.push(stem);
        }
        stems
    }

    /// The recipe as manifests hold it.
    pub fn json(&self) -> Json {
        let stems = self.stems();
        let scenarios: Vec<Json> = stems
            .iter()
            .zip(&self.scenarios)
            .map(|(stem, scenario)| {
                let files = scenario.files.iter().enumerate().map(|(depth, found)| {
                    json!({
                        "file": file_name(stem, depth), "shown": found.shown, "stem": found.stem,
                    })
                });
                json!({
                    "name": scenario.name,
                    "reference": scenario.reference,
                    "files": files.collect::<Vec<_>>(),
                })
            })
            .collect();
        json!({
            "scenarios": scenarios,
            "set": self.overrides.set,
            "over": self.overrides.over,
            "profile": self.overrides.profile,
            "seeds": self.seeds.to_string(),
            "until_ci": self.until.as_ref().map(ToString::to_string),
        })
    }
}

/// The scenario itself, and what it extends, the nearest first.
fn file_name(stem: &str, depth: usize) -> String {
    match depth {
        0 => format!("{stem}.toml"),
        depth => format!("{stem}.base{depth}.toml"),
    }
}

/// Refuses a folder in which another engine has worked.
///
/// # Errors
/// When its manifest says so, or cannot be read.
pub fn check(dir: &Path) -> Result<(), Error> {
    manifest(dir).map(|_| ())
}

/// The manifest of a folder, if there is one, by this engine.
fn manifest(dir: &Path) -> Result<Option<Json>, Error> {
    let path = dir.join(MANIFEST);
    let text = match fs::read_to_string(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        text => text.map_err(Error::io("read", path))?,
    };
    let manifest: Json = serde_json::from_str(&text)
        .map_err(|error| foreign(dir, &format!("{MANIFEST} is no manifest: {error}")))?;
    for (key, ours) in [("schema", SCHEMA), ("engine", ENGINE)] {
        let theirs = manifest[key].as_str().unwrap_or("unknown");
        if theirs != ours {
            let theirs = crate::diagnostic::clean(theirs);
            return Err(foreign(dir, &format!("its {key} is {theirs}, and this is {ours}")));
        }
    }
    Ok(Some(manifest))
}

fn foreign(dir: &Path, why: &str) -> Error {
    Error::Foreign {
        message: format!("the runs in {} are not of this build: {why}", dir.display()),
        next: "use the build that made them, or synod sweep SCENARIO -o DIR".into(),
    }
}

/// The recipe in a manifest; `None` if something is lacking.
fn parse(manifest: &Json, dir: &Path) -> Result<Option<Recipe>, Error> {
    let json = &manifest["recipe"];
    let words = |list: &Json| -> Option<Vec<String>> {
        list.as_array()?.iter().map(|word| word.as_str().map(str::to_owned)).collect()
    };
    let mut scenarios = Vec::new();
    for scenario in json["scenarios"].as_array().map_or(&[][..], Vec::as_slice) {
        let mut files = Vec::new();
        for file in scenario["files"].as_array().map_or(&[][..], Vec::as_slice) {
            let [Some(name), Some(shown), Some(stem)] =
                ["file", "shown", "stem"].map(|key| file[key].as_str())
            else {
                return Ok(None);
            };
            // No name leads out of the folder.
            if Path::new(name).file_name() != Some(OsStr::new(name)) {
                return Ok(None);
            }
            let path = dir.join(name);
            let text = fs::read_to_string(&path).map_err(Error::io("read", path))?;
            let (shown, stem) = (shown.to_owned(), stem.to_owned());
            files.push(Found { shown, stem, text, folder: None });
        }
        let [Some(name), Some(reference)] =
            ["name", "reference"].map(|key| scenario[key].as_str().map(str::to_owned))
        else {
            return Ok(None);
        };
        scenarios.push(Recorded { name, reference, files });
    }
    let whole = || {
        let id = manifest["id"].as_str()?.to_owned();
        let overrides = Overrides {
            set: words(&json["set"])?,
            over: words(&json["over"])?,
            profile: json["profile"].as_str().map(str::to_owned),
        };
        let seeds = json["seeds"].as_str()?.parse().ok()?;
        let until = match json["until_ci"].as_str() {
            Some(until) => Some(until.parse().ok()?),
            None => None,
        };
        let is_whole = !scenarios.is_empty() && scenarios.iter().all(|s| !s.files.is_empty());
        is_whole.then_some(Recipe { id, scenarios, overrides, seeds, until })
    };
    Ok(whole())
}
