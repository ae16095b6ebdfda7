//! An experiment: a protocol, its configuration, a workload and a set-up; everything but the seed.

use crate::adversary::Conduct;
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

    /// What names a kind of message or of record that the protocol does not have.
    pub(crate) fn wrong_names(&self) -> Vec<Complaint> {
        let setup = &self.setup;
        let faults = setup.faults.iter().enumerate().map(|(at, spec)| match &spec.fault {
            Fault::Corrupt { conduct: Some(Conduct { messages, .. }), .. }
            | Fault::Weather { messages, .. } => (format!("fault[{at}]"), &messages[..]),
            _ => (String::new(), &[][..]),
        });
        let links = setup.network.links.iter().enumerate();
        let links = links.map(|(at, link)| (format!("network.link[{at}]"), &link.messages[..]));
        let lists = [("adversary".to_owned(), &setup.adversary.messages[..])];
        let listed = lists.into_iter().chain(faults).chain(links).flat_map(|(path, kinds)| {
            let place = move |index| format!("{path}.messages[{index}]");
            kinds.iter().enumerate().map(move |(index, kind)| (place(index), kind))
        });
        let costs = setup.cost.messages.keys().map(|kind| (format!("cost.messages.{kind}"), kind));
        let tokens = setup.cost.tokens.iter().flat_map(|tokens| tokens.messages.keys());
        let tokens = tokens.map(|kind| (format!("cost.tokens.messages.{kind}"), kind));
        let messages = listed.chain(costs).chain(tokens);
        let records = setup.disk.kinds.keys().map(|kind| (format!("disk.kinds.{kind}"), kind));
        let unknown = |(path, kind): (String, &String), known: &[&str]| {
            let reason = || format!("`{kind}` is none of: {}", known.join(", "));
            let is_unknown = !known.contains(&kind.as_str());
            is_unknown.then(|| Complaint { path, reason: reason(), runnable: false })
        };
        let messages = messages.filter_map(|named| unknown(named, P::Message::KINDS));
        let records = records.filter_map(|named| unknown(named, P::Record::KINDS));
        messages.chain(records).collect()
    }

    /// What is wrong with the bug that is to be planted.
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
