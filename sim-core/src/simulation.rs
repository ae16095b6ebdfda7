//! The one seam at which a protocol's type is forgotten.
//!
//! Inside, everything is generic and static: an unhandled message does not compile. Outside, a
//! sweep sees `dyn Simulation` and pays one virtual call per run.

use crate::checker::Monitor;
use crate::experiment::Experiment;
use crate::gauge::{Curve, Metric};
use crate::mark::Mark;
use crate::message::{Message as _, Record as _};
use crate::outcome::Outcome;
use crate::problem::Problem;
use crate::protocol::{Contract, History, Mutant, Protocol};
use crate::record::Section;
use crate::schema::{JsonSchema as _, Schema, SchemaGenerator};
use crate::settings::{Misfit, Settings, SettingsError};
use crate::setup::{Complaint, MAX_CLIENTS, Setup};
use crate::trace::Trace;
use crate::workload::{Pace, Workload};
use crate::world;

/// An experiment: everything but the seed.
pub trait Simulation: Send + Sync {
    /// One run. Never fails and never panics: what goes wrong is in the outcome.
    fn run(&self, seed: u64) -> Outcome;
    /// The same run with everything that happened.
    fn trace(&self, seed: u64) -> (Outcome, Trace);
    /// The same run with everything that happened, and its record; empty where the problem keeps
    /// none.
    fn record(&self, seed: u64) -> (Outcome, Trace, Vec<Section>) {
        let (outcome, trace) = self.trace(seed);
        (outcome, trace, Vec::new())
    }
    /// The protocol's configuration, with all defaults.
    fn config(&self) -> &dyn erased_serde::Serialize;
    /// The pace of the clients, with all defaults.
    fn workload(&self) -> &Workload;
    /// The problem's own keys of the workload, with all defaults.
    fn load(&self) -> &dyn erased_serde::Serialize;
    /// What the protocol promises here, and under which assumptions.
    fn contract(&self) -> Contract;
    /// Everything else.
    fn setup(&self) -> &Setup;
    /// What is wrong with the whole; nothing of it was run.
    fn complaints(&self) -> Vec<Complaint>;
}

/// Makes an experiment from the settings of the protocol, those of the workload, and the rest.
///
/// # Errors
/// The first setting that does not fit, with its place and its path.
pub type Build = fn(&Settings, &Settings, Setup) -> Result<Box<dyn Simulation>, SettingsError>;

/// The schemas of a protocol's own keys of `[protocol]`, and of its problem's own of `[workload]`.
pub type Keys = fn(&mut SchemaGenerator) -> [Schema; 2];

/// What makes experiments of one protocol, and what lists say of it.
#[derive(Clone, Copy)]
pub struct Entry {
    /// The name in scenario files.
    pub name: &'static str,
    /// One line.
    pub summary: &'static str,
    /// The problem that it solves.
    pub problem: &'static str,
    /// One line on the problem.
    pub problem_summary: &'static str,
    /// The properties of the problem.
    pub properties: &'static [&'static str],
    /// The white-box invariants.
    pub invariants: &'static [&'static str],
    /// The measurements of the problem's own.
    pub metrics: &'static [Metric],
    /// The curves of the problem.
    pub curves: &'static [Curve],
    /// The kinds of message.
    pub messages: &'static [&'static str],
    /// The kinds of disk record.
    pub records: &'static [&'static str],
    /// The bugs that can be planted.
    pub mutants: &'static [Mutant],
    /// The states that some run should reach.
    pub marks: &'static [Mark],
    /// What may be written of it, beside `kind`, `nodes`, `mutant` and the pace of the workload.
    pub keys: Keys,
    /// Reads `[protocol]` (without `kind`, `nodes` and `mutant`) and `[workload]`, and makes the
    /// experiment.
    pub build: Build,
}

impl Entry {
    /// The entry of protocol `P`.
    pub const fn of<P: Protocol>() -> Self {
        Self {
            name: P::NAME,
            summary: P::SUMMARY,
            problem: P::Problem::NAME,
            problem_summary: P::Problem::SUMMARY,
            properties: P::Problem::PROPERTIES,
            invariants: <P::Monitor as Monitor<P>>::INVARIANTS,
            metrics: P::Problem::METRICS,
            curves: P::Problem::CURVES,
            messages: P::Message::KINDS,
            records: P::Record::KINDS,
            mutants: P::MUTANTS,
            marks: P::MARKS,
            keys: |generator| {
                [
                    P::Config::json_schema(generator),
                    <P::Problem as Problem>::Load::json_schema(generator),
                ]
            },
            build: build::<P>,
        }
    }
}

impl<P: Protocol> Simulation for Experiment<P> {
    fn run(&self, seed: u64) -> Outcome {
        world::run(self, &self.contract(), seed)
    }

    fn trace(&self, seed: u64) -> (Outcome, Trace) {
        world::trace(self, &self.contract(), seed)
    }

    fn record(&self, seed: u64) -> (Outcome, Trace, Vec<Section>) {
        world::record(self, &self.contract(), seed)
    }

    fn config(&self) -> &dyn erased_serde::Serialize {
        &self.config
    }

    fn workload(&self) -> &Workload {
        &self.workload
    }

    fn load(&self) -> &dyn erased_serde::Serialize {
        &self.load
    }

    fn contract(&self) -> Contract {
        Self::contract(self)
    }

    fn setup(&self) -> &Setup {
        &self.setup
    }

    fn complaints(&self) -> Vec<Complaint> {
        let mut complaints = self.setup.complaints();
        let cluster = self.setup.cluster();
        complaints.extend(P::objections(&self.config, cluster).into_iter().map(|objection| {
            let path = format!("protocol.{}", objection.key);
            Complaint { path, reason: objection.reason, runnable: objection.runnable }
        }));
        let mut complain = |key: &str, reason: String| {
            complaints.push(Complaint { path: format!("workload.{key}"), reason, runnable: false });
        };
        let wrong = P::Problem::objection(&self.load, cluster);
        if let Some((key, reason)) = wrong.or_else(|| P::load_objection(&self.config, &self.load)) {
            complain(key, reason);
        }
        if !(1..=MAX_CLIENTS).contains(&self.workload.clients) {
            complain("clients", format!("between 1 and {MAX_CLIENTS} clients can ask"));
        }
        if self.workload.timeout.is_zero() {
            complain("timeout", "a client that waits for no time at all retries for ever".into());
        }
        complaints.extend(self.wrong_names());
        complaints.extend(self.wrong_mutant());
        complaints
    }
}

/// One run with what its judges were shown: for who wants to judge it again, or otherwise.
pub fn history<P: Protocol>(experiment: &Experiment<P>, seed: u64) -> (Outcome, History<P>) {
    world::history(experiment, &experiment.contract(), seed)
}

fn build<P: Protocol>(
    protocol: &Settings,
    workload: &Settings,
    setup: Setup,
) -> Result<Box<dyn Simulation>, SettingsError> {
    let config = protocol.read::<P::Config>().map_err(|error| error.under("protocol"))?;
    let (pace, load) = workload.split(Pace::KEYS);
    let mut experiment = Experiment::<P>::new(config, setup);
    let pace = pace.read::<Pace>().map_err(|error| error.under("workload"))?;
    experiment.workload = pace.over(experiment.workload);
    experiment.load = load.read().map_err(|error: SettingsError| {
        let mut error = error.under("workload");
        if let Misfit::UnknownKey { expected, .. } = &mut error.fault {
            expected.extend(Pace::KEYS);
        }
        error
    })?;
    Ok(Box::new(experiment))
}
