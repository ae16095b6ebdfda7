//! An experiment: a protocol, its configuration, a workload and a set-up; everything but the seed.

use crate::fault::Fault;
use crate::message::{Message as _, Record as _};
use crate::problem::Problem;
use crate::protocol::{Contract, Protocol};
use crate::setup::{Complaint, Setup};
use crate::workload::Workload;

/// The experiment of one protocol.
pub struct Experiment<P: Protocol> {
    /// The protocol's configuration.
    pub config: P::Config,
    /// The pace of the clients.
    pub workload: Workload,
    /// The problem's own keys of the workload.
    pub load: <P::Problem as Problem>::Load,
    /// Everything else.
    pub setup: Setup,
}

impl<P: Protocol> Experiment<P> {
    /// An experiment with the problem's default workload.
    pub fn new(config: P::Config, setup: Setup) -> Self {
        let workload = P::Problem::workload(setup.cluster());
        Self { config, workload, load: Default::default(), setup }
    }

    /// What the protocol promises here, and under which assumptions.
    pub fn contract(&self) -> Contract {
        P::contract(&self.config, self.setup.cluster())
    }

    pub(crate) fn wrong_names(&self) -> Vec<Complaint> {
        let unknown = |path: String, name: &str, known: &[&str]| {
            let reason = format!("`{name}` is none of: {}", known.join(", "));
            (!known.contains(&name)).then_some(Complaint { path, reason, runnable: false })
        };
        let setup = &self.setup;
        let lied_about = setup.adversary.messages.iter().enumerate().filter_map(|(index, kind)| {
            unknown(format!("adversary.messages[{index}]"), kind, P::Message::KINDS)
        });
        let faults = setup.faults.iter().enumerate().filter_map(|(at, spec)| match &spec.fault {
            Fault::Corrupt { conduct: Some(conduct), .. } => Some((at, &conduct.messages)),
            Fault::Weather { messages, .. } => Some((at, messages)),
            _ => None,
        });
        let struck = faults.flat_map(|(at, kinds)| {
            let kinds = kinds.iter().enumerate();
            kinds.filter_map(move |(index, kind)| {
                unknown(format!("fault[{at}].messages[{index}]"), kind, P::Message::KINDS)
            })
        });
        let costly =
            setup.cost.messages.keys().filter_map(|kind| {
                unknown(format!("cost.messages.{kind}"), kind, P::Message::KINDS)
            });
        let spent = setup.cost.tokens.iter().flat_map(|tokens| tokens.messages.keys());
        let spent = spent.filter_map(|kind| {
            unknown(format!("cost.tokens.messages.{kind}"), kind, P::Message::KINDS)
        });
        let written = self
            .setup
            .disk
            .kinds
            .keys()
            .filter_map(|kind| unknown(format!("disk.kinds.{kind}"), kind, P::Record::KINDS));
        let links = self.setup.network.links.iter().enumerate();
        let carried = links.flat_map(|(link, spec)| {
            spec.messages.iter().enumerate().filter_map(move |(index, kind)| {
                let path = format!("network.link[{link}].messages[{index}]");
                unknown(path, kind, P::Message::KINDS)
            })
        });
        lied_about.chain(struck).chain(costly).chain(spent).chain(written).chain(carried).collect()
    }

    pub(crate) fn wrong_mutant(&self) -> Option<Complaint> {
        let id = self.setup.mutant.as_deref()?;
        let ids: Vec<_> = P::MUTANTS.iter().map(|mutant| mutant.id).collect();
        let reason = if !ids.contains(&id) {
            format!("{} has no mutant `{id}` (it has: {})", P::NAME, ids.join(", "))
        } else if cfg!(not(feature = "mutants")) {
            "this build has no mutants; build with `--features mutants`".to_owned()
        } else {
            return None;
        };
        Some(Complaint { path: "protocol.mutant".into(), reason, runnable: false })
    }
}
