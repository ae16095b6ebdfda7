//! What is wrong with a set-up as a whole, beyond what each of its values says of itself.

use super::{Gst, MAX_NODES, Setup};
use crate::adversary::{Authentication, Conduct, Strategy};
use crate::clock::DRIFT_PPM;
use crate::fault::{FaultSpec, When};
use crate::id::NodeId;
use crate::target::Target;
use crate::time::Duration;

/// Something wrong with a scenario as a whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Complaint {
    /// The path of the setting, such as `fault[2].at`.
    pub path: String,
    /// What is wrong, and what would be right.
    pub reason: String,
    /// Whether it can be run all the same, with `allow_unsafe`.
    pub runnable: bool,
}

impl Setup {
    /// What is wrong with the whole, beyond what each value says of itself; nothing if it can be
    /// run.
    pub fn complaints(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        let mut complain = |path: String, reason: String| {
            complaints.push(Complaint { path, reason, runnable: false });
        };
        self.check_extent(&mut complain);
        for (at, spec) in self.faults.iter().enumerate() {
            self.check_targets(at, spec, &mut complain);
            self.check_time(at, spec, &mut complain);
        }
        self.check_conducts(&mut complain);
        self.check_costs(&mut complain);
        self.check_clocks(&mut complain);
        self.network.complaints(self.nodes, &mut complain);
        complaints
    }

    /// How many there are, and for how long.
    fn check_extent(&self, complain: &mut impl FnMut(String, String)) {
        let n = self.nodes;
        if n == 0 || n > MAX_NODES {
            let reason = format!("{n} nodes: between 1 and {MAX_NODES} can be run");
            complain("protocol.nodes".into(), reason);
        }
        if self.horizon.is_zero() || self.horizon > Duration::LONGEST {
            let reason = format!("the horizon must lie above 0 and up to {}", Duration::LONGEST);
            complain("horizon".into(), reason);
        }
        if let Gst::At(at) = self.gst
            && at >= self.horizon
        {
            let reason = format!("GST at {at} s is not before the horizon {}", self.horizon);
            complain("gst".into(), reason);
        }
        if let Some(budget) = self.budget
            && budget > n
        {
            complain("budget".into(), format!("a budget of {budget} in a cluster of {n} nodes"));
        }
    }

    /// What is wrong with a node that is named, if there is no such node.
    fn stranger(&self, node: NodeId) -> Option<String> {
        let n = self.nodes;
        (node.0 >= n)
            .then(|| format!("there is no {node}: the {n} nodes are n0 to n{}", n.max(1) - 1))
    }

    /// A fault strikes somebody who is there, and nobody on both sides of a cut.
    fn check_targets(
        &self,
        at: usize,
        spec: &FaultSpec,
        complain: &mut impl FnMut(String, String),
    ) {
        let n = self.nodes;
        let strangers = spec.fault.targets().into_iter().filter_map(|target| match target {
            Target::Node(node) => self.stranger(node),
            Target::Random(count) if count > n => {
                Some(format!("{count} random nodes, but there are only {n}"))
            }
            Target::Zone(zone) if !self.network.regions.contains_key(&zone) => {
                let regions: Vec<_> = self.network.regions.keys().map(String::as_str).collect();
                Some(format!("there is no region `{zone}` (regions: {})", regions.join(", ")))
            }
            _ => None,
        });
        strangers.for_each(|reason| complain(format!("fault[{at}]"), reason));
        if let Some(node) = spec.fault.node_on_both_sides() {
            complain(format!("fault[{at}]"), format!("{node} is on both sides of this cut"));
        }
    }

    /// A fault strikes before the schedule is over.
    fn check_time(&self, at: usize, spec: &FaultSpec, complain: &mut impl FnMut(String, String)) {
        let When::At(strikes) = spec.when else { return };
        let gst = match self.gst {
            Gst::At(gst) if !spec.permanent => gst,
            _ => self.horizon,
        };
        if strikes.max >= gst.min(self.horizon) {
            let reason = format!("strikes at {strikes}, when the schedule is over ({gst})");
            complain(format!("fault[{at}].at"), reason);
        }
    }

    /// A mouth has one conduct, and lies in no name that the network would stamp out.
    fn check_conducts(&self, complain: &mut impl FnMut(String, String)) {
        let corrupt: Vec<(usize, &FaultSpec, Conduct)> = self
            .faults
            .iter()
            .enumerate()
            .filter_map(|(at, spec)| Some((at, spec, self.conduct(&spec.fault)?)))
            .collect();
        for (place, (at, spec, conduct)) in corrupt.iter().enumerate() {
            if conduct.strategy == Strategy::Spoof
                && self.adversary.authentication == Authentication::Channels
            {
                let reason = "the network stamps every message with its true sender: write \
                              authentication = \"none\" in [adversary] to let it be forged";
                complain(format!("fault[{at}]"), reason.to_owned());
            }
            let named = |target: &Target| matches!(target, Target::Node(_) | Target::All);
            for target in spec.fault.targets().iter().filter(|target| named(target)) {
                let other = corrupt[..place].iter().find(|(_, spec, how)| {
                    how.strategy != conduct.strategy && spec.fault.targets().contains(target)
                });
                if let Some((other, _, how)) = other {
                    let (one, two) = (how.strategy.name(), conduct.strategy.name());
                    let reason = format!(
                        "{target} cannot both {one} (fault[{other}]) and {two}: one mouth has one \
                         conduct"
                    );
                    complain(format!("fault[{at}]"), reason);
                }
            }
        }
    }

    fn check_costs(&self, complain: &mut impl FnMut(String, String)) {
        if self.cost.bytes_per_second == Some(0) {
            complain("cost.bytes_per_second".into(), "nothing would ever leave a node".into());
        }
        let tokens = self.cost.tokens.as_ref();
        if tokens.is_some_and(|tokens| tokens.bytes_per_token == Some(0)) {
            let reason = "a token of no bytes would make every message endless: give at least 1";
            complain("cost.tokens.bytes_per_token".into(), reason.into());
        }
    }

    fn check_clocks(&self, complain: &mut impl FnMut(String, String)) {
        if self.clock.drift_ppm > 500_000 {
            let reason = "a drift may be up to 500,000 parts per million".to_owned();
            complain("clock.drift_ppm".into(), reason);
        }
        for (node, clock) in &self.clock.nodes {
            if let Some(reason) = node.parse().map_or_else(Some, |node| self.stranger(node)) {
                complain(format!("clock.nodes.{node}"), reason);
            }
            if !DRIFT_PPM.contains(&clock.drift_ppm) {
                let (least, most) = DRIFT_PPM.into_inner();
                let reason = format!("a clock set by hand may drift by {least} to {most} ppm");
                complain(format!("clock.nodes.{node}.drift_ppm"), reason);
            }
        }
    }
}
